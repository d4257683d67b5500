//! Random numbers for back-off and ids, from a seed that the caller gives.

use signaling_protocol::ConnectionId;
use uuid::{Builder, Uuid};

/// `SplitMix64` (Steele, Lea, Flood 2014): enough for jitter and for ids that need not be secret.
#[derive(Debug, Clone)]
pub(crate) struct Rng(u64);

impl Rng {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number in `low ..= high`; `low` when the range is empty.
    pub(crate) const fn within(&mut self, low: u64, high: u64) -> u64 {
        if high <= low {
            return low;
        }
        low + self.next() % (high - low + 1)
    }

    pub(crate) fn connection_id(&mut self) -> ConnectionId {
        let mut bytes = [0; 16];
        let (front, back) = bytes.split_at_mut(8);
        front.copy_from_slice(&self.next().to_be_bytes());
        back.copy_from_slice(&self.next().to_be_bytes());
        let uuid: Uuid = Builder::from_random_bytes(bytes).into_uuid();
        ConnectionId::from_uuid(uuid)
    }
}
