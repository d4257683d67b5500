//! Tests a laboratory offers: names, units, limits.

use core::fmt;

use serde::{Deserialize, Serialize};

use super::amount::Amount;
use crate::Role;
use crate::notify::Language;

/// A LOINC code with a right check digit.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct LoincCode(String);

/// A text that is not a LOINC code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a LOINC code")]
pub struct NotLoinc;

impl LoincCode {
    /// The code.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<&str> for LoincCode {
    type Error = NotLoinc;

    fn try_from(text: &str) -> Result<Self, NotLoinc> {
        let (number, check) = text.split_once('-').ok_or(NotLoinc)?;
        let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
        let lengths_fit = (1..=7).contains(&number.len()) && check.len() == 1;
        if !lengths_fit || !digits(number) || !digits(check) {
            return Err(NotLoinc);
        }
        // Luhn: from the right, every other digit counts twice, a two-digit product its digit sum.
        let sum: u32 = number
            .bytes()
            .rev()
            .enumerate()
            .map(|(place, b)| {
                let digit = u32::from(b - b'0');
                let counted = if place % 2 == 0 { digit * 2 } else { digit };
                counted / 10 + counted % 10
            })
            .sum();
        if check
            .bytes()
            .all(|b| u32::from(b - b'0') == (10 - sum % 10) % 10)
        {
            Ok(Self(text.to_owned()))
        } else {
            Err(NotLoinc)
        }
    }
}

impl TryFrom<String> for LoincCode {
    type Error = NotLoinc;
    fn try_from(text: String) -> Result<Self, NotLoinc> {
        Self::try_from(text.as_str())
    }
}

impl From<LoincCode> for String {
    fn from(code: LoincCode) -> Self {
        code.0
    }
}

impl fmt::Debug for LoincCode {
    /// Which test somebody had is health data.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LoincCode(..)")
    }
}

/// For whom a limit holds where the sexes differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sex {
    /// Female.
    Female,
    /// Male.
    Male,
}

/// Limits for some people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Only for this sex; everybody without.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sex: Option<Sex>,
    /// From this age in completed years.
    #[serde(default)]
    pub age_from: u16,
    /// Below this age in completed years; no end without.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub age_below: Option<u16>,
    /// The lowest value inside.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub low: Option<Amount>,
    /// The highest value inside.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub high: Option<Amount>,
}

/// A change between two values that makes one ask whether it is the same person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeltaLimit {
    /// From this change on, in percent of the earlier value.
    pub percent: u16,
    /// When the earlier value is at most this old, in hours.
    pub hours: u16,
}

/// What a test measures.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind", deny_unknown_fields)]
pub enum Measured {
    /// A number with a unit.
    Quantity {
        /// UCUM code.
        unit: String,
        /// Reference ranges.
        ranges: Vec<Limits>,
        /// Outside these limits a life may be in danger; at them, too.
        #[serde(default)]
        critical: Vec<Limits>,
        /// When to ask whether it is the same person.
        #[serde(default)]
        delta: Option<DeltaLimit>,
    },
    /// Found or not found.
    Finding {
        /// Whether "found" needs a clinician at once.
        #[serde(default)]
        critical: bool,
    },
    /// What somebody saw, in their words: an image, a tissue.
    Words,
}

/// Who does a test.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Department {
    /// The laboratory.
    #[default]
    Laboratory,
    /// Radiology.
    Imaging,
    /// Pathology.
    Pathology,
}

impl Department {
    /// Every department.
    pub const ALL: [Self; 3] = [Self::Laboratory, Self::Imaging, Self::Pathology];

    /// The word used in SQL and on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Laboratory => "laboratory",
            Self::Imaging => "imaging",
            Self::Pathology => "pathology",
        }
    }

    /// The department of a word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == word)
    }

    /// Where people of a role work.
    #[must_use]
    pub const fn of_role(role: Role) -> Option<Self> {
        match role {
            Role::LabTechnician => Some(Self::Laboratory),
            Role::Radiologist => Some(Self::Imaging),
            Role::Pathologist => Some(Self::Pathology),
            Role::Patient
            | Role::Doctor
            | Role::Nurse
            | Role::Pharmacist
            | Role::Admin
            | Role::HealthAuthority => None,
        }
    }
}

/// Another unit in which a machine may show a test.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OtherUnit {
    /// UCUM code.
    pub unit: String,
    /// A value in it times this is the value in the unit of the test.
    pub times: Amount,
}

/// A test that a laboratory offers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LabTest {
    /// LOINC code.
    pub loinc: LoincCode,
    /// Name in French.
    pub fr: String,
    /// Name in English.
    pub en: String,
    /// What it measures.
    pub measured: Measured,
    /// Where ranges and critical limits are published.
    pub source: String,
    /// Who does it.
    #[serde(default)]
    pub department: Department,
    /// Units that are taken besides its own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<OtherUnit>,
    /// What it says about the body, in plain French; may be empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub fr_about: String,
    /// What it says about the body, in plain English; may be empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub en_about: String,
}

impl LabTest {
    /// Its name.
    #[must_use]
    pub fn name(&self, language: Language) -> &str {
        match language {
            Language::French => &self.fr,
            Language::English => &self.en,
        }
    }

    /// UCUM code of its unit; empty for a finding.
    #[must_use]
    pub fn unit(&self) -> &str {
        match &self.measured {
            Measured::Quantity { unit, .. } => unit,
            Measured::Finding { .. } | Measured::Words => "",
        }
    }

    /// The units that are taken, its own first; none where there is nothing to measure.
    pub fn units(&self) -> impl Iterator<Item = &str> {
        let own = Some(self.unit()).filter(|unit| !unit.is_empty());
        own.into_iter()
            .chain(self.also.iter().map(|it| it.unit.as_str()))
    }

    /// What it says about the body; may be empty.
    #[must_use]
    pub fn about(&self, language: Language) -> &str {
        match language {
            Language::French => &self.fr_about,
            Language::English => &self.en_about,
        }
    }
}

/// Why a list of tests is not a catalogue.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CatalogueError {
    /// Two tests of one code.
    #[error("the test {0} is in it twice")]
    Twice(String),
    /// A low limit above its high limit, critical limits inside the reference range, a number
    /// without a range, or an empty name, unit or source.
    #[error("the test {0} contradicts itself")]
    Contradiction(String),
}

/// The tests of a laboratory, sorted by code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabCatalogue(Vec<LabTest>);

impl TryFrom<Vec<LabTest>> for LabCatalogue {
    type Error = CatalogueError;

    fn try_from(mut tests: Vec<LabTest>) -> Result<Self, CatalogueError> {
        tests.sort_by(|a, b| a.loinc.cmp(&b.loinc));
        for (test, next) in tests.iter().zip(tests.iter().skip(1)) {
            if test.loinc == next.loinc {
                return Err(CatalogueError::Twice(test.loinc.0.clone()));
            }
        }
        match tests.iter().find(|test| contradicts_itself(test)) {
            Some(test) => Err(CatalogueError::Contradiction(test.loinc.0.clone())),
            None => Ok(Self(tests)),
        }
    }
}

impl LabCatalogue {
    /// The test of a code.
    #[must_use]
    pub fn test(&self, code: &LoincCode) -> Option<&LabTest> {
        let index = self.0.binary_search_by(|test| test.loinc.cmp(code)).ok()?;
        self.0.get(index)
    }

    /// Every test, by code.
    #[must_use]
    pub fn tests(&self) -> &[LabTest] {
        &self.0
    }
}

fn contradicts_itself(test: &LabTest) -> bool {
    let nameless = [&test.fr, &test.en, &test.source]
        .into_iter()
        .any(|text| text.trim().is_empty());
    nameless
        || match &test.measured {
            Measured::Finding { .. } | Measured::Words => false,
            Measured::Quantity {
                unit,
                ranges,
                critical,
                ..
            } => {
                unit.is_empty()
                    || ranges.is_empty()
                    || ranges.iter().chain(critical).any(crossed)
                    || ranges
                        .iter()
                        .any(|range| critical.iter().any(|limit| reaches_into(limit, range)))
            }
        }
}

fn crossed(limits: &Limits) -> bool {
    let values = matches!((limits.low, limits.high), (Some(low), Some(high)) if low >= high);
    let ages = limits
        .age_below
        .is_some_and(|below| below <= limits.age_from);
    values || ages || (limits.low.is_none() && limits.high.is_none())
}

/// A critical limit lies inside a reference range of the same people.
fn reaches_into(critical: &Limits, range: &Limits) -> bool {
    let same_age = critical
        .age_below
        .is_none_or(|below| range.age_from < below)
        && range
            .age_below
            .is_none_or(|below| critical.age_from < below);
    let low = matches!((critical.low, range.low), (Some(limit), Some(low)) if limit >= low);
    let high = matches!((critical.high, range.high), (Some(limit), Some(high)) if limit <= high);
    same_age && (low || high)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn amount(text: &str) -> Option<Amount> {
        Some(Amount::try_from(text).unwrap())
    }

    fn limits(low: &str, high: &str) -> Limits {
        Limits {
            sex: None,
            age_from: 0,
            age_below: None,
            low: amount(low),
            high: amount(high),
        }
    }

    fn potassium(range: Limits, critical: Limits) -> LabTest {
        LabTest {
            loinc: LoincCode::try_from("2823-3").unwrap(),
            fr: "Potassium".to_owned(),
            en: "Potassium".to_owned(),
            measured: Measured::Quantity {
                unit: "mmol/L".to_owned(),
                ranges: vec![range],
                critical: vec![critical],
                delta: None,
            },
            source: "test".to_owned(),
            department: Department::Laboratory,
            also: Vec::new(),
            fr_about: String::new(),
            en_about: String::new(),
        }
    }

    #[test]
    fn a_code_needs_its_check_digit() {
        for code in ["2823-3", "718-7", "4548-4", "14749-6", "33762-6"] {
            assert_eq!(LoincCode::try_from(code).unwrap().as_str(), code);
        }
        for text in [
            "",
            "2823",
            "2823-4",
            "2823-33",
            "-3",
            "28a3-3",
            "12345678-0",
        ] {
            assert_eq!(LoincCode::try_from(text), Err(NotLoinc), "{text}");
        }
    }

    #[test]
    fn a_test_that_contradicts_itself_is_refused() {
        let good = potassium(limits("3.5", "5.3"), limits("2.5", "6.5"));
        assert!(LabCatalogue::try_from(vec![good.clone()]).is_ok());
        let crossed = potassium(limits("5.3", "3.5"), limits("2.5", "6.5"));
        let inside = potassium(limits("3.5", "5.3"), limits("3.6", "6.5"));
        for bad in [crossed, inside] {
            assert!(matches!(
                LabCatalogue::try_from(vec![bad]),
                Err(CatalogueError::Contradiction(_))
            ));
        }
        assert!(matches!(
            LabCatalogue::try_from(vec![good.clone(), good]),
            Err(CatalogueError::Twice(_))
        ));
    }

    #[test]
    fn a_test_is_found_by_its_code() {
        let good = potassium(limits("3.5", "5.3"), limits("2.5", "6.5"));
        let catalogue = LabCatalogue::try_from(vec![good.clone()]).unwrap();
        assert_eq!(catalogue.test(&good.loinc), Some(&good));
        assert_eq!(catalogue.test(&LoincCode::try_from("718-7").unwrap()), None);
    }
}
