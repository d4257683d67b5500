//! A red flag and its rules.

use super::patient::{Age, Patient, Sex};

/// How soon somebody must act.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Level {
    /// A clinician the same day, within hours.
    Urgent,
    /// The emergency number now.
    Emergency,
}

/// A text in both languages.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Said {
    /// English.
    pub en: String,
    /// French.
    pub fr: String,
}

/// A red flag.
#[derive(Clone, Debug)]
pub struct Flag {
    /// Its name in small letters, stable.
    pub id: String,
    /// How soon somebody must act.
    pub level: Level,
    /// The body system: the name of its file.
    pub system: String,
    /// Why it is dangerous, in plain words.
    pub reason: Said,
    /// What to do until help is there, in plain words.
    pub advice: Said,
    /// Public guidance that says so, by name.
    pub citation: String,
    pub(super) rules: Vec<Rule>,
}

/// All of its conditions together raise the flag.
#[derive(Clone, Debug)]
pub(super) struct Rule {
    /// Features that must all be there.
    pub(super) features: Vec<u32>,
    pub(super) limits: Vec<Limit>,
    /// At most this many minutes since it began, when that is known.
    pub(super) minutes_max: Option<u32>,
}

/// What a rule asks of the patient.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Limit {
    Below(Age),
    From(Age),
    Of(Sex),
}

/// Below this age a limit is about children, who are seldom patients of unknown age.
const CHILD: Age = Age::years(16);

impl Limit {
    /// Whether it holds. Unknown age and sex hold, but a limit for children needs a child in the text.
    pub(super) fn holds(self, patient: &Patient, child_named: bool) -> bool {
        match (self, patient.age, patient.sex) {
            (Self::Below(limit), Some(age), _) => age < limit,
            (Self::Below(limit), None, _) => limit > CHILD || child_named,
            (Self::From(limit), Some(age), _) => age >= limit,
            (Self::From(_), None, _) => true,
            (Self::Of(sex), _, known) => known.is_none_or(|known| known == sex),
        }
    }
}
