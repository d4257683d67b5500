//! What is known of the patient, and what is known to be unknown.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::draft::{Dose, Drug, FactRef, Frequency, Route, silent};

/// Sex as far as it matters to medicines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sex {
    /// Female.
    Female,
    /// Male.
    Male,
    /// Not known or something else: pregnancy is not excluded.
    Unknown,
}

/// Whether the patient is pregnant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pregnancy {
    /// Nobody knows.
    Unknown,
    /// No.
    No,
    /// Yes.
    Yes {
        /// Completed weeks, when known.
        weeks: Option<u8>,
    },
}

/// Whether the patient breastfeeds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Breastfeeding {
    /// Nobody knows.
    Unknown,
    /// No.
    No,
    /// Yes.
    Yes,
}

/// How bad a reaction was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Not recorded.
    Unknown,
    /// Mild.
    Mild,
    /// Moderate.
    Moderate,
    /// Anaphylaxis or a severe skin reaction.
    Severe,
}

/// How sure an allergy is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verification {
    /// Somebody said so. It counts.
    Unconfirmed,
    /// Confirmed. It counts.
    Confirmed,
    /// Tested and excluded. It does not count.
    Refuted,
    /// Written by mistake. It does not count.
    EnteredInError,
}

impl Verification {
    pub(crate) fn counts(self) -> bool {
        match self {
            Self::Unconfirmed | Self::Confirmed => true,
            Self::Refuted | Self::EnteredInError => false,
        }
    }
}

/// What somebody is allergic to.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Allergen {
    /// A medicine, by slug.
    Substance(crate::SubstanceId),
    /// A group or class, by slug.
    Group(String),
    /// As somebody wrote it. It cannot be checked.
    FreeText(String),
}

/// An allergy of the chart.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Allergy {
    /// The caller's name for it.
    pub id: FactRef,
    /// To what.
    pub allergen: Allergen,
    /// How bad.
    pub severity: Severity,
    /// How sure.
    pub verification: Verification,
}

/// Whether a condition is present.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConditionStatus {
    /// Present.
    Active,
    /// Past.
    Resolved,
}

/// A coded condition of the chart.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Condition {
    /// The caller's name for it.
    pub id: FactRef,
    /// ICD-10, with or without dot.
    pub code: String,
    /// Present or past.
    pub status: ConditionStatus,
}

/// A medicine the patient takes.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct ActiveMedicine {
    /// The caller's name for it.
    pub id: FactRef,
    /// What.
    pub drug: Drug,
    /// How much at once.
    pub dose: Option<Dose>,
    /// How often.
    pub frequency: Option<Frequency>,
    /// How it is given.
    pub route: Option<Route>,
}

/// A measured glucose.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Glucose {
    /// The caller's name for it.
    pub id: FactRef,
    /// mmol/l.
    pub mmol_per_l: f64,
}

/// A part of the chart that nobody has asked about. An empty list alone says that there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unknown {
    /// Allergies were never asked.
    Allergies,
    /// Conditions were never asked.
    Conditions,
    /// Other medicines were never asked.
    Medicines,
}

/// What is known of the patient.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Chart {
    /// Which state of the record this is; a clearance names it.
    pub version: u64,
    /// Age.
    pub age_months: Option<u16>,
    /// Sex.
    pub sex: Sex,
    /// Weight, kg.
    pub weight_kg: Option<f64>,
    /// Pregnancy.
    pub pregnancy: Pregnancy,
    /// Breastfeeding.
    pub breastfeeding: Breastfeeding,
    /// Allergies.
    pub allergies: Vec<Allergy>,
    /// Conditions.
    pub conditions: Vec<Condition>,
    /// Medicines taken.
    pub medicines: Vec<ActiveMedicine>,
    /// Estimated filtration rate, ml/min.
    pub egfr_ml_min: Option<f64>,
    /// Recent glucose values.
    pub glucose: Vec<Glucose>,
    /// What nobody has asked about.
    pub unknown: BTreeSet<Unknown>,
}

impl Chart {
    /// A chart of which nothing is known.
    #[must_use]
    pub fn unknown(version: u64) -> Self {
        Self {
            version,
            age_months: None,
            sex: Sex::Unknown,
            weight_kg: None,
            pregnancy: Pregnancy::Unknown,
            breastfeeding: Breastfeeding::Unknown,
            allergies: Vec::new(),
            conditions: Vec::new(),
            medicines: Vec::new(),
            egfr_ml_min: None,
            glucose: Vec::new(),
            unknown: BTreeSet::from([Unknown::Allergies, Unknown::Conditions, Unknown::Medicines]),
        }
    }
}

silent!(Allergen, Allergy, Condition, ActiveMedicine, Glucose, Chart);
