//! The SIP side of a call that was answered: requests of the other end, session timer, BYE.

use std::sync::Arc;

use rsipstack::sip::{Header, Method, Request, Response, SipMessage, StatusCode};
use rsipstack::transaction::transaction::{Transaction, TransactionEvent, TransactionEventSender};
use sfu_phone::Digit;
use signaling_sip::{
    Call, HoldSide, Info, NotNow, SESSION_MIN_S, SdpError, SessionDue, SessionTerms, SessionTimer,
    read_info,
};
use tokio::sync::mpsc;

use crate::dialog::{Dialog, Taken};
use crate::media::Media;
use crate::message::{
    ALLOWED, SUPPORTED, description, header, response, sequence, session_terms, tokens, value,
};
use crate::stack::{CallPlace, Stack};

/// What comes from the tasks that follow transactions. They wait where the call does not keep up.
const WIRES_MAX: usize = 16;

/// What happened to a transaction.
#[derive(Debug)]
pub(crate) enum Wire {
    /// An INVITE of theirs was acknowledged, perhaps with a description.
    Acknowledged {
        /// Which one.
        sequence: u32,
        /// Content-Type and body.
        body: (Option<String>, Vec<u8>),
    },
    /// The caller has given up.
    Cancelled,
    /// An INVITE of theirs is over.
    Over {
        /// Which one.
        sequence: u32,
    },
    /// A refresh of ours was answered, or not.
    Refreshed(Option<(u16, SessionTerms)>),
}

/// How keys come. The first way by which one came is the one of this call: some telephones use two
/// at once, and a PIN would have each digit twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KeyWay {
    /// In the sound.
    Sound,
    /// As INFO.
    Info,
}

/// What a request of the other end means for the call.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Heard {
    /// Nothing that matters here.
    Nothing,
    /// A key.
    Key(Digit),
    /// The other end holds, or listens again.
    Held(bool),
    /// It is over.
    Over,
}

/// A call that was answered.
pub(crate) struct Line {
    pub(crate) stack: Arc<Stack>,
    pub(crate) media: Media,
    pub(crate) requests: mpsc::Receiver<Transaction>,
    pub(crate) wires: mpsc::Receiver<Wire>,
    wire: mpsc::Sender<Wire>,
    dialog: Dialog,
    tag: String,
    timer: Option<SessionTimer>,
    call: Call,
    keys: Option<KeyWay>,
    takes_update: bool,
    /// An offer of ours that the ACK of this INVITE has to answer.
    offered_in: Option<u32>,
    /// An INVITE of theirs that is not acknowledged yet.
    open_invite: Option<u32>,
    refreshes: bool,
    _place: CallPlace,
}

/// What an answered call begins with.
pub(crate) struct Answered {
    pub(crate) stack: Arc<Stack>,
    pub(crate) dialog: Dialog,
    pub(crate) media: Media,
    pub(crate) tag: String,
    pub(crate) timer: Option<SessionTimer>,
    pub(crate) call: Call,
    pub(crate) takes_update: bool,
    pub(crate) place: CallPlace,
    pub(crate) requests: mpsc::Receiver<Transaction>,
    pub(crate) wires: (mpsc::Sender<Wire>, mpsc::Receiver<Wire>),
    /// The INVITE of theirs, and whether our offer is in its answer.
    pub(crate) invited: Option<(u32, bool)>,
}

/// A lane for what happens to transactions.
pub(crate) fn wires() -> (mpsc::Sender<Wire>, mpsc::Receiver<Wire>) {
    mpsc::channel(WIRES_MAX)
}

/// Follows an INVITE of theirs to its end. Answers go to the sender that comes back, because
/// nothing else may touch a transaction while it is followed.
pub(crate) fn follow(
    mut transaction: Transaction,
    wire: mpsc::Sender<Wire>,
) -> TransactionEventSender {
    let sender = transaction.tu_sender.clone();
    let number = sequence(&transaction.original).map_or(0, |(number, _)| number);
    tokio::spawn(async move {
        while let Some(message) = transaction.receive().await {
            let SipMessage::Request(request) = message else {
                continue;
            };
            let told = match request.method {
                Method::Ack => Wire::Acknowledged {
                    sequence: number,
                    body: (value(&request, "Content-Type"), request.body.clone()),
                },
                Method::Cancel => Wire::Cancelled,
                _ => continue,
            };
            // A call that is over wants to hear nothing more; the transaction still ends in order.
            let _ = wire.send(told).await;
        }
        let _ = wire.send(Wire::Over { sequence: number }).await;
    });
    sender
}

/// Headers of an answer that agrees on a session timer.
pub(crate) fn timer_headers(timer: Option<&SessionTimer>, terms: SessionTerms) -> Vec<Header> {
    let Some(timer) = timer else {
        return Vec::new();
    };
    let mut headers = vec![header("Session-Expires", timer.header())];
    if timer.must_be_required() && terms.is_supported {
        headers.push(header("Require", "timer"));
    }
    headers
}

/// 422 with what is taken.
pub(crate) fn too_small() -> (StatusCode, Vec<Header>) {
    let min = header("Min-SE", SESSION_MIN_S.to_string());
    (StatusCode::SessionIntervalTooSmall, vec![min])
}

/// The code of a description that is not taken.
pub(crate) const fn code_of(error: SdpError) -> StatusCode {
    match error {
        SdpError::Form | SdpError::Long => StatusCode::BadRequest,
        SdpError::Address | SdpError::NoSound | SdpError::Codec | SdpError::Security => {
            StatusCode::NotAcceptableHere
        }
    }
}

impl Line {
    pub(crate) fn new(answered: Answered) -> Self {
        let (wire, wires) = answered.wires;
        let (invite, offers) = answered.invited.unzip();
        Self {
            stack: answered.stack,
            media: answered.media,
            requests: answered.requests,
            wires,
            wire,
            dialog: answered.dialog,
            tag: answered.tag,
            timer: answered.timer,
            call: answered.call,
            keys: None,
            takes_update: answered.takes_update,
            offered_in: invite.filter(|_| offers == Some(true)),
            open_invite: invite,
            refreshes: false,
            _place: answered.place,
        }
    }

    /// Whether a key that came in this way counts.
    pub(crate) fn takes_key(&mut self, way: KeyWay) -> bool {
        *self.keys.get_or_insert(way) == way
    }

    /// When the session timer wants something, in microseconds.
    pub(crate) fn due_us(&self) -> Option<i64> {
        self.timer.as_ref().map(|timer| timer.due().0)
    }

    /// The time of [`Line::due_us`] has come.
    pub(crate) fn timeout(&mut self, now_us: i64) -> Heard {
        let due = self.timer.as_ref().map(SessionTimer::due);
        match due {
            Some((at, SessionDue::Refresh)) if at <= now_us => {
                self.refresh();
                Heard::Nothing
            }
            Some((at, SessionDue::Expire)) if at <= now_us => {
                tracing::info!("a call was not refreshed and is ended");
                Heard::Over
            }
            Some(_) | None => Heard::Nothing,
        }
    }

    fn refresh(&mut self) {
        let Some(timer) = &mut self.timer else {
            return;
        };
        timer.asked();
        let extra = vec![
            header("Session-Expires", timer.refresh_header()),
            header("Min-SE", SESSION_MIN_S.to_string()),
            header("Supported", SUPPORTED.join(", ")),
            header("Contact", self.dialog.contact(&self.stack)),
        ];
        let (method, body) = if self.takes_update {
            (Method::Update, None)
        } else {
            (Method::Invite, Some(self.media.offer()))
        };
        self.refreshes = method == Method::Invite;
        let Ok(request) = self.dialog.request(&self.stack, method, extra, body) else {
            return;
        };
        let sent = self.dialog.send(&self.stack, request);
        let wire = self.wire.clone();
        tokio::spawn(async move {
            let answer = sent.await.ok();
            let told = answer.map(|answer| (answer.status_code.code(), session_terms(&answer)));
            let _ = wire.send(Wire::Refreshed(told)).await;
        });
    }

    /// Something happened to a transaction.
    pub(crate) fn wired(&mut self, now_us: i64, wire: Wire) -> Heard {
        match wire {
            Wire::Acknowledged { sequence, body } => {
                self.open_invite = self.open_invite.filter(|open| *open != sequence);
                if self.offered_in != Some(sequence) {
                    return Heard::Nothing;
                }
                self.offered_in = None;
                let was_held = self.media.is_held();
                let answer = description(body.0, &body.1).ok().flatten();
                match answer.map(|answer| self.media.accept(&answer)) {
                    Some(Ok(())) => self.compare_hold(now_us, was_held),
                    Some(Err(_)) | None => Heard::Over,
                }
            }
            // After the answer a CANCEL has no effect (RFC 3261 section 9.2).
            Wire::Cancelled => Heard::Nothing,
            // Nobody has acknowledged the answer: the call is ended (section 13.3.1.4).
            Wire::Over { sequence } if self.open_invite == Some(sequence) => Heard::Over,
            Wire::Over { .. } => Heard::Nothing,
            Wire::Refreshed(answer) => {
                self.refreshes = false;
                match (answer, &mut self.timer) {
                    (Some((code, _)), Some(timer)) if (200..300).contains(&code) => {
                        timer.refreshed(now_us);
                        Heard::Nothing
                    }
                    // The call is unknown there, or nobody answers (RFC 3261 section 12.2.1.2).
                    (Some((408 | 481, _)) | None, _) => Heard::Over,
                    (Some(_), _) => Heard::Nothing,
                }
            }
        }
    }

    /// A request of the other end came.
    pub(crate) async fn handle(&mut self, now_us: i64, mut transaction: Transaction) -> Heard {
        let request = transaction.original.clone();
        match self.dialog.takes(&request) {
            Taken::Yes => {}
            Taken::Old => {
                self.answer_now(transaction, StatusCode::ServerInternalError, Vec::new())
                    .await;
                return Heard::Nothing;
            }
            Taken::Foreign => {
                self.answer_now(
                    transaction,
                    StatusCode::CallTransactionDoesNotExist,
                    Vec::new(),
                )
                .await;
                return Heard::Nothing;
            }
        }
        match request.method {
            Method::Bye => {
                self.answer_now(transaction, StatusCode::OK, Vec::new())
                    .await;
                Heard::Over
            }
            Method::Invite => self.reinvited(now_us, transaction),
            Method::Update => {
                let was_held = self.media.is_held();
                let answer = self.updated(now_us, &request);
                // What cannot be sent now is asked for again by the other end.
                let _ = transaction.respond(answer).await;
                self.compare_hold(now_us, was_held)
            }
            Method::Info => self.informed(transaction, &request).await,
            Method::Options => {
                self.answer_now(transaction, StatusCode::OK, vec![header("Allow", ALLOWED)])
                    .await;
                Heard::Nothing
            }
            Method::Refer => {
                self.answer_now(transaction, StatusCode::Forbidden, Vec::new())
                    .await;
                Heard::Nothing
            }
            Method::PRack => {
                self.answer_now(
                    transaction,
                    StatusCode::CallTransactionDoesNotExist,
                    Vec::new(),
                )
                .await;
                Heard::Nothing
            }
            Method::Ack
            | Method::Cancel
            | Method::Message
            | Method::Notify
            | Method::Publish
            | Method::Register
            | Method::Subscribe => {
                let allow = vec![header("Allow", ALLOWED)];
                self.answer_now(transaction, StatusCode::MethodNotAllowed, allow)
                    .await;
                Heard::Nothing
            }
        }
    }

    async fn answer_now(
        &self,
        mut transaction: Transaction,
        code: StatusCode,
        headers: Vec<Header>,
    ) {
        let answer = self.response(&transaction.original, code, headers, None);
        if let Err(error) = transaction.respond(answer).await {
            tracing::debug!(%error, "an answer was not sent");
        }
    }

    fn response(
        &self,
        request: &Request,
        code: StatusCode,
        headers: Vec<Header>,
        body: Option<String>,
    ) -> Response {
        response(
            &self.stack.endpoint,
            request,
            (code, &self.tag),
            headers,
            body,
        )
    }

    fn compare_hold(&mut self, now_us: i64, was_held: bool) -> Heard {
        let is_held = self.media.is_held();
        if is_held == was_held {
            return Heard::Nothing;
        }
        let call = core::mem::replace(&mut self.call, Call::begin(signaling_sip::Direction::In));
        let changed = if is_held {
            call.hold(HoldSide::Theirs)
        } else {
            call.resume(HoldSide::Theirs)
        };
        self.call = changed.unwrap_or_else(|NotNow(call)| call);
        let _ = now_us;
        Heard::Held(is_held)
    }

    /// What an INVITE or UPDATE within the call says of its session; an answer with what we say.
    fn session(&mut self, now_us: i64, request: &Request) -> Result<Vec<Header>, Box<Response>> {
        let terms = session_terms(request);
        match SessionTimer::answer(terms, now_us) {
            Ok(timer) => {
                // Who no longer asks for a timer ends it (RFC 4028 section 9).
                self.timer = timer;
                let mut headers = timer_headers(self.timer.as_ref(), terms);
                headers.push(header("Allow", ALLOWED));
                headers.push(header("Supported", SUPPORTED.join(", ")));
                headers.push(header("Contact", self.dialog.contact(&self.stack)));
                Ok(headers)
            }
            Err(_too_small) => {
                let (code, headers) = too_small();
                Err(Box::new(self.response(request, code, headers, None)))
            }
        }
    }

    fn updated(&mut self, now_us: i64, request: &Request) -> Response {
        let offer = match description(value(request, "Content-Type"), &request.body) {
            Ok(offer) => offer,
            Err(code) => return self.response(request, code, Vec::new(), None),
        };
        // An offer of ours waits for its answer (RFC 3311 section 5.2).
        if offer.is_some() && (self.offered_in.is_some() || self.refreshes) {
            return self.response(request, StatusCode::RequestPending, Vec::new(), None);
        }
        let headers = match self.session(now_us, request) {
            Ok(headers) => headers,
            Err(refusal) => return *refusal,
        };
        let answer = match offer.map(|offer| self.media.answer(&offer)).transpose() {
            Ok(answer) => answer,
            Err(error) => return self.response(request, code_of(error), Vec::new(), None),
        };
        self.response(request, StatusCode::OK, headers, answer)
    }

    fn reinvited(&mut self, now_us: i64, transaction: Transaction) -> Heard {
        let was_held = self.media.is_held();
        let request = transaction.original.clone();
        let number = sequence(&request).map_or(0, |(number, _)| number);
        let has_offer = !request.body.is_empty();
        let unknown = crate::message::unknown_required(&request);
        let answer = if !unknown.is_empty() {
            let headers = vec![header("Unsupported", unknown.join(", "))];
            self.response(&request, StatusCode::BadExtension, headers, None)
        } else if self.refreshes || self.open_invite.is_some() {
            // Both at once (RFC 3261 section 14.2).
            self.response(&request, StatusCode::RequestPending, Vec::new(), None)
        } else if has_offer {
            self.updated(now_us, &request)
        } else {
            match self.session(now_us, &request) {
                Ok(headers) => {
                    self.offered_in = Some(number);
                    let offer = self.media.offer();
                    self.response(&request, StatusCode::OK, headers, Some(offer))
                }
                Err(refusal) => *refusal,
            }
        };
        if answer.status_code.code() < 300 {
            self.open_invite = Some(number);
        }
        let sender = follow(transaction, self.wire.clone());
        let _ = sender.send(TransactionEvent::Respond(answer));
        self.compare_hold(now_us, was_held)
    }

    async fn informed(&mut self, transaction: Transaction, request: &Request) -> Heard {
        let kind = value(request, "Content-Type").unwrap_or_default();
        match read_info(&kind, &request.body) {
            Info::Key(digit) => {
                self.answer_now(transaction, StatusCode::OK, Vec::new())
                    .await;
                if self.takes_key(KeyWay::Info) {
                    return Heard::Key(digit);
                }
            }
            Info::Empty => {
                self.answer_now(transaction, StatusCode::OK, Vec::new())
                    .await
            }
            Info::Unknown => {
                let accept = header("Accept", "application/dtmf-relay, application/dtmf");
                self.answer_now(transaction, StatusCode::UnsupportedMediaType, vec![accept])
                    .await;
            }
        }
        Heard::Nothing
    }

    /// Ends the call from our side. BYE is repeated by a task of its own until it is answered.
    pub(crate) fn hang_up(&mut self) {
        let Ok(request) = self
            .dialog
            .request(&self.stack, Method::Bye, Vec::new(), None)
        else {
            return;
        };
        let sent = self.dialog.send(&self.stack, request);
        tokio::spawn(async move {
            if let Err(error) = sent.await {
                tracing::debug!(%error, "nobody has answered a BYE");
            }
        });
    }

    /// How it ended, with the code and the time that was talked.
    pub(crate) fn ended(self, now_us: i64) -> Call {
        self.call.end(200, now_us)
    }
}

/// Whether the other end takes UPDATE.
pub(crate) fn takes_update(message: &impl rsipstack::sip::prelude::HeadersExt) -> bool {
    tokens(message, "Allow")
        .iter()
        .any(|method| method == "update")
}
