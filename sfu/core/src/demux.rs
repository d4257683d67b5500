//! Whose datagram is this? By address, or by ICE user name when it is STUN. Never a search.

use std::collections::{HashMap, VecDeque};
use std::net::{IpAddr, SocketAddr};

use crate::ids::{ConnectionKey, ParticipantKey, RoomKey};
use crate::path::{Path, Transport};

/// Addresses that one connection may use at a time: a browser has one per network, family and
/// transport. The one whose last check is longest ago is forgotten beyond this, so that a hostile
/// client cannot fill the map.
const ADDRESSES_MAX: usize = 16;

/// Where a connection lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) room: RoomKey,
    pub(crate) participant: ParticipantKey,
    pub(crate) connection: ConnectionKey,
}

/// Who sent something, and over what: a UDP and a TCP port of one client are different things.
type Sender = (Transport, SocketAddr);

/// Two maps from the outside to a [`Place`].
#[derive(Debug, Default)]
pub(crate) struct Demux {
    by_address: HashMap<Sender, Place>,
    by_ufrag: HashMap<String, Place>,
    /// Everybody who has proved an address of this machine. Short, except behind a large NAT.
    by_ip: HashMap<IpAddr, Vec<Place>>,
}

/// What one connection occupies in a [`Demux`]; it is given back with [`Demux::release`].
#[derive(Debug, Default)]
pub(crate) struct Claim {
    place: Option<Place>,
    ufrag: String,
    addresses: VecDeque<Sender>,
}

impl Claim {
    /// The ICE user fragment of the server on this connection.
    pub(crate) fn ufrag(&self) -> &str {
        &self.ufrag
    }
}

impl Demux {
    pub(crate) fn by_address(&self, path: &Path) -> Option<Place> {
        self.by_address.get(&(path.transport, path.remote)).copied()
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
        claim.place = Some(place);
    }

    /// Makes a remote address known. Only for addresses whose STUN request was authenticated.
    pub(crate) fn claim_address(&mut self, claim: &mut Claim, path: Path, place: Place) {
        let remote = (path.transport, path.remote);
        self.by_address.insert(remote, place);
        let neighbours = self.by_ip.entry(path.remote.ip()).or_default();
        if !neighbours.contains(&place) {
            neighbours.push(place);
        }
        claim.addresses.retain(|known| *known != remote);
        claim.addresses.push_back(remote);
        if claim.addresses.len() > ADDRESSES_MAX
            && let Some(oldest) = claim.addresses.pop_front()
        {
            self.forget(oldest, place.connection);
            let still = claim
                .addresses
                .iter()
                .any(|(_, ip)| ip.ip() == oldest.1.ip());
            if !still {
                self.leave_ip(oldest.1.ip(), place);
            }
        }
    }

    /// Forgets a connection.
    pub(crate) fn release(&mut self, claim: &Claim, connection: ConnectionKey) {
        self.by_ufrag.remove(&claim.ufrag);
        for remote in &claim.addresses {
            self.forget(*remote, connection);
            if let Some(place) = claim.place {
                self.leave_ip(remote.1.ip(), place);
            }
        }
    }

    /// Everybody who has proved an address with this IP, the latest to come first.
    pub(crate) fn by_ip(&self, ip: IpAddr) -> impl Iterator<Item = Place> + '_ {
        self.by_ip.get(&ip).into_iter().flatten().rev().copied()
    }

    /// A connection has no address with this IP any more.
    fn leave_ip(&mut self, ip: IpAddr, place: Place) {
        if let Some(neighbours) = self.by_ip.get_mut(&ip) {
            neighbours.retain(|known| *known != place);
            if neighbours.is_empty() {
                self.by_ip.remove(&ip);
            }
        }
    }

    /// The address may belong to a newer connection of the same browser by now.
    fn forget(&mut self, remote: Sender, connection: ConnectionKey) {
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
        self.by_address.is_empty() && self.by_ufrag.is_empty() && self.by_ip.is_empty()
    }
}
