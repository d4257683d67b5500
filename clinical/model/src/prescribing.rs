//! Prescriptions: draft, signed, transmitted, dispensed or refused, replaced or overridden.
//!
//! A step takes the state before it by value, so that none can be skipped: [`Drafted::sign`] needs a
//! [`Clearance`], [`Fillable::dispense`] a [`Dispensable`], and there is no way from a
//! contraindication to either.

mod dosage;
mod plan;
mod steps;

use core::fmt;

use clinical_safety::{Dose, Line as SafetyLine, Report};
use serde::{Deserialize, Serialize};

use crate::access::Label;
use crate::text::{Line, Prose};
use crate::{Micros, PatientId, PrescriptionId, TenantId, UserId};

pub use clinical_safety::Clearance;
pub use dosage::{
    ClockTime, Course, Dose as DueDose, DoseTimes, DoseTimesError, NotAClockTime, REMIND_WITHIN_US,
    date_of,
};
pub use plan::{
    LineFacts, MedicationPlan, PlannedLine, Supply, course, is_running, plan as medication_plan,
};
pub use steps::{
    Blocked, Dispensable, DispenseRefusal, Drafted, Fill, Fillable, OverrideRefusal, Refused,
    Signed, WrongStage,
};

/// Most lines of a prescription; more are refused, nobody reads such a prescription.
pub const PRESCRIBED_LINES_MAX: usize = 20;
/// Most units of one line, all repeats together.
pub const QUANTITY_MAX: u32 = 10_000;
/// Longest validity, in days.
pub const VALID_DAYS_MAX: u16 = 365;

/// Where a prescription stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Being written.
    Draft,
    /// Cleared and signed.
    Signed,
    /// With the pharmacy.
    Transmitted,
    /// A part was handed out.
    DispensedPart,
    /// All was handed out.
    Completed,
    /// The pharmacy sent it back.
    Refused,
    /// Another prescription took its place.
    Replaced,
    /// Withdrawn by the prescriber.
    Cancelled,
}

impl Stage {
    /// Every stage.
    pub const ALL: [Self; 8] = [
        Self::Draft,
        Self::Signed,
        Self::Transmitted,
        Self::DispensedPart,
        Self::Completed,
        Self::Refused,
        Self::Replaced,
        Self::Cancelled,
    ];

    /// The word in SQL and JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Signed => "signed",
            Self::Transmitted => "transmitted",
            Self::DispensedPart => "dispensed_part",
            Self::Completed => "completed",
            Self::Refused => "refused",
            Self::Replaced => "replaced",
            Self::Cancelled => "cancelled",
        }
    }

    /// The stage of a word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|stage| stage.as_str() == word)
    }
}

/// Why a pharmacist sends a prescription back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefusalReason {
    /// A danger that the check or the pharmacist sees.
    Safety,
    /// Dose, frequency or quantity look wrong.
    Dosage,
    /// It cannot be had.
    Unavailable,
    /// Something is missing or cannot be read.
    Unclear,
    /// It may be forged.
    Suspicious,
    /// Another reason, in the words.
    Other,
}

/// One medicine of a prescription.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct PrescribedLine {
    /// As the safety check reads it.
    pub line: SafetyLine,
    /// Its name when it was prescribed.
    pub name: Line,
    /// Units handed out at once.
    pub quantity: u32,
    /// How often that may be repeated.
    pub repeats: u8,
    /// More words for the patient.
    pub directions: Option<Line>,
}

impl PrescribedLine {
    /// Units that may be handed out, all repeats together.
    #[must_use]
    pub fn total(&self) -> u32 {
        self.quantity
            .saturating_mul(u32::from(self.repeats).saturating_add(1))
    }

    /// Hours of the day at which a dose is due, for a reminder; empty when it is taken less than
    /// once a day or more than 12 times.
    #[must_use]
    pub fn hours_of_day(&self) -> Vec<u8> {
        let times = self
            .line
            .frequency
            .map_or(0.0, clinical_safety::Frequency::get);
        let Some(count) = (1_u8..=12).find(|&n| (f64::from(n) - times).abs() < 0.01) else {
            return Vec::new();
        };
        match count {
            1 => vec![8],
            2 => vec![8, 20],
            3 => vec![8, 14, 20],
            4 => vec![6, 12, 18, 22],
            // Awake from 6 to 22: the doses lie evenly between.
            n => (0..n).map(|k| 6 + 16 * k / (n - 1)).collect(),
        }
    }

    /// Amount of one dose.
    #[must_use]
    pub fn dose(&self) -> Option<Dose> {
        self.line.dose
    }
}

/// Why a finding was accepted by the prescriber.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// The rule.
    pub rule: String,
    /// The coded reason.
    pub code: String,
    /// In words; may be empty.
    pub text: String,
}

/// Why and when it was sent back.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// The coded reason.
    pub reason: RefusalReason,
    /// In the pharmacist's words.
    pub text: Prose,
    /// By whom.
    pub by: UserId,
    /// When.
    pub at: i64,
}

/// A doctor's signature under an override.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Override {
    /// Who.
    pub doctor: UserId,
    /// Which findings it accepts.
    pub rules: Vec<String>,
    /// The coded reason.
    pub code: String,
    /// In words.
    pub text: Prose,
    /// When.
    pub at: i64,
}

/// What is sealed of a prescription.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Content {
    /// What is prescribed.
    pub lines: Vec<PrescribedLine>,
    /// For how many days after signing it may be dispensed.
    pub valid_days: u16,
    /// The last screening.
    pub report: Option<Report>,
    /// Why findings were accepted at signing.
    pub reasons: Vec<Reason>,
    /// The code on the paper.
    pub code: Option<String>,
    /// The last refusal.
    pub refusal: Option<Refusal>,
    /// Signatures against the last refusal.
    pub overrides: Vec<Override>,
    /// Rules that two doctors accepted.
    pub accepted: Vec<String>,
}

/// A prescription.
#[derive(Clone, PartialEq)]
pub struct Prescription {
    /// Its id.
    pub id: PrescriptionId,
    /// In which facility.
    pub tenant: TenantId,
    /// For whom.
    pub patient: PatientId,
    /// By whom.
    pub prescriber: UserId,
    /// Where it stands.
    pub stage: Stage,
    /// Who may see it.
    pub label: Label,
    /// What it replaces.
    pub prior: Option<PrescriptionId>,
    /// When it was begun.
    pub created: Micros,
    /// When it was signed.
    pub signed: Option<Micros>,
    /// Until when it may be dispensed.
    pub expires: Option<Micros>,
    /// When it came to the pharmacy.
    pub sent: Option<Micros>,
    /// When it was refused.
    pub refused: Option<Micros>,
    /// When the doctor saw that.
    pub seen: Option<Micros>,
    /// When it was replaced.
    pub replaced: Option<Micros>,
    /// The chart for which it was cleared.
    pub cleared_chart: Option<u64>,
    /// What is sealed.
    pub content: Content,
    /// Units handed out, one number a line.
    pub dispensed: Vec<u32>,
    /// Counts the changes, from 1.
    pub version: u32,
}

impl Prescription {
    /// Units that are left, one number a line.
    #[must_use]
    pub fn left(&self) -> Vec<u32> {
        self.content
            .lines
            .iter()
            .enumerate()
            .map(|(at, line)| {
                let gone = self.dispensed.get(at).copied().unwrap_or(0);
                line.total().saturating_sub(gone)
            })
            .collect()
    }
}

/// Health data prints its kind and nothing of its content.
macro_rules! silent {
    ($($name:ident),+) => {
        $(impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(..)"))
            }
        })+
    };
}
silent!(
    PrescribedLine,
    Reason,
    Refusal,
    Override,
    Content,
    Prescription
);
