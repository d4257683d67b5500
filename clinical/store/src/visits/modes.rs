//! How a room is when it is opened anew.

use clinical_model::{Micros, ParticipantUuid, RoomUuid};
use uuid::Uuid;

use crate::statement::{execute, execute_one, fetch_all, fetch_optional};
use crate::tx::Conn;
use crate::{StoreError, Tx};

/// What holds in a room until a clinician says otherwise.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RoomMode {
    /// People encrypt what they send for each other.
    pub encrypted: bool,
    /// Who is restricted, in the order of their ids.
    pub grants: Vec<RoomGrant>,
}

/// What a clinician has left somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is granted apart")]
pub struct RoomGrant {
    /// Whom.
    pub participant: ParticipantUuid,
    /// The others may hear them.
    pub microphone: bool,
    /// The others may see them.
    pub camera: bool,
    /// The others may see their screen.
    pub screen: bool,
    /// They get the others.
    pub subscribe: bool,
}

/// Keeps how a room is, instead of how it was.
///
/// # Errors
/// The store failed.
pub async fn keep_mode(
    tx: &mut Tx,
    room: RoomUuid,
    mode: &RoomMode,
    now: Micros,
) -> Result<(), StoreError> {
    // First, so that of two at once the second waits.
    execute_one!(
        tx,
        "INSERT INTO room_modes (room, encrypted, changed_us) VALUES ($1, $2, $3)
         ON CONFLICT (room)
             DO UPDATE SET encrypted = excluded.encrypted, changed_us = excluded.changed_us",
        room.as_uuid(),
        mode.encrypted,
        now.0
    )?;
    forget_grants(tx, room).await?;
    for grant in &mode.grants {
        execute_one!(
            tx,
            "INSERT INTO room_grants (room, participant, microphone, camera, screen, subscribe)
             VALUES ($1, $2, $3, $4, $5, $6)",
            room.as_uuid(),
            grant.participant.as_uuid(),
            grant.microphone,
            grant.camera,
            grant.screen,
            grant.subscribe
        )?;
    }
    Ok(())
}

async fn forget_grants(tx: &mut Tx, room: RoomUuid) -> Result<(), StoreError> {
    execute!(
        tx,
        "DELETE FROM room_grants WHERE room = $1",
        room.as_uuid()
    )
    .map(|_| ())
}

/// How a room is.
///
/// # Errors
/// The store failed.
pub async fn mode(conn: &mut Conn, room: RoomUuid) -> Result<RoomMode, StoreError> {
    let encrypted = fetch_optional!(
        conn,
        (bool,),
        "SELECT encrypted FROM room_modes WHERE room = $1",
        room.as_uuid()
    )?;
    let Some((encrypted,)) = encrypted else {
        return Ok(RoomMode::default());
    };
    let rows = fetch_all!(
        conn,
        (Uuid, bool, bool, bool, bool),
        "SELECT participant, microphone, camera, screen, subscribe FROM room_grants
         WHERE room = $1 ORDER BY participant LIMIT 1000",
        room.as_uuid()
    )?;
    let grants = rows
        .into_iter()
        .map(|(participant, microphone, camera, screen, subscribe)| {
            let participant = ParticipantUuid::from_uuid(participant);
            RoomGrant {
                participant,
                microphone,
                camera,
                screen,
                subscribe,
            }
        });
    Ok(RoomMode {
        encrypted,
        grants: grants.collect(),
    })
}
