//! Who gets a new room.

use core::cmp::Reverse;

use signaling_protocol::RoomId;

use crate::node::NodeName;

/// Rooms that a node may have more than the emptiest one and still be given new ones. The numbers are
/// some seconds old, and without it all rooms of a dead node would go to one other.
pub const LOAD_SLACK: u32 = 5;

/// Rooms that the emptiest near node may have more than the emptiest of all and still be preferred. Distance
/// is heard in every word of a visit, load only when a node is full, and a full one declines by itself.
pub const REGION_SLACK: u32 = 100;

/// A node that may be given a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Candidate<'a> {
    /// Who.
    pub name: &'a NodeName,
    /// Rooms that it has.
    pub load: u32,
    /// It is in the region of who opens the room.
    pub is_near: bool,
}

/// The node that a new room goes to: a near one while that is not much fuller than the others, and of those
/// one of the emptiest, by rendezvous hashing, so that nodes of a region that know the same choose the same.
/// `None` without candidates.
#[must_use]
pub fn place<'a>(room: RoomId, candidates: &[Candidate<'a>]) -> Option<&'a NodeName> {
    let least = candidates.iter().map(|it| it.load).min()?;
    let near = candidates.iter().filter(|it| it.is_near);
    let near = near.map(|it| it.load).min();
    let near = near.filter(|near| *near <= least.saturating_add(REGION_SLACK));
    candidates
        .iter()
        .filter(|it| near.is_none() || it.is_near)
        .filter(|it| it.load <= near.unwrap_or(least).saturating_add(LOAD_SLACK))
        .max_by_key(|it| (score(room, it.name), it.name))
        .map(|it| it.name)
}

/// All of them in the order in which they are asked for a room when nothing is known of loads: near ones first,
/// and of those by rendezvous hashing.
#[must_use]
pub fn order<'a>(room: RoomId, mut candidates: Vec<Candidate<'a>>) -> Vec<&'a NodeName> {
    candidates.sort_by_key(|it| Reverse((it.is_near, score(room, it.name), it.name)));
    candidates.into_iter().map(|it| it.name).collect()
}

/// FNV-1a over both names, mixed so that a difference at the end counts everywhere.
fn score(room: RoomId, node: &NodeName) -> u64 {
    let room = room.as_uuid();
    let bytes = room.as_bytes().iter().chain(node.as_str().as_bytes());
    let mut hash = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    });
    hash ^= hash >> 33;
    hash = hash.wrapping_mul(0xff51_afd7_ed55_8ccd);
    hash ^= hash >> 33;
    hash = hash.wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    hash ^ (hash >> 33)
}
