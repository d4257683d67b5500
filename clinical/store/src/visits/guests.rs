//! Third people of one visit.

use clinical_model::booking::{PersonName, Relation};
use clinical_model::visits::Guest;
use clinical_model::{AppointmentId, GuestId, Micros, ParticipantUuid, PatientId};
use uuid::Uuid;

use crate::booking::Party;
use crate::statement::{execute, execute_one, fetch_all, fetch_one, fetch_optional};
use crate::tx::Conn;
use crate::{StoreError, Tx, keys};

#[derive(sqlx::FromRow)]
struct GuestRow {
    id: Uuid,
    appointment: Uuid,
    participant: Uuid,
    patient: Uuid,
    name_sealed: Vec<u8>,
    relation_sealed: Vec<u8>,
}

const fn name_place(id: Uuid) -> (&'static str, &'static str, Uuid) {
    ("guests", "name_sealed", id)
}

const fn relation_place(id: Uuid) -> (&'static str, &'static str, Uuid) {
    ("guests", "relation_sealed", id)
}

/// The guest of a row; none when the patient's record was erased.
async fn opened(conn: &mut Conn, row: GuestRow) -> Result<Option<Guest>, StoreError> {
    let Some(key) = keys::patient_key(conn, PatientId::from_uuid(row.patient)).await? else {
        return Ok(None);
    };
    let name = keys::open(&key, name_place(row.id), &row.name_sealed)?;
    let relation = keys::open(&key, relation_place(row.id), &row.relation_sealed)?;
    Ok(Some(Guest {
        id: GuestId::from_uuid(row.id),
        appointment: AppointmentId::from_uuid(row.appointment),
        participant: ParticipantUuid::from_uuid(row.participant),
        name: PersonName::try_from(name.as_str())
            .map_err(|source| StoreError::corrupt("guests.name_sealed", source))?,
        relation: Relation::try_from(relation.as_str())
            .map_err(|source| StoreError::corrupt("guests.relation_sealed", source))?,
    }))
}

macro_rules! select_guests {
    ($tail:literal) => {
        concat!(
            "SELECT g.id, g.appointment, g.participant, a.patient, g.name_sealed, g.relation_sealed
             FROM guests g JOIN appointments a ON a.id = g.appointment ",
            $tail
        )
    };
}

async fn guests(conn: &mut Conn, rows: Vec<GuestRow>) -> Result<Vec<Guest>, StoreError> {
    let mut guests = Vec::with_capacity(rows.len());
    for row in rows {
        guests.extend(opened(conn, row).await?);
    }
    Ok(guests)
}

/// The people invited to a visit, in order of invitation.
pub(crate) async fn guests_of(
    conn: &mut Conn,
    appointment: AppointmentId,
) -> Result<Vec<Guest>, StoreError> {
    let rows = fetch_all!(
        conn,
        GuestRow,
        select_guests!(
            "WHERE g.appointment = $1 AND g.removed_us IS NULL ORDER BY g.created_us, g.id"
        ),
        appointment.as_uuid()
    )?;
    guests(conn, rows).await
}

/// The people invited to a person's visits that begin in `[from, to)`.
pub(crate) async fn guests_between(
    conn: &mut Conn,
    party: Party,
    (from, to): (Micros, Micros),
) -> Result<Vec<Guest>, StoreError> {
    let rows = match party {
        Party::Doctor(doctor) => fetch_all!(
            conn,
            GuestRow,
            select_guests!(
                "WHERE a.doctor = $1 AND a.start_us >= $2 AND a.start_us < $3
                   AND g.removed_us IS NULL ORDER BY g.created_us, g.id"
            ),
            doctor.as_uuid(),
            from.0,
            to.0
        ),
        Party::Patient(patient) => fetch_all!(
            conn,
            GuestRow,
            select_guests!(
                "WHERE a.patient = $1 AND a.start_us >= $2 AND a.start_us < $3
                   AND g.removed_us IS NULL ORDER BY g.created_us, g.id"
            ),
            patient.as_uuid(),
            from.0,
            to.0
        ),
    }?;
    guests(conn, rows).await
}

/// One guest, also one who was taken back.
///
/// # Errors
/// The store failed.
pub async fn guest(conn: &mut Conn, id: GuestId) -> Result<Option<Guest>, StoreError> {
    let row = fetch_optional!(
        conn,
        GuestRow,
        select_guests!("WHERE g.id = $1"),
        id.as_uuid()
    )?;
    match row {
        Some(row) => opened(conn, row).await,
        None => Ok(None),
    }
}

/// Writes an invitation.
///
/// # Errors
/// The store failed.
pub async fn insert_guest(tx: &mut Tx, guest: &Guest, now: Micros) -> Result<(), StoreError> {
    let (patient,) = fetch_one!(
        tx,
        (Uuid,),
        "SELECT patient FROM appointments WHERE id = $1",
        guest.appointment.as_uuid()
    )?;
    let key = keys::living_patient_key(tx, PatientId::from_uuid(patient)).await?;
    let id = guest.id.as_uuid();
    execute_one!(
        tx,
        "INSERT INTO guests (id, appointment, participant, name_sealed, relation_sealed, created_us)
         VALUES ($1, $2, $3, $4, $5, $6)",
        guest.id.as_uuid(),
        guest.appointment.as_uuid(),
        guest.participant.as_uuid(),
        keys::seal(&key, name_place(id), guest.name.as_str())?,
        keys::seal(&key, relation_place(id), guest.relation.as_str())?,
        now.0
    )
}

/// Takes an invitation back; false if there was none (any more).
///
/// # Errors
/// The store failed.
pub async fn remove_guest(tx: &mut Tx, id: GuestId, now: Micros) -> Result<bool, StoreError> {
    let touched = execute!(
        tx,
        "UPDATE guests SET removed_us = $1 WHERE id = $2 AND removed_us IS NULL",
        now.0,
        id.as_uuid()
    )?;
    Ok(touched == 1)
}
