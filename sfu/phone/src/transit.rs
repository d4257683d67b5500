//! How unevenly packets come, and how much to wait for that.

use std::collections::VecDeque;

/// Packets that are remembered: five seconds of them. Clocks that differ by 200 ppm move 1 ms in that time.
const REMEMBERED: usize = 250;
/// Packets between two looks at all of them.
const EVERY: usize = 10;
/// Part of packets that may come too late, in thousandths.
const LATE_PER_MILLE: usize = 15;

/// Times between sending and arrival, all with the same unknown difference of clocks.
#[derive(Debug, Default)]
pub(crate) struct Transit {
    times_us: VecDeque<i64>,
    since: usize,
    fastest_us: i64,
    spread_us: i64,
}

impl Transit {
    /// A packet came: `transit_us` is its time of arrival less the time of its sound.
    pub(crate) fn count(&mut self, transit_us: i64) {
        if self.times_us.len() >= REMEMBERED {
            self.times_us.pop_front();
        }
        self.times_us.push_back(transit_us);
        self.since += 1;
        let is_young = self.times_us.len() <= 2 * EVERY;
        if is_young || self.since >= EVERY || transit_us < self.fastest_us {
            self.since = 0;
            self.look();
        }
    }

    fn look(&mut self) {
        let mut sorted: Vec<i64> = self.times_us.iter().copied().collect();
        sorted.sort_unstable();
        let late = sorted.len() * LATE_PER_MILLE / 1_000;
        let slow = sorted
            .len()
            .checked_sub(late + 1)
            .and_then(|at| sorted.get(at));
        if let (Some(&fastest), Some(&slow)) = (sorted.first(), slow) {
            self.fastest_us = fastest;
            self.spread_us = slow - fastest;
        }
    }

    /// The transit of the fastest packet; nothing before the first one.
    pub(crate) fn fastest_us(&self) -> Option<i64> {
        (!self.times_us.is_empty()).then_some(self.fastest_us)
    }

    /// How much longer nearly all others took at most.
    pub(crate) const fn spread_us(&self) -> i64 {
        self.spread_us
    }
}
