//! Prescriptions: written and signed by a doctor, handed out or sent back by a pharmacist.
//!
//! Each step screens the prescription against the chart of this moment; when the check does not
//! answer, nothing is signed or handed out.

mod chart;
mod checker;
mod document;
mod draft;
mod formulary;
mod import;
mod paper;
mod pharmacy;
mod plan;
mod read;
mod seal;
mod service;
mod shown;
mod sign;
mod step;

use clinical_model::prescribing::{Prescription, Stage, WrongStage};
use clinical_model::rights::{Both, LegalBasis, Processing};
use clinical_model::{AuditEntry, Micros, PrescriptionId};
use clinical_safety::{Chart, Draft, Screening};
use clinical_store::prescriptions::{self, PrescriptionWriteError};
use clinical_store::{Conn, StoreError};

use crate::{AccessDenied, Actor};

pub use checker::{CheckFailed, Checker};
pub use clinical_documents::Language as DocumentLanguage;
pub use clinical_store::prescriptions::RefusalTimes;
pub use document::{VerifiedDocument, document, verify_document};
pub use draft::{DraftCommand, LineCommand, change_draft, write_draft};
pub use formulary::{MEDICINES_MAX, medicine, search_medicines};
pub use import::{Because, ImportProblem, Imported, RefusedRow, read_table, use_import};
pub use paper::{PaperState, VerifiedPaper, verify_code};
pub use pharmacy::{OverrideCommand, dispense, mark_seen, refuse, sign_override};
pub(crate) use plan::facts_of_line;
pub use plan::{
    LineReminder, ReminderCommand, ShownPlan, own_plan, plan_of, put_reminder, reminders,
};
pub use read::{Today, Unseen, list, read, read_by_code, refusal_times, today, unseen_refusals};
pub(crate) use read::{list_in, read_in};
pub use seal::{Seal, SealKeyError};
pub use service::Dispensary;
pub use shown::{FactWords, Shown, with_facts, with_names};
pub use sign::{cancel, is_controlled, sign, transmit};

/// Why a step of a prescription was not taken.
#[derive(Debug, thiserror::Error)]
pub enum PrescribingError {
    /// There is no such prescription or patient, or they may not know of it.
    #[error("no such prescription")]
    NotFound,
    /// Only who wrote it.
    #[error("only the prescriber may do that")]
    Forbidden,
    /// A value is not acceptable; which one.
    #[error("{0} is not acceptable")]
    Invalid(&'static str),
    /// It is in another stage.
    #[error("the prescription is in another stage")]
    WrongStage,
    /// It, or the chart, has changed since it was read.
    #[error("the prescription has changed since it was read")]
    Changed,
    /// It may neither be signed nor handed out.
    #[error("contraindicated")]
    Contraindicated,
    /// A finding has no reason.
    #[error("a finding needs a reason")]
    NeedsReason,
    /// A controlled medicine needs the second factor.
    #[error("a controlled medicine needs the second factor")]
    StepUpNeeded,
    /// Two different doctors sign an override.
    #[error("another doctor must sign")]
    SameDoctor,
    /// More than is left.
    #[error("more than is left")]
    TooMuch,
    /// It has expired.
    #[error("the prescription has expired")]
    Expired,
    /// Something on it can not be printed.
    #[error("the prescription can not be printed")]
    Unprintable,
    /// The check did not answer.
    #[error("the safety check did not answer")]
    CheckFailed(#[from] CheckFailed),
    /// The store failed.
    #[error("the prescription could not be read or written")]
    Store(#[from] StoreError),
}

impl From<AccessDenied> for PrescribingError {
    fn from(error: AccessDenied) -> Self {
        match error {
            AccessDenied::NotFound => Self::NotFound,
            AccessDenied::Store(error) => Self::Store(error),
        }
    }
}

impl From<WrongStage> for PrescribingError {
    fn from(_: WrongStage) -> Self {
        Self::WrongStage
    }
}

impl From<PrescriptionWriteError> for PrescribingError {
    fn from(error: PrescriptionWriteError) -> Self {
        match error {
            PrescriptionWriteError::Changed => Self::Changed,
            PrescriptionWriteError::Store(error) => Self::Store(error),
        }
    }
}

/// The prescription, if the actor may see it and has read its newest version.
async fn at_version(
    conn: &mut Conn,
    actor: &Actor,
    (id, version): (PrescriptionId, u32),
    now: Micros,
) -> Result<Prescription, PrescribingError> {
    let found = prescriptions::find(conn, &actor.viewer(now), id).await?;
    let found = found.ok_or(PrescribingError::NotFound)?;
    if found.version == version {
        Ok(found)
    } else {
        Err(PrescribingError::Changed)
    }
}

/// What a version and stage were, for the guard of the store.
const fn guard(it: &Prescription) -> (u32, Stage) {
    (it.version, it.stage)
}

/// Checks a prescription against the chart of this moment.
async fn screen(
    conn: &mut Conn,
    checker: Checker,
    it: &Prescription,
    now: Micros,
) -> Result<Screening, PrescribingError> {
    let chart: Chart = chart::load(conn, it, now).await?;
    let lines = it.content.lines.iter().map(|line| line.line.clone());
    let draft = Draft::new(lines.collect());
    let draft = draft.or(Err(PrescribingError::Invalid("lines")))?;
    Ok(Screening::of(checker.run(&draft, &chart)?))
}

/// The audit entry of an act on a prescription.
fn entry(actor: &Actor, action: &'static str, it: &Prescription, now: Micros) -> AuditEntry {
    actor
        .did(action, now)
        .of_patient(it.patient)
        .about("prescription", it.id.as_uuid())
        .at_version(it.version)
}

/// What the register of processing says of this domain.
pub const PROCESSING: Processing = Processing {
    domain: "prescribing",
    purpose: Both {
        fr: "Prescrire, contrôler, délivrer.",
        en: "Prescribe, check, hand out.",
    },
    basis: LegalBasis::Care,
    categories: Both {
        fr: "Patients : médicaments, doses, motifs, alertes, délivrances.",
        en: "Patients: medicines, doses, reasons, findings, dispensing.",
    },
    retention: Both {
        fr: "Comme le dossier : 20 ans après le dernier contact, jusqu’aux 28 ans de l’enfant au moins (Code de la santé publique, R1112-7).",
        en: "As the record: 20 years after the last contact, until a child’s 28th birthday at least (French public health code, R1112-7).",
    },
    recipients: Both {
        fr: "Le patient, ses soignants, la pharmacie à qui l’ordonnance est transmise.",
        en: "The patient, who treats them, the pharmacy that the prescription was sent to.",
    },
};
