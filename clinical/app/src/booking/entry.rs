//! Appointments as entries of other calendars.

use clinical_calendar::{Invitation, Method, Party as CalendarParty};
use clinical_model::booking::{Appointment, AppointmentStage};
use clinical_model::visits::JoinLinkToken;
use clinical_model::{AppointmentId, Micros, Role};
use clinical_store::StoreError;
use clinical_store::booking::Party;
use jiff::tz::TimeZone;

use super::access::{AccessError, own};
use super::links::hash;
use crate::{Actor, Desk};

/// Makes UIDs unique together with the id, which is unique by itself. RFC 2606 keeps it free.
const HOST: &str = "telehealth.invalid";
/// Nobody answers invitations; changes are made on the pages.
const ORGANIZER: CalendarParty<'static> = CalendarParty {
    name: "Telehealth Hub",
    email: "noreply@telehealth.invalid",
};
/// Other people read calendars, so it says nothing of what for.
const TITLE: &str = "Rendez-vous / Appointment";

/// How far back and ahead a feed reaches, in days of 24 hours.
const FEED_DAYS: (i64, i64) = (30, 365);

/// Why an address of a calendar was not made, taken back or read.
#[derive(Debug, thiserror::Error)]
pub enum FeedError {
    /// Only patients and doctors have appointments.
    #[error("this role has no appointments")]
    Forbidden,
    /// There is no such address.
    #[error("no such address")]
    NotFound,
    /// The store failed.
    #[error("the calendar could not be read or written")]
    Store(#[from] StoreError),
}

fn has_appointments(actor: &Actor) -> Result<(), FeedError> {
    match actor.role {
        Role::Patient | Role::Doctor => Ok(()),
        Role::Nurse
        | Role::Pharmacist
        | Role::LabTechnician
        | Role::Radiologist
        | Role::Pathologist
        | Role::Admin
        | Role::HealthAuthority => Err(FeedError::Forbidden),
    }
}

/// Gives the caller's calendar an address that programs read without a sign-in. The secret is
/// shown this once; an earlier one stops working.
///
/// # Errors
/// [`FeedError::Forbidden`] and [`FeedError::Store`]
pub async fn make_feed(desk: &Desk, actor: &Actor) -> Result<JoinLinkToken, FeedError> {
    has_appointments(actor)?;
    let now = desk.now();
    let secret = desk.link_token();
    let mut tx = desk.db().begin().await?;
    clinical_store::booking::put_feed(&mut tx, actor.user, &hash(&secret), now).await?;
    let entry = actor
        .did("booking.make_feed", now)
        .about("user", actor.user.as_uuid());
    tx.commit(entry).await?;
    Ok(secret)
}

/// Since when the caller's calendar has an address.
///
/// # Errors
/// [`FeedError::Forbidden`] and [`FeedError::Store`]
pub async fn feed_since(desk: &Desk, actor: &Actor) -> Result<Option<Micros>, FeedError> {
    has_appointments(actor)?;
    let mut tx = desk.db().read().await?;
    Ok(clinical_store::booking::feed_since(&mut tx, actor.user).await?)
}

/// Takes the address of the caller's calendar back.
///
/// # Errors
/// [`FeedError`]
pub async fn revoke_feed(desk: &Desk, actor: &Actor) -> Result<(), FeedError> {
    has_appointments(actor)?;
    let now = desk.now();
    let mut tx = desk.db().begin().await?;
    if !clinical_store::booking::delete_feed(&mut tx, actor.user).await? {
        return Err(FeedError::NotFound);
    }
    let entry = actor
        .did("booking.revoke_feed", now)
        .about("user", actor.user.as_uuid());
    tx.commit(entry).await?;
    Ok(())
}

/// The calendar at an address: when the owner's appointments are, and nothing else about them.
///
/// # Errors
/// [`FeedError::NotFound`] and [`FeedError::Store`]
pub async fn feed(desk: &Desk, secret: &str) -> Result<String, FeedError> {
    let secret: JoinLinkToken = secret.parse().or(Err(FeedError::NotFound))?;
    let now = desk.now();
    let mut tx = desk.db().read().await?;
    let owner = clinical_store::booking::feed_owner(&mut tx, &hash(&secret))
        .await?
        .ok_or(FeedError::NotFound)?;
    let account = clinical_store::identity::account(&mut tx, owner)
        .await?
        .filter(|it| !it.disabled)
        .ok_or(FeedError::NotFound)?;
    let party = match (account.position.role(), account.patient) {
        (Role::Doctor, _) => Party::Doctor(owner),
        (Role::Patient, Some(patient)) => Party::Patient(patient),
        _ => return Err(FeedError::NotFound),
    };
    let (back, ahead) = FEED_DAYS;
    let range = (now.plus(-back * Micros::DAY), now.plus(ahead * Micros::DAY));
    let records = clinical_store::booking::list(&mut tx, party, range).await?;
    let utc = TimeZone::UTC;
    let entries: Vec<Invitation<'_>> = records
        .iter()
        .filter(|it| it.appointment.state.stage() != AppointmentStage::Cancelled)
        .map(|it| invitation(&it.appointment, &utc, now))
        .collect();
    let text = clinical_calendar::feed(ORGANIZER.name, &entries)
        .map_err(|error| StoreError::corrupt("appointments", error))?;
    Ok(text)
}

const fn invitation<'a>(
    appointment: &Appointment,
    zone: &'a TimeZone,
    now: Micros,
) -> Invitation<'a> {
    Invitation {
        id: appointment.id.as_uuid(),
        host: HOST,
        sequence: appointment.version.saturating_sub(1),
        stamp: now,
        visit: appointment.slot,
        zone,
        title: TITLE,
        place: None,
        organizer: ORGANIZER,
        attendees: &[],
    }
}

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
    let invitation = invitation(&record.appointment, &zone, desk.now());
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
