//! Who got what: one receiver's account of every source that it hears or sees.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use crate::identity::Identity;
use crate::seen::{Arrival, Seen};

/// What one receiver got of one source, or many of many.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Measured packets, each counted once.
    pub delivered: u64,
    /// Measured packets that came after a later one of their source.
    pub reordered: u64,
    /// Measured packets that came again.
    pub duplicates: u64,
    /// All packets, measured or not, each counted once.
    pub seen: u64,
}

impl Counts {
    /// Adds another account.
    pub const fn add(&mut self, other: &Self) {
        self.delivered += other.delivered;
        self.reordered += other.reordered;
        self.duplicates += other.duplicates;
        self.seen += other.seen;
    }
}

/// What is known of one source.
#[derive(Debug, Clone)]
struct Stream {
    seen: Seen,
    counts: Counts,
}

/// One receiver's account.
#[derive(Debug, Clone, Default)]
pub struct Ledger {
    streams: HashMap<u32, Stream>,
}

impl Stream {
    const fn new() -> Self {
        Self {
            seen: Seen::new(),
            counts: Counts {
                delivered: 0,
                reordered: 0,
                duplicates: 0,
                seen: 0,
            },
        }
    }
}

impl Ledger {
    /// Counts a packet; answers whether it is a measured one that came for the first time, so that
    /// its latency counts.
    pub fn arrive(&mut self, identity: &Identity) -> bool {
        let stream = self
            .streams
            .entry(identity.source)
            .or_insert_with(Stream::new);
        let arrival = stream.seen.arrive(identity.sequence);
        let counts = &mut stream.counts;
        if arrival != Arrival::Again {
            counts.seen += 1;
        }
        if !identity.measured {
            return false;
        }
        match arrival {
            Arrival::Next => counts.delivered += 1,
            Arrival::Late => {
                counts.delivered += 1;
                counts.reordered += 1;
            }
            Arrival::Again => counts.duplicates += 1,
        }
        arrival != Arrival::Again
    }

    /// Whether anything of this source has come.
    #[must_use]
    pub fn knows(&self, source: u32) -> bool {
        self.streams.contains_key(&source)
    }

    /// The account of one source.
    #[must_use]
    pub fn of(&self, source: u32) -> Counts {
        self.streams
            .get(&source)
            .map(|stream| stream.counts)
            .unwrap_or_default()
    }

    /// Sources of which something has come.
    #[must_use]
    pub fn sources(&self) -> usize {
        self.streams.len()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::seen::WINDOW;
    use proptest::prelude::*;

    fn packet(sequence: u64) -> Identity {
        Identity {
            source: 1,
            sequence,
            frame: 1,
            fragment: 0,
            fragments: 1,
            measured: true,
            sent_ns: 0,
        }
    }

    #[test]
    fn a_lost_packet_is_missing_a_late_one_is_not_and_a_copy_counts_once() {
        let mut ledger = Ledger::default();
        for sequence in [1, 2, 5, 4, 4, 6] {
            ledger.arrive(&packet(sequence));
        }
        let counts = ledger.of(1);
        assert_eq!((counts.delivered, counts.reordered), (5, 1));
        assert_eq!(counts.duplicates, 1);
        assert_eq!(ledger.of(2), Counts::default());
    }

    proptest! {
        #[test]
        fn every_packet_is_counted_once_in_whatever_order(
            sequences in proptest::collection::vec(1_u64..WINDOW / 2, 0..300),
        ) {
            let mut ledger = Ledger::default();
            for sequence in &sequences {
                ledger.arrive(&packet(*sequence));
            }
            let unique: BTreeSet<u64> = sequences.iter().copied().collect();
            let counts = ledger.of(1);
            prop_assert_eq!(counts.delivered, unique.len() as u64);
            prop_assert_eq!(counts.duplicates, (sequences.len() - unique.len()) as u64);
        }
    }
}
