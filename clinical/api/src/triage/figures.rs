//! Figures of triage, its evaluation, and what a facility decides about it.

use clinical_model::ServiceId;
use clinical_model::triage::Disposition;
use serde::{Deserialize, Serialize};

/// One month of figures. Nobody is named.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct FiguresMonthView {
    /// `YYYY-MM` in the facility's zone.
    pub month: String,
    /// Interviews that were finished.
    pub finished: u32,
    /// Of them emergency.
    pub emergency: u32,
    /// Of them urgent.
    pub urgent: u32,
    /// Of them routine.
    pub routine: u32,
    /// Of them self-care.
    pub self_care: u32,
    /// Of them such as a person had to look at.
    pub person: u32,
    /// Results that a clinician judged; the last verdict on the whole counts.
    pub judged: u32,
    /// Of them accepted.
    pub accepted: u32,
    /// Of them corrected.
    pub corrected: u32,
    /// Of them rejected.
    pub rejected: u32,
    /// Of them sent lower than the clinician says.
    pub under: u32,
    /// Of them sent higher than the clinician says.
    pub over: u32,
    /// Half of the interviews took at most so many seconds; none without any.
    pub median_seconds: Option<u32>,
}

/// Figures about triage.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct TriageFiguresView {
    /// The last 12 months, oldest first.
    pub months: Vec<FiguresMonthView>,
    /// All of them together; `month` is empty.
    pub all: FiguresMonthView,
}

/// A share with its 95 % interval after Wilson.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct EvaluationShareView {
    /// Cases that count.
    pub hits: u32,
    /// Cases in all; 0 when it could not be measured.
    pub of: u32,
    /// `hits / of`, 0 to 1.
    pub share: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// A vignette that was not answered rightly.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct EvaluationMissView {
    /// Line in the file, from 1.
    pub line: u32,
    /// The right diagnosis.
    pub expected: String,
    /// Its rank, when it was among the answers.
    pub rank: Option<u32>,
    /// The first three answers.
    pub first: Vec<String>,
    /// The label, when there was one.
    pub triage: Option<String>,
    /// Where the engine sent the patient.
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub answered: Disposition,
}

/// The last report of an evaluation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct EvaluatedView {
    /// When it was measured.
    pub at_us: i64,
    /// The name of the file of vignettes, without its folder.
    pub file: String,
    /// Vignettes.
    pub cases: u32,
    /// Right diagnosis first.
    pub top1: EvaluationShareView,
    /// Among three.
    pub top3: EvaluationShareView,
    /// Among five.
    pub top5: EvaluationShareView,
    /// The knowledge base has the diagnosis.
    pub coverage: EvaluationShareView,
    /// Sent exactly where the label says.
    pub exact: EvaluationShareView,
    /// Sent there or higher.
    pub safe: EvaluationShareView,
    /// Sent lower.
    pub under: EvaluationShareView,
    /// Sent higher.
    pub over: EvaluationShareView,
    /// Emergencies that were seen as such.
    pub emergencies: EvaluationShareView,
    /// Of belief 0-20 %, 20-40 % and so on in the first answer: how often it was right.
    pub calibration: Vec<EvaluationShareView>,
    /// Misses, at most 200.
    pub misses: Vec<EvaluationMissView>,
}

/// What a facility decided about triage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct TriageSettingsView {
    /// Whether patients see possible causes. Off until an administrator turns it on.
    pub show_hypotheses: bool,
    /// What an urgent or routine result proposes to book; none for a plain visit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(value_type = Option<String>, format = Uuid))]
    pub service: Option<ServiceId>,
    /// The number that patients call to speak to a person, E.164.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// Its version; goes back with a change.
    pub version: i64,
}

/// What a facility decides about triage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct TriageSettingsRequest {
    /// Whether patients see possible causes.
    pub show_hypotheses: bool,
    /// What an urgent or routine result proposes to book.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(value_type = Option<String>, format = Uuid))]
    pub service: Option<ServiceId>,
    /// The number that patients call to speak to a person, E.164.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// The version that was read.
    pub version: i64,
}
