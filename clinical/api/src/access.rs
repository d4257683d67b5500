//! Rights to a record: care team, proxies, consents, emergencies, and who looked.
//!
//! - `GET`, `POST /patients/{id}/care-team`, `DELETE /patients/{id}/care-team/{grant}`,
//!   `POST /patients/{id}/hand-over`
//! - `GET`, `POST /patients/{id}/proxies`, `DELETE /patients/{id}/proxies/{grant}`
//! - `GET`, `POST /patients/{id}/consents`, `POST /patients/{id}/consents/{grant}/withdraw`
//! - `GET /patients/{id}/accesses?before=&max=` -> [`LooksView`]
//! - `GET /me/charges` -> list of [`ChargeView`]
//! - `POST /break-glass` [`BreakGlassRequest`] -> 201 [`BreakGlassView`], after a fresh proof
//! - `GET /break-glass` -> list of [`RunningEmergencyView`], `POST /break-glass/{grant}/end`
//! - `GET /admin/break-glass` -> list of [`EmergencyView`], `POST /admin/break-glass/{grant}/review`

use clinical_model::access::{
    BreakGlassReason, ConsentPurpose, ProxyRelation, ProxyScope, ReviewVerdict,
};
use clinical_model::{GrantId, PatientId, UserId};
use serde::{Deserialize, Serialize};

/// Somebody in a patient's care team.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct TeamMemberView {
    /// The right.
    #[cfg_attr(feature = "schema", schema(value_type = String, format = Uuid))]
    pub id: GrantId,
    /// Who.
    #[cfg_attr(feature = "schema", schema(value_type = String, format = Uuid))]
    pub clinician: UserId,
    /// Their name; empty in the answer to a change.
    pub name: String,
    /// Since when, Unix microseconds.
    pub from_us: i64,
    /// Until when, Unix microseconds.
    pub until_us: i64,
}

/// Put a clinician into a care team, or hand a patient over to them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct TeamRequest {
    /// Who.
    #[cfg_attr(feature = "schema", schema(value_type = String, format = Uuid))]
    pub clinician: UserId,
    /// Until when, Unix microseconds, at most two years ahead.
    pub until_us: i64,
}

/// Somebody who acts for a patient.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ProxyView {
    /// The right.
    #[cfg_attr(feature = "schema", schema(value_type = String, format = Uuid))]
    pub id: GrantId,
    /// Who; empty in the answer to a change.
    pub name: String,
    /// What they are to the patient.
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub relation: ProxyRelation,
    /// How much they may do.
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub scope: ProxyScope,
    /// Until when, Unix microseconds.
    pub until_us: i64,
}

/// Let somebody act for a patient.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ProxyRequest {
    /// The address of their account.
    pub email: String,
    /// `parent`, `guardian`, `spouse`, `child`, `carer` or `other`.
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub relation: ProxyRelation,
    /// `view` or `act`.
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub scope: ProxyScope,
    /// Until when, Unix microseconds.
    pub until_us: i64,
}

impl core::fmt::Debug for ProxyRequest {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("ProxyRequest(..)")
    }
}

/// A patient whom the caller acts for.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ChargeView {
    /// The record.
    #[cfg_attr(feature = "schema", schema(value_type = String, format = Uuid))]
    pub patient: PatientId,
    /// The patient's name.
    pub name: String,
    /// How much the caller may do.
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub scope: ProxyScope,
    /// Until when, Unix microseconds.
    pub until_us: i64,
}

impl core::fmt::Debug for ChargeView {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "ChargeView({})", self.patient)
    }
}

/// Something a patient agreed to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ConsentView {
    /// The consent.
    #[cfg_attr(feature = "schema", schema(value_type = String, format = Uuid))]
    pub id: GrantId,
    /// To what.
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub purpose: ConsentPurpose,
    /// Who may see the record, for care sharing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(value_type = Option<String>))]
    pub grantee: Option<UserId>,
    /// The version of the words that were shown.
    pub wording: String,
    /// When, Unix microseconds.
    pub given_us: i64,
    /// Until when, Unix microseconds.
    pub until_us: i64,
    /// When it was taken back, Unix microseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub withdrawn_us: Option<i64>,
}

/// Agree to a purpose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ConsentRequest {
    /// `care_sharing`, `research`, `teaching`, `recording` or `messages`.
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub purpose: ConsentPurpose,
    /// Who may see the record, for care sharing.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schema(value_type = Option<String>))]
    pub grantee: Option<UserId>,
    /// The version of the words that were shown.
    pub wording: String,
    /// Until when, Unix microseconds, at most two years ahead.
    pub until_us: i64,
}

/// One act on a record.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct LookView {
    /// Its number in the facility's audit chain.
    pub seq: i64,
    /// When, Unix microseconds.
    pub at_us: i64,
    /// The name of the account, where one acted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its role.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// `user`, `link`, `participant` or `system`.
    pub actor_kind: String,
    /// What was done: `chart.list`.
    pub action: String,
    /// Under which right.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grant: Option<String>,
    /// What for (HL7 v3 PurposeOfUse).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purpose: Option<String>,
    /// True when it was refused.
    pub refused: bool,
    /// True when the reader did it.
    pub own: bool,
}

impl core::fmt::Debug for LookView {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "LookView({})", self.seq)
    }
}

/// Who looked at a record, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct LooksView {
    /// The acts.
    pub looks: Vec<LookView>,
    /// What to ask for as `before` to read on; none at the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_before: Option<i64>,
}

/// Open a record in an emergency.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct BreakGlassRequest {
    /// Whose record, when it is known.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schema(value_type = Option<String>))]
    pub patient: Option<PatientId>,
    /// Otherwise their telephone number in E.164.
    #[serde(default)]
    pub phone: Option<String>,
    /// `life_threatening`, `unconscious`, `treating_absent` or `other`.
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub reason: BreakGlassReason,
    /// Why, in words: 1 to 200 characters.
    pub words: String,
}

impl core::fmt::Debug for BreakGlassRequest {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "BreakGlassRequest({:?})", self.reason)
    }
}

/// An emergency access.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct BreakGlassView {
    /// The access.
    #[cfg_attr(feature = "schema", schema(value_type = String, format = Uuid))]
    pub id: GrantId,
    /// Whose record.
    #[cfg_attr(feature = "schema", schema(value_type = String, format = Uuid))]
    pub patient: PatientId,
    /// Until when, Unix microseconds.
    pub until_us: i64,
}

/// An emergency access that runs, as who took it sees it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct RunningEmergencyView {
    /// The access.
    #[cfg_attr(feature = "schema", schema(value_type = String, format = Uuid))]
    pub id: GrantId,
    /// Whose record.
    #[cfg_attr(feature = "schema", schema(value_type = String, format = Uuid))]
    pub patient: PatientId,
    /// Their name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub patient_name: Option<String>,
    /// Why.
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub reason: BreakGlassReason,
    /// Until when, Unix microseconds.
    pub until_us: i64,
}

impl core::fmt::Debug for RunningEmergencyView {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "RunningEmergencyView({})", self.id)
    }
}

/// An emergency access as its reviewer sees it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct EmergencyView {
    /// The access.
    #[cfg_attr(feature = "schema", schema(value_type = String, format = Uuid))]
    pub id: GrantId,
    /// Who took it.
    pub person: String,
    /// Whose record it was.
    #[cfg_attr(feature = "schema", schema(value_type = String, format = Uuid))]
    pub patient: PatientId,
    /// Their name; none when the record was erased since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub patient_name: Option<String>,
    /// Why.
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub reason: BreakGlassReason,
    /// Why, in words.
    pub words: String,
    /// From when, Unix microseconds.
    pub from_us: i64,
    /// Until when, Unix microseconds.
    pub until_us: i64,
    /// What the review said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(value_type = Option<String>))]
    pub review: Option<ReviewVerdict>,
}

impl core::fmt::Debug for EmergencyView {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "EmergencyView({})", self.id)
    }
}

/// Close an emergency access with a verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ReviewRequest {
    /// `justified` or `not_justified`.
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub verdict: ReviewVerdict,
}
