//! Calling people into visits, and the telephone of a facility.
//!
//! - `GET /appointments/{id}/calls` -> [`VisitCallsView`] (its doctor)
//! - `POST /appointments/{id}/calls` [`RingRequest`] -> 201 [`PlacedCallView`] (its doctor)
//! - `DELETE /appointments/{id}/calls/{call}` -> 204 (its doctor)
//! - `GET /telephone` -> [`TelephoneView`] (administrators)
//! - `POST /telephone/contacts` [`ContactRequest`] -> 201 [`ContactView`] (administrators)
//! - `DELETE /telephone/contacts/{contact}` -> 204 (administrators)
//! - `DELETE /telephone/lockouts/{lock}` -> 204 (administrators)
//!
//! A call that a cap or a rule refuses is answered with 201 as well: its `stage` says why.

use clinical_model::visits::CallStage;
use clinical_model::{CallId, ContactId};
use serde::{Deserialize, Serialize};

/// Whom to call.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum RingWhom {
    /// The patient, by the number on record.
    Patient,
    /// Somebody of the facility's list.
    Contact {
        /// Who.
        #[cfg_attr(feature = "schema", schema(value_type = String, format = Uuid))]
        id: ContactId,
    },
    /// Somebody else.
    Number {
        /// Their name in the visit, 1 ..= 80 characters.
        name: String,
        /// As it is written in the facility's country.
        number: String,
    },
}

impl core::fmt::Debug for RingWhom {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("RingWhom(..)")
    }
}

/// Call somebody into a visit.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct RingRequest {
    /// Whom.
    pub whom: RingWhom,
    /// `fr` or `en`: what a guest is spoken to in. Patients are in their own language.
    pub language: String,
}

/// A call into a visit.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct PlacedCallView {
    /// The call.
    #[cfg_attr(feature = "schema", schema(value_type = String, format = Uuid))]
    pub id: CallId,
    /// Who is called, by their name in the visit.
    pub name: String,
    /// What may be shown of their number.
    pub masked: String,
    /// Where it stands.
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub stage: CallStage,
}

impl core::fmt::Debug for PlacedCallView {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("PlacedCallView")
            .field("stage", &self.stage)
            .finish_non_exhaustive()
    }
}

/// Somebody of the facility's list, for doctors.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct CallableView {
    /// The contact.
    #[cfg_attr(feature = "schema", schema(value_type = String, format = Uuid))]
    pub id: ContactId,
    /// Name.
    pub name: String,
    /// What may be shown of the number.
    pub masked: String,
}

impl core::fmt::Debug for CallableView {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("CallableView(..)")
    }
}

/// Whom one may call into a visit, and who is called.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct VisitCallsView {
    /// Somebody can be called at all.
    pub calls_out: bool,
    /// The patient's name in the visit.
    pub patient_name: String,
    /// What may be shown of the patient's number; none where there is none on record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub patient: Option<String>,
    /// The facility's list.
    pub contacts: Vec<CallableView>,
    /// Calls into this visit, the newest last.
    pub calls: Vec<PlacedCallView>,
}

/// What the last check of a trunk came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct TrunkHealthView {
    /// It was answered.
    pub answers: bool,
    /// When it was asked, Unix microseconds.
    pub at_us: i64,
}

/// A trunk. Its password is not among what is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct TrunkView {
    /// Its name in the configuration.
    pub name: String,
    /// Calls come in by it.
    pub calls_in: bool,
    /// Calls go out by it.
    pub calls_out: bool,
    /// `udp`, `tcp` or `tls`.
    pub transport: String,
    /// `disabled`, `allowed` or `required`.
    pub srtp: String,
    /// Codecs, the best first.
    pub codecs: Vec<String>,
    /// The numbers of the facility on it.
    pub numbers: Vec<String>,
    /// The number that called people see.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caller: Option<String>,
    /// Countries that may be called, such as `33`.
    pub countries: Vec<String>,
    /// Minutes that may be talked in a day, by all facilities.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minutes_per_day_max: Option<u32>,
    /// What its last check came to; none where that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub health: Option<TrunkHealthView>,
    /// Calls of the facility in this month.
    pub calls: i64,
    /// Minutes of the facility in this month, as they are billed.
    pub minutes: i64,
}

/// What is spent, and what may be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct MoneyView {
    /// ISO 4217.
    pub currency: String,
    /// Spent in this month, with what is set aside for calls that stand, in millionths.
    pub spent_micros: i64,
    /// What may be spent in a month, in millionths; none: it is not bounded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub month_micros: Option<i64>,
}

/// Who may not try a PIN for now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct LockoutView {
    /// Names it; it tells nothing of the number.
    pub id: String,
    /// `caller`, `withheld` (all who withhold their number) or `facility` (everybody).
    pub who: String,
    /// When it ends, Unix microseconds.
    pub until_us: i64,
}

/// Somebody whom doctors may call, for administrators.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ContactView {
    /// The contact.
    #[cfg_attr(feature = "schema", schema(value_type = String, format = Uuid))]
    pub id: ContactId,
    /// Name.
    pub name: String,
    /// Number in international form.
    pub number: String,
}

impl core::fmt::Debug for ContactView {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("ContactView(..)")
    }
}

/// Add somebody whom doctors may call.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ContactRequest {
    /// Name, 1 ..= 80 characters.
    pub name: String,
    /// As it is written in the facility's country.
    pub number: String,
}

impl core::fmt::Debug for ContactRequest {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("ContactRequest(..)")
    }
}

/// The telephone of a facility.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct TelephoneView {
    /// Its trunks.
    pub trunks: Vec<TrunkView>,
    /// Year and month such as 202611, UTC.
    pub month: i64,
    /// What is spent; none where calls have no price.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub money: Option<MoneyView>,
    /// Who is locked out.
    pub lockouts: Vec<LockoutView>,
    /// Whom doctors may call.
    pub contacts: Vec<ContactView>,
}
