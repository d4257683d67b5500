//! Rules, the selectors they use, classes and sources.

use serde::{Deserialize, Serialize};

use crate::grade::{Evidence, Kind, Level, Text};
use crate::substance::SubstanceId;

/// A publication that a fact comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// The key that rules use.
    #[serde(alias = "key")]
    pub id: String,
    /// Its title.
    pub title: String,
    /// Year of the edition.
    pub year: u16,
    /// Who published it.
    #[serde(default)]
    pub publisher: String,
    /// Where it is found.
    #[serde(default)]
    pub url: String,
}

/// A group of medicines, pharmacological or by what they do to each other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Class {
    /// Its slug.
    pub id: String,
    /// Its name.
    pub name: Text,
    /// The wider class.
    pub parent: Option<String>,
    /// ATC prefixes whose medicines belong here.
    pub atc: Vec<String>,
    /// Medicines that belong here by name.
    pub substances: Vec<SubstanceId>,
}

/// Which medicines a rule speaks of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Selector {
    /// One medicine.
    Substance(SubstanceId),
    /// All of a class and of the classes below it.
    Class(String),
    /// All whose ATC code starts like this.
    Atc(String),
}

/// What must be true beside the medicine.
#[derive(Clone, Debug, PartialEq)]
pub enum Trigger {
    /// A coded condition.
    Condition {
        /// ICD-10 prefixes, upper case without dots.
        prefixes: Vec<String>,
        /// Whether a past condition counts too.
        history: bool,
    },
    /// A measured glucose above or below, mmol/l.
    Glucose {
        /// Fires from this value up.
        above: Option<f64>,
        /// Fires below this value.
        below: Option<f64>,
    },
    /// An allergy to a medicine or group.
    Allergy(String),
    /// Another medicine.
    Drug(Selector),
    /// Another medicine that the rule's own selector covers.
    SameSelector,
    /// Pregnancy, between two weeks (inclusive).
    Pregnancy {
        /// First week.
        from_week: u8,
        /// Last week.
        to_week: u8,
    },
    /// Breastfeeding.
    Breastfeeding,
    /// Filtration rate below, ml/min.
    Renal(f64),
    /// An age, in months.
    Age {
        /// From this age on.
        from: u16,
        /// Below this age.
        below: u16,
    },
    /// More than an amount or more often than.
    Dose {
        /// Milligrams a day.
        max_daily_mg: Option<f64>,
        /// Milligrams at once.
        max_single_mg: Option<f64>,
        /// Times a day.
        max_per_day: Option<f64>,
        /// Only from this age in months on.
        from: u16,
        /// Only below this age in months.
        below: u16,
    },
}

/// When a rule is less strict: the line is prescribed for one of these reasons.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exception {
    /// ICD-10 prefixes of the indication, upper case without dots.
    pub indication: Vec<String>,
    /// The level then.
    pub level: Level,
    /// Why.
    pub text: Text,
}

/// One rule of the data set.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// Its stable id.
    pub id: String,
    /// What it is about.
    pub kind: Kind,
    /// The medicines it speaks of.
    pub drug: Selector,
    /// What must be true beside.
    pub trigger: Trigger,
    /// What it demands.
    pub level: Level,
    /// Effect and why.
    pub text: Text,
    /// What to do.
    pub advice: Option<Text>,
    /// Medicines to think of instead.
    pub safer: Vec<SubstanceId>,
    /// How well it is known.
    pub evidence: Evidence,
    /// Keys of the sources.
    pub sources: Vec<String>,
    /// When it is less strict.
    pub exception: Option<Exception>,
    /// Whether it holds for medicines that act where they are put, as on skin or eye.
    pub local: bool,
    /// Only for daily doses above this many milligrams; an unknown dose counts as above.
    pub min_daily_mg: Option<f64>,
}
