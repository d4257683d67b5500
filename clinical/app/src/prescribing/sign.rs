//! Signing, handing to the pharmacy, withdrawing.

use clinical_model::prescribing::{Drafted, Prescription, Refused, Signed, Stage};
use clinical_model::{Micros, PrescriptionId};
use clinical_safety::{Clearance, Drug, Justification, JustifyError, Screening};
use clinical_store::Tx;
use clinical_store::prescriptions;

use super::checker::{CheckFailed, rules};
use super::step::Step;
use super::{Checker, PrescribingError, guard, screen};
use crate::identity::{self, StepUpError};
use crate::{Actor, Clinic};

/// Letters and digits of codes, without those that look alike (Crockford).
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// A code of 80 random bits.
fn code(clinic: &Clinic) -> String {
    let bytes: [u8; 16] = clinic.entropy.bytes();
    bytes
        .iter()
        .filter_map(|byte| ALPHABET.get(usize::from(byte % 32)))
        .map(|&letter| char::from(letter))
        .collect()
}

/// Whether signing needs the second factor.
///
/// # Errors
/// The data set is damaged.
pub fn is_controlled(it: &Prescription) -> Result<bool, CheckFailed> {
    let rules = rules()?;
    Ok(it.content.lines.iter().any(|line| match &line.line.drug {
        Drug::Substance(id) => rules.substance(id).is_none_or(|it| it.controlled),
        Drug::FreeText(_) => true,
    }))
}

/// Signs a draft, after a screening against the chart of this moment. What it replaces is replaced
/// in the same transaction. A controlled medicine needs the second factor, shown within the last five
/// minutes.
///
/// # Errors
/// [`PrescribingError`]
pub async fn sign(
    clinic: &Clinic,
    checker: Checker,
    actor: &Actor,
    place: (PrescriptionId, u32),
    reasons: Vec<Justification>,
) -> Result<Prescription, PrescribingError> {
    let (mut step, old) = Step::own(clinic, actor, place).await?;
    let now = step.now;
    let draft = Drafted::try_from(old.clone())?;
    let clearance = match screen(&mut step.tx, checker, &old, now).await? {
        Screening::Contraindicated(_) => {
            step.refused("prescription.sign", &old).await?;
            return Err(PrescribingError::Contraindicated);
        }
        screening => cleared(screening, actor, now, reasons)?,
    };
    if is_controlled(&old)? {
        by_factor(&mut step.tx, actor, now).await?;
    }
    let signed = draft.sign(&clearance, code(clinic), now).into_inner();
    step.put(&signed).await?;
    replace_prior(&mut step.tx, &signed, now).await?;
    step.commit("prescription.sign", signed).await
}

/// Whether the prescriber has just shown the second factor.
async fn by_factor(tx: &mut Tx, actor: &Actor, now: Micros) -> Result<(), PrescribingError> {
    match identity::fresh_in(tx, actor, now).await {
        Ok(proof) if proof.by_factor() => Ok(()),
        Ok(_) | Err(StepUpError::Needed) => Err(PrescribingError::StepUpNeeded),
        Err(StepUpError::Store(error)) => Err(error.into()),
    }
}

fn cleared(
    screening: Screening,
    actor: &Actor,
    now: Micros,
    reasons: Vec<Justification>,
) -> Result<Clearance, PrescribingError> {
    match screening {
        Screening::Contraindicated(_) => Err(PrescribingError::Contraindicated),
        Screening::Clear(clearance) => Ok(clearance),
        Screening::NeedsJustification(needs) => needs
            .justify(&actor.user.to_string(), now.0, reasons)
            .map_err(|error| match error {
                JustifyError::Missing { .. } => PrescribingError::NeedsReason,
                JustifyError::Empty | JustifyError::Superfluous => {
                    PrescribingError::Invalid("reasons")
                }
            }),
    }
}

async fn replace_prior(
    tx: &mut Tx,
    signed: &Prescription,
    now: Micros,
) -> Result<(), PrescribingError> {
    let Some(prior) = signed.prior else {
        return Ok(());
    };
    let prior = prescriptions::record(tx, prior).await?;
    let prior = prior.ok_or(PrescribingError::NotFound)?;
    let read = guard(&prior);
    let replaced = Refused::try_from(prior)?.replace(now);
    prescriptions::update(tx, &replaced, read, now).await?;
    Ok(())
}

/// Hands a signed prescription to the pharmacy of the facility.
///
/// # Errors
/// [`PrescribingError`]
pub async fn transmit(
    clinic: &Clinic,
    actor: &Actor,
    place: (PrescriptionId, u32),
) -> Result<Prescription, PrescribingError> {
    let (step, old) = Step::own(clinic, actor, place).await?;
    let sent = Signed::try_from(old)?.transmit(step.now).into_inner();
    step.finish("prescription.transmit", sent).await
}

/// Withdraws a prescription that the pharmacy does not have yet.
///
/// # Errors
/// [`PrescribingError`]
pub async fn cancel(
    clinic: &Clinic,
    actor: &Actor,
    place: (PrescriptionId, u32),
) -> Result<Prescription, PrescribingError> {
    let (step, old) = Step::own(clinic, actor, place).await?;
    let gone = match old.stage {
        Stage::Draft => Drafted::try_from(old)?.cancel(),
        Stage::Signed => Signed::try_from(old)?.cancel(),
        Stage::Transmitted
        | Stage::DispensedPart
        | Stage::Completed
        | Stage::Refused
        | Stage::Replaced
        | Stage::Cancelled => return Err(PrescribingError::WrongStage),
    };
    step.finish("prescription.cancel", gone).await
}
