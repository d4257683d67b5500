//! What one flow may carry.

use std::time::{Duration, Instant};

/// Bytes a second of one flow, each way: more than the owner ever sends to one person.
pub(super) const BYTES_PER_S: u64 = 4_000_000;
/// Bytes that may come at once: key frames of a full room.
pub(super) const BURST_BYTES: u64 = 1_000_000;

/// A rate with a burst.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bucket {
    left: u64,
    filled: Instant,
}

impl Bucket {
    pub(super) const fn full(now: Instant) -> Self {
        Self {
            left: BURST_BYTES,
            filled: now,
        }
    }

    /// Whether so many bytes more may pass.
    pub(super) fn admits(&mut self, now: Instant, bytes: usize) -> bool {
        let gained = gained(now.saturating_duration_since(self.filled));
        // What is less than a byte is kept as time, so that a busy flow gets its whole rate.
        if gained > 0 {
            self.left = self.left.saturating_add(gained).min(BURST_BYTES);
            self.filled = now;
        }
        match u64::try_from(bytes)
            .ok()
            .and_then(|it| self.left.checked_sub(it))
        {
            Some(left) => {
                self.left = left;
                true
            }
            None => false,
        }
    }
}

fn gained(time: Duration) -> u64 {
    let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
    micros.saturating_mul(BYTES_PER_S) / 1_000_000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_passes_and_then_the_rate() {
        let start = Instant::now();
        let mut bucket = Bucket::full(start);
        assert!(bucket.admits(start, 1_000_000));
        assert!(!bucket.admits(start, 1));
        assert!(bucket.admits(start + Duration::from_millis(1), 4_000));
        assert!(!bucket.admits(start + Duration::from_millis(1), 1));
        let later = start + Duration::from_secs(60);
        assert!(bucket.admits(later, 1_000_000) && !bucket.admits(later, 1));
    }
}
