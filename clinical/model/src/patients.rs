//! Patients: who they are, and where their record stands.

use core::fmt;

use serde::{Deserialize, Serialize};

use crate::text::{Line, PartialDate, Phone};
use crate::{PatientId, TenantId};

/// Most phone numbers, identifiers and addresses of one patient.
pub const CONTACTS_MAX: usize = 8;

/// Administrative gender (FHIR `administrative-gender`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sex {
    /// Male.
    Male,
    /// Female.
    Female,
    /// Neither.
    Other,
    /// Not known.
    Unknown,
}

/// ABO and rhesus group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum BloodGroup {
    /// A positive.
    #[serde(rename = "A+")]
    APositive,
    /// A negative.
    #[serde(rename = "A-")]
    ANegative,
    /// B positive.
    #[serde(rename = "B+")]
    BPositive,
    /// B negative.
    #[serde(rename = "B-")]
    BNegative,
    /// AB positive.
    #[serde(rename = "AB+")]
    AbPositive,
    /// AB negative.
    #[serde(rename = "AB-")]
    AbNegative,
    /// O positive.
    #[serde(rename = "O+")]
    OPositive,
    /// O negative.
    #[serde(rename = "O-")]
    ONegative,
}

/// Where somebody lives.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Address {
    /// Street, quarter, house.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<Line>,
    /// Town or village.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub city: Option<Line>,
    /// Region or district.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<Line>,
    /// ISO 3166-1 alpha-2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<Line>,
}

/// A number that somebody else gave the patient: national id, insurance, hospital.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Identifier {
    /// Who gave it: a URI or a short name.
    pub system: Line,
    /// The number.
    pub value: Line,
}

/// Whom to call in an emergency.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EmergencyContact {
    /// Their name.
    pub name: Line,
    /// What they are to the patient.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub relation: Option<Line>,
    /// Their number.
    pub phone: Phone,
}

/// Who a patient is.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Demographics {
    /// Family name.
    pub family: Line,
    /// Given names.
    pub given: Line,
    /// Administrative gender.
    pub sex: Sex,
    /// Birth date, as far as it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub birth: Option<PartialDate>,
    /// Numbers, the first is called first; at most [`CONTACTS_MAX`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub phones: Vec<Phone>,
    /// E-mail address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<Line>,
    /// Where they live.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<Address>,
    /// Blood group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blood_group: Option<BloodGroup>,
    /// BCP 47 tag of the language they want to be spoken to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<Line>,
    /// Numbers others gave them; at most [`CONTACTS_MAX`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub identifiers: Vec<Identifier>,
    /// Whom to call in an emergency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub emergency: Option<EmergencyContact>,
    /// When they died.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deceased: Option<PartialDate>,
}

impl Demographics {
    /// Given names and family name, as a person is addressed.
    #[must_use]
    pub fn full_name(&self) -> String {
        format!("{} {}", self.given.as_str(), self.family.as_str())
    }
}

impl fmt::Debug for Demographics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Demographics(..)")
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Address(..)")
    }
}

impl fmt::Debug for Identifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Identifier(..)")
    }
}

impl fmt::Debug for EmergencyContact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EmergencyContact(..)")
    }
}

/// Where a record stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PatientState {
    /// In use.
    Active,
    /// Its contents belong to another record of the same person.
    Merged {
        /// Which.
        into: PatientId,
    },
    /// Its key was destroyed: nobody can read it any more.
    Erased,
}

/// A patient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Patient {
    /// The record.
    pub id: PatientId,
    /// The facility it belongs to.
    pub tenant: TenantId,
    /// Who they are.
    pub demographics: Demographics,
    /// Where the record stands.
    pub state: PatientState,
    /// Counts the changes of the demographics, from 1.
    pub version: u32,
    /// Counts the changes of the facts that a prescription is judged by, from 0.
    pub chart_version: u32,
}
