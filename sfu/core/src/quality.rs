//! How good somebody's connection is, in one word, and what it is judged by.

use core::time::Duration;
use std::time::Instant;

/// How good a connection is, as the server sees it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Quality {
    /// Nothing is noticed.
    #[default]
    Good,
    /// Noticed, not disturbing.
    Fair,
    /// Hard to follow.
    Poor,
    /// Nothing was heard of the client for some seconds.
    Lost,
}

impl Quality {
    /// Every word, from good to lost.
    pub const ALL: [Self; 4] = [Self::Good, Self::Fair, Self::Poor, Self::Lost];
}

/// No sign of life for this long is a lost connection; it may still come back.
const LOST_AFTER: Duration = Duration::from_secs(6);
/// Worse is said after this many judgements in a row, one a second,
const WORSE_AFTER: u32 = 2;
/// and better after this many.
const BETTER_AFTER: u32 = 5;
/// A picture that stands still for longer than this is frozen.
pub(crate) const FREEZE: Duration = Duration::from_millis(500);

/// What a connection is judged by.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Signs {
    /// The greater share of lost packets of both directions, 0 to 1.
    pub(crate) loss: f32,
    pub(crate) round_trip: Duration,
    /// Of the microphone on its way to us.
    pub(crate) jitter: Duration,
    /// New since the last judgement.
    pub(crate) freezes: u32,
    /// Since the client was heard.
    pub(crate) silence: Duration,
}

/// The worst of all signs.
fn judge(signs: Signs) -> Quality {
    let grade = |fair: bool, poor: bool| match (fair, poor) {
        (_, true) => Quality::Poor,
        (true, false) => Quality::Fair,
        (false, false) => Quality::Good,
    };
    if signs.silence >= LOST_AFTER {
        return Quality::Lost;
    }
    let millis = Duration::from_millis;
    grade(signs.loss >= 0.03, signs.loss >= 0.10)
        .max(grade(
            signs.round_trip >= millis(300),
            signs.round_trip >= millis(600),
        ))
        .max(grade(
            signs.jitter >= millis(40),
            signs.jitter >= millis(100),
        ))
        .max(grade(signs.freezes >= 1, signs.freezes >= 2))
}

/// A word that does not change with every second.
#[derive(Debug, Default)]
pub(crate) struct Grade {
    word: Quality,
    streak: u32,
    /// The mildest judgement of the streak.
    towards: Quality,
}

impl Grade {
    pub(crate) fn word(&self) -> Quality {
        self.word
    }

    /// Takes over one second's signs.
    pub(crate) fn update(&mut self, signs: Signs) {
        let judged = judge(signs);
        if judged == Quality::Lost {
            self.settle(judged);
            return;
        }
        let way = judged.cmp(&self.word);
        if way.is_eq() {
            self.settle(judged);
            return;
        }
        if self.streak > 0 && self.towards.cmp(&self.word) == way {
            self.streak = self.streak.saturating_add(1);
            // Worse goes only as far as all judgements do, and better too.
            self.towards = if way.is_gt() {
                self.towards.min(judged)
            } else {
                self.towards.max(judged)
            };
        } else {
            self.streak = 1;
            self.towards = judged;
        }
        let needed = if way.is_gt() {
            WORSE_AFTER
        } else {
            BETTER_AFTER
        };
        if self.streak >= needed {
            self.settle(self.towards);
        }
    }

    fn settle(&mut self, word: Quality) {
        (self.word, self.towards, self.streak) = (word, word, 0);
    }
}

/// Interarrival jitter of one stream (RFC 3550 section 6.4.1).
#[derive(Debug, Default)]
pub(crate) struct Jitter {
    last: Option<(Instant, u32)>,
    /// In microseconds.
    jitter_us: i64,
}

impl Jitter {
    /// Hears one packet; its RTP timestamp counts `clock_rate_hz`.
    pub(crate) fn hear(&mut self, now: Instant, timestamp: u32, clock_rate_hz: u32) {
        if let Some((at, before)) = self.last.replace((now, timestamp)) {
            let step = timestamp.wrapping_sub(before).cast_signed();
            let sent_us =
                i64::from(step).saturating_mul(1_000_000) / i64::from(clock_rate_hz).max(1);
            let passed = now.saturating_duration_since(at).as_micros();
            let passed_us = i64::try_from(passed).unwrap_or(i64::MAX);
            // A second of silence or a new stream says nothing about the path.
            if sent_us.abs() < 1_000_000 && passed_us < 1_000_000 {
                let moved = passed_us.saturating_sub(sent_us).abs();
                self.jitter_us += (moved - self.jitter_us) / 16;
            }
        }
    }

    /// `None` before the second packet.
    pub(crate) fn get(&self) -> Option<Duration> {
        self.last?;
        Some(Duration::from_micros(self.jitter_us.unsigned_abs()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenarios::some_instant;

    const BAD: Signs = Signs {
        loss: 0.2,
        round_trip: Duration::ZERO,
        jitter: Duration::ZERO,
        freezes: 0,
        silence: Duration::ZERO,
    };

    fn good() -> Signs {
        Signs::default()
    }

    #[test]
    fn the_worst_sign_decides() {
        let slow = Signs {
            round_trip: Duration::from_millis(400),
            ..good()
        };
        assert_eq!(judge(good()), Quality::Good);
        assert_eq!(judge(slow), Quality::Fair);
        assert_eq!(judge(Signs { loss: 0.05, ..slow }), Quality::Fair);
        assert_eq!(judge(Signs { loss: 0.11, ..slow }), Quality::Poor);
        assert_eq!(
            judge(Signs {
                freezes: 2,
                ..good()
            }),
            Quality::Poor
        );
        let gone = Signs {
            silence: LOST_AFTER,
            ..good()
        };
        assert_eq!(judge(gone), Quality::Lost);
    }

    #[test]
    fn one_bad_second_is_not_said_and_two_are() {
        let mut grade = Grade::default();
        for _ in 0..10 {
            grade.update(BAD);
            grade.update(good());
            assert_eq!(grade.word(), Quality::Good);
        }
        grade.update(BAD);
        grade.update(BAD);
        assert_eq!(grade.word(), Quality::Poor);
    }

    #[test]
    fn better_is_said_after_five_seconds_and_lost_at_once() {
        let mut grade = Grade::default();
        grade.update(Signs {
            silence: LOST_AFTER,
            ..good()
        });
        assert_eq!(grade.word(), Quality::Lost);
        for _ in 0..4 {
            grade.update(good());
            assert_eq!(grade.word(), Quality::Lost);
        }
        grade.update(good());
        assert_eq!(grade.word(), Quality::Good);
    }

    #[test]
    fn an_even_stream_has_no_jitter_and_an_uneven_one_has() {
        let mut now = some_instant();
        let (mut even, mut uneven) = (Jitter::default(), Jitter::default());
        assert_eq!(even.get(), None);
        for n in 0..500_u32 {
            now += Duration::from_millis(20);
            even.hear(now, n * 960, 48_000);
            let late = Duration::from_millis(u64::from(n % 2) * 30);
            uneven.hear(now + late, n * 960, 48_000);
        }
        assert!(even.get().unwrap() < Duration::from_millis(1));
        assert!(uneven.get().unwrap() > Duration::from_millis(20));
    }
}
