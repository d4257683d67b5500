//! Reading and writing records for other programs (FHIR): the same rights and the same audit as
//! everywhere.

mod views;
mod work;

use clinical_model::chart::{Entry, Kind};
use clinical_model::patients::Patient;
use clinical_model::rights::{Both, LegalBasis, Processing};
use clinical_model::{EntryId, Micros, PatientId, UserId};
use clinical_store::chart::{self, After, Filter, PAGE_MAX};
use clinical_store::{Conn, StoreError};

use crate::access::{Access, AccessDenied};
use crate::booking::AccessError;
use crate::prescribing::PrescribingError;
use crate::results::ResultsError;
use crate::triage::TriageError;
use crate::{Actor, Clinic};

pub use work::Work;

/// Most patients that one search looks through; who reaches more must search in the clinic's pages.
pub const PATIENTS_MAX: u32 = 2_000;
/// Most entries of one chart that one search looks through; more are refused rather than left out.
pub const ENTRIES_MAX: usize = 10_000;

/// Why nothing was read.
#[derive(Debug, thiserror::Error)]
pub enum ExchangeError {
    /// There is no such thing, or they may not know of it.
    #[error("no such thing")]
    NotFound,
    /// There is more than one answer can be made of.
    #[error("more than can be looked through")]
    TooMany,
    /// The store failed.
    #[error("the record could not be read")]
    Store(#[from] StoreError),
}

impl From<AccessDenied> for ExchangeError {
    fn from(error: AccessDenied) -> Self {
        match error {
            AccessDenied::NotFound => Self::NotFound,
            AccessDenied::Store(error) => Self::Store(error),
        }
    }
}

impl From<PrescribingError> for ExchangeError {
    fn from(error: PrescribingError) -> Self {
        match error {
            PrescribingError::Store(error) => Self::Store(error),
            // Reading fails for no other reason than these two.
            _ => Self::NotFound,
        }
    }
}

impl From<ResultsError> for ExchangeError {
    fn from(error: ResultsError) -> Self {
        match error {
            ResultsError::Store(error) => Self::Store(error),
            // Reading fails for no other reason than these two.
            _ => Self::NotFound,
        }
    }
}

impl From<TriageError> for ExchangeError {
    fn from(error: TriageError) -> Self {
        match error {
            TriageError::Store(error) => Self::Store(error),
            // Reading fails for no other reason than these two.
            _ => Self::NotFound,
        }
    }
}

impl From<AccessError> for ExchangeError {
    fn from(error: AccessError) -> Self {
        match error {
            AccessError::NotFound => Self::NotFound,
            AccessError::Store(error) => Self::Store(error),
        }
    }
}

/// An entry, and whether the patient wrote it.
#[derive(Debug, Clone)]
pub struct Written {
    /// The entry.
    pub entry: Entry,
    /// Whether its author is the patient it is about.
    pub by_patient: bool,
}

/// One patient.
///
/// # Errors
/// [`ExchangeError::NotFound`] and [`ExchangeError::Store`]
pub async fn read_patient(
    clinic: &Clinic,
    actor: &Actor,
    id: PatientId,
) -> Result<Patient, ExchangeError> {
    let mut work = Work::look(clinic, actor).await?;
    let patient = work.patient(id).await?;
    work.commit().await?;
    Ok(patient)
}

/// Every version of one entry, oldest first; there is at least one.
///
/// # Errors
/// [`ExchangeError::NotFound`] and [`ExchangeError::Store`]
pub async fn read_versions(
    clinic: &Clinic,
    actor: &Actor,
    id: EntryId,
) -> Result<Vec<Written>, ExchangeError> {
    let mut work = Work::look(clinic, actor).await?;
    let versions = work.versions(id).await?;
    work.commit().await?;
    Ok(versions)
}

async fn all_entries(
    conn: &mut Conn,
    access: &Access,
    kinds: &[Kind],
) -> Result<Vec<Entry>, ExchangeError> {
    let filter = Filter {
        kinds: kinds.to_vec(),
        code: None,
        from: Micros(i64::MIN),
        to: Micros(i64::MAX),
        with_errors: true,
        label_max: access.label_max()?,
    };
    let mut entries: Vec<Entry> = Vec::new();
    loop {
        let after = entries.last().map(|last| After {
            effective: last.effective,
            id: last.id,
        });
        let range = (after, PAGE_MAX);
        let page = chart::list(conn, access.viewer(), access.patient(), &filter, range).await?;
        let is_last = page.len() < usize::try_from(PAGE_MAX).unwrap_or(usize::MAX);
        entries.extend(page);
        if entries.len() > ENTRIES_MAX {
            return Err(ExchangeError::TooMany);
        }
        if is_last {
            return Ok(entries);
        }
    }
}

/// Finds out of each author once whether they are the patient.
pub(crate) async fn with_writers(
    conn: &mut Conn,
    entries: Vec<Entry>,
) -> Result<Vec<Written>, StoreError> {
    let mut known: Vec<(UserId, Option<PatientId>)> = Vec::new();
    let mut written = Vec::with_capacity(entries.len());
    for entry in entries {
        let seen = known.iter().find(|(author, _)| *author == entry.author);
        let record = if let Some((_, record)) = seen {
            *record
        } else {
            let account = clinical_store::identity::account(conn, entry.author).await?;
            let record = account.and_then(|it| it.patient);
            known.push((entry.author, record));
            record
        };
        let by_patient = record == Some(entry.patient);
        written.push(Written { entry, by_patient });
    }
    Ok(written)
}

/// What the register of processing says of this domain.
pub const PROCESSING: Processing = Processing {
    domain: "exchange",
    purpose: Both {
        fr: "Échanger le dossier avec un autre logiciel que le patient ou le soignant utilise (FHIR).",
        en: "Exchange the record with another program that the patient or the clinician uses (FHIR).",
    },
    basis: LegalBasis::Care,
    categories: Both {
        fr: "Patients : identité, maladies, allergies, médicaments, mesures, vaccins, actes, documents, notes, ordonnances, rendez-vous, examens et résultats.",
        en: "Patients: identity, conditions, allergies, medicines, measurements, vaccinations, procedures, documents, notes, prescriptions, appointments, orders and results.",
    },
    retention: Both {
        fr: "Ce qui est reçu est gardé comme le dossier.",
        en: "What is received is kept as the record.",
    },
    recipients: Both {
        fr: "Les mêmes personnes que dans les pages, avec les mêmes droits.",
        en: "The same people as in the pages, with the same rights.",
    },
};
