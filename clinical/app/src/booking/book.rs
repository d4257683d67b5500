//! Booking a free slot. Of several who want the same one, the database lets one win.

use clinical_model::booking::{Appointment, AppointmentState, Reason, Slot};
use clinical_model::visits::LinkHolder;
use clinical_model::{AppointmentId, Micros, ParticipantUuid, Role, RoomUuid, UserId};
use clinical_store::booking::{AppointmentRecord, AppointmentWriteError};
use clinical_store::{Conn, StoreError};

use super::calendar::Calendar;
use super::links::{NewLink, issue};
use crate::notify::tell_booked;
use crate::{Actor, Desk};

/// How far ahead can be booked, in days of 24 hours.
const AHEAD_DAYS_MAX: i64 = 400;

/// Book a free slot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BookCommand {
    /// With whom.
    pub doctor: UserId,
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
    /// The store failed.
    #[error("the appointment could not be booked")]
    Store(#[from] StoreError),
}

impl From<AppointmentWriteError> for BookError {
    fn from(error: AppointmentWriteError) -> Self {
        match error {
            AppointmentWriteError::DoctorTaken(_) | AppointmentWriteError::Changed => {
                Self::SlotTaken
            }
            AppointmentWriteError::PatientTaken(_) => Self::OwnOverlap,
            AppointmentWriteError::Store(error) => Self::Store(error),
        }
    }
}

/// The slot that begins then, if one can still be had.
pub(super) async fn bookable_slot(
    conn: &mut Conn,
    doctor: UserId,
    start: Micros,
    now: Micros,
) -> Result<Option<Slot>, StoreError> {
    if start < now || start.since(now) > AHEAD_DAYS_MAX * Micros::DAY {
        return Ok(None);
    }
    let calendar = Calendar::read(conn, doctor).await?;
    Ok(calendar.and_then(|calendar| calendar.slot_at(start)))
}

/// Books a slot for the patient who asks.
///
/// # Errors
/// [`BookError`]
pub async fn book(desk: &Desk, actor: &Actor, command: BookCommand) -> Result<Booked, BookError> {
    let (Role::Patient, Some(patient)) = (actor.role, actor.patient) else {
        return Err(BookError::Forbidden);
    };
    let now = desk.now();
    let mut tx = desk.db().begin().await?;
    if clinical_store::booking::doctor(&mut tx, actor.tenant, command.doctor)
        .await?
        .is_none()
    {
        return Err(BookError::NoDoctor);
    }
    let slot = bookable_slot(&mut tx, command.doctor, command.start, now)
        .await?
        .ok_or(BookError::NoSlot)?;
    clinical_store::booking::lock_calendars(&mut tx, command.doctor, patient).await?;
    let appointment = Appointment {
        id: AppointmentId::from_uuid(desk.id(now)),
        doctor: command.doctor,
        tenant: actor.tenant,
        patient,
        slot,
        reason: command.reason,
        room: RoomUuid::from_uuid(desk.opaque_id()),
        doctor_participant: ParticipantUuid::from_uuid(desk.opaque_id()),
        patient_participant: ParticipantUuid::from_uuid(desk.opaque_id()),
        state: AppointmentState::Booked,
        version: 1,
    };
    clinical_store::booking::insert(&mut tx, &appointment, now).await?;
    let link = issue(desk, &mut tx, &appointment, LinkHolder::Patient, now).await?;
    let record = clinical_store::booking::find(&mut tx, appointment.id)
        .await?
        .ok_or_else(|| StoreError::corrupt("appointments.id", "a booked appointment is missing"))?;
    tell_booked(&mut tx, desk.clinic(), &appointment, now).await?;
    let entry = actor
        .did("booking.book", now)
        .of_visit(&appointment)
        .under("own_appointment");
    tx.commit(entry).await?;
    Ok(Booked { record, link })
}
