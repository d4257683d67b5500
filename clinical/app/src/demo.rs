//! A demo clinic: fictional people, hours, services with rooms, appointments, a finished visit with its
//! note, charts, results and prescriptions.

mod care;
mod cases;
mod charts;
mod offer;
mod people;
mod triage;
mod visits;

use clinical_model::booking::{HoursError, WordingError};
use clinical_model::notes::NoteRefusal;
use clinical_store::StoreError;
use clinical_store::booking::AppointmentWriteError;
use clinical_store::notes::NoteWriteError;

pub use people::{DEMO_ACCOUNTS, DEMO_PASSWORD, DEMO_ZONE, DemoAccount};

use crate::booking::{BookError, OfferError, SlotsError};
use crate::identity::CreateUserError;
use crate::prescribing::PrescribingError;
use crate::results::ResultsError;
use crate::{Desk, Passwords};

/// Why the demo clinic was not furnished.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// An account could not be made.
    #[error("an account of the demo clinic could not be made")]
    Account(#[from] CreateUserError),
    /// An account that was made is gone.
    #[error("an account of the demo clinic is missing")]
    Missing,
    /// Hours that are impossible.
    #[error("the hours of the demo clinic are impossible")]
    Hours(#[from] HoursError),
    /// Texts that are impossible.
    #[error("a text of the demo clinic is impossible")]
    Wording(#[from] WordingError),
    /// No slots of a demo doctor.
    #[error("the slots of the demo clinic could not be read")]
    Slots(#[from] SlotsError),
    /// An appointment was not booked.
    #[error("an appointment of the demo clinic could not be booked")]
    Book(#[from] BookError),
    /// The finished visit was not written.
    #[error("the finished visit of the demo clinic could not be written")]
    Visit(#[from] AppointmentWriteError),
    /// The note was not signed.
    #[error("the note of the demo clinic could not be signed")]
    Sign(#[from] NoteRefusal),
    /// The note was not written.
    #[error("the note of the demo clinic could not be written")]
    Note(#[from] NoteWriteError),
    /// A chart that is impossible.
    #[error("the chart of the demo clinic is impossible")]
    Chart(#[from] serde_json::Error),
    /// A service, a room or a plan was not written.
    #[error("what the demo clinic offers could not be written")]
    Offer(#[from] OfferError),
    /// An order or its result was not written.
    #[error("a result of the demo clinic could not be written")]
    Results(#[from] ResultsError),
    /// A prescription was not written.
    #[error("a prescription of the demo clinic could not be written")]
    Prescribing(#[from] PrescribingError),
    /// The store failed.
    #[error("the demo clinic could not be stored")]
    Store(#[from] StoreError),
}

/// Furnishes the demo clinic. What is there already stays as it is: run again, it only books new
/// appointments when those of these days have passed.
///
/// # Errors
/// [`DemoError`]; what was made before it stays.
pub async fn seed(desk: &Desk, passwords: &Passwords) -> Result<(), DemoError> {
    let people = people::seed(desk, passwords).await?;
    charts::seed(desk, &people).await?;
    cases::seed(desk, &people).await?;
    let services = offer::seed(desk, &people).await?;
    visits::seed(desk, &people, &services).await?;
    triage::seed(desk, &people).await?;
    care::seed(desk, &people).await
}
