//! How much one client may say.

use tokio::time::Instant;

/// A token bucket: `burst` at once, then `per_second`.
#[derive(Debug)]
pub(crate) struct Bucket {
    tokens: f64,
    burst: f64,
    per_second: f64,
    filled: Instant,
}

impl Bucket {
    pub(crate) fn new(per_second: u32, burst: u32, now: Instant) -> Self {
        Self {
            tokens: f64::from(burst),
            burst: f64::from(burst),
            per_second: f64::from(per_second),
            filled: now,
        }
    }

    /// Takes one token, if there is one.
    pub(crate) fn take(&mut self, now: Instant) -> bool {
        let elapsed_s = now.saturating_duration_since(self.filled).as_secs_f64();
        self.filled = now;
        self.tokens = (self.tokens + elapsed_s * self.per_second).min(self.burst);
        if self.tokens < 1.0 {
            return false;
        }
        self.tokens -= 1.0;
        true
    }
}

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use super::*;

    #[test]
    fn a_burst_passes_and_then_so_many_each_second() {
        let start = Instant::now();
        let mut bucket = Bucket::new(2, 5, start);
        let passed = (0..20).filter(|_| bucket.take(start)).count();
        assert_eq!(passed, 5);
        let later = start + Duration::from_secs(1);
        let passed = (0..20).filter(|_| bucket.take(later)).count();
        assert_eq!(passed, 2);
        let much_later = start + Duration::from_secs(3_600);
        let passed = (0..20).filter(|_| bucket.take(much_later)).count();
        assert_eq!(passed, 5);
    }
}
