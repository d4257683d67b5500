//! Requests of the other end within a call that was answered.

use rsipstack::sip::{Header, Method, Request, Response, StatusCode};
use rsipstack::transaction::transaction::{Transaction, TransactionEvent};
use signaling_sip::{Call, Direction, HoldSide, Info, NotNow, SessionTimer, read_info};

use crate::answers::{code_of, timer_headers, too_small};
use crate::dialog::Taken;
use crate::follow::follow;
use crate::line::{Heard, KeyWay, Line};
use crate::message::{
    ALLOWED, SUPPORTED, description, header, refusal_headers, response, sequence, session_terms,
    unknown_required, value,
};

impl Line {
    /// A request of the other end came.
    pub(crate) async fn handle(&mut self, now_us: i64, mut transaction: Transaction) -> Heard {
        let request = transaction.original.clone();
        self.dialog.came_by(transaction.connection.as_ref());
        // The ACK with the answer to an offer of ours may still be on its way through its own task.
        let is_offer = matches!(request.method, Method::Invite | Method::Update);
        if is_offer && self.offered_in.is_some() && self.deferred.is_none() {
            self.deferred = Some(transaction);
            return Heard::Nothing;
        }
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
                self.compare_hold(was_held)
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

    /// Whether the other end holds now and did not before, or the other way round.
    pub(crate) fn compare_hold(&mut self, was_held: bool) -> Heard {
        let is_held = self.media.is_held();
        if is_held == was_held {
            return Heard::Nothing;
        }
        let call = core::mem::replace(&mut self.call, Call::begin(Direction::In));
        let changed = if is_held {
            call.hold(HoldSide::Theirs)
        } else {
            call.resume(HoldSide::Theirs)
        };
        self.call = changed.unwrap_or_else(|NotNow(call)| call);
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
            Err(code) => {
                let headers = refusal_headers(&code);
                return self.response(request, code, headers, None);
            }
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
        let unknown = unknown_required(&request);
        let answer = if !unknown.is_empty() {
            let headers = vec![header("Unsupported", unknown.join(", "))];
            self.response(&request, StatusCode::BadExtension, headers, None)
        } else if self.refreshes || self.offered_in.is_some() {
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
        self.compare_hold(was_held)
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
                    .await;
            }
            Info::Unknown => {
                let accept = header("Accept", "application/dtmf-relay, application/dtmf");
                self.answer_now(transaction, StatusCode::UnsupportedMediaType, vec![accept])
                    .await;
            }
        }
        Heard::Nothing
    }
}
