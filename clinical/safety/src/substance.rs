//! A medicine of the formulary.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::grade::{Level, Text};

/// The stable slug of an international nonproprietary name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SubstanceId(String);

impl SubstanceId {
    /// Any text may be asked for; whether the formulary knows it is the rule set's answer.
    pub fn new(id: impl Into<String>) -> Self {
        Self(id.into())
    }

    /// The slug.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SubstanceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How a medicine is judged for pregnancy or breastfeeding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Compatibility {
    /// May be used.
    Compatible,
    /// May be used with attention.
    Caution,
    /// Only when nothing else will do.
    Avoid,
    /// Must not be used.
    Contraindicated,
}

impl Compatibility {
    pub(crate) fn level(self) -> Option<Level> {
        match self {
            Self::Compatible => None,
            Self::Caution => Some(Level::Inform),
            Self::Avoid => Some(Level::Justify),
            Self::Contraindicated => Some(Level::Contraindicated),
        }
    }
}

/// The unit of an amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DoseUnit {
    /// Milligrams.
    Mg,
    /// Grams.
    G,
    /// Micrograms.
    Mcg,
    /// Millilitres.
    Ml,
    /// International units.
    Iu,
    /// Millimoles.
    Mmol,
    /// Tablets, capsules, sachets and the like.
    Piece,
    /// Drops.
    Drop,
    /// Puffs of an inhaler or a spray.
    Puff,
}

impl DoseUnit {
    /// `amount` of this unit in `other`, when one is a multiple of the other.
    #[must_use]
    pub fn convert(self, amount: f64, other: Self) -> Option<f64> {
        if self == other {
            return Some(amount);
        }
        Some(amount * self.micrograms()? / other.micrograms()?)
    }

    fn micrograms(self) -> Option<f64> {
        match self {
            Self::Mcg => Some(1.0),
            Self::Mg => Some(1_000.0),
            Self::G => Some(1_000_000.0),
            Self::Ml | Self::Iu | Self::Mmol | Self::Piece | Self::Drop | Self::Puff => None,
        }
    }

    pub(crate) fn symbol(self) -> &'static str {
        match self {
            Self::Mg => "mg",
            Self::G => "g",
            Self::Mcg => "µg",
            Self::Ml => "ml",
            Self::Iu => "UI",
            Self::Mmol => "mmol",
            Self::Piece => "x",
            Self::Drop => "gtt",
            Self::Puff => "puff",
        }
    }
}

/// Limits of dose, all in `unit`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Limits {
    /// The unit of every limit here.
    pub unit: DoseUnit,
    /// Largest single dose of an adult.
    pub max_single: Option<f64>,
    /// Largest daily dose of an adult.
    pub max_daily: Option<f64>,
    /// Largest daily dose of a child per kilogram of weight.
    pub child_per_kg_day: Option<f64>,
    /// Largest daily dose of a child, whatever the weight.
    pub child_max_daily: Option<f64>,
}

/// What changes below a kidney function.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RenalStep {
    /// Applies below this filtration rate, ml/min.
    pub below_ml_min: f64,
    /// What it demands.
    pub level: Level,
    /// What to do.
    pub text: Text,
}

/// A shape in which a medicine is sold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Form {
    /// `tablet`, `syrup` and so on.
    pub form: String,
    /// How it is given.
    pub route: String,
    /// As printed on the box.
    #[serde(default)]
    pub strength: String,
}

/// A medicine of the formulary.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Substance {
    /// Its slug.
    pub id: SubstanceId,
    /// Its name.
    pub name: Text,
    /// ATC codes (WHO), level 5.
    pub atc: Vec<String>,
    /// Classes the entry names itself.
    pub classes: Vec<String>,
    /// Cross-reactivity groups.
    pub allergy: Vec<String>,
    /// Some trade names.
    pub brands: Vec<String>,
    /// Whether signing needs a second factor.
    pub controlled: bool,
    /// Youngest age, in months.
    pub min_age_months: Option<u16>,
    /// Judged for pregnancy.
    pub pregnancy: Option<Compatibility>,
    /// The trimesters the judgement speaks of; empty means all.
    pub pregnancy_trimesters: Vec<u8>,
    /// Judged for breastfeeding.
    pub breastfeeding: Option<Compatibility>,
    /// Limits of dose.
    pub limits: Limits,
    /// Kidney steps, in the order of the data.
    pub renal: Vec<RenalStep>,
    /// How it is sold.
    pub forms: Vec<Form>,
    /// Keys of the sources.
    pub sources: Vec<String>,
}
