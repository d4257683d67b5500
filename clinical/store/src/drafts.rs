//! What somebody has begun to write about a patient, sealed with the patient's key.

use clinical_model::{AppointmentId, Micros, PatientId, TenantId, UserId};
use clinical_vault::Place;
use uuid::Uuid;

use crate::statement::{execute, fetch_optional};
use crate::tx::Conn;
use crate::{StoreError, Tx, keys};

/// Whose draft about whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DraftOf {
    /// In which facility.
    pub tenant: TenantId,
    /// Who writes.
    pub author: UserId,
    /// About whom.
    pub patient: PatientId,
    /// At which appointment, if at one.
    pub appointment: Option<AppointmentId>,
}

impl DraftOf {
    fn scope(&self) -> Uuid {
        self.appointment.map_or(Uuid::nil(), AppointmentId::as_uuid)
    }

    /// Two authors and two scopes never seal for the same place.
    fn place(&self, version: u64) -> Place<'static> {
        let row = Uuid::from_u128(
            self.author.as_uuid().as_u128() ^ self.scope().as_u128().rotate_left(1),
        );
        Place::value("chart_drafts", "body_sealed", row).at_version(version)
    }
}

/// A draft as it was saved last. `body` is what the page made of it.
#[derive(Clone, PartialEq, Eq)]
pub struct Draft {
    /// What is written.
    pub body: String,
    /// Counts the savings, from 1.
    pub version: u32,
    /// When it was saved.
    pub saved: Micros,
}

impl core::fmt::Debug for Draft {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Draft(version {})", self.version)
    }
}

/// Why a draft was not saved.
#[derive(Debug, thiserror::Error)]
pub enum DraftWriteError {
    /// It was saved elsewhere since it was read.
    #[error("the draft has changed since it was read")]
    Changed,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The draft of an author, if there is one.
///
/// # Errors
/// The store failed.
pub async fn find(conn: &mut Conn, of: &DraftOf) -> Result<Option<Draft>, StoreError> {
    let row = fetch_optional!(
        conn,
        (Vec<u8>, i64, i64),
        "SELECT body_sealed, version, saved_us FROM chart_drafts
         WHERE author = $1 AND patient = $2 AND scope = $3",
        of.author.as_uuid(),
        of.patient.as_uuid(),
        of.scope()
    )?;
    let (Some((sealed, version, saved_us)), Some(key)) =
        (row, keys::patient_key(conn, of.patient).await?)
    else {
        return Ok(None);
    };
    let version = u32::try_from(version)
        .map_err(|source| StoreError::corrupt("chart_drafts.version", source))?;
    let body = key
        .open_text(of.place(u64::from(version)), &sealed)
        .map_err(|source| StoreError::Sealed {
            table: "chart_drafts",
            column: "body_sealed",
            source,
        })?;
    Ok(Some(Draft {
        body,
        version,
        saved: Micros(saved_us),
    }))
}

/// Saves a draft over version `read`, 0 for a new one. Answers the version it has now.
///
/// # Errors
/// It has changed since then, the record was erased, or the store failed.
pub async fn save(
    tx: &mut Tx,
    of: &DraftOf,
    (body, read): (&str, u32),
    now: Micros,
) -> Result<u32, DraftWriteError> {
    let key = keys::living_patient_key(tx, of.patient).await?;
    let version = read.saturating_add(1);
    let sealed = key
        .seal(of.place(u64::from(version)), body.as_bytes())
        .map_err(StoreError::from)?;
    let touched = if read == 0 {
        execute!(
            tx,
            "INSERT INTO chart_drafts (author, patient, scope, tenant, body_sealed, version, saved_us)
             VALUES ($1, $2, $3, $4, $5, 1, $6) ON CONFLICT DO NOTHING",
            of.author.as_uuid(),
            of.patient.as_uuid(),
            of.scope(),
            of.tenant.as_uuid(),
            sealed,
            now.0
        )?
    } else {
        execute!(
            tx,
            "UPDATE chart_drafts SET body_sealed = $1, version = $2, saved_us = $3
             WHERE author = $4 AND patient = $5 AND scope = $6 AND version = $7",
            sealed,
            i64::from(version),
            now.0,
            of.author.as_uuid(),
            of.patient.as_uuid(),
            of.scope(),
            i64::from(read)
        )?
    };
    if touched == 1 {
        Ok(version)
    } else {
        Err(DraftWriteError::Changed)
    }
}

/// Forgets a draft: what it said is in the chart now, or is not wanted any more.
///
/// # Errors
/// The store failed.
pub async fn remove(tx: &mut Tx, of: &DraftOf) -> Result<(), StoreError> {
    execute!(
        tx,
        "DELETE FROM chart_drafts WHERE author = $1 AND patient = $2 AND scope = $3",
        of.author.as_uuid(),
        of.patient.as_uuid(),
        of.scope()
    )
    .map(|_| ())
}
