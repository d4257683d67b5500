//! The line to one peer: what rooms it has, whether it lives, and orders for it.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use core::time::Duration;
use futures_util::{SinkExt as _, StreamExt as _};
use serde::{Deserialize, Serialize};
use signaling_directory::{Epoch, NodeName, Reach};
use signaling_protocol::{RoomId, RoomOverview};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, timeout, timeout_at};
use tokio_tungstenite::tungstenite::Message;

use super::dial::{DialError, PeerSocket};
use super::{Nodes, Order, PEER_SILENCE_MAX};

/// Pause before the next try. The first try after a line broke comes at once: whether the process is
/// gone is what everybody who was there waits for.
const PAUSE: Duration = Duration::from_millis(500);
/// Orders that were not heard of so long ago have been overtaken by the record.
const ORDER_LIFE: Duration = Duration::from_secs(60);

/// Where a line is asked for.
pub(crate) const PATH: &str = "/cluster/v1/line";

/// What a node says on a line.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Said {
    /// Rooms that it has, with their epochs.
    pub(super) rooms: Vec<(RoomId, u64)>,
    /// Rooms with people in them, for observers elsewhere.
    pub(super) overview: Vec<RoomOverview>,
}

/// A node's answer to an order.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Done {
    /// The number of the order.
    pub(super) done: u64,
}

/// What comes along a line.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Heard {
    Done(Done),
    Said(Said),
}

/// An order on its way.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Numbered {
    pub(super) number: u64,
    pub(super) order: Order,
}

struct Pending {
    numbered: Numbered,
    until: Instant,
}

/// Keeps a line to a peer until the peer is forgotten.
pub(super) async fn keep(nodes: Arc<Nodes>, name: NodeName, mut orders: mpsc::Receiver<Order>) {
    let mut pending: VecDeque<Pending> = VecDeque::new();
    let mut next = 1_u64;
    loop {
        let Some(address) = nodes.bearings().address(&name).map(str::to_owned) else {
            nodes.hub.forget(name.as_str());
            return;
        };
        match nodes.dial((&name, &address), PATH, &[]).await {
            Ok(socket) => {
                tracing::debug!(node = %name, "a line is open");
                talk(
                    &nodes,
                    &name,
                    socket,
                    &mut orders,
                    (&mut pending, &mut next),
                )
                .await;
                nodes.unreached(&name, Reach::Silent);
                continue;
            }
            Err(DialError::Refused) => nodes.unreached(&name, Reach::Refused),
            Err(DialError::Silent) => nodes.unreached(&name, Reach::Silent),
            Err(DialError::Answered(status, _)) => {
                tracing::error!(
                    node = %name, status = status.as_u16(),
                    "a node refuses this one: compare cluster.secret_file and the clocks"
                );
                nodes.unreached(&name, Reach::Silent);
            }
        }
        nodes.hub.forget(name.as_str());
        pending.retain(|it| it.until > Instant::now());
        sleep(PAUSE).await;
    }
}

async fn talk(
    nodes: &Nodes,
    name: &NodeName,
    mut socket: PeerSocket,
    orders: &mut mpsc::Receiver<Order>,
    (pending, next): (&mut VecDeque<Pending>, &mut u64),
) {
    pending.retain(|it| it.until > Instant::now());
    for waiting in &*pending {
        if send(&mut socket, &waiting.numbered).await.is_err() {
            return;
        }
    }
    let mut end = Instant::now() + PEER_SILENCE_MAX;
    loop {
        let heard = tokio::select! {
            heard = timeout_at(end, socket.next()) => heard,
            Some(order) = orders.recv() => {
                let numbered = Numbered { number: *next, order };
                *next += 1;
                let sent = send(&mut socket, &numbered).await;
                let until = Instant::now() + ORDER_LIFE;
                pending.push_back(Pending { numbered, until });
                if sent.is_err() {
                    return;
                }
                continue;
            }
        };
        let Ok(Some(Ok(message))) = heard else {
            return;
        };
        end = Instant::now() + PEER_SILENCE_MAX;
        let now_us = nodes.clock.steady_us();
        match message {
            Message::Text(text) => match serde_json::from_str(text.as_str()) {
                Ok(Heard::Done(Done { done })) => {
                    pending.retain(|it| it.numbered.number != done);
                }
                Ok(Heard::Said(Said { rooms, overview })) => {
                    let rooms = rooms.into_iter().map(|(room, epoch)| (room, Epoch(epoch)));
                    let rooms: BTreeMap<_, _> = rooms.collect();
                    let kept = nodes.bearings().heard(name, rooms, now_us);
                    nodes.hub.hear(name.as_str(), overview);
                    nodes.close_lost(kept).await;
                }
                Err(_) => return,
            },
            Message::Ping(_) => nodes.bearings().alive(name, now_us),
            Message::Close(_) => return,
            Message::Binary(_) | Message::Pong(_) | Message::Frame(_) => {}
        }
    }
}

/// The line is broken, or as good as broken.
struct Broken;

async fn send(socket: &mut PeerSocket, numbered: &Numbered) -> Result<(), Broken> {
    // Ids and words: there is nothing that JSON cannot say.
    let text = serde_json::to_string(numbered).unwrap_or_default();
    match timeout(PEER_SILENCE_MAX, socket.send(Message::Text(text.into()))).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) | Err(_) => Err(Broken),
    }
}
