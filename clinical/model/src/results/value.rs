//! A value from the words of a form to what it means.

use core::fmt;

use serde::{Deserialize, Serialize};

use super::amount::{Amount, AmountError};
use super::catalogue::{LabTest, LoincCode, Measured, Sex};
use super::flag::{Flag, Judgement, PersonAt, judge};
use super::trend::Anomaly;
use crate::text::{PartialDate, Prose};
use crate::{EntryId, Micros, patients};

/// A number as the machine showed it, in another unit than that of the test.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entered {
    /// The number.
    pub value: Amount,
    /// UCUM code.
    pub unit: String,
}

/// What was measured or seen.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// A number in the unit of the test.
    Number {
        /// The number.
        value: Amount,
        /// As it was entered, when that was another unit.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        entered: Option<Entered>,
    },
    /// Found or not found.
    Found(bool),
    /// Words.
    Words(Prose),
}

macro_rules! silent {
    ($($name:ident)+) => {$(
        impl fmt::Debug for $name {
            /// What was measured is health data.
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(..)"))
            }
        }
    )+};
}
silent!(Entered Measure Value);

/// One value of a report.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Value {
    /// Of which test.
    pub code: LoincCode,
    /// What was measured.
    pub measure: Measure,
    /// UCUM code of the test's unit; empty without one.
    pub unit: String,
    /// What it means; none where there is no range for the person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flag: Option<Flag>,
    /// The lowest usual value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub low: Option<Amount>,
    /// The highest usual value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub high: Option<Amount>,
    /// What is odd about it beside earlier values.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub anomalies: Vec<Anomaly>,
    /// Its entry in the chart, once it is verified.
    pub entry: EntryId,
}

/// Why a text is no value of a test.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ValueError {
    /// Not a number.
    #[error("not a number")]
    Number(#[from] AmountError),
    /// The test is not measured in this unit.
    #[error("the test is not measured in this unit")]
    Unit,
    /// Neither `found` nor `not_found`.
    #[error("neither found nor not found")]
    Finding,
    /// No words, or too many.
    #[error("no words, or too many")]
    Words,
}

/// The word of a finding on the wire.
const FOUND: &str = "found";
const NOT_FOUND: &str = "not_found";

/// Reads what was typed into a form for a test.
///
/// # Errors
/// [`ValueError`]
pub fn read_measure(test: &LabTest, text: &str, unit: &str) -> Result<Measure, ValueError> {
    match &test.measured {
        Measured::Quantity { .. } => {
            let typed = Amount::try_from(text)?;
            if unit == test.unit() {
                return Ok(Measure::Number {
                    value: typed,
                    entered: None,
                });
            }
            let other = test.also.iter().find(|it| it.unit == unit);
            let other = other.ok_or(ValueError::Unit)?;
            Ok(Measure::Number {
                value: typed
                    .converted(other.times)
                    .ok_or(ValueError::Number(AmountError::TooLarge))?,
                entered: Some(Entered {
                    value: typed,
                    unit: unit.to_owned(),
                }),
            })
        }
        Measured::Finding { .. } | Measured::Words if !unit.is_empty() => Err(ValueError::Unit),
        Measured::Finding { .. } => match text {
            FOUND => Ok(Measure::Found(true)),
            NOT_FOUND => Ok(Measure::Found(false)),
            _ => Err(ValueError::Finding),
        },
        Measured::Words => Prose::try_from(text)
            .map(Measure::Words)
            .or(Err(ValueError::Words)),
    }
}

impl Measure {
    /// The value on the wire: a number with a point, `found`, `not_found`, or words.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::Number { value, .. } => value.to_string(),
            Self::Found(true) => FOUND.to_owned(),
            Self::Found(false) => NOT_FOUND.to_owned(),
            Self::Words(words) => words.as_str().to_owned(),
        }
    }

    /// Whether somebody who was told this says the same back. Words are too long for that: there,
    /// `read` is enough.
    #[must_use]
    pub fn is_read_back(&self, said: &str) -> bool {
        match self {
            Self::Number { value, entered } => Amount::try_from(said).is_ok_and(|said| {
                said == *value || entered.as_ref().is_some_and(|it| it.value == said)
            }),
            Self::Found(_) => self.text() == said,
            Self::Words(_) => said == "read",
        }
    }
}

/// What a value means for a person. Of words, who wrote them says it: `told`.
#[must_use]
pub fn judge_measure(
    test: &LabTest,
    measure: &Measure,
    person: PersonAt,
    told: Option<Flag>,
) -> Option<Judgement> {
    let alone = |flag| Judgement {
        flag,
        low: None,
        high: None,
    };
    match (measure, &test.measured) {
        (Measure::Number { value, .. }, _) => judge(test, *value, person),
        (Measure::Found(true), Measured::Finding { critical: true }) => {
            Some(alone(Flag::CriticalAbnormal))
        }
        (Measure::Found(true), _) => Some(alone(Flag::Abnormal)),
        (Measure::Found(false), _) => Some(alone(Flag::Normal)),
        (Measure::Words(_), _) => told
            .filter(|flag| matches!(flag, Flag::Normal | Flag::Abnormal | Flag::CriticalAbnormal))
            .map(alone),
    }
}

/// Age of who has no known birth date: an adult, whose critical limits are the widest known.
const ADULT_YEARS: u16 = 40;

/// What limits depend on, at `now`.
#[must_use]
pub fn person_at(sex: patients::Sex, birth: Option<&PartialDate>, now: Micros) -> PersonAt {
    PersonAt {
        sex: match sex {
            patients::Sex::Female => Some(Sex::Female),
            patients::Sex::Male => Some(Sex::Male),
            patients::Sex::Other | patients::Sex::Unknown => None,
        },
        age_years: birth
            .and_then(|birth| age_years(birth, now))
            .unwrap_or(ADULT_YEARS),
    }
}

fn age_years(birth: &PartialDate, now: Micros) -> Option<u16> {
    let today = jiff::Timestamp::from_microsecond(now.0).ok()?;
    let today = today.to_zoned(jiff::tz::TimeZone::UTC).date();
    let (year, month, day) = birth.parts();
    let birthday = (month.unwrap_or(1), day.unwrap_or(1));
    let is_before = (today.month(), today.day()) < birthday;
    let lived = today.year().checked_sub(year)?;
    u16::try_from(lived - i16::from(is_before)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::{Department, Limits, OtherUnit};

    fn amount(text: &str) -> Amount {
        Amount::try_from(text).unwrap()
    }

    fn test(measured: Measured) -> LabTest {
        LabTest {
            loinc: LoincCode::try_from("14749-6").unwrap(),
            fr: "Glucose".to_owned(),
            en: "Glucose".to_owned(),
            measured,
            source: "test".to_owned(),
            department: Department::Laboratory,
            also: vec![OtherUnit {
                unit: "mg/dL".to_owned(),
                times: amount("0.055506"),
            }],
            fr_about: String::new(),
            en_about: String::new(),
        }
    }

    fn glucose() -> LabTest {
        test(Measured::Quantity {
            unit: "mmol/L".to_owned(),
            ranges: vec![Limits {
                sex: None,
                age_from: 0,
                age_below: None,
                low: Some(amount("3.9")),
                high: Some(amount("7.8")),
            }],
            critical: Vec::new(),
            delta: None,
        })
    }

    #[test]
    fn a_number_in_another_unit_is_converted_and_kept_as_it_was_typed() {
        let measure = read_measure(&glucose(), "126", "mg/dL").unwrap();
        assert_eq!(measure.text(), "6.99");
        assert!(measure.is_read_back("126") && measure.is_read_back("6,99"));
        assert!(!measure.is_read_back("7"));
    }

    #[test]
    fn a_unit_that_does_not_fit_is_refused() {
        let glucose = glucose();
        for unit in ["", "g/dL", "MMOL/L"] {
            assert_eq!(read_measure(&glucose, "5", unit), Err(ValueError::Unit));
        }
        let smear = test(Measured::Words);
        assert_eq!(read_measure(&smear, "x", "g/L"), Err(ValueError::Unit));
    }

    #[test]
    fn findings_and_words_are_read_as_such() {
        let malaria = test(Measured::Finding { critical: true });
        let person = PersonAt {
            sex: None,
            age_years: 40,
        };
        let found = read_measure(&malaria, "found", "").unwrap();
        let judged = judge_measure(&malaria, &found, person, None).unwrap();
        assert_eq!(judged.flag, Flag::CriticalAbnormal);
        assert_eq!(
            read_measure(&malaria, "positive", ""),
            Err(ValueError::Finding)
        );
        let image = test(Measured::Words);
        let seen = read_measure(&image, "Pneumothorax", "").unwrap();
        let told = Some(Flag::CriticalAbnormal);
        let judged = judge_measure(&image, &seen, person, told).unwrap();
        assert!(judged.flag.is_critical() && seen.is_read_back("read"));
        assert_eq!(judge_measure(&image, &seen, person, Some(Flag::High)), None);
        assert_eq!(read_measure(&image, " ", ""), Err(ValueError::Words));
    }

    #[test]
    fn a_person_is_a_year_older_on_the_birthday() {
        let birth: PartialDate = "1968-11-24".parse().unwrap();
        // 23 November 2026.
        let eve = Micros(1_795_420_800_000_000);
        let age = |now| person_at(patients::Sex::Female, Some(&birth), now).age_years;
        assert_eq!((age(eve), age(eve.plus(Micros::DAY))), (57, 58));
        assert_eq!(person_at(patients::Sex::Other, None, eve).age_years, 40);
    }
}
