//! Times that are kept for a patient while they decide.

use clinical_model::booking::Reason;
use clinical_model::{HoldId, Micros, PatientId, Role, ServiceId, UserId};
use clinical_store::booking::{AppointmentWriteError, FreedTime, Hold};

use super::book::{Agreed, BookError, Booked, write};
use super::claim::{Wanted, find};
use super::waiting::note_freed;
use crate::{Actor, Desk};

/// How long a time is kept, in microseconds: five minutes to write why one comes.
pub const HOLD_US: i64 = 5 * Micros::MINUTE;

/// Keep a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HoldCommand {
    /// With whom.
    pub doctor: UserId,
    /// What for; none for a plain appointment.
    pub service: Option<ServiceId>,
    /// Begin of the visit.
    pub start: Micros,
}

/// Keeps a time with all that it needs for [`HOLD_US`]. The patient's earlier hold ends.
///
/// # Errors
/// [`BookError`]
pub async fn hold(desk: &Desk, actor: &Actor, command: HoldCommand) -> Result<Hold, BookError> {
    let patient = own_record(actor)?;
    let now = desk.now();
    let mut tx = desk.db().begin().await?;
    let wanted = Wanted {
        tenant: actor.tenant,
        patient,
        doctor: command.doctor,
        service: command.service,
        start: command.start,
        outside_hours: false,
    };
    if clinical_store::booking::doctor(&mut tx, actor.tenant, command.doctor)
        .await?
        .is_none()
    {
        return Err(BookError::NoDoctor);
    }
    // What they chose before must not stand in their own way, when they ask for the same again.
    clinical_store::booking::drop_chosen(&mut tx, patient).await?;
    let found = find(desk, &mut tx, wanted, now).await?;
    let hold = Hold {
        id: HoldId::from_uuid(desk.id(now)),
        tenant: actor.tenant,
        patient,
        service: command.service,
        doctor: command.doctor,
        slot: found.offer.visit,
        expires: now.plus(HOLD_US),
        offered: false,
    };
    let takes = (found.offer.occupied, found.seats.as_slice());
    clinical_store::booking::insert_hold(&mut tx, &hold, takes, now).await?;
    let entry = actor
        .did("booking.hold", now)
        .about("hold", hold.id.as_uuid())
        .of_patient(patient)
        .under("own_hold");
    tx.commit(entry).await?;
    Ok(hold)
}

/// The patient's hold, while it lasts.
///
/// # Errors
/// [`BookError::NoHold`], [`BookError::Forbidden`] and [`BookError::Store`]
pub async fn held(desk: &Desk, actor: &Actor, id: HoldId) -> Result<Hold, BookError> {
    let patient = own_record(actor)?;
    let mut tx = desk.db().read().await?;
    clinical_store::booking::hold(&mut tx, patient, id, desk.now())
        .await?
        .ok_or(BookError::NoHold)
}

/// Makes an appointment of what a hold kept.
///
/// # Errors
/// [`BookError::NoHold`] when it has expired or is not theirs, and the rest of [`BookError`]
pub async fn book_held(
    desk: &Desk,
    actor: &Actor,
    id: HoldId,
    reason: Reason,
) -> Result<Booked, BookError> {
    let patient = own_record(actor)?;
    let now = desk.now();
    let mut tx = desk.db().begin().await?;
    let hold = clinical_store::booking::hold(&mut tx, patient, id, now)
        .await?
        .filter(|it| !it.offered)
        .ok_or(BookError::NoHold)?;
    clinical_store::booking::lock_calendars(&mut tx, hold.doctor, patient).await?;
    let agreed = Agreed {
        tenant: actor.tenant,
        doctor: hold.doctor,
        patient,
        slot: hold.slot,
        reason,
    };
    let booked = match write(desk, &mut tx, agreed, (&hold.claim(), now)).await {
        Err(BookError::Written(AppointmentWriteError::Changed)) => return Err(BookError::NoHold),
        other => other?,
    };
    let entry = actor
        .did("booking.book", now)
        .of_visit(&booked.record.appointment)
        .under("own_hold");
    tx.commit(entry).await?;
    Ok(booked)
}

/// Gives a kept time back.
///
/// # Errors
/// [`BookError::NoHold`], [`BookError::Forbidden`] and [`BookError::Store`]
pub async fn release(desk: &Desk, actor: &Actor, id: HoldId) -> Result<(), BookError> {
    let patient = own_record(actor)?;
    let now = desk.now();
    let mut tx = desk.db().begin().await?;
    let kept = clinical_store::booking::hold(&mut tx, patient, id, now)
        .await?
        .filter(|it| !it.offered)
        .ok_or(BookError::NoHold)?;
    if !clinical_store::booking::delete_hold(&mut tx, patient, id).await? {
        return Err(BookError::NoHold);
    }
    let freed = FreedTime {
        tenant: kept.tenant,
        doctor: kept.doctor,
        span: kept.slot,
        at: now,
    };
    note_freed(desk, &mut tx, freed, now).await?;
    let entry = actor
        .did("booking.release", now)
        .about("hold", id.as_uuid())
        .of_patient(patient)
        .under("own_hold");
    tx.commit(entry).await?;
    Ok(())
}

const fn own_record(actor: &Actor) -> Result<PatientId, BookError> {
    match (actor.role, actor.patient) {
        (Role::Patient, Some(patient)) => Ok(patient),
        _ => Err(BookError::Forbidden),
    }
}
