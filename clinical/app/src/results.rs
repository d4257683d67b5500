//! Orders to laboratory, radiology and pathology, and their results.
//!
//! A doctor orders; the department takes the specimen, writes values and verifies them; a clinician
//! reads them; the patient reads what is released. Nothing that was reported is written over. A
//! verified value is a fact of the chart in the same transaction, so that the next prescription is
//! judged by it.

mod catalogue;
mod critical;
mod facts;
mod incoming;
mod orders;
mod read;
mod reports;
mod seen;

use clinical_model::results::{LabTest, LoincCode, Order, OrderStepRefused, Unmatched};
use clinical_model::rights::{Both, LegalBasis, Processing};
use clinical_model::{AuditEntry, Micros, OrderId};
use clinical_store::orders::OrderWriteError;
use clinical_store::{Conn, StoreError};

use crate::{AccessDenied, Actor};

pub use catalogue::{CatalogueFileError, catalogue, read_catalogue};
pub use critical::escalate_due;
pub use incoming::{
    Answer, Candidate, Decided, Fits, LabInterface, OpenOrder, Queued, Whose, discard_unmatched,
    file_unmatched, list_unmatched, receive,
};
pub use orders::{OrderCommand, REASON_CHARS_MAX, cancel_order, collect, place_order, turn_down};
pub use read::{Full, Point, list_orders, list_results, read_order, read_result, series};
pub(crate) use read::{list_orders_in, list_results_in, one_in};
pub use reports::{ReportCommand, TypedValue, verify_report, write_report};
pub use seen::{ReadBack, mark_seen};

/// Why nothing was done with an order or a result.
#[derive(Debug, thiserror::Error)]
pub enum ResultsError {
    /// There is no such order or patient, or they may not know of it.
    #[error("no such order")]
    NotFound,
    /// Only who ordered it.
    #[error("only who ordered it may do that")]
    Forbidden,
    /// A value is not acceptable; which one.
    #[error("{0} is not acceptable")]
    Invalid(String),
    /// It is in another stage.
    #[error("the order is in another stage")]
    WrongStage(#[from] OrderStepRefused),
    /// There is nothing to read yet.
    #[error("there is no result yet")]
    NoResult,
    /// It has changed since it was read.
    #[error("the order has changed since it was read")]
    Changed,
    /// The order can not take what the laboratory sent.
    #[error("the order can not take it: {}", .0.as_str())]
    Unfiled(Unmatched),
    /// The catalogue of tests is broken.
    #[error("the catalogue of tests can not be used")]
    Catalogue,
    /// The store failed.
    #[error("the order could not be read or written")]
    Store(#[from] StoreError),
}

impl ResultsError {
    fn invalid(field: impl Into<String>) -> Self {
        Self::Invalid(field.into())
    }
}

impl From<AccessDenied> for ResultsError {
    fn from(error: AccessDenied) -> Self {
        match error {
            AccessDenied::NotFound => Self::NotFound,
            AccessDenied::Store(error) => Self::Store(error),
        }
    }
}

impl From<OrderWriteError> for ResultsError {
    fn from(error: OrderWriteError) -> Self {
        match error {
            OrderWriteError::Changed => Self::Changed,
            OrderWriteError::Store(error) => Self::Store(error),
        }
    }
}

/// The order, if the actor may see it and has read its newest version.
async fn at_version(
    conn: &mut Conn,
    actor: &Actor,
    (id, version): (OrderId, u32),
    now: Micros,
) -> Result<Order, ResultsError> {
    let found = clinical_store::orders::find(conn, &actor.viewer(now), id).await?;
    let found = found.ok_or(ResultsError::NotFound)?;
    if found.version == version {
        Ok(found)
    } else {
        Err(ResultsError::Changed)
    }
}

/// The test of a code that an order holds.
fn test_of(code: &LoincCode) -> Result<&'static LabTest, ResultsError> {
    let catalogue = catalogue().ok_or(ResultsError::Catalogue)?;
    catalogue.test(code).ok_or(ResultsError::Catalogue)
}

/// The audit entry of an act on an order.
fn entry(actor: &Actor, action: &'static str, it: &Order, now: Micros) -> AuditEntry {
    actor
        .did(action, now)
        .of_patient(it.patient)
        .about("order", it.id.as_uuid())
        .at_version(it.version)
}

/// What the register of processing says of this domain.
pub const PROCESSING: Processing = Processing {
    domain: "results",
    purpose: Both {
        fr: "Demander des examens, rendre et montrer leurs résultats, prévenir d’une valeur critique.",
        en: "Order tests, report and show their results, tell of a critical value.",
    },
    basis: LegalBasis::Care,
    categories: Both {
        fr: "Patients : examens demandés, valeurs, conclusions.",
        en: "Patients: ordered tests, values, conclusions.",
    },
    retention: Both {
        fr: "Comme le dossier : 20 ans après le dernier contact, jusqu’aux 28 ans de l’enfant au moins (Code de la santé publique, R1112-7).",
        en: "As the record: 20 years after the last contact, until a child’s 28th birthday at least (French public health code, R1112-7).",
    },
    recipients: Both {
        fr: "Le patient, une fois le résultat libéré ; le médecin qui demande, le laboratoire.",
        en: "The patient, once the result is released; the doctor who orders, the laboratory.",
    },
};
