//! Cancelling and moving an appointment.

use clinical_model::booking::TransitionError;
use clinical_model::{AppointmentId, Micros};
use clinical_store::booking::{AppointmentRecord, AppointmentWriteError, FreedTime};
use clinical_store::{StoreError, Tx};

use super::access::{AccessError, reached};
use super::claim::{Missing, Wanted, offer};
use super::waiting::note_freed;
use crate::notify::{tell_cancelled, tell_moved};
use crate::visits::{CloseReason, LiveEffect};
use crate::{Actor, Desk};

/// Why an appointment was not cancelled.
#[derive(Debug, thiserror::Error)]
pub enum CancelError {
    /// There is no such appointment, or it is not theirs.
    #[error("no such appointment")]
    NotFound,
    /// The visit has begun or is over.
    #[error("the appointment cannot be cancelled")]
    State(#[from] TransitionError),
    /// Somebody changed it at the same moment.
    #[error("the appointment has changed since it was read")]
    Changed,
    /// The store failed.
    #[error("the appointment could not be cancelled")]
    Store(#[from] StoreError),
}

impl From<AccessError> for CancelError {
    fn from(error: AccessError) -> Self {
        match error {
            AccessError::NotFound => Self::NotFound,
            AccessError::Store(error) => Self::Store(error),
        }
    }
}

impl From<AppointmentWriteError> for CancelError {
    fn from(error: AppointmentWriteError) -> Self {
        match error {
            AppointmentWriteError::Changed => Self::Changed,
            AppointmentWriteError::DoctorTaken(error)
            | AppointmentWriteError::PatientTaken(error)
            | AppointmentWriteError::Store(error) => Self::Store(error),
        }
    }
}

/// Cancels an appointment; who waits for it is told. Its links say that it was cancelled.
///
/// # Errors
/// [`CancelError`]
pub async fn cancel(
    desk: &Desk,
    actor: &Actor,
    id: AppointmentId,
) -> Result<AppointmentRecord, CancelError> {
    let now = desk.now();
    let mut tx = desk.db().begin().await?;
    let (mut record, right) = reached(&mut tx, actor, id, now).await?;
    let read = record.appointment.version;
    note_span(desk, &mut tx, &record, now).await?;
    record.appointment = record.appointment.cancel(now)?;
    clinical_store::booking::update(&mut tx, &record.appointment, read).await?;
    tell_cancelled(&mut tx, desk.clinic(), &record.appointment, now).await?;
    let entry = right
        .entry(actor, "booking.cancel", now)
        .of_visit(&record.appointment);
    let effect = LiveEffect::CloseRoom {
        room: record.appointment.room,
        reason: CloseReason::Cancelled,
    };
    desk.commit_and_tell(tx, entry, effect).await?;
    Ok(record)
}

/// Remembers the time of an appointment that gives it up, for those who wait.
async fn note_span(
    desk: &Desk,
    tx: &mut Tx,
    record: &AppointmentRecord,
    now: Micros,
) -> Result<(), StoreError> {
    let appointment = &record.appointment;
    let place = (appointment.id, appointment.doctor);
    let Some(span) = clinical_store::booking::span_of(tx, place).await? else {
        return Ok(());
    };
    let freed = FreedTime {
        tenant: appointment.tenant,
        doctor: appointment.doctor,
        span,
        at: now,
    };
    note_freed(desk, tx, freed, now).await
}

/// Why an appointment was not moved.
#[derive(Debug, thiserror::Error)]
pub enum RescheduleError {
    /// There is no such appointment, or it is not theirs.
    #[error("no such appointment")]
    NotFound,
    /// The visit has begun, is over, or was cancelled.
    #[error("the appointment cannot be moved")]
    State(#[from] TransitionError),
    /// The begin is past, too far ahead, or no slot of the doctor's hours begins then.
    #[error("no slot begins then")]
    NoSlot,
    /// Somebody else has that time.
    #[error("somebody else has that time")]
    SlotTaken,
    /// The patient has another appointment at that time.
    #[error("the patient has another appointment at that time")]
    PatientTaken,
    /// Somebody changed it at the same moment.
    #[error("the appointment has changed since it was read")]
    Changed,
    /// The store failed.
    #[error("the appointment could not be moved")]
    Store(#[from] StoreError),
}

impl From<AccessError> for RescheduleError {
    fn from(error: AccessError) -> Self {
        match error {
            AccessError::NotFound => Self::NotFound,
            AccessError::Store(error) => Self::Store(error),
        }
    }
}

impl From<Missing> for RescheduleError {
    fn from(error: Missing) -> Self {
        match error {
            Missing::NoSlot => Self::NoSlot,
            Missing::Taken => Self::SlotTaken,
            Missing::Store(error) => Self::Store(error),
        }
    }
}

impl From<AppointmentWriteError> for RescheduleError {
    fn from(error: AppointmentWriteError) -> Self {
        match error {
            AppointmentWriteError::Changed => Self::Changed,
            AppointmentWriteError::DoctorTaken(_) => Self::SlotTaken,
            AppointmentWriteError::PatientTaken(_) => Self::PatientTaken,
            AppointmentWriteError::Store(error) => Self::Store(error),
        }
    }
}

/// Moves an appointment to another free slot of the same doctor. Links go on working; who waited is
/// told, and everybody waits again at the new time.
///
/// # Errors
/// [`RescheduleError`]
pub async fn reschedule(
    desk: &Desk,
    actor: &Actor,
    id: AppointmentId,
    start: Micros,
) -> Result<AppointmentRecord, RescheduleError> {
    let now = desk.now();
    let mut tx = desk.db().begin().await?;
    let (mut record, right) = reached(&mut tx, actor, id, now).await?;
    let (doctor, patient) = (record.appointment.doctor, record.appointment.patient);
    let read = record.appointment.version;
    let (service, mut kept) = clinical_store::booking::service_of(&mut tx, id).await?;
    let wanted = Wanted {
        tenant: actor.tenant,
        patient,
        doctor,
        service,
        start,
        outside_hours: false,
    };
    kept.extend([doctor.as_uuid(), patient.as_uuid()]);
    clinical_store::booking::lock_all(&mut tx, &mut kept).await?;
    clinical_store::booking::drop_expired(&mut tx, &kept, now).await?;
    let (found, _, _) = offer(&mut tx, wanted, now).await?;
    note_span(desk, &mut tx, &record, now).await?;
    record.appointment = record.appointment.reschedule(found.visit)?;
    clinical_store::booking::update(&mut tx, &record.appointment, read).await?;
    let expires = record.appointment.closes_at();
    clinical_store::visits::extend_links(&mut tx, id, expires).await?;
    let room = record.appointment.room;
    clinical_store::visits::clear_admissions(&mut tx, room, now).await?;
    let anew = clinical_store::visits::RoomMode::default();
    clinical_store::visits::keep_mode(&mut tx, room, &anew, now).await?;
    tell_moved(&mut tx, desk.clinic(), &record.appointment, now).await?;
    let entry = right
        .entry(actor, "booking.reschedule", now)
        .of_visit(&record.appointment);
    let effect = LiveEffect::CloseRoom {
        room,
        reason: CloseReason::Rescheduled,
    };
    desk.commit_and_tell(tx, entry, effect).await?;
    Ok(record)
}
