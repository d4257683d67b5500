//! Talks with the assistant, one for each account, kept for a while.

use clinical_model::{Micros, PatientId, TenantId, UserId};
use clinical_vault::Place;
use uuid::Uuid;

use crate::statement::{execute, fetch_optional};
use crate::{Conn, StoreError, Tx, keys};

/// A talk as it is kept.
#[derive(Clone, PartialEq, Eq)]
pub struct KeptTalk {
    /// The facility.
    pub tenant: TenantId,
    /// Who talks.
    pub person: UserId,
    /// Whose record it is about.
    pub patient: PatientId,
    /// What was said and where it stands, as the use case writes it.
    pub text: String,
    /// Until when it is kept.
    pub expires: Micros,
    /// Counts the changes, from 1.
    pub version: u32,
}

impl core::fmt::Debug for KeptTalk {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("KeptTalk(..)")
    }
}

/// Why a talk was not written.
#[derive(Debug, thiserror::Error)]
pub enum TalkWriteError {
    /// It has changed since it was read.
    #[error("the talk has changed since it was read")]
    Changed,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Versions of one talk never seal for the same place.
const fn place(person: Uuid, version: u64) -> Place<'static> {
    Place::value("assistant_talks", "talk_sealed", person).at_version(version)
}

/// The talk of an account that is still kept; none when the record was erased.
///
/// # Errors
/// The store failed.
pub async fn talk_of(
    conn: &mut Conn,
    (tenant, person): (TenantId, UserId),
    now: Micros,
) -> Result<Option<KeptTalk>, StoreError> {
    let row = fetch_optional!(
        conn,
        (Uuid, Vec<u8>, i64, i64),
        "SELECT patient, talk_sealed, expires_us, version FROM assistant_talks
         WHERE tenant = $1 AND person = $2 AND expires_us > $3",
        tenant.as_uuid(),
        person.as_uuid(),
        now.0
    )?;
    let Some((patient, sealed, expires, version)) = row else {
        return Ok(None);
    };
    let patient = PatientId::from_uuid(patient);
    let Some(key) = keys::patient_key(conn, patient).await? else {
        return Ok(None);
    };
    let version = u32::try_from(version)
        .map_err(|source| StoreError::corrupt("assistant_talks.version", source))?;
    let place = place(person.as_uuid(), u64::from(version));
    let text = key
        .open(place, &sealed)
        .map_err(|source| StoreError::Sealed {
            table: "assistant_talks",
            column: "talk_sealed",
            source,
        })?;
    let text = String::from_utf8(text.to_vec())
        .map_err(|source| StoreError::corrupt("assistant_talks.talk_sealed", source))?;
    Ok(Some(KeptTalk {
        tenant,
        person,
        patient,
        text,
        expires: Micros(expires),
        version,
    }))
}

/// Writes the next version of a talk over the one before; `it.version` is the new one. One that is over
/// makes room for a first version.
///
/// # Errors
/// [`TalkWriteError`]
pub async fn put_talk(tx: &mut Tx, it: &KeptTalk, now: Micros) -> Result<(), TalkWriteError> {
    let key = keys::living_patient_key(tx, it.patient).await?;
    let place = place(it.person.as_uuid(), u64::from(it.version));
    let sealed = key
        .seal(place, it.text.as_bytes())
        .map_err(StoreError::from)?;
    if it.version == 1 {
        execute!(
            tx,
            "DELETE FROM assistant_talks WHERE person = $1 AND expires_us <= $2",
            it.person.as_uuid(),
            now.0
        )?;
    }
    let touched = execute!(
        tx,
        "INSERT INTO assistant_talks (person, tenant, patient, talk_sealed, expires_us, version)
         VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (person) DO UPDATE
         SET talk_sealed = excluded.talk_sealed, expires_us = excluded.expires_us,
             version = excluded.version
         WHERE assistant_talks.version = excluded.version - 1
           AND assistant_talks.patient = excluded.patient",
        it.person.as_uuid(),
        it.tenant.as_uuid(),
        it.patient.as_uuid(),
        sealed,
        it.expires.0,
        i64::from(it.version)
    )?;
    if touched == 1 {
        Ok(())
    } else {
        Err(TalkWriteError::Changed)
    }
}

/// Deletes the talk of an account.
///
/// # Errors
/// The store failed.
pub async fn forget_talk(
    tx: &mut Tx,
    (tenant, person): (TenantId, UserId),
) -> Result<(), StoreError> {
    execute!(
        tx,
        "DELETE FROM assistant_talks WHERE tenant = $1 AND person = $2",
        tenant.as_uuid(),
        person.as_uuid()
    )
    .map(|_| ())
}

/// Deletes talks whose time is over.
///
/// # Errors
/// The store failed.
pub async fn delete_expired(tx: &mut Tx, now: Micros) -> Result<u64, StoreError> {
    execute!(
        tx,
        "DELETE FROM assistant_talks WHERE expires_us <= $1",
        now.0
    )
}
