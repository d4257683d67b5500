//! Whom the doctor let into a room.

use clinical_model::{Micros, ParticipantUuid, RoomUuid};

use crate::statement::{execute, execute_one, fetch_one};
use crate::tx::Conn;
use crate::{StoreError, Tx};

/// The doctor let a person in, perhaps after she had taken them out.
///
/// # Errors
/// The store failed.
pub async fn admit(
    tx: &mut Tx,
    room: RoomUuid,
    participant: ParticipantUuid,
    now: Micros,
) -> Result<(), StoreError> {
    execute_one!(
        tx,
        "INSERT INTO encounter_participants (room, participant, admitted_us)
         VALUES ($1, $2, $3)
         ON CONFLICT (room, participant)
             DO UPDATE SET admitted_us = excluded.admitted_us, removed_us = NULL",
        room.as_uuid(),
        participant.as_uuid(),
        now.0
    )
}

/// The doctor took a person out, or did not let them in: they wait when they come again.
///
/// # Errors
/// The store failed.
pub async fn remove(
    tx: &mut Tx,
    room: RoomUuid,
    participant: ParticipantUuid,
    now: Micros,
) -> Result<(), StoreError> {
    execute!(
        tx,
        "UPDATE encounter_participants SET removed_us = $1
         WHERE room = $2 AND participant = $3 AND removed_us IS NULL",
        now.0,
        room.as_uuid(),
        participant.as_uuid()
    )
    .map(|_| ())
}

/// Everybody waits when they come again, because the visit takes place at another time.
///
/// # Errors
/// The store failed.
pub async fn clear_admissions(tx: &mut Tx, room: RoomUuid, now: Micros) -> Result<(), StoreError> {
    execute!(
        tx,
        "UPDATE encounter_participants SET removed_us = $1
         WHERE room = $2 AND removed_us IS NULL",
        now.0,
        room.as_uuid()
    )
    .map(|_| ())
}

/// Whether a person was let in and not taken out since.
///
/// # Errors
/// The store failed.
pub async fn is_admitted(
    conn: &mut Conn,
    room: RoomUuid,
    participant: ParticipantUuid,
) -> Result<bool, StoreError> {
    let (count,) = fetch_one!(
        conn,
        (i64,),
        "SELECT count(*) FROM encounter_participants
         WHERE room = $1 AND participant = $2 AND removed_us IS NULL",
        room.as_uuid(),
        participant.as_uuid()
    )?;
    Ok(count > 0)
}
