//! The doctor's note of a visit, and the patient's summary.

use clinical_model::booking::{Appointment, AppointmentStage};
use clinical_model::notes::{Note, NoteRefusal, NoteState, NoteText};
use clinical_model::rights::{Both, LegalBasis, Processing};
use clinical_model::{AppointmentId, AuditEntry, Micros, NoteId};
use clinical_store::booking::AppointmentRecord;
use clinical_store::notes::NoteWriteError;
use clinical_store::{Conn, StoreError};
use signaling_protocol::{ChatMessage, TextError};

use crate::booking::{AccessError, is_doctor_of, own};
use crate::visits::chat_message;
use crate::{Actor, Desk};

/// Messages in a summary: more than anybody writes in a visit.
const SUMMARY_CHAT_MAX: u32 = 1_000;

/// Why a note was not shown, saved or signed.
#[derive(Debug, thiserror::Error)]
pub enum NoteError {
    /// There is no such appointment, or another doctor has it.
    #[error("no such appointment")]
    NotFound,
    /// The visit was cancelled, or its waiting room has not opened yet.
    #[error("there is no visit to write about")]
    NoVisit,
    /// Another hand saved it since it was read.
    #[error("the note has changed since it was read")]
    Changed,
    /// It is signed: it does not change any more.
    #[error("a signed note does not change")]
    AlreadySigned,
    /// There is nothing to sign.
    #[error("an empty note cannot be signed")]
    Empty,
    /// The store failed.
    #[error("the note could not be read or written")]
    Store(#[from] StoreError),
}

impl From<NoteRefusal> for NoteError {
    fn from(refusal: NoteRefusal) -> Self {
        match refusal {
            NoteRefusal::AlreadySigned => Self::AlreadySigned,
            NoteRefusal::Changed { .. } => Self::Changed,
            NoteRefusal::Empty => Self::Empty,
        }
    }
}

impl From<NoteWriteError> for NoteError {
    fn from(error: NoteWriteError) -> Self {
        match error {
            NoteWriteError::Changed => Self::Changed,
            NoteWriteError::Store(error) => Self::Store(error),
        }
    }
}

async fn own_as_doctor(
    conn: &mut Conn,
    actor: &Actor,
    id: AppointmentId,
) -> Result<AppointmentRecord, NoteError> {
    clinical_store::booking::find(conn, id)
        .await?
        .filter(|record| is_doctor_of(actor, record))
        .ok_or(NoteError::NotFound)
}

/// The note of an own visit; none before it was first saved.
///
/// # Errors
/// [`NoteError::NotFound`] and [`NoteError::Store`]
pub async fn note(
    desk: &Desk,
    actor: &Actor,
    id: AppointmentId,
) -> Result<Option<Note>, NoteError> {
    let mut tx = desk.db().look().await?;
    let visit = own_as_doctor(&mut tx, actor, id).await?.appointment;
    let note = clinical_store::notes::note_of(&mut tx, id).await?;
    tx.commit(entry(actor, "notes.read", &visit, desk.now()))
        .await?;
    Ok(note)
}

/// Saves the draft over version `read`, 0 for a new note.
///
/// # Errors
/// [`NoteError`], but for [`NoteError::Empty`]
pub async fn save_note(
    desk: &Desk,
    actor: &Actor,
    id: AppointmentId,
    (text, read): (NoteText, u32),
) -> Result<Note, NoteError> {
    let now = desk.now();
    let mut tx = desk.db().begin().await?;
    let record = own_as_doctor(&mut tx, actor, id).await?;
    if record.appointment.state.stage() == AppointmentStage::Cancelled {
        return Err(NoteError::NoVisit);
    }
    let note = match clinical_store::notes::note_of(&mut tx, id).await? {
        Some(stored) => {
            let note = stored.edit(read, text)?;
            clinical_store::notes::update_note(&mut tx, &note, read, now).await?;
            note
        }
        None if read == 0 => {
            let note = Note::first(NoteId::from_uuid(desk.id(now)), id, actor.user, text);
            clinical_store::notes::insert_note(&mut tx, &note, now).await?;
            note
        }
        None => return Err(NoteError::Changed),
    };
    tx.commit(entry(actor, "notes.save", &record.appointment, now))
        .await?;
    Ok(note)
}

/// Signs version `read` as it was saved. From then on nobody can change it.
///
/// # Errors
/// [`NoteError`]
pub async fn sign_note(
    desk: &Desk,
    actor: &Actor,
    id: AppointmentId,
    read: u32,
) -> Result<Note, NoteError> {
    let now = desk.now();
    let mut tx = desk.db().begin().await?;
    let appointment = own_as_doctor(&mut tx, actor, id).await?.appointment;
    let cancelled = appointment.state.stage() == AppointmentStage::Cancelled;
    if cancelled || now < appointment.opens_at() {
        return Err(NoteError::NoVisit);
    }
    let stored = clinical_store::notes::note_of(&mut tx, id).await?;
    let note = match stored {
        Some(stored) => stored.sign(read, now)?,
        // Only what was saved, and so can be read again, is signed.
        None if read == 0 => return Err(NoteError::Empty),
        None => return Err(NoteError::Changed),
    };
    clinical_store::notes::update_note(&mut tx, &note, read, now).await?;
    // What was said is kept for this note alone.
    clinical_store::captions::delete_lines(&mut tx, id).await?;
    tx.commit(entry(actor, "notes.sign", &appointment, now))
        .await?;
    Ok(note)
}

/// What the patient takes home.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// The appointment.
    pub record: AppointmentRecord,
    /// The note, once it is signed.
    pub note: Option<Note>,
    /// What was written during the visit, in order.
    pub chat: Vec<ChatMessage>,
}

/// Why no summary was shown.
#[derive(Debug, thiserror::Error)]
pub enum SummaryError {
    /// There is no such appointment, or it is not theirs.
    #[error("no such appointment")]
    NotFound,
    /// A stored text that cannot be shown.
    #[error("a stored message cannot be shown")]
    Text(#[from] TextError),
    /// The store failed.
    #[error("the summary could not be read")]
    Store(#[from] StoreError),
}

impl From<AccessError> for SummaryError {
    fn from(error: AccessError) -> Self {
        match error {
            AccessError::NotFound => Self::NotFound,
            AccessError::Store(error) => Self::Store(error),
        }
    }
}

/// The summary of a visit, for its patient and its doctor. A note that is not signed is not in it.
///
/// # Errors
/// [`SummaryError`]
pub async fn summary(
    desk: &Desk,
    actor: &Actor,
    id: AppointmentId,
) -> Result<Summary, SummaryError> {
    let mut tx = desk.db().look().await?;
    let record = own(&mut tx, actor, id).await?;
    let note = clinical_store::notes::note_of(&mut tx, id)
        .await?
        .filter(|note| matches!(note.state, NoteState::Signed { .. }));
    let chat = clinical_store::chat::latest(&mut tx, record.appointment.room, SUMMARY_CHAT_MAX)
        .await?
        .into_iter()
        .map(chat_message)
        .collect::<Result<_, _>>()?;
    tx.commit(entry(
        actor,
        "notes.summary",
        &record.appointment,
        desk.now(),
    ))
    .await?;
    Ok(Summary { record, note, chat })
}

fn entry(actor: &Actor, action: &'static str, visit: &Appointment, now: Micros) -> AuditEntry {
    actor
        .did(action, now)
        .of_visit(visit)
        .under("own_appointment")
}

/// What the register of processing says of this domain.
pub const PROCESSING: Processing = Processing {
    domain: "notes",
    purpose: Both {
        fr: "Écrire et signer le compte rendu d’une consultation.",
        en: "Write and sign the note of a visit.",
    },
    basis: LegalBasis::Care,
    categories: Both {
        fr: "Patients : ce que le médecin constate et conseille.",
        en: "Patients: what the doctor finds and advises.",
    },
    retention: Both {
        fr: "Comme le dossier : 20 ans après le dernier contact, jusqu’aux 28 ans de l’enfant au moins (Code de la santé publique, R1112-7).",
        en: "As the record: 20 years after the last contact, until a child’s 28th birthday at least (French public health code, R1112-7).",
    },
    recipients: Both {
        fr: "Le médecin ; le patient, une fois la note signée.",
        en: "The doctor; the patient, once the note is signed.",
    },
};
