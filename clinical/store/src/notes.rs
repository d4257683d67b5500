//! Notes of visits. The schema refuses every change of a signed one.

use clinical_model::notes::{Note, NoteState, NoteText};
use clinical_model::{AppointmentId, Micros, NoteId, PatientId, UserId};
use uuid::Uuid;

use crate::statement::{execute, execute_one, fetch_one, fetch_optional};
use crate::tx::Conn;
use crate::{StoreError, Tx, keys};

/// Why a note was not written.
#[derive(Debug, thiserror::Error)]
pub enum NoteWriteError {
    /// Another hand saved or signed it since it was read.
    #[error("the note has changed since it was read")]
    Changed,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

#[derive(sqlx::FromRow)]
struct NoteRow {
    id: Uuid,
    appointment: Uuid,
    author: Uuid,
    patient: Uuid,
    body_sealed: Vec<u8>,
    state: String,
    version: i64,
    signed_us: Option<i64>,
}

const fn place(note: NoteId) -> (&'static str, &'static str, Uuid) {
    ("notes", "body_sealed", note.as_uuid())
}

async fn opened(conn: &mut Conn, row: NoteRow) -> Result<Option<Note>, StoreError> {
    let state = match (row.state.as_str(), row.signed_us) {
        ("draft", None) => NoteState::Draft,
        ("signed", Some(at)) => NoteState::Signed { at: Micros(at) },
        _ => return Err(StoreError::corrupt("notes.state", "no such state")),
    };
    let id = NoteId::from_uuid(row.id);
    let Some(key) = keys::patient_key(conn, PatientId::from_uuid(row.patient)).await? else {
        return Ok(None);
    };
    let text = keys::open(&key, place(id), &row.body_sealed)?;
    Ok(Some(Note {
        id,
        appointment: AppointmentId::from_uuid(row.appointment),
        author: UserId::from_uuid(row.author),
        text: NoteText::try_from(text.as_str())
            .map_err(|source| StoreError::corrupt("notes.body_sealed", source))?,
        state,
        version: u32::try_from(row.version)
            .map_err(|source| StoreError::corrupt("notes.version", source))?,
    }))
}

/// The key of the patient whom a visit is about.
async fn key_of_visit(
    conn: &mut Conn,
    appointment: AppointmentId,
) -> Result<clinical_vault::DataKey, StoreError> {
    let (patient,) = fetch_one!(
        conn,
        (Uuid,),
        "SELECT patient FROM appointments WHERE id = $1",
        appointment.as_uuid()
    )?;
    keys::living_patient_key(conn, PatientId::from_uuid(patient)).await
}

const fn stored_state(note: &Note) -> (&'static str, Option<i64>) {
    match note.state {
        NoteState::Draft => ("draft", None),
        NoteState::Signed { at } => ("signed", Some(at.0)),
    }
}

/// The note of a visit; none when the patient's record was erased.
///
/// # Errors
/// The store failed.
pub async fn note_of(
    conn: &mut Conn,
    appointment: AppointmentId,
) -> Result<Option<Note>, StoreError> {
    let row = fetch_optional!(
        conn,
        NoteRow,
        "SELECT n.id, n.appointment, n.author, a.patient, n.body_sealed, n.state, n.version,
                n.signed_us
         FROM notes n JOIN appointments a ON a.id = n.appointment WHERE n.appointment = $1",
        appointment.as_uuid()
    )?;
    match row {
        Some(row) => opened(conn, row).await,
        None => Ok(None),
    }
}

/// Writes the first version of a note.
///
/// # Errors
/// The visit has a note already, or the store failed.
pub async fn insert_note(tx: &mut Tx, note: &Note, now: Micros) -> Result<(), NoteWriteError> {
    let (state, signed_us) = stored_state(note);
    let key = key_of_visit(tx, note.appointment).await?;
    execute_one!(
        tx,
        "INSERT INTO notes (id, appointment, author, body_sealed, state, version, signed_us, saved_us)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        note.id.as_uuid(),
        note.appointment.as_uuid(),
        note.author.as_uuid(),
        keys::seal(&key, place(note.id), note.text.as_str())?,
        state,
        i64::from(note.version),
        signed_us,
        now.0
    )
    .map_err(|error| {
        if error.violates("notes_appointment_key", "notes.appointment") {
            NoteWriteError::Changed
        } else {
            NoteWriteError::Store(error)
        }
    })
}

/// Writes a note that was read as a draft at version `read`.
///
/// # Errors
/// It has changed since then, or the store failed.
pub async fn update_note(
    tx: &mut Tx,
    note: &Note,
    read: u32,
    now: Micros,
) -> Result<(), NoteWriteError> {
    let (state, signed_us) = stored_state(note);
    let key = key_of_visit(tx, note.appointment).await?;
    let touched = execute!(
        tx,
        "UPDATE notes SET body_sealed = $1, state = $2, version = $3, signed_us = $4, saved_us = $5
         WHERE id = $6 AND version = $7 AND state = 'draft'",
        keys::seal(&key, place(note.id), note.text.as_str())?,
        state,
        i64::from(note.version),
        signed_us,
        now.0,
        note.id.as_uuid(),
        i64::from(read)
    )?;
    if touched == 1 {
        Ok(())
    } else {
        Err(NoteWriteError::Changed)
    }
}

/// Tries to write over a note whatever its state.
///
/// # Errors
/// The schema refuses when it is signed, as it must.
#[cfg(feature = "testbed")]
pub async fn try_overwrite(tx: &mut Tx, appointment: AppointmentId) -> Result<u64, StoreError> {
    execute!(
        tx,
        "UPDATE notes SET version = 99 WHERE appointment = $1",
        appointment.as_uuid()
    )
}
