//! How far a replica must have come so that what it answers is not too old. Pure.
//!
//! The database is asked again and again how long its log is. A replica that has replayed the log up to such
//! a place knows everything that was committed when that was asked. So the age of what it answers is bounded
//! by one clock, ours, whether the database is busy or idle, and whatever the clocks of the machines say.

use core::time::Duration;
use std::collections::VecDeque;
use std::time::Instant;

/// A place in the log of the database: bytes from its beginning (PostgreSQL's LSN).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place(pub(crate) i64);

/// Places that are remembered: at two a second for more than eight minutes. The oldest goes; without it a
/// replica has to have come further, never less far.
const PLACES_MAX: usize = 1_024;

/// How long the log was, and when.
#[derive(Debug)]
pub(crate) struct Horizon {
    lag_max: Duration,
    /// Oldest first.
    places: VecDeque<(Instant, Place)>,
}

impl Horizon {
    pub(crate) const fn new(lag_max: Duration) -> Self {
        Self {
            lag_max,
            places: VecDeque::new(),
        }
    }

    /// The log is as long as `place`, asked at `at`, before the answer came.
    pub(crate) fn note(&mut self, at: Instant, place: Place) {
        if self.places.back().is_some_and(|(_, last)| *last > place) {
            // Another server has taken over, with a log of its own.
            self.places.clear();
        }
        if self.places.len() == PLACES_MAX {
            self.places.pop_front();
        }
        self.places.push_back((at, place));
    }

    /// Up to where a replica must have replayed the log by now; nobody knows while the database did not
    /// answer for so long.
    pub(crate) fn required(&self, now: Instant) -> Option<Place> {
        let is_too_old =
            |(at, _): &(Instant, Place)| now.saturating_duration_since(*at) > self.lag_max;
        let first = self.places.partition_point(is_too_old);
        self.places.get(first).map(|(_, place)| *place)
    }

    /// How old what a replica answers is at most; at least so old when it is behind everything that is
    /// remembered. Nobody knows before the database answered.
    pub(crate) fn lag(&self, now: Instant, replayed: Place) -> Option<Duration> {
        let reached = self.places.partition_point(|(_, place)| *place <= replayed);
        let (at, _) = self.places.get(reached.saturating_sub(1))?;
        Some(now.saturating_duration_since(*at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn after(begin: Instant, seconds: u32) -> Instant {
        begin + SECOND * seconds
    }

    #[test]
    fn a_replica_must_know_what_was_committed_so_long_ago() {
        let begin = Instant::now();
        let mut horizon = Horizon::new(SECOND * 5);
        assert_eq!(horizon.required(begin), None);
        for second in 0..10 {
            horizon.note(after(begin, second), Place(i64::from(second) * 100));
        }
        assert_eq!(horizon.required(after(begin, 9)), Some(Place(400)));
        assert_eq!(horizon.required(after(begin, 14)), Some(Place(900)));
        assert_eq!(horizon.required(after(begin, 15)), None);
    }

    #[test]
    fn an_idle_database_makes_nobody_late() {
        let begin = Instant::now();
        let mut horizon = Horizon::new(SECOND * 5);
        for second in 0..100 {
            horizon.note(after(begin, second), Place(700));
        }
        assert_eq!(horizon.required(after(begin, 99)), Some(Place(700)));
        assert_eq!(
            horizon.lag(after(begin, 99), Place(700)),
            Some(Duration::ZERO)
        );
        assert_eq!(horizon.lag(after(begin, 99), Place(699)), Some(SECOND * 99));
    }

    #[test]
    fn lag_is_the_age_of_the_last_place_that_was_reached() {
        let begin = Instant::now();
        let mut horizon = Horizon::new(SECOND * 5);
        assert_eq!(horizon.lag(begin, Place(0)), None);
        for second in 0..10 {
            horizon.note(after(begin, second), Place(i64::from(second) * 100));
        }
        assert_eq!(horizon.lag(after(begin, 9), Place(750)), Some(SECOND * 2));
        assert_eq!(
            horizon.lag(after(begin, 9), Place(9_999)),
            Some(Duration::ZERO)
        );
    }

    #[test]
    fn places_of_a_server_that_was_replaced_count_no_more() {
        let begin = Instant::now();
        let mut horizon = Horizon::new(SECOND * 5);
        horizon.note(begin, Place(1_000));
        horizon.note(after(begin, 1), Place(900));
        assert_eq!(horizon.required(after(begin, 1)), Some(Place(900)));
    }

    #[test]
    fn what_is_remembered_is_bounded_and_forgetting_asks_for_more() {
        let begin = Instant::now();
        let mut horizon = Horizon::new(SECOND * 10_000);
        for second in 0..2_000 {
            horizon.note(after(begin, second), Place(i64::from(second)));
        }
        assert_eq!(horizon.places.len(), PLACES_MAX);
        assert_eq!(horizon.required(after(begin, 1_999)), Some(Place(976)));
    }
}
