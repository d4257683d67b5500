//! AI triage: interviews that end in a disposition, what clinicians say of it, and figures.
//!
//! The engine of `clinical-triage` computes; it may fail, and then the answer is "speak to a person". A
//! red flag that fired once stays, and a result is never below it.

mod act;
mod attach;
mod clinical;
mod engine;
mod figures;
mod hints;
mod interviews;
mod known;
mod person;
mod scores;
mod shown;
mod visitors;
mod words;

use std::path::PathBuf;
use std::sync::Arc;

use clinical_model::rights::{Both, LegalBasis, Processing};
use clinical_model::text::Phone;
use clinical_model::triage::{Disposition, FeedbackRefusal};
use clinical_model::{Micros, TenantId};
use clinical_store::triage::InterviewWriteError;
use clinical_store::{Conn, StoreError, tenants};

use crate::access::AccessDenied;
use crate::booking::BookError;
use crate::notes::NoteError;
use crate::ports::LanguageModel;
use crate::{Limited, Limiter, Origin, Rate};

pub use act::{Act, NumberRange};
pub use attach::{attach, see_on_call};
pub use clinical::{Clinical, FeedbackCommand, clinical, give_feedback, of_appointment, take_over};
pub(crate) use engine::shipped as shipped_engine;
pub use figures::{
    Answered, Evaluated, EvaluatedShare, Figures, Miss, Month, ReportFile, evaluation, figures,
    put_settings, read_settings,
};
pub use interviews::{BeginCommand, act, act_reading, begin, list, read};
pub(crate) use interviews::{list_in, read_in};
pub(crate) use person::person;
pub use scores::Score;
pub use shown::{Cited, Shown, ShownAnswer, ShownFlag, ShownGuess, ShownQuestion, ShownResult};
pub use visitors::{
    Opened, VISITOR_LIFE_US, VisitorCommand, VisitorSecret, act_as_visitor, begin_as_visitor,
    claim, forget_visitor, read_as_visitor,
};

/// Interviews begun from one address: a school or a hospital may be behind it.
const BEGIN: Rate = Rate {
    burst: 30,
    interval_us: 20 * Micros::SECOND,
};
/// Acts of visitors from one address: each makes the engine work for some milliseconds.
const ACTS: Rate = Rate {
    burst: 240,
    interval_us: Micros::SECOND / 2,
};

/// What triage works with; one per process. Clones are the same.
#[derive(Debug, Clone)]
pub struct Triage(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    begin: Limiter<Origin>,
    acts: Limiter<Origin>,
    report: Option<PathBuf>,
    model: Option<Arc<dyn LanguageModel>>,
}

impl Triage {
    /// Prepares triage; the last report of an evaluation is read from `report`, when there is one.
    #[must_use]
    pub fn new(report: Option<PathBuf>) -> Self {
        Self::reading_with(report, None)
    }

    /// As [`Triage::new`], with a model that may read what fixed rules did not understand. Who gives one has
    /// decided that health data may be sent to it.
    #[must_use]
    pub fn reading_with(report: Option<PathBuf>, model: Option<Arc<dyn LanguageModel>>) -> Self {
        Self(Arc::new(Inner {
            begin: Limiter::new(BEGIN),
            acts: Limiter::new(ACTS),
            report,
            model,
        }))
    }

    /// Whether what people write may be sent to a model of others.
    #[must_use]
    pub fn reads_outside(&self) -> bool {
        self.0.model.is_some()
    }

    fn model(&self) -> Option<&dyn LanguageModel> {
        self.0.model.as_deref()
    }

    /// Loads the engine, which otherwise happens with the first question. False when it cannot be used:
    /// every interview then ends at a person.
    #[must_use]
    pub fn warm(&self) -> bool {
        engine::shipped().is_some()
    }
}

/// The numbers to call in a facility's country.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Numbers {
    /// Works for everything.
    pub general: &'static str,
    /// The ambulance or medical service.
    pub ambulance: &'static str,
    /// The clinic, where it has told its number.
    pub clinic: Option<Phone>,
}

/// Why nothing was done with an interview.
#[derive(Debug, thiserror::Error)]
pub enum TriageError {
    /// There is no such interview, patient or appointment, or they may not know of it.
    #[error("no such interview")]
    NotFound,
    /// Not for them.
    #[error("this is not allowed to this person")]
    Forbidden,
    /// A value is not acceptable; which one.
    #[error("{0} is not acceptable")]
    Invalid(&'static str),
    /// Its state does not take that.
    #[error("the interview is in another state")]
    WrongState,
    /// It has changed since it was read.
    #[error("the interview has changed since it was read")]
    Changed,
    /// Too many tries.
    #[error(transparent)]
    Limited(#[from] Limited),
    /// The report of the evaluation is no report.
    #[error("the report of the evaluation cannot be read")]
    Report(#[source] Box<dyn core::error::Error + Send + Sync>),
    /// The store failed.
    #[error("the interview could not be read or written")]
    Store(#[from] StoreError),
}

impl From<AccessDenied> for TriageError {
    fn from(error: AccessDenied) -> Self {
        match error {
            AccessDenied::NotFound => Self::NotFound,
            AccessDenied::Store(error) => Self::Store(error),
        }
    }
}

impl From<InterviewWriteError> for TriageError {
    fn from(error: InterviewWriteError) -> Self {
        match error {
            InterviewWriteError::Changed => Self::Changed,
            InterviewWriteError::Store(error) => Self::Store(error),
        }
    }
}

impl From<FeedbackRefusal> for TriageError {
    fn from(refusal: FeedbackRefusal) -> Self {
        match refusal {
            FeedbackRefusal::Reason => Self::Invalid("reason"),
            FeedbackRefusal::Disposition => Self::Invalid("disposition"),
        }
    }
}

impl From<NoteError> for TriageError {
    fn from(error: NoteError) -> Self {
        match error {
            NoteError::NotFound => Self::NotFound,
            NoteError::NoVisit | NoteError::AlreadySigned | NoteError::Empty => Self::WrongState,
            NoteError::Changed => Self::Changed,
            NoteError::Store(error) => Self::Store(error),
        }
    }
}

impl From<BookError> for TriageError {
    fn from(error: BookError) -> Self {
        match error {
            BookError::Forbidden => Self::Forbidden,
            BookError::NoPatient => Self::NotFound,
            BookError::NoDoctor
            | BookError::NoSlot
            | BookError::SlotTaken
            | BookError::OwnOverlap
            | BookError::NoHold
            | BookError::Written(_) => Self::WrongState,
            BookError::Store(error) => Self::Store(error),
        }
    }
}

/// The facility that visitors without an account come to: the installation's first.
pub(crate) async fn first_facility(conn: &mut Conn) -> Result<tenants::Tenant, TriageError> {
    let all = tenants::list(conn).await?;
    let mut real = all.into_iter().filter(|it| it.id != TenantId::INSTALLATION);
    real.next().ok_or(TriageError::NotFound)
}

/// The emergency numbers of a facility, 112 where they are unknown, and its own.
pub(crate) async fn numbers_of(conn: &mut Conn, tenant: TenantId) -> Result<Numbers, StoreError> {
    let country = tenants::find(conn, tenant).await?.map(|it| it.country);
    let settings = clinical_store::triage::settings(conn, tenant).await?;
    Ok(numbers(&country.unwrap_or_default(), settings.phone))
}

fn numbers(country: &str, clinic: Option<Phone>) -> Numbers {
    let found = clinical_redflags::flags::emergency_numbers(country);
    Numbers {
        general: found.general,
        ambulance: found.ambulance,
        clinic,
    }
}

/// The numbers to call, for everybody.
///
/// # Errors
/// [`TriageError::Store`]; there is no facility.
pub async fn public_numbers(clinic: &crate::Clinic) -> Result<Numbers, TriageError> {
    let mut conn = clinic.db.read().await?;
    let facility = first_facility(&mut conn).await?;
    Ok(numbers_of(&mut conn, facility.id).await?)
}

/// Whether a result asks for a doctor at once or today.
const fn is_pressing(disposition: Disposition) -> bool {
    matches!(disposition, Disposition::Emergency | Disposition::Urgent)
}

/// What the register of processing says of this domain.
pub const PROCESSING: Processing = Processing {
    domain: "triage",
    purpose: Both {
        fr: "Orienter une personne malade vers le bon soin par un entretien guidé, préparer la consultation, et mesurer la qualité de l’orientation. Aucune décision n’est automatique : un soignant accepte, corrige ou rejette. Si l’établissement l’a permis, ce que les règles ne comprennent pas est lu par un modèle de langue extérieur, sans nom ni numéro ; il ne fait que poser des questions.",
        en: "Lead an ill person to the right care by a guided interview, prepare the visit, and measure how good the guidance is. Nothing is decided by itself: a clinician accepts, corrects or rejects. Where the facility has allowed it, what the rules do not understand is read by a language model of others, without name or number; it only asks questions.",
    },
    basis: LegalBasis::Care,
    categories: Both {
        fr: "Patients et visiteurs : plainte, réponses, âge, sexe, grossesse, mesures et antécédents du dossier, orientation, hypothèses ; avis des soignants.",
        en: "Patients and visitors: complaint, answers, age, sex, pregnancy, measurements and history of the record, disposition, hypotheses; what clinicians say of them.",
    },
    retention: Both {
        fr: "Patients : comme le dossier, effacé avec la clé du patient. Visiteurs sans compte : 24 heures.",
        en: "Patients: as the record, erased with the patient’s key. Visitors without an account: 24 hours.",
    },
    recipients: Both {
        fr: "Le patient, ceux qui agissent pour lui, ses soignants ; l’administration, des nombres sans nom ; le fournisseur du modèle, si l’établissement l’a permis.",
        en: "The patient, those who act for them, who treats them; administrators, numbers without names; the provider of the model, where the facility has allowed it.",
    },
};
