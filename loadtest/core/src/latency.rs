//! How long packets took, as a histogram.

use core::time::Duration;

use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

/// Longer latencies count as this one, in nanoseconds: a minute.
const LONGEST_NS: u64 = 60_000_000_000;
/// Decimal digits that the histogram keeps.
const DIGITS: u8 = 3;

/// A histogram of latencies between a microsecond and a minute.
#[derive(Debug, Clone)]
pub struct Latencies(Histogram<u64>);

/// What is said about many latencies, in milliseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Percentiles {
    /// How many there were.
    pub count: u64,
    /// Half were shorter.
    pub p50_ms: f64,
    /// Nine in ten were shorter.
    pub p90_ms: f64,
    /// 99 in a hundred were shorter.
    pub p99_ms: f64,
    /// 999 in a thousand were shorter.
    pub p999_ms: f64,
    /// The longest.
    pub max_ms: f64,
    /// Mean.
    pub mean_ms: f64,
}

impl Default for Latencies {
    fn default() -> Self {
        Self::new()
    }
}

impl Latencies {
    /// Nothing measured yet.
    ///
    /// # Panics
    /// Never: the bounds are constants that the histogram takes.
    #[must_use]
    #[expect(clippy::expect_used, reason = "the bounds are constants")]
    pub fn new() -> Self {
        let histogram = Histogram::new_with_bounds(1_000, LONGEST_NS, DIGITS);
        Self(histogram.expect("1 us to 60 s in three digits is a range"))
    }

    /// Counts one latency in nanoseconds. A negative one (clocks of two machines) counts as zero.
    pub fn add_ns(&mut self, ns: i64) {
        self.0.saturating_record(u64::try_from(ns).unwrap_or(0));
    }

    /// Counts one latency.
    pub fn add(&mut self, time: Duration) {
        let ns = u64::try_from(time.as_nanos()).unwrap_or(LONGEST_NS);
        self.0.saturating_record(ns);
    }

    /// Takes over what another histogram counted.
    pub fn merge(&mut self, other: &Self) {
        // Both have the same bounds, so nothing is out of range.
        let _ = self.0.add(&other.0);
    }

    /// How many were counted.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.0.len()
    }

    /// The latency below which a share (0 to 1) of all lies, in milliseconds.
    #[must_use]
    #[expect(
        clippy::cast_precision_loss,
        reason = "nanoseconds of a minute fit 53 bits"
    )]
    pub fn quantile_ms(&self, share: f64) -> f64 {
        self.0.value_at_quantile(share) as f64 / 1e6
    }

    /// The usual percentiles.
    #[must_use]
    #[expect(
        clippy::cast_precision_loss,
        reason = "nanoseconds of a minute fit 53 bits"
    )]
    pub fn percentiles(&self) -> Percentiles {
        if self.0.is_empty() {
            return Percentiles::default();
        }
        Percentiles {
            count: self.count(),
            p50_ms: self.quantile_ms(0.5),
            p90_ms: self.quantile_ms(0.9),
            p99_ms: self.quantile_ms(0.99),
            p999_ms: self.quantile_ms(0.999),
            max_ms: self.0.max() as f64 / 1e6,
            mean_ms: self.0.mean() / 1e6,
        }
    }

    /// Points of the distribution for a plot: share and milliseconds, denser towards the end.
    #[must_use]
    pub fn curve(&self) -> Vec<(f64, f64)> {
        const SHARES: [f64; 13] = [
            0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999, 0.9999, 1.0,
        ];
        if self.0.is_empty() {
            return Vec::new();
        }
        SHARES
            .iter()
            .map(|share| (*share, self.quantile_ms(*share)))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_those_of_the_numbers() {
        let mut latencies = Latencies::new();
        for ms in 1..=1000 {
            latencies.add(Duration::from_millis(ms));
        }
        let known = latencies.percentiles();
        assert_eq!(known.count, 1000);
        assert!((known.p50_ms - 500.0).abs() < 1.0, "{known:?}");
        assert!((known.p99_ms - 990.0).abs() < 1.5, "{known:?}");
        assert!((known.max_ms - 1000.0).abs() < 1.5, "{known:?}");
    }

    #[test]
    fn what_goes_beyond_the_bounds_is_counted_at_them() {
        let mut latencies = Latencies::new();
        latencies.add_ns(-5);
        latencies.add(Duration::from_secs(600));
        assert_eq!(latencies.count(), 2);
        let mut other = Latencies::new();
        other.merge(&latencies);
        assert_eq!(other.count(), 2);
    }
}
