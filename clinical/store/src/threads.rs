//! Secure messages. Membership stands in every statement that reads: a thread is that of its members
//! alone, whatever right others have to the patient.

mod people;
mod read;

use clinical_model::text::{Line, MessageText};
use clinical_model::threads::{Member, Thread};
use clinical_model::{Micros, TenantId, ThreadId, UserId};
use clinical_vault::Place;
use uuid::Uuid;

use crate::statement::{execute, execute_one, fetch_optional};
use crate::{StoreError, Tx, keys};

pub use people::{Correspondent, Receptionist, account_of, colleagues, doctors_of, reception};
pub use read::{
    After, Listed, MESSAGES_MAX, Person, Range, THREADS_MAX, everything_of, find, list, messages,
    of_prescription, people, unread,
};

const fn subject_place(id: Uuid) -> (&'static str, &'static str, Uuid) {
    ("threads", "subject_sealed", id)
}

/// Messages of one thread never seal for the same place.
const fn body_place(thread: Uuid, seq: u64) -> Place<'static> {
    Place::value("thread_messages", "body_sealed", thread).at_version(seq)
}

/// Begins a thread, without members and messages.
///
/// # Errors
/// The record was erased, or the store failed.
pub async fn insert(tx: &mut Tx, it: &Thread) -> Result<(), StoreError> {
    let key = keys::living_patient_key(tx, it.patient).await?;
    let id = it.id.as_uuid();
    execute_one!(
        tx,
        "INSERT INTO threads
             (id, tenant, patient, subject_sealed, prescription, created_us, created_by, last_seq,
              last_us)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        id,
        it.tenant.as_uuid(),
        it.patient.as_uuid(),
        keys::seal(&key, subject_place(id), Line::as_str(&it.subject))?,
        it.prescription.map(Uuid::from),
        it.created.0,
        it.created_by.as_uuid(),
        i64::from(it.last_seq),
        it.last.0
    )
}

/// Lets somebody read and write in a thread; who left it comes back to where they had read.
///
/// # Errors
/// Another facility's person, or the store failed.
pub async fn join(
    tx: &mut Tx,
    (tenant, thread): (TenantId, ThreadId),
    member: &Member,
) -> Result<(), StoreError> {
    execute_one!(
        tx,
        "INSERT INTO thread_members (tenant, thread, person, stays, joined_us, read_seq)
         VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (thread, person) DO UPDATE
         SET left_us = NULL,
             joined_us = CASE WHEN thread_members.left_us IS NULL THEN thread_members.joined_us
                              ELSE excluded.joined_us END",
        tenant.as_uuid(),
        thread.as_uuid(),
        member.person.as_uuid(),
        member.stays,
        member.joined.0,
        i64::from(member.read)
    )
}

/// Somebody reads a thread no more.
///
/// # Errors
/// They are no member, or they stay, or the store failed.
pub async fn leave(
    tx: &mut Tx,
    thread: ThreadId,
    person: UserId,
    at: Micros,
) -> Result<(), StoreError> {
    execute_one!(
        tx,
        "UPDATE thread_members SET left_us = $1
         WHERE thread = $2 AND person = $3 AND left_us IS NULL",
        at.0,
        thread.as_uuid(),
        person.as_uuid()
    )
}

/// Writes a message and answers with its number; none when the thread is closed.
///
/// # Errors
/// The author never was a member, the record was erased, or the store failed.
pub async fn say(
    tx: &mut Tx,
    thread: &Thread,
    (author, text): (UserId, &MessageText),
    at: Micros,
) -> Result<Option<u32>, StoreError> {
    let key = keys::living_patient_key(tx, thread.patient).await?;
    let id = thread.id.as_uuid();
    // Whoever takes the number holds the row until the commit, so numbers and times grow together.
    let row = fetch_optional!(
        tx,
        (i64,),
        "UPDATE threads SET last_seq = last_seq + 1,
             last_us = CASE WHEN last_us < $1 THEN $1 ELSE last_us END
         WHERE id = $2 AND closed_us IS NULL RETURNING last_seq",
        at.0,
        id
    )?;
    let Some((seq,)) = row else {
        return Ok(None);
    };
    let number =
        u32::try_from(seq).map_err(|source| StoreError::corrupt("threads.last_seq", source))?;
    let place = body_place(id, u64::from(number));
    execute_one!(
        tx,
        "INSERT INTO thread_messages (thread, seq, author, at_us, body_sealed)
         VALUES ($1, $2, $3, $4, $5)",
        id,
        seq,
        author.as_uuid(),
        at.0,
        key.seal(place, text.as_str().as_bytes())?
    )?;
    Ok(Some(number))
}

/// Somebody has read a thread up to a message; a mark never goes back, nor past the newest message.
/// True when it moved.
///
/// # Errors
/// The store failed.
pub async fn mark_read(
    tx: &mut Tx,
    thread: ThreadId,
    person: UserId,
    seq: u32,
) -> Result<bool, StoreError> {
    let touched = execute!(
        tx,
        "UPDATE thread_members SET read_seq = $1
         WHERE thread = $2 AND person = $3 AND left_us IS NULL AND read_seq < $1
           AND EXISTS (SELECT 1 FROM threads t WHERE t.id = $2 AND t.last_seq >= $1)",
        i64::from(seq),
        thread.as_uuid(),
        person.as_uuid()
    )?;
    Ok(touched == 1)
}

/// Writes whether a thread is closed; false when somebody else closed or reopened it meanwhile.
///
/// # Errors
/// The store failed.
pub async fn put_closed(tx: &mut Tx, it: &Thread) -> Result<bool, StoreError> {
    let touched = execute!(
        tx,
        "UPDATE threads SET closed_us = $1, closed_by = $2
         WHERE id = $3 AND (closed_us IS NULL) = $4",
        it.closed.map(|closed| closed.at.0),
        it.closed.map(|closed| closed.by.as_uuid()),
        it.id.as_uuid(),
        it.closed.is_some()
    )?;
    Ok(touched == 1)
}
