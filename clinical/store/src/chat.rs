//! The chat of a room: numbered without gaps, each message stored once.

use clinical_model::{Micros, ParticipantUuid, PatientId, Phi, RoomUuid};
use clinical_vault::DataKey;
use uuid::Uuid;

use crate::statement::{execute, execute_one, fetch_all, fetch_one, fetch_optional};
use crate::tx::Conn;
use crate::{StoreError, Tx, keys};

/// A message that is to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewMessage {
    /// The author's id of the message.
    pub id: Uuid,
    /// The author.
    pub from: ParticipantUuid,
    /// The author's name at this time.
    pub from_name: Phi<String>,
    /// The text, 1 ..= 4,000 characters.
    pub text: Phi<String>,
}

/// A stored message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredMessage {
    /// 1, 2, 3 ... in one room.
    pub seq: u64,
    /// When it was stored.
    pub at: Micros,
    /// What was stored.
    pub message: NewMessage,
}

#[derive(sqlx::FromRow)]
struct MessageRow {
    seq: i64,
    id: Uuid,
    participant: Uuid,
    from_name_sealed: Vec<u8>,
    at_us: i64,
    body_sealed: Vec<u8>,
}

const fn name_place(id: Uuid) -> (&'static str, &'static str, Uuid) {
    ("chat_messages", "from_name_sealed", id)
}

const fn body_place(id: Uuid) -> (&'static str, &'static str, Uuid) {
    ("chat_messages", "body_sealed", id)
}

impl MessageRow {
    fn open(self, key: &DataKey) -> Result<StoredMessage, StoreError> {
        let name = keys::open(key, name_place(self.id), &self.from_name_sealed)?;
        let text = keys::open(key, body_place(self.id), &self.body_sealed)?;
        Ok(StoredMessage {
            seq: number("chat_messages.seq", self.seq)?,
            at: Micros(self.at_us),
            message: NewMessage {
                id: self.id,
                from: ParticipantUuid::from_uuid(self.participant),
                from_name: Phi::new(name),
                text: Phi::new(text),
            },
        })
    }
}

/// The key of the patient whom the visit in a room is about.
async fn key_of_room(conn: &mut Conn, room: RoomUuid) -> Result<Option<DataKey>, StoreError> {
    let (patient,) = fetch_one!(
        conn,
        (Uuid,),
        "SELECT patient FROM appointments WHERE room = $1",
        room.as_uuid()
    )?;
    keys::patient_key(conn, PatientId::from_uuid(patient)).await
}

fn number(column: &'static str, stored: i64) -> Result<u64, StoreError> {
    u64::try_from(stored).map_err(|source| StoreError::corrupt(column, source))
}

/// Stores a message under the next number. A message whose id is already stored is not stored
/// again: the stored one is given back.
///
/// # Errors
/// The store failed.
pub async fn append(
    tx: &mut Tx,
    room: RoomUuid,
    message: NewMessage,
    now: Micros,
) -> Result<StoredMessage, StoreError> {
    // Writing to the counter first makes writers of one room wait for each other, so the look at
    // the id and the next number are safe.
    let (last,) = fetch_one!(
        tx,
        (i64,),
        "INSERT INTO chat_rooms (room, last_seq) VALUES ($1, 0)
         ON CONFLICT (room) DO UPDATE SET last_seq = chat_rooms.last_seq RETURNING last_seq",
        room.as_uuid()
    )?;
    let stored = fetch_optional!(
        tx,
        MessageRow,
        "SELECT seq, id, participant, from_name_sealed, at_us, body_sealed
         FROM chat_messages WHERE room = $1 AND id = $2",
        room.as_uuid(),
        message.id
    )?;
    let key = key_of_room(tx, room).await?.ok_or(StoreError::Erased)?;
    if let Some(row) = stored {
        return row.open(&key);
    }
    let seq = last.saturating_add(1);
    execute_one!(
        tx,
        "INSERT INTO chat_messages (room, seq, id, participant, from_name_sealed, at_us, body_sealed)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        room.as_uuid(),
        seq,
        message.id,
        message.from.as_uuid(),
        keys::seal(&key, name_place(message.id), message.from_name.expose())?,
        now.0,
        keys::seal(&key, body_place(message.id), message.text.expose())?
    )?;
    execute_one!(
        tx,
        "UPDATE chat_rooms SET last_seq = $1 WHERE room = $2",
        seq,
        room.as_uuid()
    )?;
    Ok(StoredMessage {
        seq: number("chat_messages.seq", seq)?,
        at: now,
        message,
    })
}

/// The latest messages of a room, oldest first, at most `max`; none when the record was erased.
///
/// # Errors
/// The store failed.
pub async fn latest(
    conn: &mut Conn,
    room: RoomUuid,
    max: u32,
) -> Result<Vec<StoredMessage>, StoreError> {
    let rows = fetch_all!(
        conn,
        MessageRow,
        "SELECT seq, id, participant, from_name_sealed, at_us, body_sealed
         FROM chat_messages WHERE room = $1 ORDER BY seq DESC LIMIT $2",
        room.as_uuid(),
        i64::from(max)
    )?;
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let Some(key) = key_of_room(conn, room).await? else {
        return Ok(Vec::new());
    };
    rows.into_iter().rev().map(|row| row.open(&key)).collect()
}

/// A person has read everything up to `seq`; a mark never goes back.
///
/// # Errors
/// The store failed.
pub async fn mark_read(
    tx: &mut Tx,
    room: RoomUuid,
    participant: ParticipantUuid,
    seq: u64,
) -> Result<(), StoreError> {
    let seq = i64::try_from(seq).unwrap_or(i64::MAX);
    execute!(
        tx,
        "INSERT INTO chat_read (room, participant, seq) VALUES ($1, $2, $3)
         ON CONFLICT (room, participant) DO UPDATE SET seq = excluded.seq
         WHERE excluded.seq > chat_read.seq",
        room.as_uuid(),
        participant.as_uuid(),
        seq
    )
    .map(|_| ())
}

/// How far each person of a room has read.
///
/// # Errors
/// The store failed.
pub async fn read_marks(
    conn: &mut Conn,
    room: RoomUuid,
) -> Result<Vec<(ParticipantUuid, u64)>, StoreError> {
    fetch_all!(
        conn,
        (Uuid, i64),
        "SELECT participant, seq FROM chat_read WHERE room = $1 ORDER BY participant",
        room.as_uuid()
    )?
    .into_iter()
    .map(|(participant, seq)| {
        Ok((
            ParticipantUuid::from_uuid(participant),
            number("chat_read.seq", seq)?,
        ))
    })
    .collect()
}
