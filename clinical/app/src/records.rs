//! Patients and their charts: registering, searching, merging; facts that are written and amended.
//!
//! Every use case about a patient begins with [`Access::to`]; what an actor does not see is not
//! found. Facts are never overwritten: an amendment is a new version.

mod documents;
mod drafts;
mod facts;
mod family;
mod index;
mod merge;
mod overview;
mod patients;
mod search;
mod series;
mod shown;
mod timeline;

use clinical_model::access::Grant;
use clinical_model::chart::check::FactRefusal;
use clinical_model::chart::duty::may_write;
use clinical_model::chart::family::AnswerRefusal;
use clinical_model::chart::files::FileRefusal;
use clinical_model::chart::{AmendRefusal, Kind};
use clinical_model::patients::{Patient, PatientState};
use clinical_model::rights::{Both, LegalBasis, Processing};
use clinical_model::{Micros, PatientId, Role};
use clinical_store::chart::EntryWriteError;
use clinical_store::drafts::DraftWriteError;
use clinical_store::patients::PatientWriteError;
use clinical_store::{Conn, StoreError};

use crate::{Access, AccessDenied, Actor};

pub use clinical_finder::Why;
pub use clinical_store::drafts::Draft;
pub use clinical_store::timeline::Visit;
pub use documents::{UploadCommand, documents, download, may_upload, upload};
pub use drafts::{DRAFT_CHARS_MAX, discard_draft, draft, save_draft};
pub use facts::{
    AmendCommand, FactCommand, add_fact, amend_fact, enter_fact_in_error, fact, set_tags, versions,
};
pub(crate) use facts::{add_in, amend_in, in_error_in};
pub use family::{FamilyAnswer, interview};
pub use index::Index;
pub use merge::{merge, unmerge};
pub(crate) use overview::medicines_in_chart;
pub use overview::{Overview, Trend, overview};
pub use patients::{
    Candidate, PATIENT_RELATION_US, Registration, Seen, change_patient, parse_phone, patient,
    register,
};
pub(crate) use patients::{change_in, read_phone, register_in};
pub use search::{Found, PATIENTS_PAGE_MAX, search};
pub use series::{Point, Series, series};
pub use shown::Shown;
pub use timeline::{Item, Page, TIMELINE_PAGE_MAX, TimelineQuery, timeline};

/// Why something of a record was not shown or written.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// There is no such patient, entry or document, or they may not know of it.
    #[error("no such thing")]
    NotFound,
    /// They see it and may not write it.
    #[error("this right does not write that")]
    Forbidden,
    /// A value is not acceptable; which one.
    #[error("{0} is not acceptable")]
    Invalid(&'static str),
    /// It has changed since it was read.
    #[error("it has changed since it was read")]
    Changed,
    /// It is in a state in which this cannot be done; what stands in the way.
    #[error("{0} stands in the way")]
    WrongState(&'static str),
    /// These may be the same person.
    #[error("somebody like that is registered")]
    Duplicate(Vec<Candidate>),
    /// The file is not taken.
    #[error("the file is not taken")]
    File(#[from] FileRefusal),
    /// The store failed.
    #[error("the record could not be read or written")]
    Store(#[from] StoreError),
}

impl From<AccessDenied> for RecordError {
    fn from(error: AccessDenied) -> Self {
        match error {
            AccessDenied::NotFound => Self::NotFound,
            AccessDenied::Store(error) => Self::Store(error),
        }
    }
}

impl From<FactRefusal> for RecordError {
    fn from(refusal: FactRefusal) -> Self {
        Self::Invalid(refusal.field)
    }
}

impl From<AmendRefusal> for RecordError {
    fn from(refusal: AmendRefusal) -> Self {
        match refusal {
            AmendRefusal::Changed { .. } => Self::Changed,
            AmendRefusal::Kind => Self::Invalid("fact.kind"),
            AmendRefusal::InError => Self::WrongState("status"),
        }
    }
}

impl From<AnswerRefusal> for RecordError {
    fn from(_: AnswerRefusal) -> Self {
        Self::Invalid("answers")
    }
}

impl From<EntryWriteError> for RecordError {
    fn from(error: EntryWriteError) -> Self {
        match error {
            EntryWriteError::Changed => Self::Changed,
            EntryWriteError::Store(error) => Self::Store(error),
        }
    }
}

impl From<PatientWriteError> for RecordError {
    fn from(error: PatientWriteError) -> Self {
        match error {
            PatientWriteError::Changed => Self::Changed,
            PatientWriteError::Store(error) => Self::Store(error),
        }
    }
}

impl From<DraftWriteError> for RecordError {
    fn from(error: DraftWriteError) -> Self {
        match error {
            DraftWriteError::Changed => Self::Changed,
            DraftWriteError::Store(error) => Self::Store(error),
        }
    }
}

/// As whom somebody writes: in their own record, and for whom they act, a clinician is a patient too.
const fn writes_as(access: &Access, role: Role) -> Role {
    match access.grant() {
        Grant::OwnRecord | Grant::Proxy => Role::Patient,
        Grant::CareRelation
        | Grant::AppointmentWindow
        | Grant::Duty
        | Grant::Consent
        | Grant::BreakGlass => role,
    }
}

/// The kinds that the actor may write under this right.
async fn writable(
    conn: &mut Conn,
    actor: &Actor,
    access: &Access,
) -> Result<Vec<Kind>, StoreError> {
    let role = writes_as(access, actor.role);
    let is_own = matches!(access.grant(), Grant::OwnRecord | Grant::Proxy);
    let patient = access.patient();
    if is_own && !clinical_store::access::may_act(conn, access.viewer(), patient).await? {
        return Ok(Vec::new());
    }
    Ok(clinical_model::chart::duty::kinds_of(role))
}

/// The right under which the actor writes an entry of this kind, and the patient, whose record is in use.
async fn writer(
    conn: &mut Conn,
    actor: &Actor,
    (patient, kind): (PatientId, Kind),
    now: Micros,
) -> Result<(Access, Patient), RecordError> {
    let access = Access::to(conn, actor, patient, now).await?;
    access.label_max()?;
    let role = writes_as(&access, actor.role);
    if !may_write(role, kind) || !writable(conn, actor, &access).await?.contains(&kind) {
        return Err(RecordError::Forbidden);
    }
    let found = clinical_store::patients::find(conn, access.viewer(), patient).await?;
    let found = found.ok_or(RecordError::NotFound)?;
    match found.state {
        PatientState::Active => Ok((access, found)),
        PatientState::Merged { .. } | PatientState::Erased => {
            Err(RecordError::WrongState("patient"))
        }
    }
}

/// A record and those that were merged into it: one person.
async fn records_of(conn: &mut Conn, patient: PatientId) -> Result<Vec<PatientId>, StoreError> {
    let mut records = vec![patient];
    records.extend(clinical_store::merges::losers_of(conn, patient).await?);
    Ok(records)
}

/// What the register of processing says of this domain.
pub const PROCESSING: Processing = Processing {
    domain: "records",
    purpose: Both {
        fr: "Tenir le dossier : patients, faits, documents, historique.",
        en: "Keep the record: patients, facts, documents, history.",
    },
    basis: LegalBasis::Care,
    categories: Both {
        fr: "Patients : identité, maladies, allergies, médicaments, mesures, vaccins, actes, famille, documents, notes.",
        en: "Patients: identity, conditions, allergies, medicines, measurements, vaccinations, procedures, family, documents, notes.",
    },
    retention: Both {
        fr: "Comme le dossier : 20 ans après le dernier contact, jusqu’aux 28 ans de l’enfant au moins (Code de la santé publique, R1112-7).",
        en: "As the record: 20 years after the last contact, until a child’s 28th birthday at least (French public health code, R1112-7).",
    },
    recipients: Both {
        fr: "Le patient, ceux qui agissent pour lui, ses soignants.",
        en: "The patient, those who act for them, who treats them.",
    },
};
