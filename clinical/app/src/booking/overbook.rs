//! Staff give a time although the doctor has another appointment then, and say why.

use clinical_model::booking::Reason;
use clinical_model::{AuditEntry, Micros, PatientId, Role, ServiceId, UserId};
use clinical_store::Tx;
use clinical_store::booking::Claim;

use super::book::{Agreed, BookError, Booked, write};
use super::claim::{Wanted, find};
use crate::access::Access;
use crate::{Actor, Desk};

/// Why a doctor is booked twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OverbookReason {
    /// It cannot wait.
    Urgent,
    /// The doctor asked for it.
    DoctorAsked,
    /// The clinic made a mistake.
    ClinicError,
}

impl OverbookReason {
    /// The act in the audit.
    const fn action(self) -> &'static str {
        match self {
            Self::Urgent => "booking.overbook_urgent",
            Self::DoctorAsked => "booking.overbook_doctor_asked",
            Self::ClinicError => "booking.overbook_clinic_error",
        }
    }
}

/// Give a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OverbookCommand {
    /// To whom.
    pub patient: PatientId,
    /// With whom.
    pub doctor: UserId,
    /// What for; none for a plain appointment.
    pub service: Option<ServiceId>,
    /// Begin of the visit, within the doctor's hours or not.
    pub start: Micros,
    /// Why the patient comes.
    pub reason: Reason,
    /// Why it is given.
    pub because: OverbookReason,
}

/// Gives a patient a time, also over another appointment of the doctor. Rooms, devices and the
/// patient are never booked twice. Doctors overbook themselves; nurses, every doctor.
///
/// # Errors
/// [`BookError`]
pub async fn overbook(
    desk: &Desk,
    actor: &Actor,
    command: OverbookCommand,
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
    let access = Access::to(&mut tx, actor, command.patient, now).await?;
    if clinical_store::booking::doctor(&mut tx, actor.tenant, command.doctor)
        .await?
        .is_none()
    {
        return Err(BookError::NoDoctor);
    }
    let wanted = Wanted {
        tenant: actor.tenant,
        patient: command.patient,
        doctor: command.doctor,
        service: command.service,
        start: command.start,
        outside_hours: true,
    };
    let found = find(desk, &mut tx, wanted, now).await?;
    let claim = Claim::Fresh {
        span: found.offer.occupied,
        seats: found.seats,
        service: command.service,
        overbooked: found.is_doctor_busy,
    };
    let agreed = Agreed {
        tenant: actor.tenant,
        doctor: command.doctor,
        patient: command.patient,
        slot: found.offer.visit,
        reason: command.reason,
    };
    let booked = write(desk, &mut tx, agreed, (&claim, now)).await?;
    let because = AuditEntry::done(actor.audit(), command.because.action(), now);
    tx.also(because.of_visit(&booked.record.appointment))
        .await?;
    let entry = access
        .entry(actor, "booking.overbook")
        .of_visit(&booked.record.appointment);
    tx.commit(entry).await?;
    Ok(booked)
}

/// Gives a patient whom triage calls pressing a time now with a doctor on duty, who may be busy. The
/// caller has found out that they may, and commits.
///
/// # Errors
/// [`BookError`]
pub(crate) async fn see_now(
    desk: &Desk,
    tx: &mut Tx,
    actor: &Actor,
    (patient, doctor): (PatientId, UserId),
    (reason, now): (Reason, Micros),
) -> Result<Booked, BookError> {
    let wanted = Wanted {
        tenant: actor.tenant,
        patient,
        doctor,
        service: None,
        start: now,
        outside_hours: true,
    };
    let found = find(desk, tx, wanted, now).await?;
    let claim = Claim::Fresh {
        span: found.offer.occupied,
        seats: found.seats,
        service: None,
        overbooked: found.is_doctor_busy,
    };
    let agreed = Agreed {
        tenant: actor.tenant,
        doctor,
        patient,
        slot: found.offer.visit,
        reason,
    };
    write(desk, tx, agreed, (&claim, now)).await
}
