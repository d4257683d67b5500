//! A demo clinic: fictional people, hours, appointments, one finished visit with its note, charts.

mod cases;
mod charts;
mod people;
mod visits;

use clinical_model::booking::{HoursError, WordingError};
use clinical_model::notes::NoteRefusal;
use clinical_store::StoreError;
use clinical_store::booking::AppointmentWriteError;
use clinical_store::notes::NoteWriteError;

pub use people::{DEMO_ACCOUNTS, DEMO_PASSWORD, DEMO_ZONE, DemoAccount};

use crate::booking::{BookError, SlotsError};
use crate::identity::CreateUserError;
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
    visits::seed(desk, &people).await
}
