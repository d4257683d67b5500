//! The steps of a prescription. Each consumes the state before it.

use std::collections::BTreeSet;

use clinical_safety::{Clearance, Level, Screening};

use super::{Override, Prescription, Reason, Refusal, Stage};
use crate::Micros;

/// The prescription is in another stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the prescription is in another stage")]
pub struct WrongStage;

macro_rules! state {
    ($(#[$doc:meta])* $name:ident, $($stage:ident)|+) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq)]
        pub struct $name(Prescription);

        impl TryFrom<Prescription> for $name {
            type Error = WrongStage;
            fn try_from(it: Prescription) -> Result<Self, WrongStage> {
                if $(it.stage == Stage::$stage)||+ { Ok(Self(it)) } else { Err(WrongStage) }
            }
        }

        impl $name {
            /// The prescription, for storing and showing it.
            #[must_use]
            pub fn into_inner(self) -> Prescription {
                self.0
            }
        }
    };
}

state!(
    /// Being written.
    Drafted,
    Draft
);
state!(
    /// Signed and not with the pharmacy yet.
    Signed,
    Signed
);
state!(
    /// With the pharmacy, something is left.
    Fillable,
    Transmitted | DispensedPart
);
state!(
    /// Sent back by the pharmacy.
    Refused,
    Refused
);
fn next(mut it: Prescription, stage: Stage) -> Prescription {
    it.stage = stage;
    it.version = it.version.saturating_add(1);
    it
}

impl Drafted {
    /// Signs it. Only a clearance makes that possible; it says for which chart.
    #[must_use]
    pub fn sign(self, clearance: &Clearance, code: String, now: Micros) -> Signed {
        let mut it = next(self.0, Stage::Signed);
        it.signed = Some(now);
        it.expires = Some(now.plus(i64::from(it.content.valid_days) * Micros::DAY));
        it.cleared_chart = Some(clearance.chart_version());
        it.content.code = Some(code);
        it.content.reasons = clearance
            .justifications()
            .iter()
            .map(|given| Reason {
                rule: given.rule.clone(),
                code: given.code.clone(),
                text: given.text.clone(),
            })
            .collect();
        it.content.report = Some(clearance.report().clone());
        Signed(it)
    }

    /// Throws it away.
    #[must_use]
    pub fn cancel(self) -> Prescription {
        next(self.0, Stage::Cancelled)
    }
}

impl Signed {
    /// Hands it to the pharmacy.
    #[must_use]
    pub fn transmit(self, now: Micros) -> Fillable {
        let mut it = next(self.0, Stage::Transmitted);
        it.sent = Some(now);
        Fillable(it)
    }

    /// Withdraws it.
    #[must_use]
    pub fn cancel(self) -> Prescription {
        next(self.0, Stage::Cancelled)
    }
}

/// Why the check of today forbids to hand it out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Blocked {
    /// Nobody may hand it out.
    #[error("contraindicated")]
    Contraindicated,
    /// A finding that nobody has accepted: refuse it, and let two doctors sign or replace it.
    #[error("a finding that nobody has accepted")]
    Unaccepted,
}

/// The proof that today's check lets a prescription be handed out.
#[derive(Debug)]
pub struct Dispensable(());

impl Dispensable {
    /// Judges today's check. Reasons of the prescriber and of two doctors count; for a
    /// contraindication nothing does.
    ///
    /// # Errors
    /// [`Blocked`]
    pub fn of(today: &Screening, prescription: &Prescription) -> Result<Self, Blocked> {
        match today {
            Screening::Contraindicated(_) => Err(Blocked::Contraindicated),
            Screening::Clear(_) => Ok(Self(())),
            Screening::NeedsJustification(needs) => {
                let content = &prescription.content;
                let given = content.reasons.iter().map(|it| &it.rule);
                let accepted: BTreeSet<&String> = given.chain(&content.accepted).collect();
                if needs.findings().all(|it| accepted.contains(&it.rule)) {
                    Ok(Self(()))
                } else {
                    Err(Blocked::Unaccepted)
                }
            }
        }
    }
}

/// Units of one line that are handed out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fill {
    /// Which line, from 0.
    pub line: usize,
    /// How many units.
    pub quantity: u32,
}

/// Why nothing was handed out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DispenseRefusal {
    /// It has expired.
    #[error("the prescription has expired")]
    Expired,
    /// Nothing is asked for, a line twice, or a line that is not there.
    #[error("these are no lines of the prescription")]
    Lines,
    /// More than is left.
    #[error("more than is left")]
    TooMuch,
}

impl Fillable {
    /// Hands out units.
    ///
    /// # Errors
    /// [`DispenseRefusal`]
    pub fn dispense(
        self,
        _proof: Dispensable,
        fills: &[Fill],
        now: Micros,
    ) -> Result<Prescription, DispenseRefusal> {
        if self.0.expires.is_none_or(|at| at <= now) {
            return Err(DispenseRefusal::Expired);
        }
        let lines: BTreeSet<usize> = fills.iter().map(|it| it.line).collect();
        if fills.is_empty() || lines.len() != fills.len() {
            return Err(DispenseRefusal::Lines);
        }
        let mut left = self.0.left();
        let mut it = self.0;
        for fill in fills {
            let rest = left.get_mut(fill.line).ok_or(DispenseRefusal::Lines)?;
            let gone = it.dispensed.get_mut(fill.line);
            let gone = gone.ok_or(DispenseRefusal::Lines)?;
            if fill.quantity == 0 {
                return Err(DispenseRefusal::Lines);
            }
            *rest = rest
                .checked_sub(fill.quantity)
                .ok_or(DispenseRefusal::TooMuch)?;
            *gone = gone.saturating_add(fill.quantity);
        }
        let is_done = left.iter().all(|&rest| rest == 0);
        let stage = if is_done {
            Stage::Completed
        } else {
            Stage::DispensedPart
        };
        Ok(next(it, stage))
    }

    /// Sends it back. Overrides of earlier refusals do not count for this one.
    #[must_use]
    pub fn refuse(self, refusal: Refusal) -> Refused {
        let mut it = next(self.0, Stage::Refused);
        it.refused = Some(Micros(refusal.at));
        it.seen = None;
        it.content.refusal = Some(refusal);
        it.content.overrides.clear();
        Refused(it)
    }
}

/// Why a doctor's signature under an override was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OverrideRefusal {
    /// Never for a contraindication.
    #[error("a contraindication is never overridden")]
    Contraindicated,
    /// This doctor has signed already; another one must.
    #[error("two different doctors sign")]
    SameDoctor,
}

impl Refused {
    /// Adds a doctor's signature. With the second one of another doctor it goes back to the
    /// pharmacy.
    ///
    /// # Errors
    /// [`OverrideRefusal`]
    pub fn sign_override(
        self,
        today: &Screening,
        mut signature: Override,
    ) -> Result<Prescription, OverrideRefusal> {
        if matches!(today, Screening::Contraindicated(_)) {
            return Err(OverrideRefusal::Contraindicated);
        }
        let mut it = self.0;
        let at = Micros(signature.at);
        let signed = &it.content.overrides;
        if signed.iter().any(|by| by.doctor == signature.doctor) {
            return Err(OverrideRefusal::SameDoctor);
        }
        let findings = &today.report().findings;
        signature.rules = findings
            .iter()
            .filter(|finding| finding.level == Level::Justify)
            .map(|finding| finding.rule.clone())
            .collect();
        it.content.overrides.push(signature);
        if it.content.overrides.len() < 2 {
            return Ok(next(it, Stage::Refused));
        }
        // Only what both have seen is accepted.
        let both = it.content.overrides.iter().map(|by| &by.rules);
        let mut both = both.map(|rules| rules.iter().cloned().collect::<BTreeSet<String>>());
        let first = both.next().unwrap_or_default();
        let rules = both.fold(first, |seen, other| &seen & &other);
        it.content.accepted = rules.into_iter().collect();
        it.sent = Some(at);
        let stage = if it.dispensed.iter().any(|&gone| gone > 0) {
            Stage::DispensedPart
        } else {
            Stage::Transmitted
        };
        Ok(next(it, stage))
    }

    /// Another prescription, which is signed in the same transaction, takes its place.
    #[must_use]
    pub fn replace(self, now: Micros) -> Prescription {
        let mut it = next(self.0, Stage::Replaced);
        it.seen = it.seen.or(Some(now));
        it.replaced = Some(now);
        it
    }
}
