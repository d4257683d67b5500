//! Calls that we place: who may be called, and what is told of it.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use signaling_sip::{Language, Lockout, Outcome, PhoneNumber};
use thiserror::Error;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::caps::CapReached;
use crate::charge::{Allowance, Charge, NotCharged};
use crate::dispatch::wall_s;
use crate::health::TrunkState;
use crate::outgoing::outgoing;
use crate::ports::Pass;
use crate::stack::Stack;
use crate::trunk::{Outbound, Trunk};
use crate::trunk_check::Trunks;

/// What is told of a call at most: each kind once, and some more for repetitions. What is more is
/// dropped.
const PROGRESS_MAX: usize = 32;

/// Why somebody is called. It is for logs and the audit, and never said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// The doctor wants this person in the visit.
    Doctor,
    /// The patient's browser was lost.
    BrowserLost,
}

/// Whom to call.
#[derive(Debug, Clone)]
pub struct RingOrder {
    /// Their number.
    pub number: PhoneNumber,
    /// The trunk to call with; without one the first that may call for the facility.
    pub trunk: Option<String>,
    /// The id of the facility that calls, and pays.
    pub facility: String,
    /// Why.
    pub reason: Reason,
    /// Their way into the visit once they have pressed 1.
    pub pass: Pass,
    /// The language of what is said after that.
    pub language: Language,
    /// The visit may be recorded, and they have not been asked.
    pub ask_consent: bool,
    /// How long it rings.
    pub ring_for: Duration,
}

/// What becomes of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallProgress {
    /// The line is at work.
    Trying,
    /// It rings there.
    Ringing,
    /// There is sound before an answer, such as an announcement.
    Early,
    /// Somebody or something has answered.
    Answered,
    /// A person has pressed 1, and goes into the visit.
    Confirmed,
    /// It was a machine; nothing was said to it.
    VoicemailSuspected,
    /// It is over. Nothing comes after it.
    Ended {
        /// What it came to.
        outcome: Outcome,
        /// The SIP code that ended it; 200 after an answer.
        code: u16,
        /// How long both sides were connected, in microseconds.
        talked_us: i64,
    },
}

/// Why nobody is called.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
pub enum RingRefusal {
    /// No trunk may call.
    #[error("no trunk calls out; give one an [phone.trunks.outbound]")]
    NoTrunk,
    /// The country is not on the list.
    #[error("this country may not be called; add it to `countries` of the trunk {0:?}")]
    Country(String),
    /// Too many, or too long.
    #[error("this call is one too many")]
    Cap(#[from] CapReached),
    /// It is not known what was used.
    #[error("what was used of the caps is not known; try again when the clinic's store answers")]
    Unknown,
    /// All places are taken, callers included.
    #[error("all places for calls are taken; try again when one has ended")]
    Full,
}

/// A call that was placed. Dropping it hangs up.
#[derive(Debug)]
pub struct Dialled {
    /// What becomes of it.
    pub progress: mpsc::Receiver<CallProgress>,
    hang_up: CancellationToken,
}

impl Dialled {
    /// Ends it, whether it rings or was answered.
    pub fn hang_up(&self) {
        self.hang_up.cancel();
    }
}

impl Drop for Dialled {
    fn drop(&mut self) {
        self.hang_up.cancel();
    }
}

/// Places calls.
#[derive(Clone)]
pub struct Dialler {
    pub(crate) stack: Arc<Stack>,
}

impl core::fmt::Debug for Dialler {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Dialler")
    }
}

/// A call that is allowed, for its task.
pub(crate) struct Placed {
    pub(crate) order: RingOrder,
    pub(crate) trunk: Trunk,
    pub(crate) outbound: Outbound,
    /// How long may be talked, in microseconds.
    pub(crate) most_us: i64,
    pub(crate) progress: mpsc::Sender<CallProgress>,
    pub(crate) hang_up: CancellationToken,
    /// Names the charge.
    pub(crate) charge: u128,
}

impl Placed {
    pub(crate) fn tell(&self, progress: CallProgress) {
        if self.progress.try_send(progress).is_err() {
            tracing::debug!("nobody listens to what becomes of a call");
        }
    }
}

impl Dialler {
    /// Calls somebody. What becomes of it comes through [`Dialled::progress`].
    ///
    /// # Errors
    /// When this call may not be placed.
    pub async fn ring(&self, order: RingOrder) -> Result<Dialled, RingRefusal> {
        let stack = &self.stack;
        let mut trunks = stack.trunks.trunks.iter();
        let trunk = trunks
            .find(|trunk| {
                trunk.outbound.is_some()
                    && trunk.serves(&order.facility)
                    && order.trunk.as_ref().is_none_or(|name| *name == trunk.name)
            })
            .ok_or(RingRefusal::NoTrunk)?
            .clone();
        let outbound = trunk.outbound.clone().ok_or(RingRefusal::NoTrunk)?;
        let number = order.number.expose();
        let digits = number.trim_start_matches('+');
        if !outbound
            .countries
            .iter()
            .any(|country| digits.starts_with(country.as_str()))
        {
            return Err(RingRefusal::Country(trunk.name));
        }
        if stack.is_full() {
            return Err(RingRefusal::Full);
        }
        let left_s = stack.caps.take(&trunk.name, &outbound, wall_s())?;
        let charged = stack.charge(&order, &trunk.name, &outbound).await;
        let allowance = match charged {
            Ok(allowance) => allowance,
            Err(refusal) => {
                stack.caps.give_back(&trunk.name, 0);
                return Err(refusal);
            }
        };
        let left_s = left_s.min(allowance.seconds);
        let most_us = i64::try_from(left_s)
            .unwrap_or(i64::MAX)
            .saturating_mul(1_000_000);
        let (sender, progress) = mpsc::channel(PROGRESS_MAX);
        let hang_up = stack.stop.child_token();
        tracing::info!(trunk = trunk.name, reason = ?order.reason, "somebody is called");
        let placed = Placed {
            order,
            trunk,
            outbound,
            most_us,
            progress: sender,
            hang_up: hang_up.clone(),
            charge: allowance.id,
        };
        tokio::spawn(outgoing(Arc::clone(stack), placed));
        Ok(Dialled { progress, hang_up })
    }

    /// The lines and what may be done with them.
    #[must_use]
    pub fn trunks(&self) -> &Trunks {
        &self.stack.trunks
    }

    /// What is known of the way to a telephone company.
    #[must_use]
    pub fn health(&self, trunk: &str) -> TrunkState {
        self.stack.health.of(trunk)
    }

    /// Forgets who typed wrong PINs too often. What the clinic has counted stays.
    pub fn forgive(&self) {
        let lockout = self.stack.lockout.lock();
        *lockout.unwrap_or_else(PoisonError::into_inner) = Lockout::default();
    }
}

impl Stack {
    /// Asks whoever keeps the bill.
    async fn charge(
        &self,
        order: &RingOrder,
        trunk: &str,
        outbound: &Outbound,
    ) -> Result<Allowance, RingRefusal> {
        let spend = self.trunks.spend.as_ref();
        let month_micros = spend.and_then(|spend| spend.month_micros(&order.facility));
        let price = spend.and_then(|spend| spend.minute_micros(&order.number));
        let charge = Charge {
            facility: order.facility.clone(),
            trunk: trunk.to_owned(),
            minutes_per_day_max: outbound.minutes_per_day_max,
            minute_micros: match (price, month_micros) {
                (Some(price), _) => price,
                // The check of the configuration has a price for every country with budgets.
                (None, Some(_)) => return Err(CapReached::Budget.into()),
                (None, None) => 0,
            },
            month_micros,
        };
        let granted = self.ports.clinic.begin_call(charge).await;
        granted.map_err(|refused| match refused {
            NotCharged::Cap(cap) => cap.into(),
            NotCharged::Down(error) => {
                tracing::warn!(%error, "a call was not placed: what was used is not known");
                RingRefusal::Unknown
            }
        })
    }
}
