//! Recordings of visits: how they stand, what opens them, and who agreed.

mod consents;
mod read;
mod rules;

use clinical_model::recordings::Recording;
use clinical_vault::Place;
use uuid::Uuid;

use crate::statement::{execute, execute_one};
use crate::{StoreError, Tx, keys};

pub use consents::{Answer, consents, insert_consent};
pub use read::{
    After, Figures, Filter, RECORDINGS_MAX, by_id, due, figures, find, is_held, list, secret,
    unfinished,
};

pub use rules::{rules, write_rules};

/// Bytes of the key of a recording.
pub const SECRET_BYTES: usize = 32;

/// Why a recording was not changed.
#[derive(Debug, thiserror::Error)]
pub enum RecordingWriteError {
    /// Somebody else changed it meanwhile.
    #[error("the recording has changed since it was read")]
    Changed,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The place of what opens a recording.
const fn key_place(id: Uuid) -> Place<'static> {
    Place::value("recordings", "key_sealed", id)
}

const fn reason_place(id: Uuid) -> (&'static str, &'static str, Uuid) {
    ("recordings", "reason_sealed", id)
}

fn stored(column: &'static str, value: u64) -> Result<i64, StoreError> {
    i64::try_from(value).map_err(|source| StoreError::corrupt(column, source))
}

/// Keeps a recording that begins, and what opens it.
///
/// # Errors
/// The record was erased, or the store failed.
pub async fn insert(
    tx: &mut Tx,
    it: &Recording,
    secret: &[u8; SECRET_BYTES],
) -> Result<(), StoreError> {
    let key = keys::living_patient_key(tx, it.patient).await?;
    let id = it.id.as_uuid();
    execute_one!(
        tx,
        "INSERT INTO recordings
             (id, tenant, patient, appointment, state, started_us, keep_until_us, held, key_sealed,
              version)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        id,
        it.tenant.as_uuid(),
        it.patient.as_uuid(),
        it.appointment.as_uuid(),
        it.state.as_str(),
        it.started.0,
        it.keep_until.0,
        it.held,
        key.seal(key_place(id), secret)?,
        i64::from(it.version)
    )
}

/// Changes a recording that is still as it was read. What opens a deleted one is destroyed.
///
/// # Errors
/// [`RecordingWriteError`]
pub async fn update(tx: &mut Tx, it: &Recording) -> Result<(), RecordingWriteError> {
    let id = it.id.as_uuid();
    let reason = match &it.reason {
        Some(reason) => {
            let key = keys::tenant_key(tx, it.tenant).await?;
            Some(keys::seal(&key, reason_place(id), reason.as_str())?)
        }
        None => None,
    };
    let made = it.made.as_ref();
    let duration_ms = made.map(|it| stored("recordings.duration_ms", it.duration_ms));
    let bytes = made.map(|it| stored("recordings.bytes", it.bytes));
    let touched = execute!(
        tx,
        "UPDATE recordings
         SET state = $1, ended_us = $2, duration_ms = $3, bytes = $4, held = $5,
             reason_sealed = $6, version = $7,
             key_sealed = CASE WHEN $1 = 'deleted' THEN NULL ELSE key_sealed END
         WHERE id = $8 AND version = $9",
        it.state.as_str(),
        it.ended.map(|at| at.0),
        duration_ms.transpose()?,
        bytes.transpose()?,
        it.held,
        reason,
        i64::from(it.version),
        id,
        i64::from(it.version) - 1
    )?;
    match touched {
        1 => Ok(()),
        _ => Err(RecordingWriteError::Changed),
    }
}
