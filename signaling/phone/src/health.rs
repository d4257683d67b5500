//! Whether telephone companies can be reached: they are asked by OPTIONS (RFC 3261 section 11).

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use rsipstack::sip::{Header, Headers, Method, Request, Response, SipMessage, Uri, Version};
use rsipstack::transaction::key::{TransactionKey, TransactionRole};
use rsipstack::transaction::transaction::Transaction;
use rsipstack::transport::{SipAddr, SipConnection};
use tokio::time::{Instant, sleep};

use crate::dialog::NotMade;
use crate::message::header;
use crate::stack::{Stack, transport_of};
use crate::trunk::{Outbound, Trunk};

/// What is known of the way to a telephone company.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TrunkHealth {
    /// It was not asked yet.
    Unknown,
    /// It has answered, with whatever code.
    Reachable {
        /// How long the last answer took.
        took: Duration,
    },
    /// It has said that it serves nobody (500 and above).
    Unwell {
        /// The code.
        code: u16,
    },
    /// There was no connection, or no answer.
    Silent,
}

/// What is known of a trunk that we call by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrunkState {
    /// Its name.
    pub name: String,
    /// The way to it.
    pub health: TrunkHealth,
    /// When it was asked last.
    pub asked: Option<SystemTime>,
    /// Whether it knows where we are; nothing where it was never told.
    pub is_registered: Option<bool>,
}

/// What is known of all of them, by name.
#[derive(Debug, Default)]
pub(crate) struct Health {
    // Both are held for one look and never over an await.
    known: Mutex<BTreeMap<String, (TrunkHealth, SystemTime)>>,
    registered: Mutex<BTreeMap<String, bool>>,
}

impl Health {
    pub(crate) fn of(&self, trunk: &str) -> TrunkState {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let registered = self.registered.lock();
        let registered = registered.unwrap_or_else(PoisonError::into_inner);
        let last = known.get(trunk).copied();
        TrunkState {
            name: trunk.to_owned(),
            health: last.map_or(TrunkHealth::Unknown, |(health, _)| health),
            asked: last.map(|(_, at)| at),
            is_registered: registered.get(trunk).copied(),
        }
    }

    /// Whether it knows where we are; what was so before.
    pub(crate) fn note_registered(&self, trunk: &str, is_registered: bool) -> Option<bool> {
        let registered = self.registered.lock();
        let mut registered = registered.unwrap_or_else(PoisonError::into_inner);
        registered.insert(trunk.to_owned(), is_registered)
    }

    /// What is known now; what was known before.
    fn note(&self, trunk: &str, health: TrunkHealth) -> TrunkHealth {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let before = known.insert(trunk.to_owned(), (health, SystemTime::now()));
        before.map_or(TrunkHealth::Unknown, |(health, _)| health)
    }
}

/// Asks one of them until the stack ends.
pub(crate) async fn watch(stack: Arc<Stack>, trunk: Trunk, outbound: Outbound, every: Duration) {
    loop {
        let health = ask(&stack, &trunk, &outbound).await;
        let is_well = matches!(health, TrunkHealth::Reachable { .. });
        let was_well = matches!(
            stack.health.note(&trunk.name, health),
            TrunkHealth::Reachable { .. }
        );
        metrics::gauge!("phone_trunk_reachable", "trunk" => trunk.name.clone()).set(if is_well {
            1.0
        } else {
            0.0
        });
        if is_well && !was_well {
            tracing::info!(trunk = trunk.name, "a telephone company answers");
        } else if !is_well {
            tracing::warn!(
                trunk = trunk.name,
                ?health,
                "a telephone company is not reached"
            );
        }
        tokio::select! {
            () = stack.stop.cancelled() => return,
            () = sleep(every) => {}
        }
    }
}

async fn ask(stack: &Stack, trunk: &Trunk, outbound: &Outbound) -> TrunkHealth {
    let begun = Instant::now();
    let Ok(connection) = stack.connection(trunk, outbound).await else {
        return TrunkHealth::Silent;
    };
    let answer = match question(stack, outbound, &connection) {
        Ok(request) => answer_to(stack, outbound.proxy, connection, request).await,
        Err(_not_made) => None,
    };
    match answer.map(|answer| answer.status_code.code()) {
        // The stack says 408 itself when nobody has answered.
        None | Some(408) => TrunkHealth::Silent,
        Some(code) if (500..600).contains(&code) => TrunkHealth::Unwell { code },
        Some(_) => TrunkHealth::Reachable {
            took: begun.elapsed(),
        },
    }
}

fn question(
    stack: &Stack,
    outbound: &Outbound,
    connection: &SipConnection,
) -> Result<Request, NotMade> {
    let here = stack.places.public(transport_of(connection));
    let uri = format!("sip:{}", outbound.proxy);
    let headers: Vec<Header> = vec![
        Header::Via(stack.via(connection)?.into()),
        header("Max-Forwards", "70"),
        header("Call-ID", Stack::new_tag()),
        header("From", format!("<sip:{here}>;tag={}", Stack::new_tag())),
        header("To", format!("<{uri}>")),
        header("CSeq", "1 OPTIONS"),
        header("Contact", stack.contact(connection)),
        header("Accept", "application/sdp"),
    ];
    Ok(Request {
        method: Method::Options,
        uri: Uri::try_from(uri).map_err(rsipstack::Error::from)?,
        version: Version::V2,
        headers: Headers::from(headers),
        body: Vec::new(),
    })
}

/// The final answer to a request of ours that is of no call; nothing where none came.
pub(crate) async fn answer_to(
    stack: &Stack,
    to: SocketAddr,
    connection: SipConnection,
    request: Request,
) -> Option<Response> {
    let key = TransactionKey::from_request(&request, TransactionRole::Client).ok()?;
    let gone = connection.cancel_token().unwrap_or_default();
    let endpoint = Arc::clone(&stack.endpoint);
    let mut transaction = Transaction::new_client(key, request, endpoint, Some(connection));
    transaction.destination = Some(SipAddr {
        r#type: None,
        addr: to.into(),
    });
    transaction.send().await.ok()?;
    loop {
        let message = tokio::select! {
            message = transaction.receive() => message?,
            () = gone.cancelled() => return None,
        };
        if let SipMessage::Response(response) = message
            && response.status_code.code() >= 200
        {
            return Some(response);
        }
    }
}
