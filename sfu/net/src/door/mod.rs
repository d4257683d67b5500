//! Media over TCP: what comes in by the door of the web server, or by a door of its own.
//!
//! A shard has a UDP port, and all shards share the TCP ports of the server. Whoever accepts a
//! connection asks [`first_bytes`] what it is, and gives media to [`Door::carry`].

mod carry;
mod frame;
pub(crate) mod fuzzing;
mod opening;
mod prefixed;
mod seats;
mod serve;
mod talk;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::SystemTime;

pub use opening::{FIRST_BYTES_MAX, Opening, first_bytes};
pub use prefixed::Prefixed;

pub(crate) use seats::Limits;

use crate::port::FrameLane;
use crate::turn::{Auth, IceServer};
use seats::Seats;

/// Both ends of a TCP connection.
#[derive(Debug, Clone, Copy)]
pub struct Ends {
    /// Where it arrived.
    pub local: SocketAddr,
    /// Who made it.
    pub remote: SocketAddr,
}

/// The kinds of media that a TCP connection can begin with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Media {
    /// ICE-TCP: frames of RFC 4571.
    Frames,
    /// TURN (RFC 8656).
    Relay,
}

/// The way from TCP connections to the shards. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Door {
    shared: Arc<Shared>,
}

pub(crate) struct Shared {
    lanes: Vec<FrameLane>,
    /// Which shard has which UDP candidate: the only peers of the relay.
    peers: HashMap<SocketAddr, usize>,
    auth: Arc<Auth>,
    turn_urls: Vec<String>,
    seats: Seats,
    connections: AtomicU64,
}

impl core::fmt::Debug for Shared {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Shared")
            .field("shards", &self.lanes.len())
            .finish_non_exhaustive()
    }
}

impl Door {
    pub(crate) fn new(
        shards: Vec<(FrameLane, Vec<SocketAddr>)>,
        auth: Auth,
        turn_urls: Vec<String>,
        limits: Limits,
    ) -> Self {
        let mut lanes = Vec::new();
        let mut peers = HashMap::new();
        for (index, (lane, candidates)) in shards.into_iter().enumerate() {
            lanes.push(lane);
            peers.extend(candidates.into_iter().map(|candidate| (candidate, index)));
        }
        Self {
            shared: Arc::new(Shared {
                lanes,
                peers,
                auth: Arc::new(auth),
                turn_urls,
                seats: Seats::new(limits),
                connections: AtomicU64::new(0),
            }),
        }
    }

    /// What a client needs to use the relay: nothing, when clients are told of none.
    pub(crate) fn ice_servers(&self, now: SystemTime) -> Vec<IceServer> {
        if self.shared.turn_urls.is_empty() {
            return Vec::new();
        }
        let Some((username, credential)) = self.shared.auth.credentials(now) else {
            return Vec::new();
        };
        vec![IceServer {
            urls: self.shared.turn_urls.clone(),
            username,
            credential,
        }]
    }
}
