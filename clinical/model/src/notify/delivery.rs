//! Where a message stands.
//!
//! A claim is durable before the gateway is asked, so a crash between the two leaves a message
//! that was claimed and never confirmed. Nobody can know whether it left; it becomes
//! [`Unknown`](DeliveryStage::Unknown), is shown to staff and is never sent by itself again.

use super::retry::{Jitter, retry_delay_us};
use crate::Micros;

/// Where a message stands, without its times.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DeliveryStage {
    /// Waits for its time.
    Queued,
    /// A worker has claimed it and asks the gateway.
    Sending,
    /// The gateway took it.
    Sent,
    /// The provider says that it reached the person.
    Delivered,
    /// It certainly did not leave; it is tried again.
    Failed,
    /// Given up: refused for good, or tried too often.
    Dead,
    /// Not sent on purpose: declined by the person, too late, or replaced.
    Suppressed,
    /// Claimed and never confirmed; it may have left. A person looks at it.
    Unknown,
}

impl DeliveryStage {
    /// Every stage.
    pub const ALL: [Self; 8] = [
        Self::Queued,
        Self::Sending,
        Self::Sent,
        Self::Delivered,
        Self::Failed,
        Self::Dead,
        Self::Suppressed,
        Self::Unknown,
    ];

    /// The word used in SQL.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Sending => "sending",
            Self::Sent => "sent",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
            Self::Dead => "dead",
            Self::Suppressed => "suppressed",
            Self::Unknown => "unknown",
        }
    }

    /// The stage of a word used in SQL.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|stage| stage.as_str() == word)
    }
}

/// Why a message was not sent on purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SuppressedFor {
    /// The person declined this kind on this channel.
    OptedOut,
    /// Its moment is over.
    TooLate,
    /// The thing it was about changed.
    Superseded,
}

impl SuppressedFor {
    /// Every reason.
    pub const ALL: [Self; 3] = [Self::OptedOut, Self::TooLate, Self::Superseded];

    /// The word used in SQL.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OptedOut => "opted_out",
            Self::TooLate => "too_late",
            Self::Superseded => "superseded",
        }
    }

    /// The reason of a word used in SQL.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == word)
    }
}

/// Why a message certainly did not leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum UnsentReason {
    /// The gateway could not be asked, or asked to come back later.
    Temporary,
    /// The gateway will never take it: no such address, no such number.
    Permanent,
}

/// Where a message stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// Waits for its time.
    Queued {
        /// When to send it.
        due: Micros,
    },
    /// A worker has claimed it.
    Sending {
        /// After this the worker is taken for dead.
        lease_until: Micros,
    },
    /// The gateway took it.
    Sent {
        /// When.
        at: Micros,
    },
    /// It reached the person.
    Delivered {
        /// When the provider said so.
        at: Micros,
    },
    /// It did not leave and is tried again.
    Failed {
        /// When.
        retry_at: Micros,
    },
    /// Given up.
    Dead {
        /// When.
        at: Micros,
    },
    /// Not sent on purpose.
    Suppressed {
        /// Why.
        reason: SuppressedFor,
    },
    /// Nobody knows whether it left.
    Unknown {
        /// Since when.
        at: Micros,
    },
}

/// What happens to a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeliveryStep {
    /// A worker takes it for a while.
    Claim {
        /// How long the worker may hold it, in microseconds.
        lease_us: i64,
    },
    /// The gateway took it.
    Accepted,
    /// The gateway did not take it, certainly.
    NotSent {
        /// Whether another try makes sense.
        reason: UnsentReason,
        /// How often it has been tried, this time included.
        attempts: u32,
        /// Random share of the wait.
        jitter: Jitter,
    },
    /// The gateway's answer was lost, or the worker's lease ran out.
    AnswerLost,
    /// The provider reports that it reached the person.
    ReportDelivered,
    /// The provider reports that it did not reach the person.
    ReportUndeliverable,
    /// It is not to be sent.
    Suppress(SuppressedFor),
}

/// A step that does not follow from where the message stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a message that is {} can not take this step", from.as_str())]
pub struct StepRefused {
    /// Where the message stands.
    pub from: DeliveryStage,
}

impl Delivery {
    /// Where the message stands, without its times.
    #[must_use]
    pub const fn stage(self) -> DeliveryStage {
        match self {
            Self::Queued { .. } => DeliveryStage::Queued,
            Self::Sending { .. } => DeliveryStage::Sending,
            Self::Sent { .. } => DeliveryStage::Sent,
            Self::Delivered { .. } => DeliveryStage::Delivered,
            Self::Failed { .. } => DeliveryStage::Failed,
            Self::Dead { .. } => DeliveryStage::Dead,
            Self::Suppressed { .. } => DeliveryStage::Suppressed,
            Self::Unknown { .. } => DeliveryStage::Unknown,
        }
    }

    /// The message after a step at `now`.
    ///
    /// # Errors
    /// [`StepRefused`] when the step does not follow, such as a claim of what was claimed before.
    pub fn step(self, now: Micros, step: DeliveryStep) -> Result<Self, StepRefused> {
        let refused = StepRefused { from: self.stage() };
        match step {
            DeliveryStep::Claim { lease_us } => match self.waits_until() {
                Some(due) if due <= now => Ok(sending(now, lease_us)),
                Some(_) | None => Err(refused),
            },
            DeliveryStep::Suppress(reason) => match self.waits_until() {
                Some(_) => Ok(Self::Suppressed { reason }),
                None => Err(refused),
            },
            DeliveryStep::Accepted if self.is_sending() => Ok(Self::Sent { at: now }),
            DeliveryStep::NotSent {
                reason,
                attempts,
                jitter,
            } if self.is_sending() => Ok(not_sent(now, reason, attempts, jitter)),
            DeliveryStep::AnswerLost if self.is_sending() => Ok(Self::Unknown { at: now }),
            // A report settles what is unknown, and may come before the gateway's own answer was
            // stored or come twice.
            DeliveryStep::ReportDelivered if self.may_be_reported() => {
                Ok(Self::Delivered { at: now })
            }
            DeliveryStep::ReportUndeliverable if self.may_be_reported() => {
                Ok(Self::Dead { at: now })
            }
            DeliveryStep::ReportDelivered if self.stage() == DeliveryStage::Delivered => Ok(self),
            DeliveryStep::ReportUndeliverable if self.stage() == DeliveryStage::Dead => Ok(self),
            DeliveryStep::Accepted
            | DeliveryStep::NotSent { .. }
            | DeliveryStep::AnswerLost
            | DeliveryStep::ReportDelivered
            | DeliveryStep::ReportUndeliverable => Err(refused),
        }
    }

    /// When a message that has not been claimed is due.
    const fn waits_until(self) -> Option<Micros> {
        match self {
            Self::Queued { due: at } | Self::Failed { retry_at: at } => Some(at),
            Self::Sending { .. }
            | Self::Sent { .. }
            | Self::Delivered { .. }
            | Self::Dead { .. }
            | Self::Suppressed { .. }
            | Self::Unknown { .. } => None,
        }
    }

    fn is_sending(self) -> bool {
        self.stage() == DeliveryStage::Sending
    }

    const fn may_be_reported(self) -> bool {
        matches!(
            self.stage(),
            DeliveryStage::Sending | DeliveryStage::Sent | DeliveryStage::Unknown
        )
    }
}

const fn sending(now: Micros, lease_us: i64) -> Delivery {
    Delivery::Sending {
        lease_until: now.plus(lease_us),
    }
}

fn not_sent(now: Micros, reason: UnsentReason, attempts: u32, jitter: Jitter) -> Delivery {
    let wait = match reason {
        UnsentReason::Temporary => retry_delay_us(attempts, jitter),
        UnsentReason::Permanent => None,
    };
    wait.map_or(Delivery::Dead { at: now }, |wait_us| Delivery::Failed {
        retry_at: now.plus(wait_us),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: Micros = Micros(1_800_000_000_000_000);
    const CLAIM: DeliveryStep = DeliveryStep::Claim {
        lease_us: Micros::MINUTE,
    };

    fn failed(reason: UnsentReason, attempts: u32) -> DeliveryStep {
        DeliveryStep::NotSent {
            reason,
            attempts,
            jitter: Jitter::from_byte(0),
        }
    }

    #[test]
    fn a_message_goes_from_the_queue_to_the_person() {
        let queued = Delivery::Queued { due: NOW };
        let delivered = [
            CLAIM,
            DeliveryStep::Accepted,
            DeliveryStep::ReportDelivered,
            DeliveryStep::ReportDelivered,
        ]
        .into_iter()
        .try_fold(queued, |message, step| message.step(NOW, step));
        assert_eq!(delivered, Ok(Delivery::Delivered { at: NOW }));
    }

    #[test]
    fn nothing_is_claimed_before_its_time() {
        let later = NOW.plus(1);
        assert!(Delivery::Queued { due: later }.step(NOW, CLAIM).is_err());
        assert!(
            Delivery::Failed { retry_at: later }
                .step(NOW, CLAIM)
                .is_err()
        );
        assert!(Delivery::Queued { due: later }.step(later, CLAIM).is_ok());
    }

    #[test]
    fn a_lost_answer_is_unknown_and_stays_unsent_until_a_report() {
        let sending = Delivery::Queued { due: NOW }.step(NOW, CLAIM).unwrap();
        let unknown = sending.step(NOW, DeliveryStep::AnswerLost).unwrap();
        assert_eq!(unknown.stage(), DeliveryStage::Unknown);
        assert!(unknown.step(NOW, CLAIM).is_err());
        assert_eq!(
            unknown.step(NOW, DeliveryStep::ReportDelivered),
            Ok(Delivery::Delivered { at: NOW })
        );
    }

    #[test]
    fn a_temporary_failure_is_retried_and_a_permanent_one_is_not() {
        let sending = Delivery::Queued { due: NOW }.step(NOW, CLAIM).unwrap();
        assert_eq!(
            sending.step(NOW, failed(UnsentReason::Temporary, 1)),
            Ok(Delivery::Failed {
                retry_at: NOW.plus(30 * Micros::SECOND)
            })
        );
        for step in [
            failed(UnsentReason::Permanent, 1),
            failed(UnsentReason::Temporary, 6),
        ] {
            assert_eq!(sending.step(NOW, step), Ok(Delivery::Dead { at: NOW }));
        }
    }

    fn any_step() -> impl Strategy<Value = DeliveryStep> {
        prop_oneof![
            Just(CLAIM),
            Just(DeliveryStep::Accepted),
            (1_u32..8).prop_map(|attempts| failed(UnsentReason::Temporary, attempts)),
            Just(failed(UnsentReason::Permanent, 1)),
            Just(DeliveryStep::AnswerLost),
            Just(DeliveryStep::ReportDelivered),
            Just(DeliveryStep::ReportUndeliverable),
            Just(DeliveryStep::Suppress(SuppressedFor::Superseded)),
        ]
    }

    proptest! {
        /// Whatever happens in whatever order, what the gateway may have taken is not claimed again.
        #[test]
        fn what_may_have_left_never_leaves_again(
            steps in prop::collection::vec((any_step(), 0..Micros::DAY), 1..40)
        ) {
            let mut message = Delivery::Queued { due: NOW };
            let mut now = NOW;
            let mut may_have_left = false;
            for (step, wait_us) in steps {
                now = now.plus(wait_us);
                let Ok(next) = message.step(now, step) else { continue };
                prop_assert!(!(may_have_left && next.stage() == DeliveryStage::Sending));
                may_have_left |= matches!(
                    next.stage(),
                    DeliveryStage::Sent | DeliveryStage::Delivered | DeliveryStage::Unknown
                );
                message = next;
            }
        }
    }

    #[test]
    fn every_word_leads_back_to_its_stage() {
        for stage in DeliveryStage::ALL {
            assert_eq!(DeliveryStage::from_word(stage.as_str()), Some(stage));
        }
        for reason in SuppressedFor::ALL {
            assert_eq!(SuppressedFor::from_word(reason.as_str()), Some(reason));
        }
    }
}
