//! Two clocks: the wall's for tickets, a steady one for rooms.

use std::sync::Arc;

use tokio::time::Instant;

/// Tells Unix time in microseconds.
pub type WallClock = Arc<dyn Fn() -> i64 + Send + Sync>;

/// The wall's time, and a time that starts with it and never jumps.
#[derive(Clone)]
pub(crate) struct Clock {
    wall: WallClock,
    base_us: i64,
    base: Instant,
}

impl Clock {
    pub(crate) fn new(wall: WallClock) -> Self {
        let base_us = wall();
        Self {
            wall,
            base_us,
            base: Instant::now(),
        }
    }

    /// For comparing with what another machine has signed.
    pub(crate) fn wall_us(&self) -> i64 {
        (self.wall)()
    }

    /// For everything that waits: a corrected wall clock must not empty the seats.
    pub(crate) fn steady_us(&self) -> i64 {
        let elapsed_us = i64::try_from(self.base.elapsed().as_micros()).unwrap_or(i64::MAX);
        self.base_us.saturating_add(elapsed_us)
    }

    /// The moment at which [`Clock::steady_us`] is `at_us`.
    pub(crate) fn instant(&self, at_us: i64) -> Instant {
        let after_us = u64::try_from(at_us.saturating_sub(self.base_us)).unwrap_or(0);
        // Rounded up, so that the time has come when the timer fires.
        self.base + core::time::Duration::from_micros(after_us.saturating_add(1))
    }
}
