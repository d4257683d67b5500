//! Patients and their charts.
//!
//! - `GET /patients?q=&after=&limit=` -> [`PatientsView`], `POST /patients` [`RegisterRequest`] ->
//!   201 [`PatientView`], or 409 `duplicate` with `candidates`
//! - `GET`, `PUT /patients/{id}` [`ChangePatientRequest`]; `POST .../merge`, `.../unmerge`
//! - `GET /patients/{id}/chart` -> [`ChartView`], `/series/{slug}` -> [`SeriesView`],
//!   `/timeline` -> [`TimelineView`], `/documents`
//! - `POST /patients/{id}/entries` [`EntryRequest`]; `GET`, `PUT /entries/{id}`
//!   [`AmendRequest`], `/versions`, `/error`, `/tags`
//! - `POST /patients/{id}/documents`: the file itself, with [`DOCUMENT_HEADER`];
//!   `GET /documents/{id}` gives it back
//! - `GET`, `PUT`, `DELETE /patients/{id}/draft`; `POST /patients/{id}/family-interview`

use clinical_model::access::Label;
use clinical_model::chart::family::{Answer, Question, TopicRisk};
use clinical_model::chart::{EntryStatus, Fact, Interpretation, Kind, Quantity};
use clinical_model::patients::{Address, BloodGroup, Identifier, Sex};
use clinical_model::text::{Line, PartialDate};
use clinical_model::{AppointmentId, EntryId, PatientId, UserId};
use serde::{Deserialize, Serialize};

use crate::shape::shape;

/// The header with what is said of an uploaded file, as a form: `title=...&class=laboratory&label=normal`
/// and perhaps `effective_us`. A header, because addresses are written into logs.
pub const DOCUMENT_HEADER: &str = "x-document";

shape!(
    /// Whom to call in an emergency.
    #[serde(deny_unknown_fields)]
    EmergencyPerson {
        /// Their name.
        #[cfg_attr(feature = "schema", schema(value_type = String))]
        pub name: Line,
        /// What they are to the patient.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "schema", schema(value_type = Option<String>))]
        pub relation: Option<Line>,
        /// Their number, as people write it or in E.164.
        pub phone: String,
    }
);

shape!(
    /// Who a patient is. Numbers may be written as people of the facility's country write them; they
    /// are kept and shown in E.164.
    #[serde(deny_unknown_fields)]
    PatientDetails {
        /// Family name.
        #[cfg_attr(feature = "schema", schema(value_type = String))]
        pub family: Line,
        /// Given names.
        #[cfg_attr(feature = "schema", schema(value_type = String))]
        pub given: Line,
        /// `male`, `female`, `other` or `unknown`.
        #[cfg_attr(feature = "schema", schema(value_type = String))]
        pub sex: Sex,
        /// Birth date, as far as it is known: `1980`, `1980-05`, `1980-05-15`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "schema", schema(value_type = Option<String>))]
        pub birth: Option<PartialDate>,
        /// Numbers, the first is called first; at most 8.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub phones: Vec<String>,
        /// E-mail address.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "schema", schema(value_type = Option<String>))]
        pub email: Option<Line>,
        /// Where they live.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "schema", schema(value_type = Option<Object>))]
        pub address: Option<Address>,
        /// `A+`, `O-` ...
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "schema", schema(value_type = Option<String>))]
        pub blood_group: Option<BloodGroup>,
        /// BCP 47 tag of the language they want to be spoken to.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "schema", schema(value_type = Option<String>))]
        pub language: Option<Line>,
        /// Numbers others gave them, each `{system, value}`; at most 8.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        #[cfg_attr(feature = "schema", schema(value_type = Vec<Object>))]
        pub identifiers: Vec<Identifier>,
        /// Whom to call in an emergency.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub emergency: Option<EmergencyPerson>,
        /// When they died.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "schema", schema(value_type = Option<String>))]
        pub deceased: Option<PartialDate>,
    }
);

shape!(
    /// Register a patient.
    #[serde(deny_unknown_fields)]
    RegisterRequest {
        /// Who they are.
        pub details: PatientDetails,
        /// True when somebody has looked at the candidates and says that it is none of them.
        #[serde(default)]
        pub confirmed: bool,
    }
);

shape!(
    /// Change who a patient is.
    #[serde(deny_unknown_fields)]
    ChangePatientRequest {
        /// Who they are.
        pub details: PatientDetails,
        /// The version that was read.
        pub version: u32,
    }
);

shape!(
    /// Go on with another record for both.
    #[serde(deny_unknown_fields)]
    MergeRequest {
        /// The record that is used from now on.
        #[cfg_attr(feature = "schema", schema(value_type = String, format = Uuid))]
        pub into: PatientId,
        /// The version that was read of the record that is not used any more.
        pub version: u32,
    }
);

shape!(
    /// A step that needs no more words than the version that was read.
    #[serde(deny_unknown_fields)]
    VersionRequest {
        /// The version that was read.
        pub version: u32,
    }
);

shape!(
    /// A patient.
    PatientView {
        /// The record.
        #[cfg_attr(feature = "schema", schema(value_type = String, format = Uuid))]
        pub id: PatientId,
        /// Who they are.
        pub details: PatientDetails,
        /// The record that is used instead of this one, when this one was merged.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "schema", schema(value_type = Option<String>))]
        pub merged_into: Option<PatientId>,
        /// Counts the changes.
        pub version: u32,
        /// Under which right the caller sees it: `own_record`, `proxy`, `care_relation`,
        /// `appointment_window`, `duty`, `consent` or `break_glass`; empty after an act.
        pub right: String,
        /// The kinds of entries that the caller may write.
        #[cfg_attr(feature = "schema", schema(value_type = Vec<String>))]
        pub writable: Vec<Kind>,
        /// The most confidential label that the caller sees and may give.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "schema", schema(value_type = Option<String>))]
        pub label_max: Option<Label>,
    }
);

/// A patient in a list.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct PatientRowView {
    /// The record.
    #[cfg_attr(feature = "schema", schema(value_type = String, format = Uuid))]
    pub id: PatientId,
    /// Family name.
    pub family: String,
    /// Given names.
    pub given: String,
    /// `male`, `female`, `other` or `unknown`.
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub sex: Sex,
    /// Birth date, as far as it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub birth: Option<String>,
    /// The number that is called first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
}

impl core::fmt::Debug for PatientRowView {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("PatientRowView(..)")
    }
}

/// Somebody who may be the person who is being registered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct CandidateView {
    /// Who.
    pub patient: PatientRowView,
    /// `same_identifier`, `same_phone`, `same_birth_date`, `swapped_birth_date`, `same_birth_year`,
    /// `same_name`, `close_name`.
    pub why: Vec<String>,
}

shape!(
    /// Patients whom the caller may see.
    PatientsView {
        /// The best fit first; without a query, registered last first.
        pub patients: Vec<PatientRowView>,
        /// `after` of the next page; none at the end.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "schema", schema(value_type = Option<String>))]
        pub next: Option<PatientId>,
    }
);

shape!(
    /// Write a fact into a chart.
    #[serde(deny_unknown_fields)]
    EntryRequest {
        /// The fact, with its `kind`.
        #[cfg_attr(feature = "schema", schema(value_type = Object))]
        pub fact: Fact,
        /// `normal`, `restricted` or `very_restricted`.
        #[serde(default)]
        #[cfg_attr(feature = "schema", schema(value_type = String))]
        pub label: Label,
        /// Since when it is true, Unix microseconds; now when it is not said.
        #[serde(default)]
        pub effective_us: Option<i64>,
        /// At which appointment.
        #[serde(default)]
        #[cfg_attr(feature = "schema", schema(value_type = Option<String>))]
        pub appointment: Option<AppointmentId>,
        /// Words to filter by, at most 8.
        #[serde(default)]
        pub tags: Vec<String>,
    }
);

shape!(
    /// Write the next version of an entry.
    #[serde(deny_unknown_fields)]
    AmendRequest {
        /// What is known now, of the same kind.
        #[cfg_attr(feature = "schema", schema(value_type = Object))]
        pub fact: Fact,
        /// Who may see it; as before when it is not said.
        #[serde(default)]
        #[cfg_attr(feature = "schema", schema(value_type = Option<String>))]
        pub label: Option<Label>,
        /// Since when it is true; as before when it is not said.
        #[serde(default)]
        pub effective_us: Option<i64>,
        /// The version that was read.
        pub version: u32,
    }
);

shape!(
    /// Give an entry these tags and no others.
    #[serde(deny_unknown_fields)]
    TagsRequest {
        /// Words to filter by, at most 8.
        pub tags: Vec<String>,
    }
);

shape!(
    /// A fact of a chart.
    EntryView {
        /// The same through all versions.
        #[cfg_attr(feature = "schema", schema(value_type = String, format = Uuid))]
        pub id: EntryId,
        /// In which record it stands.
        #[cfg_attr(feature = "schema", schema(value_type = String, format = Uuid))]
        pub patient: PatientId,
        /// The fact, with its `kind`.
        #[cfg_attr(feature = "schema", schema(value_type = Object))]
        pub fact: Fact,
        /// Who may see it.
        #[cfg_attr(feature = "schema", schema(value_type = String))]
        pub label: Label,
        /// `active` or `entered_in_error`.
        #[cfg_attr(feature = "schema", schema(value_type = String))]
        pub status: EntryStatus,
        /// Since when it is true, Unix microseconds.
        pub effective_us: i64,
        /// When this version was written, Unix microseconds.
        pub recorded_us: i64,
        /// Who wrote this version.
        #[cfg_attr(feature = "schema", schema(value_type = String, format = Uuid))]
        pub author: UserId,
        /// Their name.
        pub author_name: String,
        /// At which appointment.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "schema", schema(value_type = Option<String>))]
        pub appointment: Option<AppointmentId>,
        /// Counts the versions, from 1.
        pub version: u32,
        /// Words to filter by.
        pub tags: Vec<String>,
    }
);

shape!(
    /// A measurement of which there is a row.
    TrendView {
        /// A short English word: `glucose`, `systolic` ...
        pub slug: String,
        /// UCUM code of the unit of the row.
        pub unit: String,
        /// How many values.
        pub count: u32,
    }
);

shape!(
    /// The chart at a glance.
    ChartView {
        /// Newest first.
        pub allergies: Vec<EntryView>,
        /// Newest first.
        pub conditions: Vec<EntryView>,
        /// Newest first.
        pub medications: Vec<EntryView>,
        /// Newest first.
        pub immunizations: Vec<EntryView>,
        /// Newest first.
        pub family_history: Vec<EntryView>,
        /// Newest first.
        pub procedures: Vec<EntryView>,
        /// The newest observation of each code.
        pub observations: Vec<EntryView>,
        /// Measurements with more than one value.
        pub trends: Vec<TrendView>,
    }
);

shape!(
    /// One value.
    PointView {
        /// The entry.
        #[cfg_attr(feature = "schema", schema(value_type = String, format = Uuid))]
        pub entry: EntryId,
        /// When it was measured, Unix microseconds.
        pub at_us: i64,
        /// In the unit of the series.
        pub value: f64,
        /// As it was written: `{value, unit}`.
        #[cfg_attr(feature = "schema", schema(value_type = Object))]
        pub written: Quantity,
        /// `N`, `H`, `L` ...
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "schema", schema(value_type = Option<String>))]
        pub interpretation: Option<Interpretation>,
    }
);

shape!(
    /// The values of one measurement in one unit, oldest first.
    SeriesView {
        /// The short word for it, when it is known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub slug: Option<String>,
        /// UCUM code of the unit.
        pub unit: String,
        /// Digits after the point that mean something.
        pub places: u32,
        /// The values.
        pub points: Vec<PointView>,
    }
);

/// One item of a timeline.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(tag = "item", rename_all = "snake_case")]
pub enum TimelineItem {
    /// An entry of the chart.
    Entry(Box<EntryView>),
    /// An appointment.
    Visit(TimelineVisit),
}

shape!(
    /// An appointment in a timeline.
    TimelineVisit {
        /// The appointment.
        #[cfg_attr(feature = "schema", schema(value_type = String, format = Uuid))]
        pub id: AppointmentId,
        /// Its begin, Unix microseconds.
        pub start_us: i64,
        /// `booked`, `finished`, `cancelled` ...
        pub stage: String,
        /// With whom.
        pub doctor_name: String,
    }
);

shape!(
    /// A page of a timeline.
    TimelineView {
        /// Newest first.
        pub items: Vec<TimelineItem>,
        /// `after` of the next page; none at the end.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub next: Option<String>,
    }
);

shape!(
    /// A draft of the caller.
    DraftView {
        /// What is written.
        pub body: String,
        /// Counts the savings, from 1.
        pub version: u32,
        /// When it was saved, Unix microseconds.
        pub saved_us: i64,
    }
);

shape!(
    /// Save a draft.
    #[serde(deny_unknown_fields)]
    DraftRequest {
        /// What is written, at most 25,000 characters.
        pub body: String,
        /// The version that was read, 0 for a new one.
        pub version: u32,
    }
);

shape!(
    /// The answers about diseases in the family so far.
    #[serde(deny_unknown_fields)]
    FamilyInterviewRequest {
        /// In the order of asking.
        #[cfg_attr(feature = "schema", schema(value_type = Vec<Object>))]
        pub answers: Vec<Answer>,
        /// Write them into the chart; everything must be answered.
        #[serde(default)]
        pub done: bool,
    }
);

shape!(
    /// Where the interview stands.
    FamilyInterviewView {
        /// What to ask next; none when everything is answered.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "schema", schema(value_type = Option<Object>))]
        pub question: Option<Question>,
        /// What the answers mean, when everything is answered.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "schema", schema(value_type = Option<Vec<Object>>))]
        pub risks: Option<Vec<TopicRisk>>,
        /// How many facts were written into the chart.
        pub written: u32,
    }
);
