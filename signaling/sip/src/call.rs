//! Where a call stands: states that are consumed by what happens.

use thiserror::Error;

/// Who began the call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// The telephone called us.
    In,
    /// We called the telephone.
    Out,
}

/// Who put the call on hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HoldSide {
    /// We did: the telephone hears our music.
    Ours,
    /// The telephone did.
    Theirs,
    /// Both did; each ends their own hold.
    Both,
}

/// What a call came to, for the page of the doctor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It was answered and has ended.
    Finished,
    /// The line was busy.
    Busy,
    /// Nobody answered.
    NoAnswer,
    /// Somebody refused it.
    Declined,
    /// There is no such number, or it cannot be reached.
    Unreachable,
    /// The caller gave up before it was answered.
    GivenUp,
    /// A line, a password or a server failed.
    Failed,
}

/// It rings, and nobody has answered.
#[derive(Debug, PartialEq, Eq)]
pub struct Ringing {
    /// Who began it.
    pub direction: Direction,
}

/// Nobody has answered, and there is sound already.
#[derive(Debug, PartialEq, Eq)]
pub struct Early {
    /// Who began it.
    pub direction: Direction,
}

/// Both sides talk.
#[derive(Debug, PartialEq, Eq)]
pub struct Answered {
    /// Who began it.
    pub direction: Direction,
    /// When, in microseconds.
    pub since_us: i64,
}

/// Answered, and at least one side does not listen.
#[derive(Debug, PartialEq, Eq)]
pub struct Held {
    /// Who began the call.
    pub direction: Direction,
    /// When it was answered, in microseconds.
    pub since_us: i64,
    /// Who holds.
    pub side: HoldSide,
}

/// It is over.
#[derive(Debug, PartialEq, Eq)]
pub struct Ended {
    /// Who began it.
    pub direction: Direction,
    /// What it came to.
    pub outcome: Outcome,
    /// The SIP code that ended it; 200 after an answer.
    pub code: u16,
    /// How long both sides were connected, in microseconds.
    pub talked_us: i64,
}

/// A call in one of its states.
#[derive(Debug, PartialEq, Eq)]
pub enum Call {
    /// It rings.
    Ringing(Ringing),
    /// It rings with sound.
    Early(Early),
    /// Both sides talk.
    Answered(Answered),
    /// Somebody holds.
    Held(Held),
    /// It is over.
    Ended(Ended),
}

/// This cannot happen in this state; the call stays as it was.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("a call cannot do that now")]
pub struct NotNow(pub Call);

impl Call {
    /// A call that begins to ring.
    #[must_use]
    pub const fn begin(direction: Direction) -> Self {
        Self::Ringing(Ringing { direction })
    }

    /// There is sound before the answer (183 with SDP).
    ///
    /// # Errors
    /// When it was answered already.
    pub fn hear_early(self) -> Result<Self, NotNow> {
        match self {
            Self::Ringing(Ringing { direction }) | Self::Early(Early { direction }) => {
                Ok(Self::Early(Early { direction }))
            }
            Self::Answered(_) | Self::Held(_) | Self::Ended(_) => Err(NotNow(self)),
        }
    }

    /// It was answered (200 to INVITE). A second 200 is a repetition.
    ///
    /// # Errors
    /// When it is over: an answer that crossed a CANCEL must be ended with BYE (RFC 3261 section 9.1).
    pub fn answer(self, now_us: i64) -> Result<Self, NotNow> {
        match self {
            Self::Ringing(Ringing { direction }) | Self::Early(Early { direction }) => {
                Ok(Self::Answered(Answered {
                    direction,
                    since_us: now_us,
                }))
            }
            Self::Answered(_) | Self::Held(_) => Ok(self),
            Self::Ended(_) => Err(NotNow(self)),
        }
    }

    /// One side stops to listen.
    ///
    /// # Errors
    /// Before the answer and after the end.
    pub fn hold(self, by: HoldSide) -> Result<Self, NotNow> {
        match self {
            Self::Answered(Answered {
                direction,
                since_us,
            }) => Ok(Self::Held(Held {
                direction,
                since_us,
                side: by,
            })),
            Self::Held(held) => {
                let side = if held.side == by { by } else { HoldSide::Both };
                Ok(Self::Held(Held { side, ..held }))
            }
            Self::Ringing(_) | Self::Early(_) | Self::Ended(_) => Err(NotNow(self)),
        }
    }

    /// One side listens again.
    ///
    /// # Errors
    /// Before the answer and after the end.
    pub fn resume(self, by: HoldSide) -> Result<Self, NotNow> {
        let (direction, since_us, side) = match self {
            Self::Held(Held {
                direction,
                since_us,
                side,
            }) => (direction, since_us, side),
            Self::Answered(_) => return Ok(self),
            Self::Ringing(_) | Self::Early(_) | Self::Ended(_) => return Err(NotNow(self)),
        };
        let left = match (side, by) {
            (HoldSide::Both, HoldSide::Ours) => Some(HoldSide::Theirs),
            (HoldSide::Both, HoldSide::Theirs) => Some(HoldSide::Ours),
            (held, by) if held == by || by == HoldSide::Both => None,
            (held, _) => Some(held),
        };
        Ok(match left {
            Some(side) => Self::Held(Held {
                direction,
                since_us,
                side,
            }),
            None => Self::Answered(Answered {
                direction,
                since_us,
            }),
        })
    }

    /// It ends with a SIP code; 200 stands for BYE. What has ended stays as it ended first.
    #[must_use]
    pub fn end(self, code: u16, now_us: i64) -> Self {
        let (direction, outcome, talked_us) = match self {
            Self::Ringing(Ringing { direction }) | Self::Early(Early { direction }) => {
                (direction, outcome_of(code), 0)
            }
            Self::Answered(Answered {
                direction,
                since_us,
            })
            | Self::Held(Held {
                direction,
                since_us,
                ..
            }) => (
                direction,
                Outcome::Finished,
                now_us.saturating_sub(since_us).max(0),
            ),
            Self::Ended(_) => return self,
        };
        Self::Ended(Ended {
            direction,
            outcome,
            code,
            talked_us,
        })
    }
}

/// What a code means that ends a call before its answer (RFC 3261 section 21, ITU-T Q.850 mappings).
#[must_use]
pub const fn outcome_of(code: u16) -> Outcome {
    match code {
        486 | 600 => Outcome::Busy,
        408 | 480 => Outcome::NoAnswer,
        403 | 603 | 607 | 608 => Outcome::Declined,
        404 | 410 | 484 | 502 | 604 => Outcome::Unreachable,
        200 | 487 => Outcome::GivenUp,
        _ => Outcome::Failed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_call_talks_from_answer_to_end_and_holds_do_not_matter() {
        let call = Call::begin(Direction::Out)
            .hear_early()
            .unwrap()
            .answer(100)
            .unwrap();
        let call = call
            .hold(HoldSide::Theirs)
            .unwrap()
            .resume(HoldSide::Theirs)
            .unwrap();
        let Call::Ended(ended) = call.end(200, 350) else {
            panic!()
        };
        assert_eq!((ended.outcome, ended.talked_us), (Outcome::Finished, 250));
    }

    #[test]
    fn both_holds_end_apart() {
        let call = Call::begin(Direction::In).answer(0).unwrap();
        let call = call
            .hold(HoldSide::Ours)
            .unwrap()
            .hold(HoldSide::Theirs)
            .unwrap();
        let call = call.resume(HoldSide::Ours).unwrap();
        assert!(matches!(
            &call,
            Call::Held(Held {
                side: HoldSide::Theirs,
                ..
            })
        ));
        assert!(matches!(
            call.resume(HoldSide::Theirs).unwrap(),
            Call::Answered(_)
        ));
    }

    #[test]
    fn an_answer_that_crosses_a_cancel_is_told() {
        let call = Call::begin(Direction::Out).end(487, 5);
        assert!(matches!(
            &call,
            Call::Ended(Ended {
                outcome: Outcome::GivenUp,
                ..
            })
        ));
        assert!(call.answer(6).is_err());
    }

    proptest! {
        #[test]
        fn what_has_ended_never_changes(code in 300..700u16, acts in prop::collection::vec(0..5u8, 0..20)) {
            let mut call = Call::begin(Direction::Out);
            let mut ended = false;
            for act in acts {
                let before = format!("{call:?}");
                call = match act {
                    0 => call.answer(3).unwrap_or_else(|NotNow(call)| call),
                    1 => call.hold(HoldSide::Ours).unwrap_or_else(|NotNow(call)| call),
                    2 => call.resume(HoldSide::Ours).unwrap_or_else(|NotNow(call)| call),
                    3 => call.hear_early().unwrap_or_else(|NotNow(call)| call),
                    _ => call.end(code, 9),
                };
                let after = format!("{call:?}");
                prop_assert!(!ended || before == after);
                ended |= matches!(call, Call::Ended(_));
            }
        }
    }
}
