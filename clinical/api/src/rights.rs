//! The rights of patients over their record.
//!
//! - `POST /patients/{id}/exports` [`ExportRequest`] -> a ZIP with everything
//! - `POST /patients/{id}/corrections` [`CorrectionRequest`] -> 201 [`RightsRequestView`]
//! - `POST /patients/{id}/access-questions` [`AccessQuestionRequest`] -> 201 [`RightsRequestView`]
//! - `POST /patients/{id}/erasure-requests` -> 201 [`RightsRequestView`]
//! - `GET /patients/{id}/requests`, `GET /requests` -> list of [`RightsRequestView`]
//! - `POST /requests/{grant}/answer` [`AnswerRequest`] -> [`RightsRequestView`]
//! - `GET /admin/register` -> list of [`ProcessingView`]
//! - `GET /consent-wordings` -> list of [`ConsentWordingView`]

use clinical_model::access::ConsentPurpose;
use clinical_model::chart::Fact;
use clinical_model::{EntryId, PatientId, RequestId};
use serde::{Deserialize, Serialize};

use crate::BothText;

/// Make a copy of everything.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ExportRequest {
    /// Language of the readable page: `fr` or `en`.
    pub language: String,
}

/// Ask for a correction.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct CorrectionRequest {
    /// The fact of the chart it is about, where one was chosen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(value_type = Option<String>))]
    pub entry: Option<EntryId>,
    /// What is wrong and what would be right: 1 to 2,000 characters.
    pub text: String,
}

/// Ask about an access that seems wrong.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct AccessQuestionRequest {
    /// The `seq` of the access.
    pub seq: i64,
    /// What seems wrong: 1 to 2,000 characters.
    pub text: String,
}

/// Something that a patient asked for.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct RightsRequestView {
    /// The request.
    #[cfg_attr(feature = "schema", schema(value_type = String, format = Uuid))]
    pub id: RequestId,
    /// About whose record.
    #[cfg_attr(feature = "schema", schema(value_type = String, format = Uuid))]
    pub patient: PatientId,
    /// Their name, for who answers; none when the record was erased.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub patient_name: Option<String>,
    /// `correction`, `access` or `erasure`.
    pub kind: String,
    /// The fact of the chart it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(value_type = Option<String>))]
    pub entry: Option<EntryId>,
    /// The access it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seq: Option<i64>,
    /// What the patient said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// When it was asked, Unix microseconds.
    pub asked_us: i64,
    /// `open`, `accepted`, `declined`, or `retained` when the law keeps the record.
    pub state: String,
    /// When it was decided, Unix microseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided_us: Option<i64>,
    /// What was answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<String>,
    /// The law that keeps the record: `fr_csp_r1112_7`, `be_quality_35`, `de_bgb_630f` or `house`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub law: Option<String>,
    /// Until when the law keeps the record, Unix microseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kept_until_us: Option<i64>,
    /// Counts the changes.
    pub version: u32,
}

/// Answer a request.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct AnswerRequest {
    /// The version of the request that was read.
    pub version: u32,
    /// True to do it. An erasure that is accepted cannot be undone.
    pub accept: bool,
    /// What the patient is told: 1 to 2,000 characters. Who declines gives a reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// For a correction of a fact: the version of the fact that was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entry_version: Option<u32>,
    /// What the fact says now; without it an accepted correction with `entry_version` takes the
    /// fact out of the chart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(value_type = Option<Object>))]
    pub fact: Option<Fact>,
}

/// One row of the register of processing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ProcessingView {
    /// The domain.
    pub domain: String,
    /// What for.
    pub purpose: BothText,
    /// `care`, `obligation`, `consent`, `contract` or `public_health`.
    pub basis: String,
    /// The articles of the GDPR.
    pub articles: String,
    /// Whose data, and which.
    pub categories: BothText,
    /// How long.
    pub retention: BothText,
    /// Who sees it.
    pub recipients: BothText,
}

/// The words of a consent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ConsentWordingView {
    /// The version that a consent names.
    pub version: String,
    /// Whether a consent can be given with it now.
    pub current: bool,
    /// What is agreed to.
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub purpose: ConsentPurpose,
    /// The words.
    pub words: BothText,
}

macro_rules! silent {
    ($($name:ident)+) => {$(
        impl core::fmt::Debug for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.write_str(concat!(stringify!($name), "(..)"))
            }
        }
    )+};
}

silent!(CorrectionRequest AccessQuestionRequest RightsRequestView AnswerRequest);
