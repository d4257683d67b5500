//! Carries a person's messages to the node that has their room, and back.
//!
//! Nothing is kept on the way: a message is read when the one before it was taken, so a slow side slows
//! the other one down to the limits of the owner's own queue. Rates, sizes and silence are judged by the
//! owner, as if the person had come there; here only dead sides are noticed. An answer to an offer is told
//! with one candidate more, where this node is an edge ([`mod@super::edge`]).

use core::time::Duration;
use std::net::IpAddr;

use axum::body::Bytes;
use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket, close_code};
use axum::http::{HeaderName, StatusCode};
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt as _, StreamExt as _};
use signaling_directory::{Advice, Asked, NodeName, Reach};
use signaling_protocol::{HEARTBEAT_MS, RoomId, SILENCE_MS_MAX};
use tokio::time::{Instant, MissedTickBehavior, interval, timeout, timeout_at};
use tokio_tungstenite::tungstenite;

use super::dial::{DialError, PeerSocket};
use super::door::{ANYWHERE, CLIENT, EPOCH, RETURN, ROOM, SIGNAL};
use super::edge::EdgeLine;
use super::{Nodes, Way};
use crate::observer::Hub;
use crate::secret::private_room;
use crate::trace::TRACEPARENT;
use crate::writer::FAREWELL_MAX;

/// How often somebody is sent on, because nodes know different things for a moment.
const HOPS_MAX: u32 = 4;
/// How long an owner may say nothing: it pings every four seconds.
const OWNER_SILENCE_MAX: Duration = Duration::from_secs(9);

/// Where somebody came in.
pub(crate) enum Entrance {
    /// The room is this node's.
    Here,
    /// The line to the node that has it.
    Elsewhere(Box<Owner>),
    /// Nobody has the room, and it is not to be opened.
    Unknown,
    /// It cannot be reached now.
    Unavailable,
}

/// The line to a room's owner, for one person.
pub(crate) struct Owner {
    socket: PeerSocket,
    edge: Option<EdgeLine>,
}

impl Owner {
    fn of(nodes: &Nodes, name: &NodeName, socket: PeerSocket) -> Entrance {
        let edge = nodes.edge_towards(name);
        Entrance::Elsewhere(Box::new(Self { socket, edge }))
    }
}

impl Entrance {
    /// For a trace.
    pub(crate) const fn word(&self) -> &'static str {
        match self {
            Self::Here => "here",
            Self::Elsewhere(_) => "elsewhere",
            Self::Unknown => "unknown",
            Self::Unavailable => "unavailable",
        }
    }
}

/// The room that somebody wants into.
#[derive(Debug)]
pub(crate) struct Sought {
    pub(crate) room: RoomId,
    /// It is opened if nobody has it.
    pub(crate) may_open: bool,
    /// What their failover ticket says.
    pub(crate) advice: Option<Advice>,
}

/// Somebody who came to this node, as the next one is told of them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Comer {
    /// From which address.
    pub(crate) address: Option<IpAddr>,
    /// In which trace.
    pub(crate) traceparent: Option<String>,
}

impl Comer {
    fn headers(&self, room: RoomId) -> Vec<(HeaderName, String)> {
        let mut headers = vec![(ROOM, room.as_uuid().to_string())];
        headers.extend(self.address.map(|address| (CLIENT, address.to_string())));
        let traceparent = self.traceparent.clone();
        headers.extend(traceparent.map(|traceparent| (TRACEPARENT, traceparent)));
        headers
    }
}

/// Finds the room, and the way there.
pub(crate) async fn enter(nodes: &Nodes, sought: &Sought, comer: &Comer) -> Entrance {
    let (room, may_open, advice) = (sought.room, sought.may_open, sought.advice.as_ref());
    let asked = Asked {
        by_peer: false,
        may_open,
    };
    let mut way = nodes.resolve(room, asked, advice).await;
    for _ in 0..HOPS_MAX {
        let (name, address) = match way {
            Way::Here => return Entrance::Here,
            Way::Nowhere if !may_open => return Entrance::Unknown,
            Way::Nowhere => return Entrance::Unavailable,
            Way::At(name, address) => (name, address),
        };
        // Whether it comes back or its lease ends is known in a moment; asking it would take longer.
        if nodes.is_silent(&name) {
            return Entrance::Unavailable;
        }
        let mut headers = comer.headers(room);
        headers.extend((!may_open).then(|| (RETURN, "1".to_owned())));
        headers.extend(advice.map(|it| (EPOCH, it.epoch.0.to_string())));
        way = match nodes.dial((&name, &address), SIGNAL, &headers).await {
            Ok(socket) => return Owner::of(nodes, &name, socket),
            Err(DialError::Answered(StatusCode::CONFLICT, Some(other))) => {
                sent_on(nodes, (room, asked, advice), other).await
            }
            Err(DialError::Answered(StatusCode::NOT_FOUND, _)) => return Entrance::Unknown,
            Err(DialError::Refused) => {
                nodes.unreached(&name, Reach::Refused);
                nodes.resolve(room, asked, advice).await
            }
            Err(DialError::Answered(StatusCode::SERVICE_UNAVAILABLE, _)) => {
                nodes.declined(&name);
                nodes.resolve(room, asked, advice).await
            }
            Err(DialError::Silent | DialError::Answered(..)) => return Entrance::Unavailable,
        };
    }
    Entrance::Unavailable
}

/// Finds any node that has rooms, for somebody who wants to watch, or to test their connection.
pub(crate) async fn enter_any(nodes: &Nodes, comer: &Comer) -> Entrance {
    let Ok(room) = private_room() else {
        return Entrance::Unavailable;
    };
    let places = nodes.bearings().hosts(room);
    for name in places {
        let Way::At(name, address) = nodes.at(name) else {
            continue;
        };
        // Nodes of older versions know no other way in than into a room.
        let mut headers = comer.headers(room);
        headers.push((ANYWHERE, "1".to_owned()));
        if let Ok(socket) = nodes.dial((&name, &address), SIGNAL, &headers).await {
            return Owner::of(nodes, &name, socket);
        }
    }
    Entrance::Unavailable
}

async fn sent_on(
    nodes: &Nodes,
    (room, asked, advice): (RoomId, Asked, Option<&Advice>),
    other: NodeName,
) -> Way {
    if other == nodes.me {
        nodes.resolve(room, asked, advice).await
    } else {
        nodes.at(other)
    }
}

/// Carries messages until one side goes. `hello` was read already.
pub(crate) async fn carry(hub: &Hub, client: WebSocket, hello: String, owner: Owner) {
    metrics::gauge!("signal_cluster_carried").increment(1.0);
    let (mut to_client, from_client) = client.split();
    let Owner { socket, mut edge } = owner;
    let (mut to_owner, from_owner) = socket.split();
    let code = {
        let up = async {
            let hello = tungstenite::Message::Text(hello.into());
            match to_owner.send(hello).await {
                Ok(()) => upwards(from_client, &mut to_owner).await,
                Err(_) => close_code::RESTART,
            }
        };
        let down = downwards(from_owner, &mut to_client, edge.as_mut());
        tokio::select! {
            code = up => code,
            code = down => code,
            // The person comes back by another node, and keeps seat and media.
            () = hub.closed() => close_code::RESTART,
        }
    };
    let frame = CloseFrame {
        code,
        reason: Utf8Bytes::default(),
    };
    let last = async {
        let _ = to_client.send(Message::Close(Some(frame))).await;
        let _ = to_owner.close().await;
    };
    // Both are dropped either way.
    let _ = timeout(FAREWELL_MAX, last).await;
    metrics::gauge!("signal_cluster_carried").decrement(1.0);
}

/// What the person says. Answers with the code to close with.
async fn upwards(
    mut from: SplitStream<WebSocket>,
    to: &mut SplitSink<PeerSocket, tungstenite::Message>,
) -> u16 {
    let silence = Duration::from_millis(u64::from(SILENCE_MS_MAX));
    loop {
        let Ok(Some(Ok(message))) = timeout(silence, from.next()).await else {
            return close_code::AWAY;
        };
        let message = match message {
            Message::Text(text) => tungstenite::Message::Text(text.as_str().into()),
            Message::Binary(bytes) => tungstenite::Message::Binary(bytes),
            // Each hop answers its own.
            Message::Ping(_) | Message::Pong(_) => continue,
            Message::Close(_) => return close_code::NORMAL,
        };
        if to.send(message).await.is_err() {
            return close_code::RESTART;
        }
    }
}

/// What the owner says. Answers with the code to close with.
async fn downwards(
    mut from: SplitStream<PeerSocket>,
    to: &mut SplitSink<WebSocket, Message>,
    mut edge: Option<&mut EdgeLine>,
) -> u16 {
    let mut ping = interval(Duration::from_millis(u64::from(HEARTBEAT_MS)));
    ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut end = Instant::now() + OWNER_SILENCE_MAX;
    loop {
        let message = tokio::select! {
            heard = timeout_at(end, from.next()) => match heard {
                Ok(Some(Ok(tungstenite::Message::Text(text)))) => {
                    let amended = edge.as_mut().and_then(|edge| edge.amend(text.as_str()));
                    Message::Text(amended.map_or_else(|| text.as_str().into(), Into::into))
                }
                Ok(Some(Ok(tungstenite::Message::Close(frame)))) => {
                    return frame.map_or(close_code::RESTART, |frame| frame.code.into());
                }
                Ok(Some(Ok(_))) => {
                    end = Instant::now() + OWNER_SILENCE_MAX;
                    continue;
                }
                Ok(Some(Err(_)) | None) | Err(_) => return close_code::RESTART,
            },
            _ = ping.tick() => Message::Ping(Bytes::new()),
        };
        if matches!(message, Message::Text(_)) {
            end = Instant::now() + OWNER_SILENCE_MAX;
        }
        if to.send(message).await.is_err() {
            return close_code::AWAY;
        }
    }
}
