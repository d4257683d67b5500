//! What was said in visits with captions, kept for the note alone, and who agreed.

use clinical_model::captions::{SaidLine, Speaker};
use clinical_model::{AppointmentId, Micros, PatientId, Phi, SaidLineId, TenantId};
use uuid::Uuid;

use crate::recordings::Answer;
use crate::statement::{execute, execute_one, fetch_all, fetch_one};
use crate::{Conn, StoreError, Tx, keys};

#[derive(sqlx::FromRow)]
struct LineRow {
    id: Uuid,
    tenant: Uuid,
    patient: Uuid,
    at_us: i64,
    speaker: String,
    name_sealed: Vec<u8>,
    text_sealed: Vec<u8>,
}

const fn name_place(id: Uuid) -> (&'static str, &'static str, Uuid) {
    ("said_lines", "name_sealed", id)
}

const fn text_place(id: Uuid) -> (&'static str, &'static str, Uuid) {
    ("said_lines", "text_sealed", id)
}

/// Keeps a line.
///
/// # Errors
/// The record was erased, or the store failed.
pub async fn insert_line(tx: &mut Tx, it: &SaidLine) -> Result<(), StoreError> {
    let key = keys::living_patient_key(tx, it.patient).await?;
    let id = it.id.as_uuid();
    execute_one!(
        tx,
        "INSERT INTO said_lines
             (id, tenant, patient, appointment, at_us, speaker, name_sealed, text_sealed, expires_us)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        id,
        it.tenant.as_uuid(),
        it.patient.as_uuid(),
        it.appointment.as_uuid(),
        it.at.0,
        it.speaker.as_str(),
        keys::seal(&key, name_place(id), it.name.expose())?,
        keys::seal(&key, text_place(id), it.text.expose())?,
        it.expires().0
    )
}

/// How many lines of a visit there are.
///
/// # Errors
/// The store failed.
pub async fn count(conn: &mut Conn, appointment: AppointmentId) -> Result<u32, StoreError> {
    let (count,) = fetch_one!(
        conn,
        (i64,),
        "SELECT COUNT(*) FROM said_lines WHERE appointment = $1",
        appointment.as_uuid()
    )?;
    u32::try_from(count).map_err(|source| StoreError::corrupt("said_lines", source))
}

/// The lines of a visit whose time is not over, in order; none when the record was erased.
///
/// # Errors
/// The store failed.
pub async fn lines(
    conn: &mut Conn,
    appointment: AppointmentId,
    now: Micros,
) -> Result<Vec<SaidLine>, StoreError> {
    let rows = fetch_all!(
        conn,
        LineRow,
        "SELECT id, tenant, patient, at_us, speaker, name_sealed, text_sealed
         FROM said_lines WHERE appointment = $1 AND expires_us > $2 ORDER BY at_us, id",
        appointment.as_uuid(),
        now.0
    )?;
    let Some(first) = rows.first() else {
        return Ok(Vec::new());
    };
    let patient = PatientId::from_uuid(first.patient);
    let Some(key) = keys::patient_key(conn, patient).await? else {
        return Ok(Vec::new());
    };
    let line = |row: LineRow| {
        Ok(SaidLine {
            id: SaidLineId::from_uuid(row.id),
            tenant: TenantId::from_uuid(row.tenant),
            patient,
            appointment,
            at: Micros(row.at_us),
            speaker: Speaker::of_name(&row.speaker)
                .ok_or_else(|| StoreError::corrupt("said_lines.speaker", "no such speaker"))?,
            name: Phi::new(keys::open(&key, name_place(row.id), &row.name_sealed)?),
            text: Phi::new(keys::open(&key, text_place(row.id), &row.text_sealed)?),
        })
    };
    rows.into_iter().map(line).collect()
}

/// Deletes what was said in a visit; answers how many lines.
///
/// # Errors
/// The store failed.
pub async fn delete_lines(tx: &mut Tx, appointment: AppointmentId) -> Result<u64, StoreError> {
    execute!(
        tx,
        "DELETE FROM said_lines WHERE appointment = $1",
        appointment.as_uuid()
    )
}

/// Deletes lines whose time is over.
///
/// # Errors
/// The store failed.
pub async fn delete_expired(tx: &mut Tx, now: Micros) -> Result<u64, StoreError> {
    execute!(tx, "DELETE FROM said_lines WHERE expires_us <= $1", now.0)
}

/// Adds an answer. The same answer of the same moment is there once.
///
/// # Errors
/// The store failed.
pub async fn insert_consent(
    tx: &mut Tx,
    appointment: AppointmentId,
    it: Answer,
) -> Result<(), StoreError> {
    execute!(
        tx,
        "INSERT INTO caption_consents (appointment, participant, at_us, agreed, wording)
         VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (appointment, participant, at_us) DO NOTHING",
        appointment.as_uuid(),
        it.participant.as_uuid(),
        it.at.0,
        it.agreed_to.is_some(),
        it.agreed_to.map(i64::from)
    )
    .map(|_| ())
}
