//! Third people of one visit.

use clinical_model::booking::{PersonName, Relation};
use clinical_model::visits::Guest;
use clinical_model::{AppointmentId, GuestId, Micros, ParticipantUuid};
use uuid::Uuid;

use crate::booking::Party;
use crate::statement::{execute, execute_one, fetch_all, fetch_optional};
use crate::tx::Conn;
use crate::{StoreError, Tx};

#[derive(sqlx::FromRow)]
struct GuestRow {
    id: Uuid,
    appointment: Uuid,
    participant: Uuid,
    name: String,
    relation: String,
}

impl TryFrom<GuestRow> for Guest {
    type Error = StoreError;

    fn try_from(row: GuestRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: GuestId::from_uuid(row.id),
            appointment: AppointmentId::from_uuid(row.appointment),
            participant: ParticipantUuid::from_uuid(row.participant),
            name: PersonName::try_from(row.name.as_str())
                .map_err(|source| StoreError::corrupt("guests.name", source))?,
            relation: Relation::try_from(row.relation.as_str())
                .map_err(|source| StoreError::corrupt("guests.relation", source))?,
        })
    }
}

macro_rules! select_guests {
    ($tail:literal) => {
        concat!(
            "SELECT g.id, g.appointment, g.participant, g.name, g.relation FROM guests g ",
            $tail
        )
    };
}

fn guests(rows: Vec<GuestRow>) -> Result<Vec<Guest>, StoreError> {
    rows.into_iter().map(Guest::try_from).collect()
}

/// The people invited to a visit, in order of invitation.
pub(crate) async fn guests_of(
    conn: &mut Conn,
    appointment: AppointmentId,
) -> Result<Vec<Guest>, StoreError> {
    guests(fetch_all!(
        conn,
        GuestRow,
        select_guests!(
            "WHERE g.appointment = $1 AND g.removed_us IS NULL ORDER BY g.created_us, g.id"
        ),
        appointment.as_uuid()
    )?)
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
                "JOIN appointments a ON a.id = g.appointment
                 WHERE a.doctor = $1 AND a.start_us >= $2 AND a.start_us < $3
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
                "JOIN appointments a ON a.id = g.appointment
                 WHERE a.patient = $1 AND a.start_us >= $2 AND a.start_us < $3
                   AND g.removed_us IS NULL ORDER BY g.created_us, g.id"
            ),
            patient.as_uuid(),
            from.0,
            to.0
        ),
    }?;
    guests(rows)
}

/// One guest, also one who was taken back.
///
/// # Errors
/// The store failed.
pub async fn guest(conn: &mut Conn, id: GuestId) -> Result<Option<Guest>, StoreError> {
    fetch_optional!(
        conn,
        GuestRow,
        select_guests!("WHERE g.id = $1"),
        id.as_uuid()
    )?
    .map(Guest::try_from)
    .transpose()
}

/// Writes an invitation.
///
/// # Errors
/// The store failed.
pub async fn insert_guest(tx: &mut Tx, guest: &Guest, now: Micros) -> Result<(), StoreError> {
    execute_one!(
        tx,
        "INSERT INTO guests (id, appointment, participant, name, relation, created_us)
         VALUES ($1, $2, $3, $4, $5, $6)",
        guest.id.as_uuid(),
        guest.appointment.as_uuid(),
        guest.participant.as_uuid(),
        guest.name.as_str(),
        guest.relation.as_str(),
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
