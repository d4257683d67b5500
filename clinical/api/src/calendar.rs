//! What a clinic offers, when it is free, and the calendars of its people.
//!
//! - `GET /services`, `POST /services`, `PUT /services/{id}` -> [`ServiceView`] (all; admin)
//! - `GET /resources`, `POST /resources`, `PUT /resources/{id}` -> [`ResourceView`] (staff; admin)
//! - `GET`, `PUT /doctors/{id}/plan`, `/resources/{id}/plan` -> [`PlanView`] (doctor: own; admin)
//! - `GET /holidays?country=&year=` -> [`HolidaysView`]
//! - `GET /services/{id}/openings?from_us=&days=&doctor=` -> list of [`OpeningView`]
//! - `POST /holds` [`HoldRequest`] -> 201 [`HoldView`], `GET`, `DELETE /holds/{id}`,
//!   `POST /holds/{id}/book` [`BookHeldRequest`] -> 201 appointment (patient)
//! - `POST /appointments/overbook` [`OverbookRequest`] -> 201 appointment (doctor, nurse)
//! - `GET /calendar?from_us=&to_us=&by=` -> [`CalendarView`] (doctor, nurse, admin)
//! - `GET /me/calendar-feed` -> [`FeedView`], `POST` -> [`NewFeedView`], `DELETE` (patient, doctor)

use clinical_model::booking::Modality;
use clinical_model::{AppointmentId, HoldId, PatientId, ResourceId, ServiceId, UserId};
use serde::{Deserialize, Serialize};

use crate::AppointmentState;

/// What an appointment is for, as an offer of the clinic.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ServiceBrief {
    /// The service.
    #[cfg_attr(feature = "schema", schema(value_type = String, format = Uuid))]
    pub id: ServiceId,
    /// Its name in the clinic; pages have the words of `consultation`, `follow_up` ...
    pub code: String,
    /// `video` or `in_person`.
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub modality: Modality,
}

/// Something that people book.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ServiceView {
    /// The service.
    #[cfg_attr(feature = "schema", schema(value_type = String, format = Uuid))]
    pub id: ServiceId,
    /// Its name in the clinic; pages have the words of `consultation`, `follow_up` ...
    pub code: String,
    /// The visit, in minutes.
    pub length_min: u16,
    /// What is kept before it, in minutes.
    pub before_min: u16,
    /// What is kept after it, in minutes.
    pub after_min: u16,
    /// Minutes between two offers.
    pub step_min: u16,
    /// `video` or `in_person`.
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub modality: Modality,
    /// It can be booked.
    pub active: bool,
    /// Counts its changes.
    pub version: i64,
    /// Who gives it; empty means every doctor.
    #[cfg_attr(feature = "schema", schema(value_type = Vec<String>))]
    pub doctors: Vec<UserId>,
    /// What it needs: of each list, one.
    #[cfg_attr(feature = "schema", schema(value_type = Vec<Vec<String>>))]
    pub needs: Vec<Vec<ResourceId>>,
}

/// A new service, or a change of one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ServiceRequest {
    /// Its name in the clinic, 1 to 40 characters, unique.
    pub code: String,
    /// The visit, 5 to 720 minutes.
    pub length_min: u16,
    /// What is kept before it, at most 720 minutes.
    #[serde(default)]
    pub before_min: u16,
    /// What is kept after it, at most 720 minutes.
    #[serde(default)]
    pub after_min: u16,
    /// Minutes between two offers, 5 to 720.
    pub step_min: u16,
    /// `video` or `in_person`.
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub modality: Modality,
    /// It can be booked.
    pub active: bool,
    /// Who gives it; empty means every doctor.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schema(value_type = Vec<String>))]
    pub doctors: Vec<UserId>,
    /// What it needs: of each list, one. At most 10 lists.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schema(value_type = Vec<Vec<String>>))]
    pub needs: Vec<Vec<ResourceId>>,
    /// The version that was read, for a change.
    #[serde(default)]
    pub version: i64,
}

/// A room or a device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ResourceView {
    /// The room or device.
    #[cfg_attr(feature = "schema", schema(value_type = String, format = Uuid))]
    pub id: ResourceId,
    /// It is a room, not a device.
    pub is_room: bool,
    /// What people call it.
    pub name: String,
    /// IANA zone of its hours.
    pub zone: String,
    /// It can be booked.
    pub active: bool,
    /// Counts its changes.
    pub version: i64,
}

/// A new room or device, or a change of one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ResourceRequest {
    /// It is a room, not a device.
    pub is_room: bool,
    /// What people call it, 1 to 80 characters.
    pub name: String,
    /// IANA zone of its hours.
    pub zone: String,
    /// It can be booked.
    pub active: bool,
    /// The version that was read, for a change.
    #[serde(default)]
    pub version: i64,
}

/// Hours that recur besides the weekly ones.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct PlanRuleView {
    /// RRULE of RFC 5545, for example `FREQ=WEEKLY;BYDAY=SA`.
    pub rule: String,
    /// First date, YYYYMMDD as a number.
    pub anchor: i64,
    /// Minute of the day at which the hours begin.
    pub start_min: u16,
    /// How long they last, 1 to 1440 minutes.
    pub length_min: u16,
}

/// A time at which the recurring hours do not say it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct PlanExceptionView {
    /// `leave`, `holiday`, `maintenance`, `other`, or `extra` for additional hours.
    pub kind: String,
    /// Wall clock of the owner, microseconds as if it showed UTC.
    pub from_wall_us: i64,
    /// The end, not included.
    pub to_wall_us: i64,
}

/// When a doctor, a room or a device is there, besides a doctor's weekly hours. `PUT` takes the
/// same shape with the version that was read and replaces it all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct PlanView {
    /// Counts its changes; 0 of a plan that was never written.
    pub version: i64,
    /// At most 200.
    #[serde(default)]
    pub rules: Vec<PlanRuleView>,
    /// At most 200; those that are over are not shown.
    #[serde(default)]
    pub exceptions: Vec<PlanExceptionView>,
    /// On the public holidays of which country (ISO 3166-1) the recurring hours do not begin.
    #[serde(default)]
    pub holidays: Option<String>,
}

/// A public holiday.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct HolidayView {
    /// YYYYMMDD as a number.
    pub date: i64,
    /// Its name in French.
    pub name_fr: String,
    /// Its name in English.
    pub name_en: String,
}

/// The public holidays of a country in a year.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct HolidaysView {
    /// In order of time; none for a country that is not known.
    pub days: Vec<HolidayView>,
    /// The countries that are known.
    pub countries: Vec<String>,
}

/// A time at which a service can be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct OpeningView {
    /// With whom.
    #[cfg_attr(feature = "schema", schema(value_type = String, format = Uuid))]
    pub doctor: UserId,
    /// Begin, Unix microseconds.
    pub start_us: i64,
    /// End, Unix microseconds.
    pub end_us: i64,
}

/// Keep a time for some minutes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct HoldRequest {
    /// With whom.
    #[cfg_attr(feature = "schema", schema(value_type = String, format = Uuid))]
    pub doctor: UserId,
    /// What for; none for a plain visit.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schema(value_type = Option<String>, format = Uuid))]
    pub service: Option<ServiceId>,
    /// Begin of a free time.
    pub start_us: i64,
}

/// A time that is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct HoldView {
    /// The hold.
    #[cfg_attr(feature = "schema", schema(value_type = String, format = Uuid))]
    pub id: HoldId,
    /// With whom.
    #[cfg_attr(feature = "schema", schema(value_type = String, format = Uuid))]
    pub doctor: UserId,
    /// What for.
    #[cfg_attr(feature = "schema", schema(value_type = Option<String>, format = Uuid))]
    pub service: Option<ServiceId>,
    /// Begin, Unix microseconds.
    pub start_us: i64,
    /// End, Unix microseconds.
    pub end_us: i64,
    /// Until when it is kept, Unix microseconds.
    pub expires_us: i64,
    /// How long that is from now, so that a wrong clock of a device counts right.
    pub left_s: u32,
}

/// Book what is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct BookHeldRequest {
    /// In the patient's words, at most 500 characters; may be empty.
    #[serde(default)]
    pub reason: String,
}

/// Why a doctor is booked twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum OverbookBecause {
    /// It cannot wait.
    Urgent,
    /// The doctor asked for it.
    DoctorAsked,
    /// The clinic made a mistake.
    ClinicError,
}

/// Give a patient a time, also over another appointment of the doctor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct OverbookRequest {
    /// To whom.
    #[cfg_attr(feature = "schema", schema(value_type = String, format = Uuid))]
    pub patient: PatientId,
    /// With whom.
    #[cfg_attr(feature = "schema", schema(value_type = String, format = Uuid))]
    pub doctor: UserId,
    /// What for; none for a plain visit.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schema(value_type = Option<String>, format = Uuid))]
    pub service: Option<ServiceId>,
    /// Begin, within the doctor's hours or not.
    pub start_us: i64,
    /// Why the patient comes, at most 500 characters; may be empty.
    #[serde(default)]
    pub reason: String,
    /// Why the time is given; stands in the audit.
    pub because: OverbookBecause,
}

/// What stands in the columns of a calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum CalendarBy {
    /// Doctors.
    Clinician,
    /// Rooms and devices.
    Resource,
}

/// A stretch of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct SpanView {
    /// Begin, Unix microseconds.
    pub from_us: i64,
    /// End, Unix microseconds.
    pub to_us: i64,
}

/// Why somebody or something is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum AwayKind {
    /// A person's leave.
    Leave,
    /// A holiday.
    Holiday,
    /// It is being repaired or cleaned.
    Maintenance,
    /// A meeting, training, or anything else.
    Other,
}

/// A time at which somebody or something is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct AwayView {
    /// Why.
    pub kind: AwayKind,
    /// Begin, Unix microseconds.
    pub from_us: i64,
    /// End, Unix microseconds.
    pub to_us: i64,
}

/// A doctor, a room or a device in a calendar.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct CalendarColumnView {
    /// The doctor, room or device.
    pub id: String,
    /// Shown name.
    pub name: String,
    /// IANA zone of its hours.
    pub zone: String,
    /// When it is there.
    pub open: Vec<SpanView>,
    /// Why it is not, where the clinic or its owner said so.
    #[serde(default)]
    pub away: Vec<AwayView>,
}

/// A time that a doctor, a room or a device is kept for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct CalendarEntryView {
    /// The doctor, room or device.
    pub who: String,
    /// Begin of what is kept, buffers included.
    pub from_us: i64,
    /// Its end.
    pub to_us: i64,
    /// For what; none while somebody decides, or for eyes that may not know.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub appointment: Option<CalendarAppointmentView>,
}

/// An appointment in a calendar.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct CalendarAppointmentView {
    /// The appointment.
    #[cfg_attr(feature = "schema", schema(value_type = String, format = Uuid))]
    pub id: AppointmentId,
    /// Its doctor.
    #[cfg_attr(feature = "schema", schema(value_type = String, format = Uuid))]
    pub doctor: UserId,
    /// Begin of the visit, Unix microseconds.
    pub start_us: i64,
    /// Its end.
    pub end_us: i64,
    /// Where it stands.
    pub state: AppointmentState,
    /// What was booked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// Staff gave it although the doctor was busy then.
    pub overbooked: bool,
    /// Whose it is, for those who may know of the patient.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(value_type = Option<String>, format = Uuid))]
    pub patient: Option<PatientId>,
    /// Their name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub patient_name: Option<String>,
}

impl core::fmt::Debug for CalendarAppointmentView {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("CalendarAppointmentView(..)")
    }
}

/// A calendar of the clinic.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct CalendarView {
    /// Whose times, by name.
    pub columns: Vec<CalendarColumnView>,
    /// What they are kept for, in order of time.
    pub entries: Vec<CalendarEntryView>,
}

/// Whether one's own calendar has an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct FeedView {
    /// Since when, Unix microseconds; none without one.
    pub since_us: Option<i64>,
}

/// A new address of one's own calendar, shown this once.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct NewFeedView {
    /// The path below the address of the service; whoever knows it sees when one has appointments.
    pub path: String,
}

impl core::fmt::Debug for NewFeedView {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("NewFeedView(..)")
    }
}
