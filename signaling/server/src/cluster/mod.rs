//! Rooms on several nodes: where a room is, and the way there.
//!
//! Each room belongs to one node, whose media server has its people. A node that is asked for a room of
//! another one carries the messages there ([`mod@carry`]); sound and pictures go to the owner directly,
//! or from another region by this node ([`mod@edge`]). What pages come back with when a node fails is in
//! [`mod@failover`]. The rules are those of [`signaling_directory`]; here are the lines, the register and the clock.

mod auth;
mod beat;
mod carry;
mod dial;
mod door;
mod drain;
mod edge;
mod failover;
mod line;
mod secure;

use core::net::IpAddr;
use core::time::Duration;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};
use sfu_net::EdgeHandle;
use signaling_directory::{
    About, Advice, Asked, Bearings, Lease, Member, NodeName, Reach, Region, Registry,
    RegistryError, Step,
};
use signaling_protocol::{Bye, ParticipantId, RoomId};
use signaling_session::Input;
use signaling_ticket::FailoverKey;
use tokio::sync::{mpsc, watch};

use crate::clock::Clock;
use crate::directory::{Directory, Mail};
use crate::observer::Hub;

pub use auth::{NodeSecret, SECRET_BYTES_MIN, SecretTooShort};
pub(crate) use beat::keep_beating;
pub(crate) use carry::{Comer, Entrance, Sought, carry, enter, enter_any};
pub(crate) use door::{open_line_of, routes};
pub(crate) use drain::follow_wishes;
pub use drain::{NodeInfo, NodeState, NodeWish, WishError};
pub(crate) use failover::{VOUCH_US, advice};
pub(crate) use line::PATH as LINE;
pub(crate) use secure::Secure;
pub use secure::{PeerDoor, SecureError};

/// Orders that may wait for one peer. Beyond it they are dropped, counted and logged: the peer has been
/// away for longer than any order is worth.
const ORDERS_MAX: usize = 256;
/// A room that was taken and is not open is given back after this time.
const GRACE_US: i64 = 10_000_000;

/// What a node of a cluster needs to know.
pub struct ClusterSettings {
    /// Its name.
    pub name: NodeName,
    /// Where its peers reach it, as `host:port`.
    pub address: String,
    /// What nodes know each other by.
    pub secret: NodeSecret,
    /// Nodes of versions without TLS may be spoken with in clear.
    pub allows_plain: bool,
    /// Which key signs passes here.
    pub key_id: String,
    /// The register that all share.
    pub registry: Arc<dyn Registry>,
    /// Its version, as the others show it.
    pub version: String,
    /// How busy its processors are, in percent of all of them.
    pub busy: fn() -> Option<u32>,
    /// How long a node that is to be emptied goes on before its rooms move: what a load balancer needs to
    /// see that it is not ready.
    pub notice: Duration,
    /// Where it is, and what it does for people whose rooms are elsewhere.
    pub site: Site,
}

/// Where a node is. One that says nothing is as near to all others as they are to each other.
#[derive(Debug, Clone, Default)]
pub struct Site {
    /// Its region: rooms that people open by it go to nodes of this region first.
    pub region: Option<Region>,
    /// Where pages reach this node alone, as `https://host`, if they do.
    pub pages: Option<String>,
    /// Where edges of other nodes reach its media ports, if not where people do.
    pub media: Option<IpAddr>,
    /// Forwards media of people here whose rooms are in other regions.
    pub edge: Option<EdgeHandle>,
}

impl core::fmt::Debug for ClusterSettings {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("ClusterSettings")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// Something that has to happen in a room wherever it is. Every peer is told; who has the room does it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "order", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Order {
    Close {
        room: RoomId,
        reason: Bye,
    },
    Drop {
        room: RoomId,
        participant: ParticipantId,
        reason: Bye,
    },
    /// Whoever opens the room has to know. Not said to nodes of versions that cannot read it.
    Inherit {
        room: RoomId,
        left: drain::Left,
    },
    /// To one node alone.
    Wish {
        wish: NodeWish,
    },
}

/// Where somebody goes who wants into a room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Way {
    Here,
    At(NodeName, String),
    Nowhere,
}

/// This node among the others.
pub(crate) struct Nodes {
    pub(crate) me: NodeName,
    address: String,
    key_id: String,
    secret: NodeSecret,
    pub(crate) secure: Secure,
    registry: Arc<dyn Registry>,
    bearings: Mutex<Bearings>,
    clock: Clock,
    directory: Arc<Directory>,
    hub: Arc<Hub>,
    lines: Mutex<BTreeMap<NodeName, mpsc::Sender<Order>>>,
    /// It has rooms itself; otherwise it carries people to them.
    has_rooms: bool,
    version: String,
    since_us: i64,
    busy: fn() -> Option<u32>,
    notice: Duration,
    region: Option<Region>,
    pages: Option<String>,
    media: Option<IpAddr>,
    edge: Option<EdgeHandle>,
    failover: FailoverKey,
    wishes: watch::Sender<NodeWish>,
    /// It is being emptied, or stops.
    is_leaving: AtomicBool,
    seen: Mutex<drain::Seen>,
    legacies: Mutex<drain::Legacies>,
}

impl core::fmt::Debug for Nodes {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Nodes")
            .field("me", &self.me)
            .finish_non_exhaustive()
    }
}

impl Nodes {
    pub(crate) fn new(
        settings: ClusterSettings,
        clock: Clock,
        (directory, hub): (Arc<Directory>, Arc<Hub>),
        has_rooms: bool,
    ) -> Result<Arc<Self>, SecureError> {
        let secure = Secure::new(&settings.secret, settings.allows_plain)?;
        let mut bearings = Bearings::new(settings.name.clone());
        bearings.settle(settings.site.region.clone());
        if !has_rooms {
            // Nodes of older versions know no other word for one that takes none.
            bearings.drain();
        }
        Ok(Arc::new(Self {
            bearings: Mutex::new(bearings),
            secure,
            has_rooms,
            version: settings.version,
            since_us: clock.wall_us(),
            busy: settings.busy,
            notice: settings.notice,
            region: settings.site.region,
            pages: settings.site.pages,
            media: settings.site.media,
            edge: settings.site.edge,
            failover: FailoverKey::new(&settings.secret.derive("failover ticket")),
            wishes: watch::Sender::new(NodeWish::Serve),
            is_leaving: AtomicBool::new(false),
            seen: Mutex::default(),
            legacies: Mutex::default(),
            me: settings.name,
            address: settings.address,
            key_id: settings.key_id,
            secret: settings.secret,
            registry: settings.registry,
            clock,
            directory,
            hub,
            lines: Mutex::default(),
        }))
    }

    /// Whether this node may be given new rooms.
    pub(crate) fn is_ready(&self) -> bool {
        let bearings = self.bearings();
        bearings.has_met() && !self.is_leaving.load(Ordering::Acquire)
    }

    /// Whether a new room can be somewhere, as far as this node knows.
    pub(crate) fn reaches_rooms(&self) -> bool {
        let here = self.has_rooms && self.is_ready();
        here || self.bearings().has_another(&self.me)
    }

    /// Where a room is, or is to be. Takes it for this node where that follows.
    pub(crate) async fn resolve(&self, room: RoomId, asked: Asked, advice: Option<&Advice>) -> Way {
        let (has_register, owns) = {
            let bearings = self.bearings();
            (bearings.has_register(), bearings.owns(room))
        };
        if owns {
            return Way::Here;
        }
        let step = if has_register {
            match self.registry.look(room).await {
                Ok(lease) => self
                    .bearings()
                    .locate(room, (lease.as_ref(), advice), asked),
                Err(_) => {
                    Self::lacked();
                    self.alone(room, asked, advice)
                }
            }
        } else {
            self.alone(room, asked, advice)
        };
        match step {
            Step::Claim(ask) => match self.registry.claim(&self.me, &[(room, ask)]).await {
                Ok(leases) => self.claimed(room, leases.first().and_then(Option::as_ref)),
                Err(_) => {
                    Self::lacked();
                    let step = self.alone(room, asked, advice);
                    self.follow(room, step)
                }
            },
            step => self.follow(room, step),
        }
    }

    /// Takes a room for this node, for somebody who cannot be carried elsewhere.
    pub(crate) async fn take(&self, room: RoomId) -> bool {
        let asked = Asked {
            by_peer: true,
            may_open: true,
        };
        self.resolve(room, asked, None).await == Way::Here
    }

    fn alone(&self, room: RoomId, asked: Asked, advice: Option<&Advice>) -> Step {
        self.bearings()
            .locate_alone(room, asked, advice, self.clock.steady_us())
    }

    fn claimed(&self, room: RoomId, lease: Option<&Lease>) -> Way {
        let Some(lease) = lease else {
            return Way::Nowhere;
        };
        if lease.owner == self.me {
            self.took(room, lease.epoch);
            return Way::Here;
        }
        self.at(lease.owner.clone())
    }

    fn follow(&self, room: RoomId, step: Step) -> Way {
        match step {
            Step::Here => Way::Here,
            Step::Open(epoch) => {
                self.took(room, epoch);
                Way::Here
            }
            Step::At(name) => self.at(name),
            Step::Claim(_) | Step::Nowhere => Way::Nowhere,
        }
    }

    fn took(&self, room: RoomId, epoch: signaling_directory::Epoch) {
        if epoch.0 > 1 {
            tracing::info!(%room, epoch = epoch.0, "a room was taken over");
            metrics::counter!("signal_cluster_takeovers_total").increment(1);
        }
        self.bearings().took(room, epoch, self.clock.steady_us());
    }

    fn at(&self, name: NodeName) -> Way {
        let address = self.bearings().address(&name).map(str::to_owned);
        address.map_or(Way::Nowhere, |address| Way::At(name, address))
    }

    /// Nobody in the register answered for a room: only for this one is it away.
    fn lacked() {
        metrics::counter!("signal_cluster_register_failures_total").increment(1);
    }

    fn missed(&self, error: &RegistryError) {
        Self::lacked();
        if self.bearings().missed(self.clock.steady_us()) {
            let cause = core::error::Error::source(error).map(ToString::to_string);
            tracing::warn!(
                cause,
                "the register of rooms is away; rooms go on without it"
            );
            metrics::gauge!("signal_cluster_register_up").set(0.0);
        }
    }

    pub(crate) fn unreached(&self, name: &NodeName, how: Reach) {
        self.bearings().unreached(name, how);
    }

    pub(crate) fn is_silent(&self, name: &NodeName) -> bool {
        self.bearings().reach(name) == Some(Reach::Silent)
    }

    pub(crate) fn declined(&self, name: &NodeName) {
        self.bearings().declined(name);
    }

    /// Has every peer do something in a room, if it has it. One that is away is told when it is back,
    /// for a minute.
    pub(crate) fn order(&self, order: &Order) {
        for (name, line) in &*self.lines() {
            if line.try_send(order.clone()).is_err() {
                metrics::counter!("signal_cluster_orders_dropped_total").increment(1);
                tracing::error!(node = %name, "an order to a node was dropped; it has been away for long");
            }
        }
    }

    /// The same for orders that nodes of older versions cannot read; they would hang up.
    fn order_new(&self, order: &Order) {
        let new: Vec<_> = {
            let bearings = self.bearings();
            let new = bearings.peers().filter(|it| it.about.version.is_some());
            new.map(|it| it.name.clone()).collect()
        };
        let lines = self.lines();
        for line in new.iter().filter_map(|name| lines.get(name)) {
            if line.try_send(order.clone()).is_err() {
                metrics::counter!("signal_cluster_orders_dropped_total").increment(1);
            }
        }
    }

    /// Does what was ordered, if the room is here.
    pub(crate) async fn obey(&self, order: Order) {
        let (room, input) = match order {
            Order::Wish { wish } => {
                self.wishes.send_replace(wish);
                return;
            }
            Order::Inherit { room, left } if self.directory.find(room).is_none() => {
                return self.keep_legacy(room, left);
            }
            Order::Inherit { room, left } => {
                let legacy = left.into();
                (room, Input::Inherit { legacy })
            }
            Order::Close { room, reason } => (room, Input::Close { reason }),
            Order::Drop {
                room,
                participant,
                reason,
            } => (
                room,
                Input::Drop {
                    participant,
                    reason,
                },
            ),
        };
        if let Some(door) = self.directory.find(room) {
            // A room that is gone needs no news.
            let _ = door.send(Mail::Input(input)).await;
        }
    }

    /// Gives back every room, so that the others may have them at once, and takes leave.
    pub(crate) async fn leave(&self) {
        let rooms: Vec<_> = {
            let mut bearings = self.bearings();
            bearings.drain();
            self.is_leaving.store(true, Ordering::Release);
            bearings.give_up(|_| false, 0, self.clock.steady_us())
        };
        let leave = async {
            self.registry.release(&self.me, &rooms).await?;
            self.registry.leave(&self.me).await
        };
        if leave.await.is_err() {
            tracing::warn!("the register did not hear that this node leaves; its leases run out");
        }
    }

    fn member(&self) -> Member {
        let bearings = self.bearings();
        Member {
            name: self.me.clone(),
            address: self.address.clone(),
            load: u32::try_from(bearings.owned().len()).unwrap_or(u32::MAX),
            is_draining: bearings.is_draining(),
            key_id: self.key_id.clone(),
            about: About {
                version: Some(self.version.clone()),
                since_us: self.since_us,
                busy: (self.busy)(),
                has_rooms: self.has_rooms,
                speaks_tls: true,
                region: self.region.clone(),
                pages: self.pages.clone(),
                media: self.media,
            },
        }
    }

    fn seen(&self) -> MutexGuard<'_, drain::Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn legacies(&self) -> MutexGuard<'_, drain::Legacies> {
        self.legacies.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn bearings(&self) -> MutexGuard<'_, Bearings> {
        self.bearings.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lines(&self) -> MutexGuard<'_, BTreeMap<NodeName, mpsc::Sender<Order>>> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How long a peer may say nothing. It says something every second.
const PEER_SILENCE_MAX: Duration = Duration::from_secs(3);
