//! What a laboratory reports.

use core::fmt;

use crate::Charset;

/// Who sent a message and which one it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// MSH-3.
    pub sending_application: String,
    /// MSH-4.
    pub sending_facility: String,
    /// MSH-5.
    pub receiving_application: String,
    /// MSH-6.
    pub receiving_facility: String,
    /// MSH-10.
    pub control_id: String,
    /// MSH-11: `P`, `T` or `D`.
    pub processing: String,
    /// MSH-12.
    pub version: String,
    /// MSH-18.
    pub charset: Charset,
}

/// A number that somebody gave the patient (`CX`).
#[derive(Clone, PartialEq, Eq)]
pub struct PersonIdentifier {
    /// The number.
    pub value: String,
    /// Short name of who gave it.
    pub namespace: String,
    /// Universal name of who gave it.
    pub universal: String,
    /// What kind of name that is: `ISO`, `URI`, `DNS`.
    pub universal_type: String,
    /// What kind of number: `MR`, `NI`.
    pub kind: String,
}

/// Administrative sex (table 0001).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sex {
    /// `F`
    Female,
    /// `M`
    Male,
    /// `O`, `A`
    Other,
    /// `U`, `N`, or nothing.
    Unknown,
}

/// A date or a time, as exact as it was sent (`TS`).
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    /// Of the common era.
    pub year: i16,
    /// 1 to 12.
    pub month: Option<i8>,
    /// 1 to 31.
    pub day: Option<i8>,
    /// Hour, minute and second.
    pub time: Option<(i8, i8, i8)>,
    /// East of UTC; none when the sender means its own clock.
    pub offset_minutes: Option<i16>,
}

/// Who the report is about.
#[derive(Clone, PartialEq, Eq)]
pub struct Person {
    /// PID-3.
    pub identifiers: Vec<PersonIdentifier>,
    /// PID-5, family name.
    pub family: String,
    /// PID-5, first given name and the others.
    pub given: String,
    /// PID-7.
    pub birth: Option<Stamp>,
    /// PID-8.
    pub sex: Sex,
    /// PID-13 and PID-14.
    pub phones: Vec<String>,
}

/// How far an observation is (table 0085).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ObservationStatus {
    /// `P`, `R`, `S`: may still change.
    Preliminary,
    /// `F`, `U`: verified.
    Final,
    /// `C`: takes the place of a verified one.
    Corrected,
    /// `D`, `W`: should never have been sent.
    Withdrawn,
    /// `X`, `I`, `N`, `O`: there is no value.
    Missing,
}

impl ObservationStatus {
    /// The letter that stands for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Preliminary => "P",
            Self::Final => "F",
            Self::Corrected => "C",
            Self::Withdrawn => "D",
            Self::Missing => "X",
        }
    }

    pub(crate) fn from_letter(letter: &str) -> Option<Self> {
        match letter {
            "P" | "R" | "S" => Some(Self::Preliminary),
            "F" | "U" => Some(Self::Final),
            "C" => Some(Self::Corrected),
            "D" | "W" => Some(Self::Withdrawn),
            "X" | "I" | "N" | "O" => Some(Self::Missing),
            _ => None,
        }
    }
}

/// What was observed.
#[derive(Clone, PartialEq, Eq)]
pub enum Value {
    /// `NM`, and `SN` without a comparison: digits with a point.
    Number(String),
    /// `SN` with a comparison, a range or a ratio, written in one line.
    Structured(String),
    /// `ST`, `TX`, `FT`.
    Text(String),
    /// `CE`, `CWE`.
    Coded {
        /// The code.
        code: String,
        /// Its words.
        text: String,
        /// Its system, as table 0396 names it.
        system: String,
    },
    /// Nothing.
    None,
}

impl Value {
    /// The value in one text.
    #[must_use]
    pub fn text(&self) -> &str {
        match self {
            Self::Number(text) | Self::Structured(text) | Self::Text(text) => text,
            Self::Coded { code, text, .. } if text.is_empty() => code,
            Self::Coded { text, .. } => text,
            Self::None => "",
        }
    }
}

/// One line of a report (`OBX` and the notes below it).
#[derive(Clone, PartialEq, Eq)]
pub struct Observation {
    /// OBX-3: the code.
    pub code: String,
    /// OBX-3: its words.
    pub name: String,
    /// OBX-3: its system; `LN` is LOINC.
    pub system: String,
    /// OBX-3: the second code, of another system.
    pub alternate: Option<(String, String)>,
    /// OBX-4: tells observations with the same code apart.
    pub sub_id: String,
    /// OBX-5.
    pub value: Value,
    /// OBX-6.
    pub unit: String,
    /// OBX-7.
    pub range: String,
    /// OBX-8.
    pub flags: Vec<String>,
    /// OBX-11.
    pub status: ObservationStatus,
    /// OBX-14.
    pub observed: Option<Stamp>,
    /// The notes below it.
    pub notes: Vec<String>,
}

impl Observation {
    /// Its LOINC code, in whichever place it stands.
    #[must_use]
    pub fn loinc(&self) -> Option<&str> {
        if self.system == "LN" {
            return Some(&self.code);
        }
        let (code, system) = self.alternate.as_ref()?;
        (system == "LN").then_some(code)
    }
}

/// What belongs to one order (`ORC`, `OBR` and what is below).
#[derive(Clone, PartialEq, Eq)]
pub struct OrderGroup {
    /// ORC-2 or OBR-2: the number of who ordered it.
    pub placer: String,
    /// ORC-3 or OBR-3: the number of the laboratory.
    pub filler: String,
    /// OBR-4: code, words and system of what was ordered.
    pub service: (String, String, String),
    /// OBR-7.
    pub observed: Option<Stamp>,
    /// OBR-25.
    pub status: String,
    /// The notes of the order.
    pub notes: Vec<String>,
    /// Its lines.
    pub observations: Vec<Observation>,
}

/// What is about one person.
#[derive(Clone, PartialEq, Eq)]
pub struct PatientGroup {
    /// Who.
    pub person: Person,
    /// Their orders.
    pub orders: Vec<OrderGroup>,
}

/// What an `ORU^R01` says.
#[derive(Clone, PartialEq, Eq)]
pub struct Report {
    /// Who sent it.
    pub header: Header,
    /// One for each `PID`.
    pub patients: Vec<PatientGroup>,
}

macro_rules! silent {
    ($($name:ident)+) => {$(
        impl fmt::Debug for $name {
            /// What a laboratory says of a person is health data.
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(..)"))
            }
        }
    )+};
}
silent!(PersonIdentifier Stamp Person Value Observation OrderGroup PatientGroup Report);
