//! When a bandwidth estimator has to be woken: pictures are withheld, and nothing else is sent.
//!
//! An estimator learns from what is acknowledged. One that has just taken a path for full neither pads
//! nor probes before reports clear the path. If the pictures that it denies were all there was to send,
//! no report comes any more, and it would deny them for ever. Begun anew, it probes once, which a path
//! that is really full hardly notices. A probe is made of packets of 240 bytes, and shows little where
//! the shell has few turns for them; so if nothing tells of a full path, the picture itself is tried.

use core::time::Duration;
use std::time::Instant;

/// First wait. Longer than a talking client is silent, shorter than anybody looks at a black picture.
const WAIT_MIN: Duration = Duration::from_secs(1);
/// The path may really be full: each further time is waited twice as long, up to this.
const WAIT_MAX: Duration = Duration::from_secs(32);

/// What is known of one client's lull.
#[derive(Debug)]
pub(crate) struct Lull {
    /// Packets written so far, and since when there were no more.
    quiet: Option<(u64, Instant)>,
    wait: Duration,
    woken: bool,
}

impl Default for Lull {
    fn default() -> Self {
        Self {
            quiet: None,
            wait: WAIT_MIN,
            woken: false,
        }
    }
}

impl Lull {
    /// Whether the estimator is to begin anew now. `withheld`: there are pictures, and none is granted;
    /// `written`: packets that were ever written to this client.
    pub(crate) fn wakes(&mut self, now: Instant, withheld: bool, written: u64) -> bool {
        if !withheld {
            *self = Self::default();
            return false;
        }
        match self.quiet {
            Some((before, since)) if before == written => {
                let wakes = now.saturating_duration_since(since) >= self.wait;
                if wakes {
                    self.quiet = Some((written, now));
                    self.wait = self.wait.saturating_mul(2).min(WAIT_MAX);
                    self.woken = true;
                }
                wakes
            }
            _ => {
                self.quiet = Some((written, now));
                false
            }
        }
    }

    /// The estimator was woken in vain so far.
    pub(crate) fn lasts(&self) -> bool {
        self.woken
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenarios::some_instant;

    #[test]
    fn an_estimator_without_anything_to_measure_is_woken_more_and_more_rarely() {
        let began = some_instant();
        let mut lull = Lull::default();
        let woken: Vec<u64> = (0..300)
            .filter(|quarter| lull.wakes(began + WAIT_MIN * *quarter / 4, true, 7))
            .map(|quarter| u64::from(quarter) / 4)
            .collect();
        assert_eq!(woken, [1, 3, 7, 15, 31, 63]);
    }

    #[test]
    fn neither_sound_nor_a_picture_that_is_granted_leaves_a_lull() {
        let began = some_instant();
        let mut lull = Lull::default();
        for second in 0..60_u32 {
            let now = began + WAIT_MIN * second;
            assert!(!lull.wakes(now, true, second.into()), "speech");
        }
        for second in 60..120_u32 {
            assert!(
                !lull.wakes(began + WAIT_MIN * second, false, 60),
                "a still screen"
            );
        }
    }
}
