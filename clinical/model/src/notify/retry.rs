//! When a message that certainly did not leave is tried again.

use crate::Micros;

/// How often a message is tried; after that it is dead and shown to staff.
pub const ATTEMPTS_MAX: u32 = 6;

/// Waiting times after the first, second, ... attempt, before jitter.
const WAITS_US: [i64; 5] = [
    30 * Micros::SECOND,
    2 * Micros::MINUTE,
    10 * Micros::MINUTE,
    Micros::HOUR,
    4 * Micros::HOUR,
];

/// A random share of a waiting time, so that messages that failed together do not come back
/// together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Jitter(u8);

impl Jitter {
    /// A share from one random byte.
    #[must_use]
    pub const fn from_byte(byte: u8) -> Self {
        Self(byte)
    }
}

/// How long to wait after `attempts` tries, in microseconds: the schedule, plus up to a quarter of
/// it. `None` when the message is given up.
#[must_use]
pub fn retry_delay_us(attempts: u32, jitter: Jitter) -> Option<i64> {
    let index = usize::try_from(attempts.checked_sub(1)?).ok()?;
    let wait = *WAITS_US.get(index)?;
    Some(wait + wait / 4 * i64::from(jitter.0) / 255)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_attempt_but_the_last_is_followed_by_a_longer_wait() {
        let waits: Vec<_> = (1..ATTEMPTS_MAX)
            .map(|n| retry_delay_us(n, Jitter::from_byte(255)).unwrap())
            .collect();
        assert!(waits.windows(2).all(|pair| pair[0] < pair[1]));
        assert_eq!(retry_delay_us(ATTEMPTS_MAX, Jitter::from_byte(0)), None);
        assert_eq!(retry_delay_us(0, Jitter::from_byte(0)), None);
    }

    #[test]
    fn jitter_adds_at_most_a_quarter() {
        let first = |byte| retry_delay_us(1, Jitter::from_byte(byte)).unwrap();
        assert_eq!(first(0), 30 * Micros::SECOND);
        assert_eq!(first(255), 30 * Micros::SECOND * 5 / 4);
        assert!((1..255).all(|byte| first(0) < first(byte) && first(byte) < first(255)));
    }
}
