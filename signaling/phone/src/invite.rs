//! One INVITE of ours: what comes back, PRACK, CANCEL.

use std::sync::Arc;

use rsipstack::sip::prelude::HeadersExt;
use rsipstack::sip::{Header, Headers, Method, Request, Response, SipMessage, StatusCode};
use rsipstack::transaction::key::{TransactionKey, TransactionRole};
use rsipstack::transaction::transaction::Transaction;
use rsipstack::transport::{SipAddr, SipConnection};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

use crate::dialler::{CallProgress, Placed};
use crate::dialog::Dialog;
use crate::message::{header, tokens, value, values};
use crate::stack::Stack;

/// Answers of one INVITE that wait. What is more waits in its task.
const RESPONSES_MAX: usize = 16;

/// What became of one INVITE.
pub(crate) enum Attempt {
    /// 2xx.
    Answered(Box<Response>),
    /// 300 and above.
    Refused(Box<Response>),
    /// It rang long enough.
    NoAnswer,
    /// Whoever called has hung up.
    GaveUp,
    /// The connection has ended, so no answer can come.
    Lost,
}

/// Why an INVITE is taken back.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stop {
    No,
    Time,
    HungUp,
}

/// Sends an INVITE and waits for its final answer, until a time or until somebody hangs up.
pub(crate) async fn attempt(
    stack: &Arc<Stack>,
    placed: &Placed,
    connection: &SipConnection,
    invite: Request,
    until: Instant,
) -> Attempt {
    let Some(mut responses) = send(stack, placed, connection, invite.clone()) else {
        return Attempt::Refused(Box::default());
    };
    let gone = connection.cancel_token().unwrap_or_default();
    let mut stop = Stop::No;
    let mut stage = Stage {
        rings: false,
        is_cancelled: false,
        early: None,
        acknowledged: 0,
    };
    loop {
        // A CANCEL goes only after something has come (RFC 3261 section 9.1).
        if stop != Stop::No && stage.rings && !stage.is_cancelled {
            stage.is_cancelled = true;
            cancel(stack, placed, connection, &invite);
        }
        tokio::select! {
            response = responses.recv() => match response {
                None => return ended(stop).unwrap_or(Attempt::NoAnswer),
                Some(response) if response.status_code.code() < 200 => {
                    stage.provisional(stack, placed, (connection, &invite), &response);
                }
                // It crossed the CANCEL: it is answered all the same, and ended with BYE.
                Some(response) if response.status_code.code() < 300 => {
                    if let Some(gone) = ended(stop) {
                        bye(stack, placed, connection, (&invite, &response));
                        return gone;
                    }
                    return Attempt::Answered(response);
                }
                Some(response) => return ended(stop).unwrap_or(Attempt::Refused(response)),
            },
            () = sleep_until(until), if stop == Stop::No => stop = Stop::Time,
            () = placed.hang_up.cancelled(), if stop == Stop::No => stop = Stop::HungUp,
            () = gone.cancelled() => return ended(stop).unwrap_or(Attempt::Lost),
        }
    }
}

const fn ended(stop: Stop) -> Option<Attempt> {
    match stop {
        Stop::No => None,
        Stop::Time => Some(Attempt::NoAnswer),
        Stop::HungUp => Some(Attempt::GaveUp),
    }
}

struct Stage {
    rings: bool,
    is_cancelled: bool,
    early: Option<Dialog>,
    acknowledged: u32,
}

impl Stage {
    fn provisional(
        &mut self,
        stack: &Arc<Stack>,
        placed: &Placed,
        (connection, invite): (&SipConnection, &Request),
        response: &Response,
    ) {
        self.rings = true;
        placed.tell(match response.status_code.code() {
            100 => CallProgress::Trying,
            180 => CallProgress::Ringing,
            _ if response.body.is_empty() => CallProgress::Ringing,
            _ => CallProgress::Early,
        });
        let is_reliable = tokens(response, "Require")
            .iter()
            .any(|token| token == "100rel");
        let Some(number) = response.rseq_value().filter(|_| is_reliable) else {
            return;
        };
        if number <= self.acknowledged {
            return;
        }
        self.acknowledged = number;
        if self.early.is_none() {
            let proxy = placed.outbound.proxy;
            self.early = Dialog::of_answer(invite, response, connection.clone(), proxy).ok();
        }
        let Some(early) = &mut self.early else {
            return;
        };
        let cseq = value(invite, "CSeq").unwrap_or_default();
        let rack = vec![header("RAck", format!("{number} {cseq}"))];
        if let Ok(prack) = early.request(stack, Method::PRack, rack, None) {
            let sent = early.send(stack, prack);
            tokio::spawn(async move {
                if let Err(error) = sent.await {
                    tracing::debug!(%error, "nobody has answered a PRACK");
                }
            });
        }
    }
}

/// The INVITE in a task of its own: nothing else may touch a transaction while it is followed.
fn send(
    stack: &Arc<Stack>,
    placed: &Placed,
    connection: &SipConnection,
    invite: Request,
) -> Option<mpsc::Receiver<Box<Response>>> {
    let (sender, responses) = mpsc::channel(RESPONSES_MAX);
    let key = TransactionKey::from_request(&invite, TransactionRole::Client).ok()?;
    let (endpoint, connection) = (Arc::clone(&stack.endpoint), connection.clone());
    let mut transaction = Transaction::new_client(key, invite, endpoint, Some(connection));
    transaction.destination = Some(SipAddr {
        r#type: None,
        addr: placed.outbound.proxy.into(),
    });
    tokio::spawn(async move {
        if let Err(error) = transaction.send().await {
            tracing::warn!(%error, "an INVITE was not sent");
            return;
        }
        while let Some(message) = transaction.receive().await {
            if let SipMessage::Response(response) = message {
                // Who no longer listens has what they wanted; the rest is acknowledged in silence.
                let _ = sender.send(Box::new(response)).await;
            }
        }
    });
    Some(responses)
}

/// CANCEL has the Via, Route and number of its INVITE (RFC 3261 section 9.1).
fn cancel(stack: &Arc<Stack>, placed: &Placed, connection: &SipConnection, invite: &Request) {
    let number = value(invite, "CSeq").unwrap_or_default();
    let number = number.split(' ').next().unwrap_or("1");
    let mut headers: Vec<Header> = Vec::new();
    for name in ["Via", "Max-Forwards", "Call-ID", "From", "To", "Route"] {
        headers.extend(
            values(invite, name)
                .into_iter()
                .map(|text| header(name, text)),
        );
    }
    headers.push(header("CSeq", format!("{number} CANCEL")));
    let request = Request {
        method: Method::Cancel,
        headers: Headers::from(headers),
        body: Vec::new(),
        ..invite.clone()
    };
    let Ok(key) = TransactionKey::from_request(&request, TransactionRole::Client) else {
        return;
    };
    let (endpoint, connection) = (Arc::clone(&stack.endpoint), connection.clone());
    let mut transaction = Transaction::new_client(key, request, endpoint, Some(connection));
    transaction.destination = Some(SipAddr {
        r#type: None,
        addr: placed.outbound.proxy.into(),
    });
    tokio::spawn(async move {
        if transaction.send().await.is_ok() {
            while let Some(message) = transaction.receive().await {
                let SipMessage::Response(response) = message else {
                    continue;
                };
                if response.status_code != StatusCode::Trying {
                    return;
                }
            }
        }
    });
}

fn bye(
    stack: &Arc<Stack>,
    placed: &Placed,
    connection: &SipConnection,
    (invite, answer): (&Request, &Response),
) {
    let dialog = Dialog::of_answer(invite, answer, connection.clone(), placed.outbound.proxy);
    let Ok(mut dialog) = dialog else {
        return;
    };
    if let Ok(request) = dialog.request(stack, Method::Bye, Vec::new(), None) {
        let sent = dialog.send(stack, request);
        tokio::spawn(async move {
            if let Err(error) = sent.await {
                tracing::debug!(%error, "nobody has answered a BYE");
            }
        });
    }
}
