//! Whether a path carries sound and the smallest picture although the estimate denies it.
//!
//! The estimator takes packets that overtake each other for a growing queue, and random loss for a
//! full one, and then believes in less and less: sent is what it allows, and what arrives of that
//! is its next measure. A queue that is really there shows otherwise: packets wait in it, or many
//! are lost. While neither is seen, the smallest picture goes on.
//!
//! A larger one goes on as well, if it is shown already and there is no smaller one of it: a sender
//! without layers has no other. After a report that alarms it, an estimator believes in 85 % of what
//! it saw arrive (GCC), less than what is sent, although all of it arrives. That is no reason to take a
//! picture away, as long as no packet waits or is lost.

use core::time::Duration;
use std::time::Instant;

/// Room for the smallest picture, in bit/s, with the margin of a raise.
const SMALLEST_BPS: u64 = 175_000;
/// What a lifted estimate is at least, in bit/s: packets are paced by it.
pub(crate) const LIFTED_BPS: u64 = 250_000;
/// A share of lost packets that tells of a full queue. Radio loses a tenth on its bad days.
const LOSS_MAX: f32 = 0.2;
/// A round trip longer than the path's own by this tells of a long queue. Up to a quarter of a second
/// of it is the time in which a browser collects what it reports.
const QUEUE_MAX: Duration = Duration::from_millis(500);
/// What a path's own round trip is at most thought to be: that of a satellite above the equator, with
/// its networks on the ground. Longer ones are a queue that was full when the path was first measured.
const OWN_ROUND_TRIP_MAX: Duration = Duration::from_millis(700);
/// The shortest round trip is that of this time, and of as much before it: paths change without a word.
const MEMORY: Duration = Duration::from_secs(60);
/// An estimate in percent of what is sent that may still be an alarm about nothing: 85 % of what a few
/// reports show, and where pictures come in bursts they may show much less than the average.
const ALARM_PERCENT: u64 = 50;
/// More than this lost: the path is not clear.
const CLEAR_LOSS_MAX: f32 = 0.02;
/// Waiting longer than in the best reading by more than this: the path is not clear. A burst of
/// pictures and the collecting of reports take up to half of it.
const CLEAR_WAIT_MAX: Duration = Duration::from_millis(200);
/// One reading may be chance.
const BAD_MAX: u32 = 2;
/// The path did not carry it: not tried again for this long, and twice as long each further time.
const DISTRUST_MIN: Duration = Duration::from_secs(120);
const DISTRUST_MAX: Duration = Duration::from_secs(600);
/// An estimate that fell again is not lifted again before.
const RENEWAL_INTERVAL: Duration = Duration::from_secs(1);

/// The shortest round trip of a path in the last one to two minutes, which is its own.
#[derive(Debug, Default)]
struct Shortest {
    since: Option<Instant>,
    lately: Option<Duration>,
    before: Option<Duration>,
}

impl Shortest {
    /// Takes over a reading, and answers the shortest of all that count.
    fn note(&mut self, now: Instant, round_trip: Duration) -> Duration {
        let age = self.since.map(|at| now.saturating_duration_since(at));
        if age.is_none_or(|age| age >= MEMORY) {
            let counts = age.is_some_and(|age| age < MEMORY * 2);
            self.before = self.lately.take().filter(|_| counts);
            self.since = Some(now);
        }
        let lately = self
            .lately
            .map_or(round_trip, |least| least.min(round_trip));
        self.lately = Some(lately);
        self.before.map_or(lately, |least| least.min(lately))
    }
}

/// What is thought of one path.
#[derive(Debug)]
pub(crate) struct Floor {
    /// It was measured at least once.
    known: bool,
    /// The last reading shows that something waits or is lost.
    clouded: bool,
    shortest: Shortest,
    bad: u32,
    broken_until: Option<Instant>,
    distrust: Duration,
    renewed_at: Option<Instant>,
}

impl Default for Floor {
    fn default() -> Self {
        Self {
            known: false,
            clouded: false,
            shortest: Shortest::default(),
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
        let beyond = |own: Duration, most: Duration| {
            round_trip.is_some_and(|time| time.saturating_sub(own) > most)
        };
        let own = round_trip.map_or(Duration::ZERO, |time| self.shortest.note(now, time));
        self.clouded = loss > CLEAR_LOSS_MAX || beyond(own, CLEAR_WAIT_MAX);
        let full = loss >= LOSS_MAX || beyond(own.min(OWN_ROUND_TRIP_MAX), QUEUE_MAX);
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

    /// The client has come by another path: how long packets travel there is not known.
    pub(crate) fn moved(&mut self) {
        self.clouded = false;
        self.shortest = Shortest::default();
    }

    /// Whether the smallest picture is sent whatever the estimate says.
    pub(crate) fn holds(&self, now: Instant) -> bool {
        self.known && self.broken_until.is_none_or(|until| now >= until)
    }

    /// What may be sent in bit/s where the estimate allows less; `None`: nothing beyond it. `kept_bps`
    /// is what the pictures take that are shown now, each in the smallest way that there is of it.
    pub(crate) fn beyond(&self, now: Instant, budget_bps: u64, kept_bps: u64) -> Option<u64> {
        let kept = self.carries(now, budget_bps, kept_bps).then_some(kept_bps);
        let smallest = self.holds(now).then_some(SMALLEST_BPS);
        kept.max(smallest).filter(|bps| *bps > budget_bps)
    }

    /// Whether `bps` may be tried although the estimate is lower: only somewhat, and nothing tells of a
    /// full queue.
    fn carries(&self, now: Instant, estimate_bps: u64, bps: u64) -> bool {
        let unbroken = self.broken_until.is_none_or(|until| now >= until);
        unbroken && !self.clouded && estimate_bps >= bps.saturating_mul(ALARM_PERCENT) / 100
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
    fn what_is_shown_goes_on_while_nothing_waits_or_is_lost() {
        let now = some_instant();
        let mut floor = Floor::default();
        let shown = 1_500_000;
        let beyond = |floor: &Floor, budget| floor.beyond(now, budget, shown);
        assert_eq!(
            beyond(&floor, 1_425_000),
            Some(shown),
            "nothing is known against it"
        );
        assert_eq!(
            beyond(&floor, 700_000),
            None,
            "that is no alarm about nothing"
        );
        assert_eq!(beyond(&floor, shown), None, "it fits");
        floor.note(now, Some(0.0), Some(SECOND / 20));
        assert_eq!(beyond(&floor, 1_100_000), Some(shown));
        assert_eq!(beyond(&floor, 100_000), Some(SMALLEST_BPS));
        floor.note(now, Some(0.0), Some(SECOND / 3));
        assert_eq!(beyond(&floor, 1_100_000), None, "packets wait");
        assert_eq!(beyond(&floor, 100_000), Some(SMALLEST_BPS));
        floor.note(now, Some(0.0), Some(SECOND / 20));
        assert_eq!(beyond(&floor, 1_100_000), Some(shown));
        floor.note(now, Some(0.05), Some(SECOND / 20));
        assert_eq!(beyond(&floor, 1_100_000), None, "packets are lost");
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
        floor.note(now, Some(0.0), Some(SECOND / 20));
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

    #[test]
    fn a_satellite_is_far_away_and_no_full_queue() {
        let mut now = some_instant();
        let mut floor = Floor::default();
        let own = Duration::from_millis(570);
        for reading in 0..600_u64 {
            let moves = Duration::from_millis(reading * 37 % 130);
            floor.note(now, Some(0.003), Some(own + moves));
            assert!(floor.holds(now), "after {reading} s");
            now += SECOND;
        }
        for _ in 0..2 {
            floor.note(now, Some(0.003), Some(own + QUEUE_MAX + SECOND / 10));
        }
        assert!(!floor.holds(now), "that is a queue");
    }

    #[test]
    fn a_queue_that_was_there_from_the_beginning_is_not_taken_for_a_long_way() {
        let now = some_instant();
        let mut floor = Floor::default();
        floor.note(now, Some(0.0), None);
        for _ in 0..2 {
            floor.note(now, Some(0.0), Some(SECOND * 2));
        }
        assert!(!floor.holds(now));
    }

    #[test]
    fn a_path_that_has_become_longer_is_known_after_two_minutes_or_at_once_if_it_was_told() {
        let began = some_instant();
        let short = SECOND / 20;
        let long = short + QUEUE_MAX;
        let clouds = |floor: &mut Floor, now, round_trip| {
            floor.note(now, Some(0.0), Some(round_trip));
            floor.clouded
        };
        let mut floor = Floor::default();
        assert!(!clouds(&mut floor, began, short));
        for second in 1..60 {
            assert!(clouds(&mut floor, began + SECOND * second, long));
        }
        assert!(clouds(&mut floor, began + MEMORY, long));
        assert!(!clouds(&mut floor, began + MEMORY * 2, long));
        assert!(!clouds(&mut floor, began + MEMORY * 2, short));
        // Nothing was measured meanwhile.
        assert!(!clouds(&mut floor, began + MEMORY * 4, long));

        let mut floor = Floor::default();
        assert!(!clouds(&mut floor, began, short));
        assert!(clouds(&mut floor, began, long));
        floor.moved();
        assert!(!clouds(&mut floor, began, long));
    }
}
