//! Doctors, free slots, appointments, weekly hours.
//!
//! - `GET /doctors` -> list of [`DoctorView`] (any signed-in person)
//! - `GET /doctors/{id}/slots?from_us=&days=` -> [`SlotsView`] (any signed-in person)
//! - `GET /hours`, `PUT /hours` -> [`HoursView`] / [`WeeklyHours`] (doctor: own hours)
//! - `POST /appointments` [`BookRequest`] -> 201 [`AppointmentView`] (patient; doctor and nurse for one)
//! - `GET /appointments?from_us=&to_us=` -> list of [`AppointmentView`] (patient: own; doctor: own list)
//! - `GET /appointments/{id}` -> [`AppointmentView`] (its patient, its doctor, nurses)
//! - `POST /appointments/{id}/cancel` -> [`AppointmentView`] (its patient, its doctor, nurses)
//! - `POST /appointments/{id}/reschedule` [`RescheduleRequest`] -> [`AppointmentView`] (its patient, its doctor, nurses)
//! - `POST /appointments/{id}/link` -> [`JoinLink`]: a new link, the old one stops working (its patient, its doctor)
//! - `DELETE /appointments/{id}/link` -> 204: revokes it (its patient, its doctor)

use clinical_model::{AppointmentId, PatientId, ServiceId, UserId};
use serde::{Deserialize, Serialize};

use crate::ServiceBrief;

/// A doctor one can book.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct DoctorView {
    /// The doctor.
    #[cfg_attr(feature = "schema", schema(value_type = String, format = Uuid))]
    pub id: UserId,
    /// Display name with title.
    pub name: String,
    /// Code of the specialty: `general_practice`, `paediatrics` ...; pages have the words.
    pub specialty: String,
    /// IANA zone in which the doctor's hours are kept.
    pub zone: String,
    /// BCP 47 tags of the languages spoken.
    pub languages: Vec<String>,
}

/// A free time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct SlotView {
    /// Begin, Unix microseconds.
    pub start_us: i64,
    /// End, Unix microseconds.
    pub end_us: i64,
}

/// The free times of one doctor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct SlotsView {
    /// In order of time.
    pub slots: Vec<SlotView>,
    /// IANA zone of the doctor, for people who want to compare.
    pub zone: String,
    /// The next free time after the range that was asked for, when the range has none.
    pub next_us: Option<i64>,
}

/// One stretch of working time in a week, in the doctor's zone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct WeeklyHours {
    /// 1 Monday ... 7 Sunday (ISO 8601).
    pub weekday: u8,
    /// Minutes after midnight, 0 ..= 1439.
    pub start_min: u16,
    /// Minutes after midnight, after `start_min`, at most 1440.
    pub end_min: u16,
}

/// A doctor's own weekly hours. `PUT /hours` takes the same shape and replaces them all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct HoursView {
    /// IANA zone.
    pub zone: String,
    /// Length of one appointment in minutes, 5 ..= 120.
    pub slot_min: u16,
    /// Not overlapping, at most 28.
    pub hours: Vec<WeeklyHours>,
}

/// Book a free time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct BookRequest {
    /// With whom.
    #[cfg_attr(feature = "schema", schema(value_type = String, format = Uuid))]
    pub doctor: UserId,
    /// What for; none for a plain visit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(value_type = Option<String>, format = Uuid))]
    pub service: Option<ServiceId>,
    /// For whom, when staff book, or somebody who acts for the patient.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(value_type = Option<String>, format = Uuid))]
    pub patient: Option<PatientId>,
    /// Begin of a free slot.
    pub start_us: i64,
    /// In the patient's words, at most 500 characters; may be empty.
    #[serde(default)]
    pub reason: String,
}

/// Move an appointment to another free time of the same doctor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct RescheduleRequest {
    /// Begin of a free slot.
    pub start_us: i64,
}

/// Where an appointment stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum AppointmentState {
    /// Agreed.
    Booked,
    /// The patient is in the waiting room.
    Arrived,
    /// The visit is going on.
    InProgress,
    /// The doctor ended the visit.
    Finished,
    /// Will not take place.
    Cancelled,
}

/// An appointment as its patient or its doctor sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct AppointmentView {
    /// The appointment.
    #[cfg_attr(feature = "schema", schema(value_type = String, format = Uuid))]
    pub id: AppointmentId,
    /// Begin, Unix microseconds.
    pub start_us: i64,
    /// End, Unix microseconds.
    pub end_us: i64,
    /// When the waiting room opens, Unix microseconds.
    pub opens_us: i64,
    /// Where it stands.
    pub state: AppointmentState,
    /// The doctor.
    pub doctor: DoctorView,
    /// The patient's record.
    #[cfg_attr(feature = "schema", schema(value_type = String, format = Uuid))]
    pub patient: PatientId,
    /// The patient's name.
    pub patient_name: String,
    /// In the patient's words.
    pub reason: String,
    /// Room id, to match with live overviews.
    pub room: String,
    /// The doctor's note is signed; a summary can be read.
    pub has_summary: bool,
    /// People invited to the visit.
    pub guests: Vec<GuestBrief>,
    /// What was booked; none for a plain visit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<ServiceBrief>,
    /// The patient's way in, right after booking only; later `POST /appointments/{id}/link` makes a
    /// new one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<JoinLink>,
}

/// A guest in an appointment's list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct GuestBrief {
    /// The guest.
    #[cfg_attr(feature = "schema", schema(value_type = String, format = Uuid))]
    pub id: clinical_model::GuestId,
    /// Display name.
    pub name: String,
    /// Relation to the patient.
    pub relation: String,
}

/// A way into a visit without an account. The token is shown once and stored as a hash.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct JoinLink {
    /// The secret; pages build `/join#<token>` from it.
    pub token: String,
    /// When it stops working, Unix microseconds.
    pub expires_us: i64,
}

impl core::fmt::Debug for JoinLink {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("JoinLink(..)")
    }
}
