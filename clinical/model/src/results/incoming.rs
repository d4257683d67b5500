//! What a laboratory's machine sent about one person and one order, before anybody knows whose it is.

use core::fmt;

use serde::{Deserialize, Serialize};

use crate::Micros;
use crate::patients::Sex;
use crate::text::{PartialDate, Phone};

/// A number that the message gives a person.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SentIdentifier {
    /// The names of who gave it, as a record may write them.
    pub systems: Vec<String>,
    /// The number.
    pub value: String,
}

/// Who the message is about, as it says.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SentPerson {
    /// Numbers.
    pub identifiers: Vec<SentIdentifier>,
    /// Family name; empty when it does not say.
    pub family: String,
    /// Given names.
    pub given: String,
    /// As far as it is known.
    pub birth: Option<PartialDate>,
    /// Administrative gender.
    pub sex: Sex,
    /// Phone numbers that could be read.
    pub phones: Vec<Phone>,
}

/// In which form a value was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SentForm {
    /// A number.
    Number,
    /// A comparison, a range or a ratio.
    Structured,
    /// Words.
    Text,
    /// The LOINC answer "positive".
    Found,
    /// The LOINC answer "negative".
    NotFound,
    /// Another coded answer, by its words.
    Coded,
    /// There is no value.
    Nothing,
}

/// How far a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SentStatus {
    /// May still change.
    Preliminary,
    /// Verified by the laboratory.
    Final,
    /// Takes the place of a verified one.
    Corrected,
    /// Should never have been sent.
    Withdrawn,
    /// There is no value.
    Missing,
}

/// One line of a message. It is also how a line stays in a report when the catalogue does not know
/// its test, or its form or unit is not that of the test: as it is, without a judgement of ours.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SentLine {
    /// The number of the laboratory.
    pub filler: String,
    /// LOINC code, where it says one.
    pub loinc: Option<String>,
    /// The first code.
    pub code: String,
    /// Its words.
    pub name: String,
    /// Its system.
    pub system: String,
    /// Tells lines with one code apart.
    pub sub_id: String,
    /// In which form the value is.
    pub form: SentForm,
    /// The value.
    pub value: String,
    /// The unit.
    pub unit: String,
    /// The usual range.
    pub range: String,
    /// What the laboratory says of it.
    pub flags: Vec<String>,
    /// How far it is.
    pub status: SentStatus,
    /// Words below it.
    pub notes: Vec<String>,
}

impl SentLine {
    /// Whether the laboratory says that a clinician must know now.
    #[must_use]
    pub fn is_critical(&self) -> bool {
        self.flags
            .iter()
            .any(|flag| matches!(flag.as_str(), "LL" | "HH" | "AA"))
    }

    /// Whether it speaks of the same thing as another line.
    #[must_use]
    pub fn is_same_test(&self, other: &Self) -> bool {
        (&self.code, &self.system, &self.sub_id) == (&other.code, &other.system, &other.sub_id)
    }

    /// Whether it says the same of it.
    #[must_use]
    pub fn says_the_same(&self, other: &Self) -> bool {
        self.is_same_test(other) && self.value == other.value && self.unit == other.unit
    }
}

/// What was sent about one person and one order.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Incoming {
    /// Who sent it.
    pub sender: String,
    /// To which facility.
    pub receiver: String,
    /// The sender's name for the message.
    pub control_id: String,
    /// Who it is about.
    pub person: SentPerson,
    /// The number of who ordered it.
    pub placer: String,
    /// What was ordered, in the laboratory's words.
    pub service: String,
    /// When the specimen was taken.
    pub observed: Option<Micros>,
    /// The lines.
    pub lines: Vec<SentLine>,
    /// Words about all of them.
    pub notes: Vec<String>,
}

macro_rules! silent {
    ($($name:ident)+) => {$(
        impl fmt::Debug for $name {
            /// What a laboratory sends is health data.
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(..)"))
            }
        }
    )+};
}
silent!(SentIdentifier SentPerson SentLine Incoming);

/// Why a result waits for a person to decide.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unmatched {
    /// Nobody fits.
    NoPatient,
    /// More than one record fits.
    SeveralPatients,
    /// A record fits by one fact and another one contradicts it.
    PatientDiffers,
    /// The order is not for this laboratory, or takes no result any more.
    OrderClosed,
    /// It is addressed to another facility, or to none.
    OtherFacility,
    /// The laboratory takes back what it sent.
    Withdrawn,
    /// It says something else than the verified result, and does not say that it corrects it.
    Conflict,
    /// It does not fit into a report.
    Unfit,
}

impl Unmatched {
    /// Every reason.
    pub const ALL: [Self; 8] = [
        Self::NoPatient,
        Self::SeveralPatients,
        Self::PatientDiffers,
        Self::OrderClosed,
        Self::OtherFacility,
        Self::Withdrawn,
        Self::Conflict,
        Self::Unfit,
    ];

    /// The word in SQL and on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NoPatient => "no_patient",
            Self::SeveralPatients => "several_patients",
            Self::PatientDiffers => "patient_differs",
            Self::OrderClosed => "order_closed",
            Self::OtherFacility => "other_facility",
            Self::Withdrawn => "withdrawn",
            Self::Conflict => "conflict",
            Self::Unfit => "unfit",
        }
    }

    /// The reason of a word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == word)
    }
}
