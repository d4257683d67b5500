//! Interviews of triage, what clinicians said of them, and what a facility decided.

mod feedback;
mod read;
mod settings;

use clinical_model::triage::{Interview, Whose};
use clinical_model::{AppointmentId, InterviewId, Micros, PatientId, TenantId};
use clinical_vault::{DataKey, Place};
use uuid::Uuid;

use crate::statement::{execute, execute_one};
use crate::{Conn, StoreError, Tx, keys};

pub use feedback::{add_feedback, feedback_of};
pub use read::{
    FINISHED_MAX, Finished, INTERVIEWS_MAX, figures_since, find, finished_since, of_appointment,
    of_patient, of_token,
};
pub use settings::{put_settings, settings};

/// Why an interview was not written.
#[derive(Debug, thiserror::Error)]
pub enum InterviewWriteError {
    /// It has changed since it was read.
    #[error("the interview has changed since it was read")]
    Changed,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Versions of one interview never seal for the same place.
const fn story_place(id: Uuid, version: u64) -> Place<'static> {
    Place::value("interviews", "story_sealed", id).at_version(version)
}

async fn sealed(conn: &mut Conn, it: &Interview) -> Result<Vec<u8>, StoreError> {
    let text = serde_json::to_vec(&it.story)
        .map_err(|source| StoreError::corrupt("interviews.story_sealed", source))?;
    let place = story_place(it.id.as_uuid(), u64::from(it.version));
    match it.whose {
        Whose::Patient(patient) => {
            let key: DataKey = keys::living_patient_key(conn, patient).await?;
            Ok(key.seal(place, &text)?)
        }
        Whose::Visitor { .. } => {
            let key = keys::tenant_key(conn, it.tenant).await?;
            Ok(key.seal(place, &text)?)
        }
    }
}

/// Who owns it, as the three columns say it.
fn owner(whose: &Whose) -> (Option<Uuid>, Option<&str>, Option<i64>) {
    match whose {
        Whose::Patient(patient) => (Some(patient.as_uuid()), None, None),
        Whose::Visitor { token, until } => (None, Some(token.as_str()), Some(until.0)),
    }
}

/// Writes a new interview.
///
/// # Errors
/// The record was erased, or the store failed.
pub async fn insert(tx: &mut Tx, it: &Interview) -> Result<(), StoreError> {
    let story = sealed(tx, it).await?;
    let (patient, token, expires) = owner(&it.whose);
    execute_one!(
        tx,
        "INSERT INTO interviews
             (id, tenant, patient, token_hash, expires_us, story_sealed, appointment, noted,
              started_us, started_by, finished_us, version)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        it.id.as_uuid(),
        it.tenant.as_uuid(),
        patient,
        token,
        expires,
        story,
        it.appointment.map(AppointmentId::as_uuid),
        it.noted,
        it.started.0,
        it.started_by.map(Uuid::from),
        it.finished.map(|at| at.0),
        i64::from(it.version)
    )
}

/// Writes the next version of an interview over the one before; `it.version` is the new one.
///
/// # Errors
/// [`InterviewWriteError`]
pub async fn update(tx: &mut Tx, it: &Interview) -> Result<(), InterviewWriteError> {
    let story = sealed(tx, it).await?;
    let (patient, token, expires) = owner(&it.whose);
    let touched = execute!(
        tx,
        "UPDATE interviews
         SET patient = $1, token_hash = $2, expires_us = $3, story_sealed = $4, appointment = $5,
             noted = $6, finished_us = $7, version = $8
         WHERE id = $9 AND tenant = $10 AND version = $8 - 1",
        patient,
        token,
        expires,
        story,
        it.appointment.map(AppointmentId::as_uuid),
        it.noted,
        it.finished.map(|at| at.0),
        i64::from(it.version),
        it.id.as_uuid(),
        it.tenant.as_uuid()
    )?;
    if touched == 1 {
        Ok(())
    } else {
        Err(InterviewWriteError::Changed)
    }
}

/// Deletes a visitor's interview.
///
/// # Errors
/// The store failed.
pub async fn delete_visitors(tx: &mut Tx, id: InterviewId) -> Result<(), StoreError> {
    execute!(
        tx,
        "DELETE FROM interviews WHERE id = $1 AND patient IS NULL",
        id.as_uuid()
    )
    .map(|_| ())
}

/// Deletes visitors' interviews whose time is over.
///
/// # Errors
/// The store failed.
pub async fn delete_expired(tx: &mut Tx, now: Micros) -> Result<u64, StoreError> {
    execute!(
        tx,
        "DELETE FROM interviews WHERE expires_us IS NOT NULL AND expires_us <= $1",
        now.0
    )
}

/// The key with which an interview of this patient, or of this facility's visitor, is sealed; none when
/// it was destroyed.
async fn key_of(
    conn: &mut Conn,
    tenant: TenantId,
    patient: Option<PatientId>,
) -> Result<Option<OwnedKey>, StoreError> {
    Ok(match patient {
        Some(patient) => keys::patient_key(conn, patient)
            .await?
            .map(|key| OwnedKey::Patient(Box::new(key))),
        None => Some(OwnedKey::Tenant(keys::tenant_key(conn, tenant).await?)),
    })
}

/// A key that is read once or remembered.
enum OwnedKey {
    Patient(Box<DataKey>),
    Tenant(std::sync::Arc<DataKey>),
}

impl core::ops::Deref for OwnedKey {
    type Target = DataKey;

    fn deref(&self) -> &DataKey {
        match self {
            Self::Patient(key) => key,
            Self::Tenant(key) => key,
        }
    }
}
