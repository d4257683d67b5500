//! How serious a finding is, of what kind, how well it is known, and its words.

use serde::{Deserialize, Serialize};

/// A text in both languages of the product.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Text {
    /// French.
    pub fr: String,
    /// English.
    pub en: String,
}

impl Text {
    pub(crate) fn new(fr: impl Into<String>, en: impl Into<String>) -> Self {
        Self {
            fr: fr.into(),
            en: en.into(),
        }
    }
}

/// What a finding demands of the prescriber. The order is the order of severity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Shown beside the line; nothing is asked.
    Inform,
    /// The prescriber must say why before signing.
    Justify,
    /// Cannot be signed or dispensed.
    Contraindicated,
}

/// What a finding is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A medicine and an allergy.
    DrugAllergy,
    /// A medicine and a condition or a measured value.
    DrugCondition,
    /// Two medicines.
    DrugDrug,
    /// The same treatment twice.
    Duplicate,
    /// A medicine during pregnancy.
    Pregnancy,
    /// A medicine during breastfeeding.
    Breastfeeding,
    /// A medicine and the function of the kidneys.
    Renal,
    /// A medicine and the age.
    Age,
    /// The amount or how often.
    Dose,
    /// Something that could not be checked, because it is not known.
    Unchecked,
}

/// How well the fact behind a finding is established.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Evidence {
    /// Trials or an official product information with a uniform statement.
    A,
    /// Controlled observations, or official sources that grade it differently.
    B,
    /// Case reports or mechanism.
    C,
    /// Agreement of experts, or a rule of this check.
    #[serde(rename = "expert")]
    Expert,
}
