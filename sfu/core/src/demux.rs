//! Whose datagram is this? By address, or by ICE user name when it is STUN. Never a search.

use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;

use crate::ids::{ConnectionKey, ParticipantKey, RoomKey};

/// Addresses that one connection may use at a time. A client has few networks; the oldest address
/// is forgotten beyond this, so that a hostile client cannot fill the map.
const ADDRESSES_MAX: usize = 8;

/// Where a connection lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) room: RoomKey,
    pub(crate) participant: ParticipantKey,
    pub(crate) connection: ConnectionKey,
}

/// Two maps from the outside to a [`Place`].
#[derive(Debug, Default)]
pub(crate) struct Demux {
    by_address: HashMap<SocketAddr, Place>,
    by_ufrag: HashMap<String, Place>,
}

/// What one connection occupies in a [`Demux`]; it is given back with [`Demux::release`].
#[derive(Debug, Default)]
pub(crate) struct Claim {
    ufrag: String,
    addresses: VecDeque<SocketAddr>,
}

impl Demux {
    pub(crate) fn by_address(&self, remote: &SocketAddr) -> Option<Place> {
        self.by_address.get(remote).copied()
    }

    /// The owner of the first half of a STUN user name (RFC 8445 section 7.2.2).
    pub(crate) fn by_ufrag(&self, ufrag: &str) -> Option<Place> {
        self.by_ufrag.get(ufrag).copied()
    }

    /// Makes the local ICE user fragment of a connection known; an ICE restart changes it.
    pub(crate) fn claim_ufrag(&mut self, claim: &mut Claim, ufrag: String, place: Place) {
        self.by_ufrag.remove(&claim.ufrag);
        self.by_ufrag.insert(ufrag.clone(), place);
        claim.ufrag = ufrag;
    }

    /// Makes a remote address known. Only for addresses whose STUN request was authenticated.
    pub(crate) fn claim_address(&mut self, claim: &mut Claim, remote: SocketAddr, place: Place) {
        if self.by_address.insert(remote, place) == Some(place) {
            return;
        }
        claim.addresses.push_back(remote);
        if claim.addresses.len() > ADDRESSES_MAX
            && let Some(oldest) = claim.addresses.pop_front()
        {
            self.forget(oldest, place.connection);
        }
    }

    /// Forgets a connection.
    pub(crate) fn release(&mut self, claim: &Claim, connection: ConnectionKey) {
        self.by_ufrag.remove(&claim.ufrag);
        for remote in &claim.addresses {
            self.forget(*remote, connection);
        }
    }

    /// The address may belong to a newer connection of the same browser by now.
    fn forget(&mut self, remote: SocketAddr, connection: ConnectionKey) {
        if self
            .by_address
            .get(&remote)
            .is_some_and(|place| place.connection == connection)
        {
            self.by_address.remove(&remote);
        }
    }

    #[cfg(test)]
    pub(crate) fn is_empty(&self) -> bool {
        self.by_address.is_empty() && self.by_ufrag.is_empty()
    }
}
