//! Requests that come: to their calls, to a new one, or back.

use std::sync::{Arc, PoisonError};

use rsipstack::sip::prelude::HeadersExt;
use rsipstack::sip::{Header, Method, Request, StatusCode};
use rsipstack::transaction::TransactionReceiver;
use rsipstack::transaction::transaction::Transaction;
use signaling_sip::{DigestParams, DigestRefusal, Password};
use tokio::sync::mpsc::error::TrySendError;

use crate::incoming::{Invited, incoming};
use crate::message::{
    ALLOWED, SUPPORTED, accepts_descriptions, caller_of, header, response, unknown_required,
    user_of, values,
};
use crate::stack::{Stack, remote_of, transport_of};
use crate::trunk::{DigestKinds, Transport, Trunk};

/// Takes requests until the stack ends.
pub(crate) async fn dispatch(stack: Arc<Stack>, mut incoming: TransactionReceiver) {
    while let Some(transaction) = incoming.recv().await {
        let tag = transaction
            .original
            .to_header()
            .ok()
            .and_then(|to| to.tag().ok().flatten());
        match tag {
            Some(tag) => within(&stack, transaction, tag.value()),
            None => begins(&stack, transaction),
        }
    }
}

fn within(stack: &Arc<Stack>, transaction: Transaction, tag: &str) {
    let Some(call) = stack.call(tag) else {
        refuse(
            stack,
            transaction,
            StatusCode::CallTransactionDoesNotExist,
            Vec::new(),
        );
        return;
    };
    match call.try_send(transaction) {
        Ok(()) => {}
        // It has ended just now.
        Err(TrySendError::Closed(transaction)) => {
            let code = StatusCode::CallTransactionDoesNotExist;
            refuse(stack, transaction, code, Vec::new());
        }
        // It hears the request again.
        Err(TrySendError::Full(_)) => {
            tracing::debug!("a call does not keep up with its requests");
        }
    }
}

fn begins(stack: &Arc<Stack>, transaction: Transaction) {
    match transaction.original.method {
        Method::Invite => match judge(stack, &transaction) {
            Ok(invited) => {
                tokio::spawn(incoming(Arc::clone(stack), transaction, invited));
            }
            Err((code, headers)) => refuse(stack, transaction, code, headers),
        },
        Method::Options if !unknown_required(&transaction.original).is_empty() => {
            let unknown = unknown_required(&transaction.original).join(", ");
            let headers = vec![header("Unsupported", unknown)];
            refuse(stack, transaction, StatusCode::BadExtension, headers);
        }
        Method::Options => {
            let headers = vec![
                header("Allow", ALLOWED),
                header("Supported", SUPPORTED.join(", ")),
                header("Accept", "application/sdp"),
            ];
            refuse(stack, transaction, StatusCode::OK, headers);
        }
        Method::Refer => refuse(stack, transaction, StatusCode::Forbidden, Vec::new()),
        Method::Bye | Method::Update | Method::Info | Method::PRack => {
            refuse(
                stack,
                transaction,
                StatusCode::CallTransactionDoesNotExist,
                Vec::new(),
            );
        }
        Method::Ack | Method::Cancel => {}
        Method::Message
        | Method::Notify
        | Method::Publish
        | Method::Register
        | Method::Subscribe => {
            let allow = vec![header("Allow", ALLOWED)];
            refuse(stack, transaction, StatusCode::MethodNotAllowed, allow);
        }
    }
}

type Refusal = (StatusCode, Vec<Header>);

/// Whether a call may begin (RFC 3261 section 8.2: who, then what is required, then for whom).
fn judge(stack: &Stack, transaction: &Transaction) -> Result<Invited, Refusal> {
    let request = &transaction.original;
    let plain = |code| (code, Vec::new());
    let connection = transaction
        .connection
        .clone()
        .ok_or_else(|| plain(StatusCode::ServerInternalError))?;
    let from = remote_of(&connection).ok_or_else(|| plain(StatusCode::ServerInternalError))?;
    let uri = request.uri.to_string();
    let called = user_of(&uri);
    let (trunk, number) = stack
        .trunks
        .find(from.ip(), called)
        .ok_or_else(|| plain(StatusCode::Forbidden))?;
    if trunk.transport == Transport::Tls
        && transport_of(&connection) != rsipstack::sip::Transport::Tls
    {
        return Err(plain(StatusCode::Forbidden));
    }
    authenticate(stack, request, trunk)?;
    let unknown = unknown_required(request);
    if !unknown.is_empty() {
        return Err((
            StatusCode::BadExtension,
            vec![header("Unsupported", unknown.join(", "))],
        ));
    }
    let number = number.ok_or_else(|| plain(StatusCode::NotFound))?.clone();
    if !accepts_descriptions(request) {
        return Err(plain(StatusCode::NotAcceptable));
    }
    let caller = trunk.read_number(&caller_of(request)).ok();
    Ok(Invited {
        trunk: trunk.clone(),
        number,
        caller,
        connection,
        from,
    })
}

fn authenticate(stack: &Stack, request: &Request, trunk: &Trunk) -> Result<(), Refusal> {
    let Some(login) = &trunk.login else {
        return Ok(());
    };
    let now_s = wall_s();
    let uri = request.uri.to_string();
    let mut digest = stack.digest.lock().unwrap_or_else(PoisonError::into_inner);
    let mut is_stale = false;
    for text in values(request, "Authorization") {
        let Ok(params) = DigestParams::parse(&text) else {
            continue;
        };
        if !trunk.digest.takes(params.get("algorithm")) {
            continue;
        }
        let verdict = digest.verify(now_s, ("INVITE", &uri), &params, |user| {
            (user == login.user).then(|| Password::new(login.secret.expose().to_owned()))
        });
        match verdict {
            Ok(_) => return Ok(()),
            Err(DigestRefusal::Stale) => is_stale = true,
            Err(why) => tracing::info!(trunk = trunk.name, %why, "a call was not authenticated"),
        }
    }
    let challenges = digest.challenge(now_s, rand::random(), is_stale);
    drop(digest);
    let [sha256, md5] = challenges.map(|text| header("WWW-Authenticate", text));
    let headers = match trunk.digest {
        DigestKinds::Both => vec![sha256, md5],
        DigestKinds::Sha256 => vec![sha256],
        DigestKinds::Md5 => vec![md5],
    };
    Err((StatusCode::Unauthorized, headers))
}

/// Seconds since 1970.
pub(crate) fn wall_s() -> u64 {
    std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}

/// Answers finally, and stays until the answer has arrived.
pub(crate) fn refuse(
    stack: &Arc<Stack>,
    mut transaction: Transaction,
    code: StatusCode,
    headers: Vec<Header>,
) {
    let answer = response(
        &stack.endpoint,
        &transaction.original,
        (code, &Stack::new_tag()),
        headers,
        None,
    );
    tokio::spawn(async move {
        if let Err(error) = transaction.respond(answer).await {
            tracing::debug!(%error, "an answer was not sent");
            return;
        }
        if transaction.original.method == Method::Invite {
            while transaction.receive().await.is_some() {}
        }
    });
}
