//! Emptying a node while people talk: its rooms go to the others, and each page is there before it is
//! gone here.

use core::time::Duration;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use serde::{Deserialize, Serialize};
use signaling_directory::{Member, NodeName, Reach};
use signaling_protocol::{Grants, ParticipantId, RoomId};
use signaling_session::Legacy;
use signaling_ticket::Observed;
use tokio::time::{sleep, timeout};

use super::{Nodes, Order};
use crate::directory::Mail;

/// How long pages may take to begin elsewhere. Two tickets, two sockets and two media connections on slow
/// mobile networks take about six seconds.
const MOVE_PATIENCE: Duration = Duration::from_secs(15);
/// Until rooms have closed after that.
const CLOSE_MAX: Duration = Duration::from_secs(3);
/// How long a node that is not heard any more is shown, in microseconds.
const GONE_KEPT_US: i64 = 3_600_000_000;
/// Names that are remembered. Beyond it new ones are not: a cluster has far fewer.
const SEEN_MAX: usize = 64;
/// How long what a room leaves waits for its heir, in microseconds.
const LEGACY_LIFE_US: i64 = 60_000_000;
/// Rooms whose legacy may wait. Beyond it the oldest is dropped, and its room opens as a new one does.
const LEGACIES_MAX: usize = 1_000;

/// What is wanted of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NodeWish {
    /// Give all rooms to the others, and take no new ones.
    Drain,
    /// Take rooms again.
    Serve,
}

/// Why a node was not asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WishError {
    /// No node has this name.
    #[error("no node has this name")]
    Unknown,
    /// It is not reached, or older than such wishes.
    #[error("the node cannot be asked")]
    Deaf,
    /// No other node would take its rooms.
    #[error("no other node takes rooms")]
    LastOne,
}

/// How a node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NodeState {
    /// It takes rooms, or carries people to them.
    Ready,
    /// It takes no rooms, and gives away those that it has.
    Draining,
    /// It is not heard any more.
    Gone,
}

/// A node, for those who look after it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeInfo {
    /// Its name.
    pub name: String,
    /// How it is.
    pub state: NodeState,
    /// It is this one.
    pub is_here: bool,
    /// Rooms on it with somebody in them.
    pub rooms: usize,
    /// People in them.
    pub people: usize,
    /// How busy its processors are, in percent of all of them.
    pub busy: Option<u32>,
    /// Its version.
    pub version: Option<String>,
    /// Since when it runs, Unix microseconds; of one that is gone, when it was heard last.
    pub since_us: i64,
}

/// What a room leaves, on its way to another node.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Left {
    encrypted: bool,
    curbed: Vec<(ParticipantId, Grants)>,
}

impl From<Legacy> for Left {
    fn from(legacy: Legacy) -> Self {
        Self {
            encrypted: legacy.encrypted,
            curbed: legacy.curbed,
        }
    }
}

impl From<Left> for Legacy {
    fn from(left: Left) -> Self {
        Self {
            encrypted: left.encrypted,
            curbed: left.curbed,
        }
    }
}

/// Nodes that were heard, with the time on the clock of the wall.
pub(super) type Seen = BTreeMap<NodeName, (Member, i64)>;
/// What waits for its heir, with the time on the steady clock.
pub(super) type Legacies = BTreeMap<RoomId, (Left, i64)>;

/// Does what is wanted of this node, for as long as it runs.
pub(crate) async fn follow_wishes(nodes: Arc<Nodes>) {
    let mut wishes = nodes.wishes.subscribe();
    while wishes.changed().await.is_ok() {
        loop {
            let wish = *wishes.borrow_and_update();
            match wish {
                NodeWish::Serve => nodes.serve().await,
                NodeWish::Drain => {
                    nodes.drain().await;
                    tokio::select! {
                        // Thought better of in time.
                        Ok(()) = wishes.changed() => continue,
                        () = sleep(nodes.notice) => {}
                    }
                    nodes.move_rooms().await;
                }
            }
            break;
        }
    }
}

impl Nodes {
    /// From here on this node is given no new rooms. Those that it has go on.
    pub(crate) async fn drain(&self) {
        self.is_leaving.store(true, Ordering::Release);
        self.bearings().drain();
        tracing::info!("this node takes no new rooms");
        // Peers hear of it within two seconds in any case.
        let _ = self.registry.beat(&self.member()).await;
    }

    async fn serve(&self) {
        if !self.has_rooms {
            return;
        }
        self.bearings().serve();
        self.is_leaving.store(false, Ordering::Release);
        tracing::info!("this node takes rooms again");
        let _ = self.registry.beat(&self.member()).await;
    }

    /// Gives every room to the other nodes, and waits until nobody is in one here any more, for some
    /// seconds at most. Does nothing if no other node would take them.
    pub(crate) async fn move_rooms(self: &Arc<Self>) {
        let rooms = {
            let mut bearings = self.bearings();
            if !bearings.has_another(&self.me) {
                tracing::warn!("no other node takes rooms; those that are here stay");
                return;
            }
            bearings.give_up_all()
        };
        if rooms.is_empty() {
            return;
        }
        tracing::info!(rooms = rooms.len(), "rooms go to other nodes");
        if self.registry.release(&self.me, &rooms).await.is_err() {
            tracing::warn!("the register did not hear that rooms are given back; leases run out");
        }
        for room in &rooms {
            let Some(door) = self.directory.find(*room) else {
                continue;
            };
            let nodes = Arc::clone(self);
            let patience = MOVE_PATIENCE;
            // A room that is gone needs to go nowhere.
            let _ = door.send(Mail::Move { nodes, patience }).await;
        }
        let mut counts = self.directory.counts();
        let gone = counts.wait_for(|_| rooms.iter().all(|it| self.directory.find(*it).is_none()));
        if timeout(MOVE_PATIENCE.saturating_add(CLOSE_MAX), gone)
            .await
            .is_err()
        {
            tracing::warn!("some rooms did not close in time");
        }
    }

    /// What a room leaves goes to whoever opens it.
    pub(crate) fn bequeath(&self, room: RoomId, legacy: Legacy) {
        if legacy == Legacy::default() {
            return;
        }
        let left = legacy.into();
        self.order_new(&Order::Inherit { room, left });
    }

    /// Keeps what a room was elsewhere until it is opened here.
    pub(super) fn keep_legacy(&self, room: RoomId, left: Left) {
        let now_us = self.clock.steady_us();
        let mut legacies = self.legacies();
        legacies.retain(|_, (_, at_us)| now_us.saturating_sub(*at_us) < LEGACY_LIFE_US);
        if legacies.len() >= LEGACIES_MAX {
            let oldest = legacies.iter().min_by_key(|(_, (_, at_us))| *at_us);
            if let Some(oldest) = oldest.map(|(room, _)| *room) {
                legacies.remove(&oldest);
            }
        }
        legacies.insert(room, (left, now_us));
    }

    /// What a room was elsewhere, for who opens it here.
    pub(crate) fn inheritance(&self, room: RoomId) -> Option<Legacy> {
        let (left, at_us) = self.legacies().remove(&room)?;
        let age_us = self.clock.steady_us().saturating_sub(at_us);
        (age_us < LEGACY_LIFE_US).then(|| left.into())
    }

    /// Remembers who was heard, so that one that is gone can be shown.
    pub(super) fn remember(&self, members: &[Member]) {
        let now_us = self.clock.wall_us();
        let mut seen = self.seen();
        for member in members.iter().filter(|it| it.name != self.me) {
            if seen.len() < SEEN_MAX || seen.contains_key(&member.name) {
                seen.insert(member.name.clone(), (member.clone(), now_us));
            }
        }
        seen.retain(|_, (_, at_us)| now_us.saturating_sub(*at_us) < GONE_KEPT_US);
    }

    /// All nodes that are known, by name.
    pub(crate) fn list(&self) -> Vec<NodeInfo> {
        let me = self.member();
        let here = self.hub.here(&Observed::All);
        let count = |rooms: &[signaling_protocol::RoomOverview]| {
            let people = rooms.iter().map(|it| it.participants.len()).sum();
            (rooms.len(), people)
        };
        let is_draining = me.is_draining && self.has_rooms;
        let state = if is_draining {
            NodeState::Draining
        } else {
            NodeState::Ready
        };
        let mut all = vec![info(me, state, count(&here))];
        let seen: Vec<_> = self.seen().values().cloned().collect();
        for (member, at_us) in seen {
            let reach = self.bearings().reach(&member.name);
            let rooms = count(&self.hub.elsewhere(member.name.as_str()));
            let is_gone = matches!(reach, None | Some(Reach::Refused));
            let mut node = match (is_gone, member.is_draining && member.about.has_rooms) {
                (true, _) => info(member, NodeState::Gone, (0, 0)),
                (false, true) => info(member, NodeState::Draining, rooms),
                (false, false) => info(member, NodeState::Ready, rooms),
            };
            node.is_here = false;
            if is_gone {
                node.since_us = at_us;
                node.busy = None;
            }
            all.push(node);
        }
        all.sort_by(|a, b| a.name.cmp(&b.name));
        all
    }

    /// Whether a node can be asked for this now.
    pub(crate) fn can(&self, name: &str, wish: NodeWish) -> Result<NodeName, WishError> {
        let name: NodeName = name.parse().or(Err(WishError::Unknown))?;
        let bearings = self.bearings();
        if name != self.me {
            let Some(peer) = bearings.peers().find(|it| it.name == name) else {
                drop(bearings);
                let is_known = self.seen().contains_key(&name);
                return Err(if is_known {
                    WishError::Deaf
                } else {
                    WishError::Unknown
                });
            };
            let hears = bearings.reach(&name) == Some(Reach::Up) && peer.about.version.is_some();
            if !hears || !peer.about.has_rooms {
                return Err(WishError::Deaf);
            }
        } else if !self.has_rooms {
            return Err(WishError::Deaf);
        }
        if wish == NodeWish::Drain && !bearings.has_another(&name) {
            return Err(WishError::LastOne);
        }
        drop(bearings);
        Ok(name)
    }

    /// Asks a node for it.
    pub(crate) fn wish(&self, name: &str, wish: NodeWish) -> Result<(), WishError> {
        let name = self.can(name, wish)?;
        if name == self.me {
            self.wishes.send_replace(wish);
            return Ok(());
        }
        let lines = self.lines();
        let line = lines.get(&name).ok_or(WishError::Deaf)?;
        line.try_send(Order::Wish { wish }).or(Err(WishError::Deaf))
    }
}

fn info(member: Member, state: NodeState, (rooms, people): (usize, usize)) -> NodeInfo {
    NodeInfo {
        name: member.name.as_str().to_owned(),
        state,
        is_here: true,
        rooms,
        people,
        busy: member.about.busy,
        version: member.about.version,
        since_us: member.about.since_us,
    }
}
