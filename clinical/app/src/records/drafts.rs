//! What somebody has begun to write about a patient. It survives signing out.

use clinical_model::{AppointmentId, PatientId};
use clinical_store::drafts::{self, Draft, DraftOf};

use super::RecordError;
use crate::{Access, Actor, Clinic};

/// Longest draft, in characters; a longer one is refused. A note has 20,000 at most.
pub const DRAFT_CHARS_MAX: usize = 25_000;

const fn of(actor: &Actor, (patient, appointment): (PatientId, Option<AppointmentId>)) -> DraftOf {
    DraftOf {
        tenant: actor.tenant,
        author: actor.user,
        patient,
        appointment,
    }
}

/// The actor's draft.
///
/// # Errors
/// [`RecordError::NotFound`] and [`RecordError::Store`]
pub async fn draft(
    clinic: &Clinic,
    actor: &Actor,
    place: (PatientId, Option<AppointmentId>),
) -> Result<Option<Draft>, RecordError> {
    let mut tx = clinic.db.look().await?;
    let access = Access::to(&mut tx, actor, place.0, clinic.clock.now()).await?;
    access.label_max()?;
    let found = drafts::find(&mut tx, &of(actor, place)).await?;
    tx.commit(access.entry(actor, "chart.read_draft")).await?;
    Ok(found)
}

/// Saves the actor's draft over version `read`, 0 for a new one.
///
/// # Errors
/// [`RecordError::NotFound`], [`RecordError::Invalid`], [`RecordError::Changed`] and
/// [`RecordError::Store`]
pub async fn save_draft(
    clinic: &Clinic,
    actor: &Actor,
    place: (PatientId, Option<AppointmentId>),
    (body, read): (&str, u32),
) -> Result<Draft, RecordError> {
    let now = clinic.clock.now();
    let mut tx = clinic.db.begin().await?;
    let access = Access::to(&mut tx, actor, place.0, now).await?;
    access.label_max()?;
    if body.chars().count() > DRAFT_CHARS_MAX {
        return Err(RecordError::Invalid("body"));
    }
    let version = drafts::save(&mut tx, &of(actor, place), (body, read), now).await?;
    tx.commit(access.entry(actor, "chart.save_draft")).await?;
    Ok(Draft {
        body: body.to_owned(),
        version,
        saved: now,
    })
}

/// Forgets the actor's draft.
///
/// # Errors
/// [`RecordError::NotFound`] and [`RecordError::Store`]
pub async fn discard_draft(
    clinic: &Clinic,
    actor: &Actor,
    place: (PatientId, Option<AppointmentId>),
) -> Result<(), RecordError> {
    let mut tx = clinic.db.begin().await?;
    let access = Access::to(&mut tx, actor, place.0, clinic.clock.now()).await?;
    access.label_max()?;
    drafts::remove(&mut tx, &of(actor, place)).await?;
    tx.commit(access.entry(actor, "chart.discard_draft"))
        .await?;
    Ok(())
}
