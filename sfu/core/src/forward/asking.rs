//! When a stream is asked for a key frame: many who want one cost one request, and a request that
//! got lost is repeated until it is answered.

use core::time::Duration;
use std::time::Instant;

/// Shortest time between two requests.
const INTERVAL: Duration = Duration::from_millis(500);
/// Without an answer the time doubles up to this: a screen that shows nothing new may answer late.
const INTERVAL_MAX: Duration = Duration::from_secs(4);

/// The state of one stream. Silence alone never asks: a still screen has nothing to send.
#[derive(Debug, Default)]
pub(crate) struct Asking {
    wanted: bool,
    asked: Option<Instant>,
    /// Requests since the last key frame.
    repeated: u32,
}

impl Asking {
    /// Somebody cannot go on without a key frame.
    pub(crate) fn want(&mut self) {
        self.wanted = true;
    }

    /// A key frame has begun.
    pub(crate) fn answered(&mut self) {
        self.wanted = false;
        self.repeated = 0;
    }

    /// Whether to ask now; then it counts as asked.
    pub(crate) fn take(&mut self, now: Instant) -> bool {
        let interval = INTERVAL
            .saturating_mul(1 << self.repeated.saturating_sub(1).min(8))
            .min(INTERVAL_MAX);
        let recent = self
            .asked
            .is_some_and(|at| now.saturating_duration_since(at) < interval);
        if !self.wanted || recent {
            return false;
        }
        self.asked = Some(now);
        self.repeated = self.repeated.saturating_add(1);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenarios::some_instant;

    /// The milliseconds at which a request leaves, looked at every 50 ms.
    fn requests(asking: &mut Asking, start: Instant, until_ms: u64) -> Vec<u64> {
        (0..until_ms)
            .step_by(50)
            .filter(|at| asking.take(start + Duration::from_millis(*at)))
            .collect()
    }

    #[test]
    fn a_lost_request_is_repeated_until_a_key_frame_comes() {
        let start = some_instant();
        let mut asking = Asking::default();
        assert_eq!(requests(&mut asking, start, 5000), [] as [u64; 0]);
        asking.want();
        let asked = requests(&mut asking, start, 12_000);
        assert_eq!(asked, [0, 500, 1500, 3500, 7500, 11_500]);
        asking.answered();
        let later = start + Duration::from_secs(20);
        assert_eq!(requests(&mut asking, later, 5000), [] as [u64; 0]);
    }

    #[test]
    fn who_wants_one_right_after_an_answer_gets_one_when_the_time_has_come() {
        let start = some_instant();
        let mut asking = Asking::default();
        asking.want();
        assert!(asking.take(start));
        asking.answered();
        asking.want();
        assert_eq!(requests(&mut asking, start, 1000), [500]);
    }
}
