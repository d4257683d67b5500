//! A call that comes in, from INVITE to its answer.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rsipstack::sip::prelude::HeadersExt;
use rsipstack::sip::{Header, Method, Request, StatusCode};
use rsipstack::transaction::transaction::{Transaction, TransactionEvent, TransactionEventSender};
use rsipstack::transport::SipConnection;
use signaling_sip::{Call, Direction, Menu, PhoneNumber, SessionTimer};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

use crate::answers::{code_of, takes_update, timer_headers, too_small};
use crate::conversation::{Conversation, Person};
use crate::dialog::Dialog;
use crate::dispatch::refuse;
use crate::follow::{Wire, follow, wires};
use crate::line::{Answered, Line};
use crate::media::Media;
use crate::message::{
    ALLOWED, SUPPORTED, description, header, refusal_headers, response, sequence, session_terms,
    tokens, value,
};
use crate::stack::Stack;
use crate::talk::talk;
use crate::trunk::{Trunk, VisitNumber};

/// Repetition of a reliable answer, at first (RFC 3262 section 3: T1).
const PROVISIONAL: Duration = Duration::from_millis(500);
/// How long a reliable answer is repeated (64 times T1).
const PROVISIONAL_ENDS: Duration = Duration::from_secs(32);

/// A call that may come in.
#[derive(Debug)]
pub(crate) struct Invited {
    pub(crate) trunk: Trunk,
    pub(crate) number: VisitNumber,
    /// Nothing where the caller withholds it.
    pub(crate) caller: Option<PhoneNumber>,
    pub(crate) connection: SipConnection,
    pub(crate) from: SocketAddr,
}

/// Why a call was not answered.
enum Unanswered {
    /// This code is the answer.
    Code(StatusCode, Vec<Header>),
    /// The caller gave up, or nobody can be told any more.
    Gone,
}

impl From<StatusCode> for Unanswered {
    fn from(code: StatusCode) -> Self {
        Self::Code(code, Vec::new())
    }
}

/// Answers a call and follows it to its end.
pub(crate) async fn incoming(stack: Arc<Stack>, transaction: Transaction, invited: Invited) {
    let request = transaction.original.clone();
    let tag = Stack::new_tag();
    let offer = match description(value(&request, "Content-Type"), &request.body) {
        Ok(offer) => offer,
        Err(code) => {
            let headers = refusal_headers(&code);
            return refuse(&stack, transaction, code, headers);
        }
    };
    let terms = session_terms(&request);
    let Ok(timer) = SessionTimer::answer(terms, stack.door.now_us()) else {
        let (code, headers) = too_small();
        return refuse(&stack, transaction, code, headers);
    };
    let dialog = Dialog::of_invite(&request, &tag, invited.connection.clone(), invited.from);
    let Ok(dialog) = dialog else {
        return refuse(&stack, transaction, StatusCode::BadRequest, Vec::new());
    };
    let (place, requests) = stack.open(&tag);
    let (wire, wired) = wires();
    let sender = follow(transaction, wire.clone());
    let mut ringing = Ringing {
        stack: &stack,
        request: &request,
        tag: &tag,
        sender: &sender,
        requests,
        wired,
    };
    let headers = timer_headers(timer.as_ref(), terms);
    let opened = ringing.answer(&invited, offer, headers).await;
    let Ringing {
        requests, wired, ..
    } = ringing;
    let (media, events, has_offered) = match opened {
        Ok(opened) => opened,
        Err(Unanswered::Code(code, headers)) => {
            let answer = response(&stack.endpoint, &request, (code, &tag), headers, None);
            let _ = sender.send(TransactionEvent::Respond(answer));
            return;
        }
        Err(Unanswered::Gone) => return,
    };
    let now_us = stack.door.now_us();
    let Ok(call) = Call::begin(Direction::In).answer(now_us) else {
        return;
    };
    let line = Line::new(Answered {
        stack: Arc::clone(&stack),
        dialog,
        media,
        tag: tag.clone(),
        timer,
        call,
        takes_update: takes_update(&request),
        place,
        requests,
        wires: (wire, wired),
        invited: sequence(&request).map(|(number, _)| (number, has_offered)),
    });
    let person = Person {
        number: invited.number,
        caller: invited.caller,
        trunk: invited.trunk.name,
    };
    let conversation = Conversation::caller(&stack, person, Menu::new(now_us));
    talk(line, conversation, events, None).await;
}

struct Ringing<'a> {
    stack: &'a Arc<Stack>,
    request: &'a Request,
    tag: &'a str,
    sender: &'a TransactionEventSender,
    requests: mpsc::Receiver<Transaction>,
    wired: mpsc::Receiver<Wire>,
}

type Opened = (Media, mpsc::Receiver<crate::ports::SoundEvent>, bool);

impl Ringing<'_> {
    /// 180 at once, then 200 with an answer, or with an offer where none came.
    async fn answer(
        &mut self,
        invited: &Invited,
        offer: Option<String>,
        mut headers: Vec<Header>,
    ) -> Result<Opened, Unanswered> {
        let contact = self.stack.contact(&invited.connection);
        headers.push(header("Contact", contact.as_str()));
        headers.push(header("Allow", ALLOWED));
        headers.push(header("Supported", SUPPORTED.join(", ")));
        self.ring(header("Contact", contact)).await?;
        let opened = self.stack.ports.sound.open(invited.from).await;
        let opened = opened.map_err(|error| {
            tracing::warn!(%error, "a call found no sound");
            Unanswered::Code(
                StatusCode::ServiceUnavailable,
                vec![header("Retry-After", "5")],
            )
        })?;
        let mut media = Media::new(opened.leg, opened.local, &invited.trunk);
        let has_offered = offer.is_none();
        let text = match offer {
            Some(offer) => media.answer(&offer).map_err(code_of)?,
            None => media.offer(),
        };
        if self.is_cancelled() {
            return Err(StatusCode::RequestTerminated.into());
        }
        let answer = response(
            &self.stack.endpoint,
            self.request,
            (StatusCode::OK, self.tag),
            headers,
            Some(text),
        );
        self.sender
            .send(TransactionEvent::Respond(answer))
            .map_err(|_gone| Unanswered::Gone)?;
        Ok((media, opened.events, has_offered))
    }

    fn is_cancelled(&mut self) -> bool {
        matches!(
            self.wired.try_recv(),
            Ok(Wire::Cancelled | Wire::Over { .. })
        )
    }

    /// 180, reliably where the caller requires it (RFC 3262).
    async fn ring(&mut self, contact: Header) -> Result<(), Unanswered> {
        let is_reliable = tokens(self.request, "Require")
            .iter()
            .any(|token| token == "100rel");
        let number: u32 = rand::random_range(1..0x7FFF_FFFF);
        let mut headers = vec![contact];
        if is_reliable {
            headers.push(header("Require", "100rel"));
            headers.push(header("RSeq", number.to_string()));
        }
        let ringing = (StatusCode::Ringing, self.tag);
        let answer = response(&self.stack.endpoint, self.request, ringing, headers, None);
        let send = || {
            let sent = self.sender.send(TransactionEvent::Respond(answer.clone()));
            sent.map_err(|_gone| Unanswered::Gone)
        };
        send()?;
        if !is_reliable {
            return Ok(());
        }
        let (begun, mut pause) = (Instant::now(), PROVISIONAL);
        let mut next = begun.checked_add(pause).unwrap_or(begun);
        loop {
            tokio::select! {
                request = self.requests.recv() => {
                    let Some(request) = request else { return Err(Unanswered::Gone) };
                    if early(self.stack, request, (number, self.request)).await {
                        return Ok(());
                    }
                }
                wire = self.wired.recv() => match wire {
                    Some(Wire::Cancelled) => return Err(StatusCode::RequestTerminated.into()),
                    Some(Wire::Over { .. }) | None => return Err(Unanswered::Gone),
                    Some(Wire::Acknowledged { .. } | Wire::Refreshed(_)) => {}
                },
                () = sleep_until(next) => {
                    if begun.elapsed() >= PROVISIONAL_ENDS {
                        return Err(StatusCode::ServerTimeOut.into());
                    }
                    send()?;
                    pause = pause.saturating_mul(2);
                    next = next.checked_add(pause).unwrap_or(next);
                }
            }
        }
    }
}

/// A request before the answer: PRACK of our 180, or something that has no place yet. It is answered
/// before the call goes on, so that nobody sees the answer to INVITE first.
async fn early(
    stack: &Arc<Stack>,
    mut transaction: Transaction,
    (number, invite): (u32, &Request),
) -> bool {
    let request = transaction.original.clone();
    let wanted = sequence(invite).map(|(sequence, method)| (number, sequence, method));
    let is_ours = request.method == Method::PRack && request.rack_value() == wanted;
    let code = match request.method {
        Method::PRack if is_ours => StatusCode::OK,
        Method::PRack => StatusCode::CallTransactionDoesNotExist,
        Method::Refer => StatusCode::Forbidden,
        _ => StatusCode::RequestPending,
    };
    if request.method == Method::Invite {
        refuse(stack, transaction, code, Vec::new());
        return false;
    }
    let tag = (code, "");
    let answer = response(&stack.endpoint, &request, tag, Vec::new(), None);
    // What is not sent is asked for again.
    let _ = transaction.respond(answer).await;
    is_ours
}
