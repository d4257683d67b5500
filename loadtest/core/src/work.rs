//! What is done beside media: requests of a clinic, chat, and people who come in.

use serde::{Deserialize, Serialize};

use crate::latency::{Latencies, Percentiles};

/// One kind of work that was measured.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Work {
    /// What it is called in tables.
    pub name: String,
    /// How often it had to succeed.
    pub wanted: u64,
    /// How often it did.
    pub done: u64,
    /// How often a second it did.
    pub per_s: f64,
    /// How long it took, from the moment at which it was due.
    pub times: Percentiles,
}

impl Work {
    /// Sums up one kind of work over so many seconds.
    #[must_use]
    pub fn of(name: &str, wanted: u64, (times, wall_s): (&Latencies, f64)) -> Self {
        let times = times.percentiles();
        #[expect(clippy::cast_precision_loss, reason = "counts")]
        let per_s = times.count as f64 / wall_s.max(1e-3);
        Self {
            name: name.to_owned(),
            wanted,
            done: times.count,
            per_s,
            times,
        }
    }

    /// How often it did not succeed as it had to: missing, or too often.
    #[must_use]
    pub const fn failed(&self) -> u64 {
        self.wanted.abs_diff(self.done)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::time::Duration;

    #[test]
    fn what_is_missing_and_what_came_too_often_has_failed() {
        let mut times = Latencies::new();
        for _ in 0..3 {
            times.add(Duration::from_millis(2));
        }
        let work = |wanted| Work::of("chat", wanted, (&times, 2.0));
        assert_eq!(work(3).failed(), 0);
        assert_eq!(work(4).failed(), 1);
        assert_eq!(work(2).failed(), 1);
        assert!((work(3).per_s - 1.5).abs() < 1e-9);
    }
}
