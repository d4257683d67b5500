//! The rules of the shared register, as values. The script in Redis says the same; a test compares them.

use std::collections::BTreeMap;

use signaling_protocol::RoomId;

use crate::node::{Epoch, NodeName};

/// How long a lease lasts that is not renewed, in microseconds. Owners renew every second, so four in a
/// row have to be missed; and a room is not taken from a node that is heard on its line, lease or not.
pub const LEASE_US: i64 = 5_000_000;

/// What stands in the register about one room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// Who has the room, or had it last.
    pub owner: NodeName,
    /// Since which change.
    pub epoch: Epoch,
    /// Whether the lease has time left.
    pub is_live: bool,
    /// Whether its owner gave the room back. A lease that ran out may belong to one who cannot reach the
    /// register and still has the room.
    pub is_released: bool,
}

/// What a node asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Ask {
    /// The epoch under which it has the room already, or gets a room that nobody has in the register; 0 for the
    /// next one.
    pub has: Epoch,
    /// Takes the room from a living lease of this epoch: its owner is known to be gone.
    pub deposes: Option<Epoch>,
}

/// The end of a lease that was given back.
const RELEASED: i64 = i64::MIN;

#[derive(Debug, Clone)]
struct Entry {
    owner: NodeName,
    epoch: Epoch,
    until_us: i64,
}

/// A register in memory.
#[derive(Debug, Clone, Default)]
pub struct Ledger {
    rooms: BTreeMap<RoomId, Entry>,
}

impl Ledger {
    /// What stands about a room.
    #[must_use]
    pub fn look(&self, room: RoomId, now_us: i64) -> Option<Lease> {
        self.rooms.get(&room).map(|entry| entry.lease(now_us))
    }

    /// Asks for a room, or for more time with it. Answers with the lease that stands from here on,
    /// which is somebody else's if the room was not given.
    pub fn claim(&mut self, room: RoomId, by: &NodeName, ask: Ask, now_us: i64) -> Lease {
        let until_us = now_us.saturating_add(LEASE_US);
        let epoch = match self.rooms.get(&room) {
            None => Epoch(ask.has.0.max(1)),
            Some(entry) if entry.owner == *by => entry.epoch.max(ask.has),
            Some(entry) => {
                let is_live = entry.until_us > now_us;
                let is_deposed = ask.deposes == Some(entry.epoch);
                if is_live && !is_deposed {
                    if ask.has <= entry.epoch {
                        return entry.lease(now_us);
                    }
                    // Both have the room since the register was away; the later one keeps it.
                    ask.has
                } else {
                    Epoch(entry.epoch.max(ask.has).0.saturating_add(1))
                }
            }
        };
        let entry = Entry {
            owner: by.clone(),
            epoch,
            until_us,
        };
        let lease = entry.lease(now_us);
        self.rooms.insert(room, entry);
        lease
    }

    /// Gives a room back. Its epoch stays known, so that the next owner has a higher one.
    pub fn release(&mut self, room: RoomId, by: &NodeName) {
        if let Some(entry) = self.rooms.get_mut(&room)
            && entry.owner == *by
        {
            entry.until_us = RELEASED;
        }
    }

    /// Loses everything, as a register does that fails over to an empty one.
    pub fn forget(&mut self) {
        self.rooms.clear();
    }
}

impl Entry {
    fn lease(&self, now_us: i64) -> Lease {
        Lease {
            owner: self.owner.clone(),
            epoch: self.epoch,
            is_live: self.until_us > now_us,
            is_released: self.until_us == RELEASED,
        }
    }
}
