//! An appointment as an entry for other calendars.

use clinical_calendar::{Invitation, Method, Party};
use clinical_model::AppointmentId;
use clinical_model::booking::AppointmentStage;
use clinical_store::StoreError;
use jiff::tz::TimeZone;

use super::access::{AccessError, own};
use crate::{Actor, Desk};

/// Makes UIDs unique together with the id, which is unique by itself. RFC 2606 keeps it free.
const HOST: &str = "telehealth.invalid";
/// Nobody answers invitations; changes are made on the pages.
const ORGANIZER: Party<'static> = Party {
    name: "Telehealth Hub",
    email: "noreply@telehealth.invalid",
};
/// Other people read calendars, so it says nothing of what for.
const TITLE: &str = "Rendez-vous / Appointment";

/// The iCalendar text of an appointment, for its patient and its doctor. Its sequence grows with
/// every change; a cancelled one takes itself out of the calendar.
///
/// # Errors
/// [`AccessError`]
pub async fn calendar_entry(
    desk: &Desk,
    actor: &Actor,
    id: AppointmentId,
) -> Result<String, AccessError> {
    let mut tx = desk.db().read().await?;
    let record = own(&mut tx, actor, id).await?;
    let zone = TimeZone::get(&record.doctor.zone)
        .map_err(|error| StoreError::corrupt("doctor_schedules.zone", error))?;
    let invitation = Invitation {
        id: id.as_uuid(),
        host: HOST,
        sequence: record.appointment.version.saturating_sub(1),
        stamp: desk.now(),
        visit: record.appointment.slot,
        zone: &zone,
        title: TITLE,
        place: None,
        organizer: ORGANIZER,
        attendees: &[],
    };
    let method = match record.appointment.state.stage() {
        AppointmentStage::Cancelled => Method::Cancel,
        AppointmentStage::Booked
        | AppointmentStage::Arrived
        | AppointmentStage::InProgress
        | AppointmentStage::Finished => Method::Publish,
    };
    let text = invitation
        .text(method)
        .map_err(|error| StoreError::corrupt("appointments", error))?;
    Ok(text)
}
