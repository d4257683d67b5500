//! What somebody wants to prescribe.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::substance::{DoseUnit, SubstanceId};

/// Most lines of one prescription. More are refused: nobody reads such a prescription.
pub const LINES_MAX: usize = 50;

macro_rules! reference {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// The caller's own name for it.
            pub fn new(id: impl Into<String>) -> Self {
                Self(id.into())
            }

            /// The caller's own name for it.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
    };
}

reference! {
    /// Names a line of the draft.
    LineRef
}
reference! {
    /// Names an entry of the chart.
    FactRef
}

/// The medicine of a line or of the chart.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Drug {
    /// By its slug; the formulary may still not know it.
    Substance(SubstanceId),
    /// As somebody wrote it. It cannot be checked.
    FreeText(String),
}

/// How a medicine is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Route {
    /// By mouth.
    Oral,
    /// Into a vein.
    Intravenous,
    /// Into a muscle.
    Intramuscular,
    /// Under the skin.
    Subcutaneous,
    /// Breathed in.
    Inhaled,
    /// Rectal.
    Rectal,
    /// Under the tongue.
    Sublingual,
    /// Through the skin into the blood.
    Transdermal,
    /// On the skin.
    Topical,
    /// Into the eye.
    Ophthalmic,
    /// Into the ear.
    Otic,
    /// Into the nose.
    Nasal,
    /// Vaginal.
    Vaginal,
    /// Anything else.
    Other,
}

impl Route {
    /// Whether the medicine acts where it is put and little of it goes further.
    #[must_use]
    pub fn is_local(self) -> bool {
        match self {
            Self::Topical | Self::Ophthalmic | Self::Otic | Self::Nasal | Self::Vaginal => true,
            Self::Oral
            | Self::Intravenous
            | Self::Intramuscular
            | Self::Subcutaneous
            | Self::Inhaled
            | Self::Rectal
            | Self::Sublingual
            | Self::Transdermal
            | Self::Other => false,
        }
    }
}

/// A number was not a positive amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be a positive number")]
pub struct DoseError;

/// A positive amount with its unit.
#[derive(Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "(f64, DoseUnit)", into = "(f64, DoseUnit)")]
pub struct Dose {
    amount: f64,
    unit: DoseUnit,
}

impl Dose {
    /// Parses an amount.
    ///
    /// # Errors
    /// When it is not a finite number above zero.
    pub fn new(amount: f64, unit: DoseUnit) -> Result<Self, DoseError> {
        if amount.is_finite() && amount > 0.0 {
            Ok(Self { amount, unit })
        } else {
            Err(DoseError)
        }
    }

    /// The amount.
    #[must_use]
    pub fn amount(self) -> f64 {
        self.amount
    }

    /// Its unit.
    #[must_use]
    pub fn unit(self) -> DoseUnit {
        self.unit
    }
}

impl TryFrom<(f64, DoseUnit)> for Dose {
    type Error = DoseError;

    fn try_from((amount, unit): (f64, DoseUnit)) -> Result<Self, DoseError> {
        Self::new(amount, unit)
    }
}

impl From<Dose> for (f64, DoseUnit) {
    fn from(dose: Dose) -> Self {
        (dose.amount, dose.unit)
    }
}

/// How often a day; below one for less than daily.
#[derive(Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct Frequency(f64);

impl Frequency {
    /// Parses times a day.
    ///
    /// # Errors
    /// When it is not a finite number above zero.
    pub fn per_day(times: f64) -> Result<Self, DoseError> {
        if times.is_finite() && times > 0.0 {
            Ok(Self(times))
        } else {
            Err(DoseError)
        }
    }

    /// Times a day.
    #[must_use]
    pub fn get(self) -> f64 {
        self.0
    }
}

impl TryFrom<f64> for Frequency {
    type Error = DoseError;

    fn try_from(times: f64) -> Result<Self, DoseError> {
        Self::per_day(times)
    }
}

impl From<Frequency> for f64 {
    fn from(frequency: Frequency) -> Self {
        frequency.0
    }
}

/// One medicine of a draft.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// The caller's name for it.
    pub id: LineRef,
    /// What.
    pub drug: Drug,
    /// How much at once.
    pub dose: Option<Dose>,
    /// How often.
    pub frequency: Option<Frequency>,
    /// How it is given.
    pub route: Option<Route>,
    /// For how many days.
    pub duration_days: Option<u16>,
    /// ICD-10 code of the reason.
    pub indication: Option<String>,
}

impl Line {
    /// A line that names only the medicine.
    #[must_use]
    pub fn of(id: &str, substance: &str) -> Self {
        Self {
            id: LineRef::new(id),
            drug: Drug::Substance(SubstanceId::new(substance)),
            dose: None,
            frequency: None,
            route: None,
            duration_days: None,
            indication: None,
        }
    }
}

/// Why lines do not make a draft.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DraftError {
    /// There is no line.
    #[error("a prescription needs a line")]
    Empty,
    /// There are more than [`LINES_MAX`].
    #[error("a prescription has at most {LINES_MAX} lines")]
    TooLong,
    /// Two lines have one name.
    #[error("two lines have the same name")]
    SameRef,
}

/// What somebody wants to prescribe: one to [`LINES_MAX`] lines with different names.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Vec<Line>", into = "Vec<Line>")]
pub struct Draft {
    lines: Vec<Line>,
}

impl Draft {
    /// Parses lines.
    ///
    /// # Errors
    /// When there is none, there are too many, or two share a name.
    pub fn new(lines: Vec<Line>) -> Result<Self, DraftError> {
        if lines.is_empty() {
            return Err(DraftError::Empty);
        }
        if lines.len() > LINES_MAX {
            return Err(DraftError::TooLong);
        }
        let names: std::collections::BTreeSet<&LineRef> =
            lines.iter().map(|line| &line.id).collect();
        if names.len() != lines.len() {
            return Err(DraftError::SameRef);
        }
        Ok(Self { lines })
    }

    /// Its lines.
    #[must_use]
    pub fn lines(&self) -> &[Line] {
        &self.lines
    }
}

impl TryFrom<Vec<Line>> for Draft {
    type Error = DraftError;

    fn try_from(lines: Vec<Line>) -> Result<Self, DraftError> {
        Self::new(lines)
    }
}

impl From<Draft> for Vec<Line> {
    fn from(draft: Draft) -> Self {
        draft.lines
    }
}

/// Health data prints its kind and nothing of its content.
macro_rules! silent {
    ($($name:ident),+) => {
        $(impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($name), "(..)"))
            }
        })+
    };
}
pub(crate) use silent;

silent!(Drug, Dose, Frequency, Line, Draft);

impl fmt::Display for LineRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
