//! The first message: who is there, and where do they belong.

use core::time::Duration;
use std::sync::Arc;

use axum::extract::ws::{Message, WebSocket};
use signaling_protocol::{
    Auth, Bye, ClientMessage, ConnectionId, ErrorCode, MESSAGE_BYTES_MAX, RoomId, ServerFrame,
    ServerMessage, VERSION,
};
use signaling_session::{CloseReason, Entry, Person, ResumeSecret, Returning, Standing};
use signaling_ticket::{Observed, PassChecker, Purpose};
use tokio::time::timeout;

use crate::clinic::within;
use crate::clock::Clock;
use crate::cluster::{Nodes, Sought, advice};
use crate::config::SignalingConfig;
use crate::directory::Door;
use crate::driver::{count_refusal, run_test, run_visit};
use crate::link::{code, encode};
use crate::observer::Hub;
use crate::port::VisitPort;
use crate::reader::parse;
use crate::secret::{Shown, parse as parse_token, private_room, resume_secret};
use crate::spent::SpendError;
use crate::start::{Shared, supervise};
use crate::writer::FAREWELL_MAX;

/// Where a socket belongs after its Hello.
#[derive(Debug)]
pub(crate) enum Admittance {
    /// Into a room.
    Room {
        door: Door,
        entry: Entry,
        secret: ResumeSecret,
    },
    /// Among the observers.
    Observer(Observed),
}

/// Why a Hello was not accepted.
#[derive(Debug)]
pub(crate) struct Refusal {
    code: ErrorCode,
    detail: &'static str,
    /// Said after the error, unless the client should try again.
    bye: Option<Bye>,
}

impl Refusal {
    fn unauthorized(detail: &'static str) -> Self {
        Self {
            code: ErrorCode::Unauthorized,
            detail,
            bye: Some(Bye::Unauthorized),
        }
    }

    fn misbehaved(code: ErrorCode, detail: &'static str) -> Self {
        Self {
            code,
            detail,
            bye: Some(Bye::Misbehaved),
        }
    }

    fn unavailable(detail: &'static str) -> Self {
        Self {
            code: ErrorCode::Unavailable,
            detail,
            bye: None,
        }
    }

    /// A token of a room that nobody has any more.
    pub(crate) fn unknown_token() -> Self {
        Self::unauthorized(TOKEN_REFUSED)
    }

    /// The node that has the room is not reached.
    pub(crate) fn no_node() -> Self {
        Self::unavailable("the room is not reached; try again")
    }

    fn restarting() -> Self {
        Self {
            code: ErrorCode::Unavailable,
            detail: "the server restarts",
            bye: Some(Bye::Restarting),
        }
    }
}

/// Waits for the Hello. `None`: the client went away.
pub(crate) async fn receive(
    (config, hub): (&SignalingConfig, &Hub),
    socket: &mut WebSocket,
) -> Option<Result<String, Refusal>> {
    let patience = Duration::from_secs(u64::from(config.hello_timeout_s));
    let text = tokio::select! {
        text = timeout(patience, first_text(socket)) => text,
        () = hub.closed() => {
            return Some(Err(Refusal::restarting()));
        }
    };
    let Ok(text) = text else {
        let late = Refusal::misbehaved(ErrorCode::OutOfOrder, "no Hello in time");
        return Some(Err(late));
    };
    Some(match text? {
        Ok(text) if text.len() > MESSAGE_BYTES_MAX => {
            Err(Refusal::misbehaved(ErrorCode::TooLarge, "the Hello"))
        }
        other => other,
    })
}

async fn first_text(socket: &mut WebSocket) -> Option<Result<String, Refusal>> {
    loop {
        match socket.recv().await?.ok()? {
            Message::Text(text) => return Some(Ok(text.as_str().to_owned())),
            Message::Binary(_) => {
                let refusal = Refusal::misbehaved(ErrorCode::Malformed, "a binary frame");
                return Some(Err(refusal));
            }
            Message::Ping(_) | Message::Pong(_) => {}
            Message::Close(_) => return None,
        }
    }
}

/// The room that a Hello asks for, and what is known of it. `None`: no room is asked for, or the Hello will be
/// refused.
pub(crate) fn belongs(
    (checker, clock, nodes): (&PassChecker, &Clock, &Nodes),
    text: &str,
) -> Option<Sought> {
    let ClientMessage::Hello { auth, .. } = parse(text).ok()? else {
        return None;
    };
    match auth {
        Auth::Ticket { ticket, .. } => {
            let pass = checker.check(&ticket, clock.wall_us()).ok()?;
            match pass.purpose {
                Purpose::Visit { room, .. } => Some(Sought {
                    room,
                    may_open: true,
                    advice: None,
                }),
                Purpose::ConnectionTest { .. } | Purpose::Observe { .. } => None,
            }
        }
        Auth::Resume { token, .. } => {
            let shown = parse_token(&token)?;
            let failover = nodes.vouched(&shown);
            Some(Sought {
                room: shown.room,
                may_open: failover.is_some(),
                advice: failover.as_ref().map(advice),
            })
        }
    }
}

/// Says where a Hello leads.
pub(crate) async fn admit<P: VisitPort>(
    shared: &Arc<Shared<P>>,
    text: &str,
) -> Result<Admittance, Refusal> {
    let message = parse(text).or(Err(Refusal::misbehaved(
        ErrorCode::Malformed,
        "the Hello cannot be read",
    )))?;
    let ClientMessage::Hello { version, auth } = message else {
        return Err(Refusal::misbehaved(
            ErrorCode::OutOfOrder,
            "the first message is a Hello",
        ));
    };
    if version != VERSION {
        return Err(Refusal::misbehaved(
            ErrorCode::Version,
            "another protocol version",
        ));
    }
    match auth {
        Auth::Ticket { ticket, connection } => with_ticket(shared, &ticket, connection).await,
        Auth::Resume { token, .. } => with_token(shared, &token).await,
    }
}

async fn with_ticket<P: VisitPort>(
    shared: &Arc<Shared<P>>,
    ticket: &str,
    connection: Option<ConnectionId>,
) -> Result<Admittance, Refusal> {
    let now_us = shared.clock.wall_us();
    let pass = shared.checker.check(ticket, now_us).map_err(|error| {
        // Ours to know; the client only hears that it is no ticket.
        tracing::debug!(%error, "a ticket was not accepted");
        Refusal::unauthorized("the ticket is not accepted")
    })?;
    match shared.spend(pass.id, pass.expires_us).await {
        Ok(()) => {}
        Err(SpendError::Replayed) => {
            return Err(Refusal::unauthorized("the ticket is not accepted"));
        }
        Err(SpendError::Full) => return Err(Refusal::unavailable("too many arrivals")),
    }
    match pass.purpose {
        Purpose::Observe { rooms } => Ok(Admittance::Observer(rooms)),
        Purpose::Visit {
            room,
            participant,
            name,
            role,
            relation,
            admitted,
        } => {
            let secret = resume_secret(room).or(Err(Refusal::unavailable("no random numbers")))?;
            let door = open_visit(shared, room);
            let person = Person {
                id: participant,
                name,
                role,
                relation,
                admitted,
                connection,
            };
            into_room(door, Entry::Ticket(person), secret)
        }
        Purpose::ConnectionTest { participant } => {
            let room = private_room().or(Err(Refusal::unavailable("no random numbers")))?;
            let secret = resume_secret(room).or(Err(Refusal::unavailable("no random numbers")))?;
            let door = shared.directory.knock_or_open(room, |doorway| {
                let door = doorway.door.clone();
                let run = run_test(Arc::clone(shared), room, doorway);
                tokio::spawn(supervise(Arc::clone(shared), room, door, run))
            });
            let person = Person {
                id: participant,
                name: String::new(),
                role: signaling_protocol::Role::Guest,
                relation: None,
                admitted: true,
                connection: None,
            };
            into_room(door, Entry::Ticket(person), secret)
        }
    }
}

/// The door of a visit's room for somebody who will enter. `None`: the server is closing.
pub(crate) fn open_visit<P: VisitPort>(shared: &Arc<Shared<P>>, room: RoomId) -> Option<Door> {
    shared.directory.knock_or_open(room, |doorway| {
        let door = doorway.door.clone();
        let run = run_visit(Arc::clone(shared), room, doorway);
        tokio::spawn(supervise(Arc::clone(shared), room, door, run))
    })
}

const TOKEN_REFUSED: &str = "the resume token is not accepted";

async fn with_token<P: VisitPort>(
    shared: &Arc<Shared<P>>,
    token: &str,
) -> Result<Admittance, Refusal> {
    let shown = parse_token(token).ok_or_else(Refusal::unknown_token)?;
    let secret = resume_secret(shown.room).or(Err(Refusal::unavailable("no random numbers")))?;
    let nodes = shared.nodes.as_ref();
    let returning = nodes.and_then(|it| it.returning(&shown));
    if let Some(failover) = returning
        && !is_known(shared, &shown).await
    {
        // The ticket says whose session it was; whether they may come in, the clinic says now.
        let asked = shared.port.readmit(failover.room, failover.participant);
        let person = within("readmit", asked).await;
        let person = person.ok_or(Refusal::unavailable("the clinic does not answer"))?;
        let person = person.ok_or_else(Refusal::unknown_token)?;
        let door = open_visit(shared, shown.room);
        let returning = Returning {
            token: shown.hash,
            person,
            standing: Standing {
                encrypted: failover.encrypted,
                grants: failover.grants,
            },
        };
        return into_room(door, Entry::Return(returning), secret);
    }
    let door = shared
        .directory
        .knock(shown.room)
        .ok_or_else(Refusal::unknown_token)?;
    into_room(Some(door), Entry::Resume(shown.hash), secret)
}

/// Whether somebody who shows a failover ticket was welcomed here since. Then they only come back.
async fn is_known<P: VisitPort>(shared: &Shared<P>, shown: &Shown<'_>) -> bool {
    match shared.directory.find(shown.room) {
        Some(door) => door.knows(shown.hash).await,
        None => false,
    }
}

fn into_room(
    door: Option<Door>,
    entry: Entry,
    secret: ResumeSecret,
) -> Result<Admittance, Refusal> {
    let door = door.ok_or_else(Refusal::restarting)?;
    Ok(Admittance::Room {
        door,
        entry,
        secret,
    })
}

/// Tells the client why and closes.
pub(crate) async fn refuse(mut socket: WebSocket, refusal: Refusal) {
    let error = ServerMessage::Error {
        code: refusal.code,
        detail: refusal.detail.to_owned(),
    };
    count_refusal(&error);
    let reason = match refusal.bye {
        Some(bye) => CloseReason::Bye(bye),
        None => CloseReason::Refused(refusal.code),
    };
    let bye = refusal.bye.map(|reason| ServerMessage::Bye { reason });
    let last = async {
        for (seq, message) in (1..).zip([Some(error), bye].into_iter().flatten()) {
            let text = encode(&ServerFrame { seq, message });
            socket.send(Message::Text(text.into())).await?;
        }
        let close = axum::extract::ws::CloseFrame {
            code: code(reason),
            reason: axum::extract::ws::Utf8Bytes::default(),
        };
        socket.send(Message::Close(Some(close))).await?;
        // Until the client has read it: closing earlier could reset the connection under it.
        while let Some(Ok(_)) = socket.recv().await {}
        Ok::<(), axum::Error>(())
    };
    // The socket is dropped either way.
    let _ = timeout(FAREWELL_MAX, last).await;
}
