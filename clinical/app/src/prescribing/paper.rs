//! Verifying a code on paper, by whoever holds the paper.

use clinical_model::prescribing::{Prescription, Stage};
use clinical_model::{AuditActor, AuditEntry, Micros};
use clinical_store::prescriptions;

use super::{Dispensary, PrescribingError};
use crate::{Clinic, Limited, Origin, Rate};

/// How often one address may ask: 20 at once, then one every three seconds. A code has 80 bits.
pub(super) const RATE: Rate = Rate {
    burst: 20,
    interval_us: 3 * Micros::SECOND,
};

/// What is said of a paper.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PaperState {
    /// It is genuine and something is left.
    Valid,
    /// All was handed out.
    Dispensed,
    /// Its time is over.
    Expired,
    /// Another one took its place.
    Replaced,
    /// The pharmacy sent it back, or the prescriber withdrew it.
    Stopped,
}

/// What a stranger who holds the paper is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VerifiedPaper {
    /// How it stands.
    pub state: PaperState,
    /// When it was signed.
    pub signed: Option<Micros>,
    /// Until when it may be dispensed.
    pub expires: Option<Micros>,
}

fn state(it: &Prescription, now: Micros) -> PaperState {
    match it.stage {
        Stage::Completed => PaperState::Dispensed,
        Stage::Replaced => PaperState::Replaced,
        Stage::Refused | Stage::Cancelled | Stage::Draft => PaperState::Stopped,
        Stage::Signed | Stage::Transmitted | Stage::DispensedPart => {
            if it.expires.is_none_or(|at| at <= now) {
                PaperState::Expired
            } else {
                PaperState::Valid
            }
        }
    }
}

/// Says how the prescription of a code stands; none when no paper of ours has it.
///
/// # Errors
/// Too many tries (the outer error), or [`PrescribingError::Store`].
pub async fn verify_code(
    clinic: &Clinic,
    dispensary: &Dispensary,
    from: Origin,
    code: &str,
) -> Result<Result<Option<VerifiedPaper>, PrescribingError>, Limited> {
    let now = clinic.clock.now();
    dispensary.asked.take(&from, now)?;
    Ok(look(clinic, code, now).await)
}

/// What is told of a prescription.
pub(super) fn paper_of(it: &Prescription, now: Micros) -> VerifiedPaper {
    VerifiedPaper {
        state: state(it, now),
        signed: it.signed,
        expires: it.expires,
    }
}

/// A code as it was made, from what somebody typed: letters and digits that look alike are one
/// (Crockford).
pub(super) fn typed(code: &str) -> String {
    code.chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|letter| match letter.to_ascii_uppercase() {
            'O' => '0',
            'I' | 'L' => '1',
            other => other,
        })
        .take(32)
        .collect()
}

async fn look(
    clinic: &Clinic,
    code: &str,
    now: Micros,
) -> Result<Option<VerifiedPaper>, PrescribingError> {
    let code = typed(code);
    let mut tx = clinic.db.look().await?;
    let Some(found) = prescriptions::by_code(&mut tx, &code).await? else {
        return Ok(None);
    };
    let entry = AuditEntry::done(AuditActor::Nobody, "prescription.verify_code", now)
        .within(found.tenant)
        .of_patient(found.patient)
        .about("prescription", found.id.as_uuid())
        .at_version(found.version);
    tx.commit(entry).await?;
    Ok(Some(paper_of(&found, now)))
}
