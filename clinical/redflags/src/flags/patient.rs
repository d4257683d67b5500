//! What is known of a patient before anything is read.

use std::collections::BTreeSet;

use crate::words::Speaker;

/// An age in whole days. A year is 365 days here.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Age {
    days: u32,
}

impl Age {
    /// An age in days.
    #[must_use]
    pub const fn days(days: u32) -> Self {
        Self { days }
    }

    /// An age in weeks.
    #[must_use]
    pub const fn weeks(weeks: u32) -> Self {
        Self { days: weeks.saturating_mul(7) }
    }

    /// An age in months of 30 days.
    #[must_use]
    pub const fn months(months: u32) -> Self {
        Self { days: months.saturating_mul(30) }
    }

    /// An age in years.
    #[must_use]
    pub const fn years(years: u32) -> Self {
        Self { days: years.saturating_mul(365) }
    }

    /// In days.
    #[must_use]
    pub const fn in_days(self) -> u32 {
        self.days
    }
}

/// The sex that medicine asks for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Sex {
    /// Female.
    Female,
    /// Male.
    Male,
}

/// Whether the patient carries or has lately borne a child.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Pregnancy {
    /// Nobody said.
    #[default]
    Unknown,
    /// Not pregnant.
    No,
    /// Pregnant, of any week.
    Pregnant,
    /// In the first six weeks after a birth.
    AfterBirth,
}

/// What a record knows and what makes ordinary things dangerous.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Background {
    /// Weakened defence: chemotherapy, transplant, steroids, no spleen, HIV without treatment.
    Immunosuppressed,
    /// Takes a blood thinner.
    Anticoagulated,
    /// Diabetes.
    Diabetes,
    /// Sickle cell disease.
    SickleCell,
    /// Haemophilia or another bleeding disorder.
    Haemophilia,
    /// A transplanted organ.
    Transplant,
    /// Adrenal insufficiency or long steroid treatment.
    Adrenal,
    /// An operation in the last weeks.
    Operated,
    /// Cancer under treatment.
    Cancer,
    /// Kidney failure or dialysis.
    Kidney,
    /// A known heart disease.
    Heart,
    /// Asthma or chronic lung disease.
    Lung,
    /// Epilepsy.
    Epilepsy,
}

impl Background {
    /// The name of the feature in the data that this fulfils.
    #[must_use]
    pub const fn feature(self) -> &'static str {
        match self {
            Self::Immunosuppressed => "immunosuppressed",
            Self::Anticoagulated => "anticoagulated",
            Self::Diabetes => "diabetes",
            Self::SickleCell => "sickle_cell",
            Self::Haemophilia => "haemophilia",
            Self::Transplant => "transplant",
            Self::Adrenal => "adrenal",
            Self::Operated => "operated",
            Self::Cancer => "cancer",
            Self::Kidney => "kidney_failure",
            Self::Heart => "heart_disease",
            Self::Lung => "lung_disease",
            Self::Epilepsy => "epilepsy",
        }
    }
}

/// Who it is about. What is unknown never hides a flag.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Patient {
    /// Age, when known.
    pub age: Option<Age>,
    /// Sex, when known.
    pub sex: Option<Sex>,
    /// Pregnancy.
    pub pregnancy: Pregnancy,
    /// Who writes.
    pub speaker: Speaker,
    /// What the record knows.
    pub background: BTreeSet<Background>,
}
