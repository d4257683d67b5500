//! Instants as the service stores them.

use serde::{Deserialize, Serialize};

/// An instant: Unix time in microseconds, UTC. Never text, never local time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Micros(pub i64);

impl Micros {
    /// One second.
    pub const SECOND: i64 = 1_000_000;
    /// One minute.
    pub const MINUTE: i64 = 60 * Self::SECOND;
    /// One hour.
    pub const HOUR: i64 = 60 * Self::MINUTE;
    /// One day of 24 hours.
    pub const DAY: i64 = 24 * Self::HOUR;

    /// This instant moved by a number of microseconds; stops at the ends of the scale.
    #[must_use]
    pub const fn plus(self, micros: i64) -> Self {
        Self(self.0.saturating_add(micros))
    }

    /// Microseconds from `earlier` to this instant; negative if it is later.
    #[must_use]
    pub const fn since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }
}
