//! Virtual time in whole milliseconds.

use std::time::{Duration, Instant};

/// Virtual time's zero. The only look at a real clock: an `Instant` cannot be made otherwise.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock {
    base: Instant,
}

/// Engines compute round trips from NTP stamps that are rounded to 15 µs. A wake-up this much later
/// never stands on the edge of a millisecond because of it.
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

/// Real seconds, for progress lines only. Those of the machine, because the process's clocks stand
/// still in a replay.
#[derive(Debug, Clone, Copy)]
pub struct Stopwatch {
    started: f64,
}

impl Stopwatch {
    /// Starts now.
    #[must_use]
    pub fn start() -> Self {
        Self { started: uptime() }
    }

    /// Real seconds since the start.
    #[must_use]
    pub fn seconds(&self) -> f64 {
        uptime() - self.started
    }
}

/// Seconds since the machine was started, or 0 where it does not tell.
fn uptime() -> f64 {
    let said = std::fs::read_to_string("/proc/uptime").unwrap_or_default();
    let first = said.split_whitespace().next();
    first.and_then(|first| first.parse().ok()).unwrap_or(0.0)
}
