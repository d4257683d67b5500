//! Holding recordings, and deleting them.

use std::sync::Arc;

use clinical_model::recordings::Recording;
use clinical_model::text::Line;
use clinical_model::{PatientId, RecordingId};
use clinical_store::recordings as store;
use clinical_store::{Conn, StoreError};

use super::view::{Listed, listed};
use super::{Archive, RecordingsError, entry, known, system_entry};
use crate::{Actor, Clinic};

async fn change(
    clinic: &Clinic,
    archive: &Archive,
    actor: &Actor,
    (id, action): (RecordingId, &'static str),
    next: impl FnOnce(Recording) -> Result<Recording, RecordingsError>,
) -> Result<Listed, RecordingsError> {
    let now = clinic.clock.now();
    let mut tx = clinic.db.begin().await?;
    let next = next(known(&mut tx, actor, id, now).await?)?;
    store::update(&mut tx, &next).await?;
    let audit = entry(actor, action, &next, now);
    let shown = listed(&mut tx, archive, actor, next).await?;
    tx.commit(audit).await?;
    Ok(shown)
}

/// A recording must not be deleted from now on, such as during a dispute.
///
/// # Errors
/// [`RecordingsError`]
pub async fn hold(
    clinic: &Clinic,
    archive: &Archive,
    actor: &Actor,
    (id, reason): (RecordingId, Line),
) -> Result<Listed, RecordingsError> {
    let act = (id, "recordings.hold");
    change(clinic, archive, actor, act, |it| Ok(it.hold(reason)?)).await
}

/// A recording may be deleted again.
///
/// # Errors
/// [`RecordingsError`]
pub async fn release(
    clinic: &Clinic,
    archive: &Archive,
    actor: &Actor,
    id: RecordingId,
) -> Result<Listed, RecordingsError> {
    let act = (id, "recordings.release");
    change(clinic, archive, actor, act, |it| Ok(it.release()?)).await
}

/// Destroys the key of a recording, and then its files. That it was there stays known.
///
/// # Errors
/// [`RecordingsError`]; after the key only files that nobody can open are left, and the next round of
/// [`delete_due`] does not find them again.
pub async fn delete(
    clinic: &Clinic,
    archive: &Archive,
    actor: &Actor,
    (id, reason): (RecordingId, Line),
) -> Result<Listed, RecordingsError> {
    let act = (id, "recordings.delete");
    let next = |it: Recording| Ok(it.delete(Some(reason))?);
    let shown = change(clinic, archive, actor, act, next).await?;
    take_away(archive, id).await;
    Ok(shown)
}

/// Deletes the recordings whose time is over. Answers how many.
///
/// # Errors
/// [`RecordingsError::Store`]
pub async fn delete_due(clinic: &Clinic, archive: &Archive) -> Result<usize, RecordingsError> {
    let now = clinic.clock.now();
    let due = store::due(&mut *clinic.db.read().await?, now).await?;
    let mut deleted = 0;
    for recording in due {
        let id = recording.id;
        let Ok(next) = recording.delete(None) else {
            continue;
        };
        let mut tx = clinic.db.begin().await?;
        match store::update(&mut tx, &next).await {
            Ok(()) => {}
            // Somebody holds it since.
            Err(store::RecordingWriteError::Changed) => continue,
            Err(store::RecordingWriteError::Store(error)) => return Err(error.into()),
        }
        tx.commit(system_entry("recordings.expire", &next, now))
            .await?;
        take_away(archive, id).await;
        deleted += 1;
    }
    Ok(deleted)
}

/// Nobody can open the files any more, so it is no failure of the act when the disk refuses.
async fn take_away(archive: &Archive, id: RecordingId) {
    let shelf = Arc::clone(archive.shelf());
    let taken = tokio::task::spawn_blocking(move || shelf.destroy(id)).await;
    if !matches!(taken, Ok(Ok(()))) {
        tracing::warn!(recording = %id, "files of a deleted recording are still there");
    }
}

/// Whether a recording of this person keeps the record from being erased: of any of the records that were
/// merged, because all of them are erased together.
pub(crate) async fn keeps(conn: &mut Conn, patient: PatientId) -> Result<bool, StoreError> {
    for record in clinical_store::rights::records_of_person(conn, patient).await? {
        if store::is_held(conn, record).await? {
            return Ok(true);
        }
    }
    Ok(false)
}
