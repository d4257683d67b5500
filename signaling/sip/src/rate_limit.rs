//! So many in a second, and some more at once.

/// How fast a bucket fills, and how much it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BucketRate {
    /// In a second.
    pub per_second: u32,
    /// At once.
    pub burst: u32,
}

/// A token bucket. Time is an argument.
#[derive(Debug, Clone, Copy)]
pub struct Bucket {
    /// Millionths of what one use costs.
    filled: i64,
    at_us: i64,
}

const ONE: i64 = 1_000_000;

impl Bucket {
    /// A full one.
    #[must_use]
    pub fn full(rate: BucketRate, now_us: i64) -> Self {
        Self {
            filled: i64::from(rate.burst).saturating_mul(ONE),
            at_us: now_us,
        }
    }

    /// Takes one if there is one.
    pub fn take(&mut self, rate: BucketRate, now_us: i64) -> bool {
        self.fill(rate, now_us);
        if self.filled < ONE {
            return false;
        }
        self.filled = self.filled.saturating_sub(ONE);
        true
    }

    /// Whether nothing was taken for so long that forgetting it changes nothing.
    pub fn is_full(&mut self, rate: BucketRate, now_us: i64) -> bool {
        self.fill(rate, now_us);
        self.filled >= i64::from(rate.burst).saturating_mul(ONE)
    }

    fn fill(&mut self, rate: BucketRate, now_us: i64) {
        let passed = now_us.saturating_sub(self.at_us).max(0);
        let more = passed.saturating_mul(i64::from(rate.per_second));
        let most = i64::from(rate.burst).saturating_mul(ONE);
        self.filled = self.filled.saturating_add(more).min(most);
        self.at_us = self.at_us.max(now_us);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn no_more_passes_than_rate_and_burst_allow(
            steps in prop::collection::vec(0..400_000i64, 1..300),
            per_second in 1..20u32, burst in 1..20u32,
        ) {
            let rate = BucketRate { per_second, burst };
            let mut bucket = Bucket::full(rate, 0);
            let (mut now, mut passed) = (0_i64, 0_i64);
            for step in steps {
                now = now.saturating_add(step);
                passed = passed.saturating_add(i64::from(bucket.take(rate, now)));
            }
            let most = now.saturating_mul(per_second.into()).checked_div(1_000_000).unwrap();
            prop_assert!(passed <= most.saturating_add(i64::from(burst)));
        }
    }
}
