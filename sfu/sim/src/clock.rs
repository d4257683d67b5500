//! Virtual time in whole milliseconds.

use std::time::{Duration, Instant};

/// Virtual time's zero. The only look at a real clock: an `Instant` cannot be made otherwise.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock {
    base: Instant,
}

/// Engines compute round trips from NTP stamps that are rounded to 15 µs, and where rounding falls
/// differs from process to process. A wake-up this much later never stands on the edge of a
/// millisecond because of it.
const ROUNDING: Duration = Duration::from_micros(200);

impl Clock {
    pub(crate) fn start() -> Self {
        #[expect(
            clippy::disallowed_methods,
            reason = "taken once, as the zero of virtual time"
        )]
        let base = Instant::now();
        Self { base }
    }

    pub(crate) fn at(&self, ms: u64) -> Instant {
        self.base + Duration::from_millis(ms)
    }

    /// The first whole millisecond at which a timer is surely due.
    pub(crate) fn due_ms(&self, at: Instant) -> u64 {
        let since = at.saturating_duration_since(self.base);
        if since.is_zero() {
            return 0;
        }
        let nanos = (since + ROUNDING).as_nanos();
        u64::try_from(nanos.div_ceil(1_000_000)).unwrap_or(u64::MAX)
    }
}

/// Real seconds since the start of the process's measurement, for progress lines only.
#[derive(Debug, Clone, Copy)]
pub struct Stopwatch {
    started: Instant,
}

impl Stopwatch {
    /// Starts now.
    #[must_use]
    pub fn start() -> Self {
        #[expect(clippy::disallowed_methods, reason = "measures the simulator itself")]
        let started = Instant::now();
        Self { started }
    }

    /// Real seconds since the start.
    #[must_use]
    pub fn seconds(&self) -> f64 {
        self.started.elapsed().as_secs_f64()
    }
}
