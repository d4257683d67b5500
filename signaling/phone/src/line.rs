//! The SIP side of a call that was answered: requests of the other end, session timer, BYE.

use std::sync::Arc;

use rsipstack::sip::{Method, StatusCode};
use rsipstack::transaction::transaction::Transaction;
use sfu_phone::Digit;
use signaling_sip::{Call, SESSION_MIN_S, SessionDue, SessionTimer};
use tokio::sync::mpsc;

use crate::dialog::Dialog;
use crate::dispatch::refuse;
use crate::follow::Wire;
use crate::media::Media;
use crate::message::{SUPPORTED, description, header, session_terms};
use crate::stack::{CallPlace, Stack};

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
    pub(crate) wire: mpsc::Sender<Wire>,
    pub(crate) dialog: Dialog,
    pub(crate) tag: String,
    pub(crate) timer: Option<SessionTimer>,
    pub(crate) call: Call,
    keys: Option<KeyWay>,
    pub(crate) takes_update: bool,
    /// An offer of ours that the ACK of this INVITE has to answer.
    pub(crate) offered_in: Option<u32>,
    /// An INVITE of theirs that is not acknowledged yet.
    pub(crate) open_invite: Option<u32>,
    pub(crate) refreshes: bool,
    /// An offer of theirs that waits until ours is answered.
    pub(crate) deferred: Option<Transaction>,
    place: CallPlace,
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
            deferred: None,
            place: answered.place,
        }
    }

    /// A request that waited and can be answered now.
    pub(crate) fn ready(&mut self) -> Option<Transaction> {
        if self.offered_in.is_some() {
            return None;
        }
        self.deferred.take()
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
                    Some(Ok(())) => self.compare_hold(was_held),
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

    /// How it ended. What the other end still asks for is of no call any more.
    pub(crate) fn ended(self, now_us: i64) -> Call {
        let mut requests = self.requests;
        requests.close();
        drop(self.place);
        while let Ok(late) = requests.try_recv() {
            refuse(
                &self.stack,
                late,
                StatusCode::CallTransactionDoesNotExist,
                Vec::new(),
            );
        }
        self.call.end(200, now_us)
    }
}
