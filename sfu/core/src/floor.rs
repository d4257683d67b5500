//! Whether a path carries sound and the smallest picture although the estimate denies it.
//!
//! The estimator takes packets that overtake each other for a growing queue, and random loss for a
//! full one, and then believes in less and less: sent is what it allows, and what arrives of that
//! is its next measure. A queue that is really there shows otherwise: packets wait in it, or many
//! are lost. While neither is seen, the smallest picture goes on.

use core::time::Duration;
use std::time::Instant;

/// Room for the smallest picture, in bit/s, with the margin of a raise.
pub(crate) const SMALLEST_BPS: u64 = 175_000;
/// What a lifted estimate is at least, in bit/s: packets are paced by it.
pub(crate) const LIFTED_BPS: u64 = 250_000;
/// A share of lost packets that tells of a full queue. Radio loses a tenth on its bad days.
const LOSS_MAX: f32 = 0.2;
/// A round trip that tells of a long queue. It includes up to a quarter of a second in which a
/// browser collects what it reports.
const ROUND_TRIP_MAX: Duration = Duration::from_millis(600);
/// One reading may be chance.
const BAD_MAX: u32 = 2;
/// The path did not carry it: not tried again for this long, and twice as long each further time.
const DISTRUST_MIN: Duration = Duration::from_secs(120);
const DISTRUST_MAX: Duration = Duration::from_secs(600);
/// An estimate that fell again is not lifted again before.
const RENEWAL_INTERVAL: Duration = Duration::from_secs(1);

/// What is thought of one path.
#[derive(Debug)]
pub(crate) struct Floor {
    /// It was measured at least once.
    known: bool,
    bad: u32,
    broken_until: Option<Instant>,
    distrust: Duration,
    renewed_at: Option<Instant>,
}

impl Default for Floor {
    fn default() -> Self {
        Self {
            known: false,
            bad: 0,
            broken_until: None,
            distrust: DISTRUST_MIN,
            renewed_at: None,
        }
    }
}

impl Floor {
    /// One that never holds: a test without a network to be measured.
    #[cfg(test)]
    pub(crate) fn absent(now: Instant) -> Self {
        Self {
            broken_until: now.checked_add(DISTRUST_MAX * 1000),
            ..Self::default()
        }
    }

    /// Takes over a measurement of the path.
    pub(crate) fn note(&mut self, now: Instant, loss: Option<f32>, round_trip: Option<Duration>) {
        let Some(loss) = loss else { return };
        let full = loss >= LOSS_MAX || round_trip.is_some_and(|time| time >= ROUND_TRIP_MAX);
        if !full {
            self.known = true;
            self.bad = 0;
            return;
        }
        self.bad = self.bad.saturating_add(1);
        if self.bad >= BAD_MAX && self.holds(now) {
            self.broken_until = now.checked_add(self.distrust);
            self.distrust = self.distrust.saturating_mul(2).min(DISTRUST_MAX);
        }
    }

    /// Whether the smallest picture is sent whatever the estimate says.
    pub(crate) fn holds(&self, now: Instant) -> bool {
        self.known && self.broken_until.is_none_or(|until| now >= until)
    }

    /// Whether the estimator is to begin anew, because it allows less than is sent.
    pub(crate) fn renews(&mut self, now: Instant) -> bool {
        let lately = self
            .renewed_at
            .is_some_and(|at| now.saturating_duration_since(at) < RENEWAL_INTERVAL);
        let renews = self.holds(now) && !lately;
        if renews {
            self.renewed_at = Some(now);
        }
        renews
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenarios::some_instant;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn nothing_holds_before_the_path_was_measured() {
        let now = some_instant();
        let mut floor = Floor::default();
        assert!(!floor.holds(now));
        floor.note(now, Some(0.1), Some(Duration::from_millis(200)));
        assert!(floor.holds(now) && floor.renews(now));
        assert!(!floor.renews(now + RENEWAL_INTERVAL / 2));
        assert!(floor.renews(now + RENEWAL_INTERVAL));
    }

    #[test]
    fn one_bad_second_is_chance_and_two_are_a_full_queue() {
        let mut now = some_instant();
        let mut floor = Floor::default();
        floor.note(now, Some(0.0), None);
        for _ in 0..10 {
            floor.note(now, Some(0.3), None);
            assert!(floor.holds(now));
            floor.note(now, Some(0.1), None);
        }
        floor.note(now, Some(0.3), None);
        floor.note(now, Some(0.0), Some(SECOND));
        assert!(!floor.holds(now));
        now += DISTRUST_MIN;
        assert!(floor.holds(now));
        for _ in 0..2 {
            floor.note(now, Some(0.3), None);
        }
        assert!(!floor.holds(now + DISTRUST_MIN));
        assert!(floor.holds(now + DISTRUST_MIN * 2));
    }
}
