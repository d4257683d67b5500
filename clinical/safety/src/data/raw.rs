//! The files as they are written.

use serde::Deserialize;

use crate::grade::{Evidence, Kind, Level};
use crate::rule::{Selector, Source};
use crate::substance::{Compatibility, DoseUnit, Form, SubstanceId};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawFile {
    pub(super) date: Option<String>,
    #[serde(default)]
    pub(super) source: Vec<Source>,
    #[serde(default)]
    pub(super) class: Vec<RawClass>,
    #[serde(default)]
    pub(super) substance: Vec<RawSubstance>,
    #[serde(default)]
    pub(super) rule: Vec<RawRule>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawClass {
    pub(super) id: String,
    pub(super) en: String,
    pub(super) fr: String,
    pub(super) parent: Option<String>,
    #[serde(default)]
    pub(super) atc: Vec<String>,
    #[serde(default)]
    pub(super) substances: Vec<SubstanceId>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawSubstance {
    pub(super) id: String,
    pub(super) en: String,
    pub(super) fr: String,
    pub(super) atc: Vec<String>,
    #[serde(default)]
    pub(super) classes: Vec<String>,
    #[serde(default)]
    pub(super) allergy: Vec<String>,
    #[serde(default)]
    pub(super) brands: Vec<String>,
    pub(super) controlled: bool,
    pub(super) min_age_months: Option<u16>,
    pub(super) pregnancy: Option<Compatibility>,
    #[serde(default)]
    pub(super) pregnancy_trimesters: Vec<u8>,
    pub(super) breastfeeding: Option<Compatibility>,
    pub(super) dose_unit: Option<DoseUnit>,
    pub(super) max_single_mg: Option<f64>,
    pub(super) max_daily_mg: Option<f64>,
    pub(super) child_mg_per_kg_day: Option<f64>,
    pub(super) child_max_daily_mg: Option<f64>,
    #[serde(default)]
    pub(super) renal: Vec<RawRenal>,
    #[serde(default)]
    pub(super) forms: Vec<Form>,
    pub(super) source: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawRenal {
    pub(super) below_ml_min: f64,
    pub(super) level: RenalWord,
    pub(super) en: String,
    pub(super) fr: String,
}

/// The words of the formulary for kidney steps.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum RenalWord {
    Caution,
    Reduce,
    Avoid,
    Contraindicated,
}

impl RenalWord {
    pub(super) fn level(self) -> Level {
        match self {
            Self::Caution => Level::Inform,
            Self::Reduce | Self::Avoid => Level::Justify,
            Self::Contraindicated => Level::Contraindicated,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawRule {
    pub(super) id: String,
    pub(super) kind: Kind,
    pub(super) drug: Selector,
    pub(super) condition: Option<Vec<String>>,
    #[serde(default)]
    pub(super) history: bool,
    pub(super) glucose_above: Option<f64>,
    pub(super) glucose_below: Option<f64>,
    pub(super) allergy: Option<String>,
    pub(super) other: Option<Selector>,
    pub(super) from_week: Option<u8>,
    pub(super) to_week: Option<u8>,
    pub(super) below_ml_min: Option<f64>,
    pub(super) from_months: Option<u16>,
    pub(super) below_months: Option<u16>,
    pub(super) max_daily_mg: Option<f64>,
    pub(super) max_single_mg: Option<f64>,
    pub(super) max_per_day: Option<f64>,
    pub(super) level: Level,
    pub(super) en: String,
    pub(super) fr: String,
    pub(super) advice_en: Option<String>,
    pub(super) advice_fr: Option<String>,
    #[serde(default)]
    pub(super) safer: Vec<SubstanceId>,
    pub(super) evidence: Evidence,
    pub(super) source: Vec<String>,
    pub(super) exception: Option<RawException>,
    #[serde(default)]
    pub(super) local: bool,
    pub(super) min_daily_mg: Option<f64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawException {
    pub(super) indication: Vec<String>,
    pub(super) level: Level,
    pub(super) en: String,
    pub(super) fr: String,
}
