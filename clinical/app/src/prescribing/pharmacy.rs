//! What happens at the pharmacy, and what doctors answer.

use clinical_model::notify::MessageKind;
use clinical_model::prescribing::{
    Blocked, Dispensable, DispenseRefusal, Fill, Fillable, Override, OverrideRefusal, Prescription,
    Refusal, RefusalReason, Refused, Stage,
};
use clinical_model::text::Prose;
use clinical_model::{PrescriptionId, Role};
use clinical_store::prescriptions;

use super::step::Step;
use super::{Checker, PrescribingError, screen};
use crate::notify::{Addressee, Notice, tell};
use crate::threads::talk_about_refusal;
use crate::{Actor, Clinic};

/// Hands out units, after a screening against the chart of this moment.
///
/// # Errors
/// [`PrescribingError`]
pub async fn dispense(
    clinic: &Clinic,
    checker: Checker,
    actor: &Actor,
    place: (PrescriptionId, u32),
    fills: &[Fill],
) -> Result<Prescription, PrescribingError> {
    let (mut step, old) = Step::begin(clinic, actor, place).await?;
    let now = step.now;
    let open = Fillable::try_from(old.clone())?;
    let today = screen(&mut step.tx, checker, &old, now).await?;
    let proof = match Dispensable::of(&today, &old) {
        Ok(proof) => proof,
        Err(blocked) => {
            step.refused("prescription.dispense", &old).await?;
            return Err(match blocked {
                Blocked::Contraindicated => PrescribingError::Contraindicated,
                Blocked::Unaccepted => PrescribingError::NeedsReason,
            });
        }
    };
    let given = open
        .dispense(proof, fills, now)
        .map_err(|error| match error {
            DispenseRefusal::Expired => PrescribingError::Expired,
            DispenseRefusal::Lines => PrescribingError::Invalid("items"),
            DispenseRefusal::TooMuch => PrescribingError::TooMuch,
        })?;
    let act = (clinic.entropy.uuid(now), actor.user, now);
    let read = step.read();
    prescriptions::dispense(&mut step.tx, &given, read, fills, act).await?;
    step.commit("prescription.dispense", given).await
}

/// Sends a prescription back. Its doctor is told in the same transaction, and a thread between the two
/// begins with the words of the refusal.
///
/// # Errors
/// [`PrescribingError`]
pub async fn refuse(
    clinic: &Clinic,
    actor: &Actor,
    place: (PrescriptionId, u32),
    (reason, text): (RefusalReason, Prose),
) -> Result<Prescription, PrescribingError> {
    let (mut step, old) = Step::begin(clinic, actor, place).await?;
    let now = step.now;
    let refusal = Refusal {
        reason,
        text: text.clone(),
        by: actor.user,
        at: now.0,
    };
    let back = Fillable::try_from(old)?.refuse(refusal).into_inner();
    step.put(&back).await?;
    let notice = Notice {
        version: i64::from(back.version),
        ..Notice::now(
            (MessageKind::PrescriptionRefused, back.tenant),
            Addressee::Account(back.prescriber),
            back.id.as_uuid(),
            now,
            "/prescriptions",
        )
    };
    tell(&mut step.tx, clinic, &notice, now).await?;
    talk_about_refusal(&mut step.tx, (clinic, actor), (&back, &text), now).await?;
    step.commit("prescription.refuse", back).await
}

/// The prescriber has seen the refusal.
///
/// # Errors
/// [`PrescribingError`]
pub async fn mark_seen(
    clinic: &Clinic,
    actor: &Actor,
    place: (PrescriptionId, u32),
) -> Result<Prescription, PrescribingError> {
    let (step, old) = Step::own(clinic, actor, place).await?;
    let mut seen = Refused::try_from(old)?.into_inner();
    seen.seen = seen.seen.or(Some(step.now));
    seen.version = seen.version.saturating_add(1);
    step.finish("prescription.seen", seen).await
}

/// A doctor's signature against a refusal.
#[derive(Debug, Clone)]
pub struct OverrideCommand {
    /// The coded reason.
    pub code: String,
    /// In words.
    pub text: Prose,
}

/// Signs against a refusal. Two different doctors must; a contraindication stays.
///
/// # Errors
/// [`PrescribingError`]
pub async fn sign_override(
    clinic: &Clinic,
    checker: Checker,
    actor: &Actor,
    place: (PrescriptionId, u32),
    command: OverrideCommand,
) -> Result<Prescription, PrescribingError> {
    if actor.role != Role::Doctor {
        return Err(PrescribingError::Forbidden);
    }
    if command.code.trim().is_empty() || command.code.len() > 64 {
        return Err(PrescribingError::Invalid("code"));
    }
    let (mut step, old) = Step::begin(clinic, actor, place).await?;
    let now = step.now;
    let today = screen(&mut step.tx, checker, &old, now).await?;
    let refused_at = old.refused.ok_or(PrescribingError::WrongStage)?;
    let signature = Override {
        doctor: actor.user,
        rules: Vec::new(),
        code: command.code,
        text: command.text,
        at: now.0,
    };
    let signed = Refused::try_from(old)?
        .sign_override(&today, signature)
        .map_err(|error| match error {
            OverrideRefusal::Contraindicated => PrescribingError::Contraindicated,
            OverrideRefusal::SameDoctor => PrescribingError::SameDoctor,
        })?;
    step.put(&signed).await?;
    let round = (signed.id, refused_at);
    let doctors = prescriptions::insert_override(&mut step.tx, round, (actor.user, now)).await?;
    // The table counts for itself: one signature never opens the way, whatever the sealed text says.
    if signed.stage != Stage::Refused && doctors < 2 {
        return Err(PrescribingError::SameDoctor);
    }
    step.commit("prescription.override", signed).await
}
