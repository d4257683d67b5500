//! Booking a free slot. Of several who want the same one, the database lets one win.

use clinical_model::booking::{Appointment, AppointmentState, Reason, Slot};
use clinical_model::visits::LinkHolder;
use clinical_model::{
    AppointmentId, Micros, ParticipantUuid, PatientId, Role, RoomUuid, ServiceId, TenantId, UserId,
};
use clinical_store::booking::{AppointmentRecord, AppointmentWriteError, Claim};
use clinical_store::{StoreError, Tx};

use super::access::{Right, proxied};
use super::claim::{Missing, Wanted, find};
use super::links::{NewLink, issue};
use crate::access::{Access, AccessDenied};
use crate::notify::tell_booked;
use crate::{Actor, Desk};

/// Book a free slot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BookCommand {
    /// With whom.
    pub doctor: UserId,
    /// What for; none for a plain appointment.
    pub service: Option<ServiceId>,
    /// Begin of the slot.
    pub start: Micros,
    /// In the patient's words.
    pub reason: Reason,
}

/// A booked appointment with the patient's way in.
#[derive(Debug)]
pub struct Booked {
    /// The appointment.
    pub record: AppointmentRecord,
    /// The link; its secret is not stored.
    pub link: NewLink,
}

/// Why nothing was booked.
#[derive(Debug, thiserror::Error)]
pub enum BookError {
    /// Only patients book.
    #[error("this role does not book")]
    Forbidden,
    /// There is no such doctor.
    #[error("no such doctor")]
    NoDoctor,
    /// The begin is past, too far ahead, or no slot of the doctor's hours begins then.
    #[error("no slot begins then")]
    NoSlot,
    /// Somebody else has that time.
    #[error("somebody else has that time")]
    SlotTaken,
    /// The patient has another appointment at that time.
    #[error("the patient has another appointment at that time")]
    OwnOverlap,
    /// The hold has expired or is not theirs.
    #[error("no such hold")]
    NoHold,
    /// There is no such patient, or they may not know of them.
    #[error("no such patient")]
    NoPatient,
    /// It was not written.
    #[error("the appointment was not written")]
    Written(#[source] AppointmentWriteError),
    /// The store failed.
    #[error("the appointment could not be booked")]
    Store(#[from] StoreError),
}

impl From<AppointmentWriteError> for BookError {
    fn from(error: AppointmentWriteError) -> Self {
        match error {
            AppointmentWriteError::DoctorTaken(_) => Self::SlotTaken,
            AppointmentWriteError::PatientTaken(_) => Self::OwnOverlap,
            AppointmentWriteError::Changed => Self::Written(error),
            AppointmentWriteError::Store(error) => Self::Store(error),
        }
    }
}

impl From<AccessDenied> for BookError {
    fn from(error: AccessDenied) -> Self {
        match error {
            AccessDenied::NotFound => Self::NoPatient,
            AccessDenied::Store(error) => Self::Store(error),
        }
    }
}

impl From<Missing> for BookError {
    fn from(error: Missing) -> Self {
        match error {
            Missing::NoSlot => Self::NoSlot,
            Missing::Taken => Self::SlotTaken,
            Missing::Store(error) => Self::Store(error),
        }
    }
}

/// What two people agreed on.
pub(super) struct Agreed {
    pub(super) tenant: TenantId,
    pub(super) doctor: UserId,
    pub(super) patient: PatientId,
    pub(super) slot: Slot,
    pub(super) reason: Reason,
}

/// Writes an appointment with all that it takes, its link, and the messages about it.
pub(super) async fn write(
    desk: &Desk,
    tx: &mut Tx,
    agreed: Agreed,
    (claim, now): (&Claim, Micros),
) -> Result<Booked, BookError> {
    let appointment = Appointment {
        id: AppointmentId::from_uuid(desk.id(now)),
        doctor: agreed.doctor,
        tenant: agreed.tenant,
        patient: agreed.patient,
        slot: agreed.slot,
        reason: agreed.reason,
        room: RoomUuid::from_uuid(desk.opaque_id()),
        doctor_participant: ParticipantUuid::from_uuid(desk.opaque_id()),
        patient_participant: ParticipantUuid::from_uuid(desk.opaque_id()),
        state: AppointmentState::Booked,
        version: 1,
    };
    clinical_store::booking::insert_claiming(tx, &appointment, claim, now).await?;
    let link = issue(desk, tx, &appointment, LinkHolder::Patient, now).await?;
    clinical_store::visits::make_phone_pin(tx, &appointment, now).await?;
    let record = clinical_store::booking::find(tx, appointment.id)
        .await?
        .ok_or_else(|| StoreError::corrupt("appointments.id", "a booked appointment is missing"))?;
    tell_booked(tx, desk.clinic(), &appointment, now).await?;
    Ok(Booked { record, link })
}

/// Books a slot for the patient who asks, with the rooms and devices that the service needs.
///
/// # Errors
/// [`BookError`]
pub async fn book(desk: &Desk, actor: &Actor, command: BookCommand) -> Result<Booked, BookError> {
    let (Role::Patient, Some(patient)) = (actor.role, actor.patient) else {
        return Err(BookError::Forbidden);
    };
    let now = desk.now();
    let tx = desk.db().begin().await?;
    book_as(desk, tx, actor, (patient, Right::Own), (command, now)).await
}

/// Books a slot for somebody whom the caller acts for; who only may look is refused.
///
/// # Errors
/// [`BookError`]
pub async fn book_as_proxy(
    desk: &Desk,
    actor: &Actor,
    patient: PatientId,
    command: BookCommand,
) -> Result<Booked, BookError> {
    if actor.role != Role::Patient {
        return Err(BookError::Forbidden);
    }
    let now = desk.now();
    let mut tx = desk.db().begin().await?;
    let right = proxied(&mut tx, actor, patient, now).await?;
    let right = right.ok_or(BookError::Forbidden)?;
    book_as(desk, tx, actor, (patient, right), (command, now)).await
}

/// Books a slot for a patient whom the caller may see: nurses with every doctor, doctors with
/// themselves.
///
/// # Errors
/// [`BookError`]
pub async fn book_for(
    desk: &Desk,
    actor: &Actor,
    patient: PatientId,
    command: BookCommand,
) -> Result<Booked, BookError> {
    match actor.role {
        // Of other doctors' calendars a doctor is told nothing.
        Role::Doctor if command.doctor != actor.user => return Err(BookError::NoDoctor),
        Role::Doctor | Role::Nurse => {}
        Role::Patient
        | Role::Pharmacist
        | Role::LabTechnician
        | Role::Radiologist
        | Role::Pathologist
        | Role::Admin
        | Role::HealthAuthority => return Err(BookError::Forbidden),
    }
    let now = desk.now();
    let mut tx = desk.db().begin().await?;
    let access = Access::to(&mut tx, actor, patient, now).await?;
    let right = Right::Granted(access);
    book_as(desk, tx, actor, (patient, right), (command, now)).await
}

async fn book_as(
    desk: &Desk,
    mut tx: Tx,
    actor: &Actor,
    (patient, right): (PatientId, Right),
    (command, now): (BookCommand, Micros),
) -> Result<Booked, BookError> {
    if clinical_store::booking::doctor(&mut tx, actor.tenant, command.doctor)
        .await?
        .is_none()
    {
        return Err(BookError::NoDoctor);
    }
    let wanted = Wanted {
        tenant: actor.tenant,
        patient,
        doctor: command.doctor,
        service: command.service,
        start: command.start,
        outside_hours: false,
    };
    let found = find(desk, &mut tx, wanted, now).await?;
    let claim = Claim::Fresh {
        span: found.offer.occupied,
        seats: found.seats,
        service: command.service,
        overbooked: false,
    };
    let agreed = Agreed {
        tenant: actor.tenant,
        doctor: command.doctor,
        patient,
        slot: found.offer.visit,
        reason: command.reason,
    };
    let booked = write(desk, &mut tx, agreed, (&claim, now)).await?;
    let entry = right
        .entry(actor, "booking.book", now)
        .of_visit(&booked.record.appointment);
    tx.commit(entry).await?;
    Ok(booked)
}
