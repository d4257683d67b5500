//! Which shard a room lives on. Decided once by the room's key, so nobody has to remember it.

use sfu_core::RoomKey;

/// Spreads rooms evenly over a fixed number of shards.
#[derive(Debug)]
pub(crate) struct Placement {
    shards: u128,
}

impl Placement {
    pub(crate) fn new(shards: usize) -> Self {
        Self {
            shards: (shards as u128).max(1),
        }
    }

    /// The index of the room's shard. Room keys may be time-ordered (UUID version 7), so all bits
    /// are mixed (the multiplier is 2^128 divided by the golden ratio) before the top ones decide.
    pub(crate) fn shard_of(&self, room: RoomKey) -> usize {
        let mixed = room
            .0
            .wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835);
        let mixed = (mixed ^ (mixed >> 64)) >> 32;
        usize::try_from(mixed % self.shards).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rooms_are_spread_evenly_over_shards() {
        let placement = Placement::new(4);
        let mut count = [0_u32; 4];
        for n in 0..4000_u128 {
            count[placement.shard_of(RoomKey(0x0190_0000_0000_7000_8000_0000_0000_0000 + n))] += 1;
        }
        assert!(count.iter().all(|n| (800..1200).contains(n)), "{count:?}");
    }

    #[test]
    fn a_room_always_has_the_same_shard() {
        let a = Placement::new(3).shard_of(RoomKey(77));
        assert_eq!(a, Placement::new(3).shard_of(RoomKey(77)));
    }
}
