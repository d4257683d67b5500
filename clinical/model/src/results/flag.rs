//! What a value means beside the values of healthy people.

use serde::{Deserialize, Serialize};

use super::amount::Amount;
use super::catalogue::{LabTest, Limits, Measured, Sex};
use crate::notify::Language;

/// HL7 v3 `ObservationInterpretation`, as far as it is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Flag {
    /// N: inside the reference range, or not found.
    #[serde(rename = "N")]
    Normal,
    /// L: below the reference range.
    #[serde(rename = "L")]
    Low,
    /// H: above the reference range.
    #[serde(rename = "H")]
    High,
    /// A: found where healthy people have nothing.
    #[serde(rename = "A")]
    Abnormal,
    /// LL: so low that a clinician must know now.
    #[serde(rename = "LL")]
    CriticalLow,
    /// HH: so high that a clinician must know now.
    #[serde(rename = "HH")]
    CriticalHigh,
    /// AA: found, and a clinician must know now.
    #[serde(rename = "AA")]
    CriticalAbnormal,
}

impl Flag {
    /// Every flag.
    pub const ALL: [Self; 7] = [
        Self::Normal,
        Self::Low,
        Self::High,
        Self::Abnormal,
        Self::CriticalLow,
        Self::CriticalHigh,
        Self::CriticalAbnormal,
    ];

    /// The HL7 code.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Normal => "N",
            Self::Low => "L",
            Self::High => "H",
            Self::Abnormal => "A",
            Self::CriticalLow => "LL",
            Self::CriticalHigh => "HH",
            Self::CriticalAbnormal => "AA",
        }
    }

    /// The flag of an HL7 code.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|flag| flag.as_str() == word)
    }

    /// A clinician must know now.
    #[must_use]
    pub const fn is_critical(self) -> bool {
        match self {
            Self::CriticalLow | Self::CriticalHigh | Self::CriticalAbnormal => true,
            Self::Normal | Self::Low | Self::High | Self::Abnormal => false,
        }
    }

    /// What it means, for a person without medical words.
    #[must_use]
    pub const fn plain_words(self, language: Language) -> &'static str {
        match (language, self) {
            (Language::French, Self::Normal) => "Dans les valeurs habituelles.",
            (Language::French, Self::Low) => {
                "Plus bas que les valeurs habituelles. Parlez-en avec votre médecin."
            }
            (Language::French, Self::High) => {
                "Plus haut que les valeurs habituelles. Parlez-en avec votre médecin."
            }
            (Language::French, Self::Abnormal) => {
                "Différent de l’habitude. Parlez-en avec votre médecin."
            }
            (Language::French, Self::CriticalLow) => {
                "Beaucoup plus bas que les valeurs habituelles. Un médecin a vu ce résultat ; suivez ce qu’il vous dit."
            }
            (Language::French, Self::CriticalHigh) => {
                "Beaucoup plus haut que les valeurs habituelles. Un médecin a vu ce résultat ; suivez ce qu’il vous dit."
            }
            (Language::French, Self::CriticalAbnormal) => {
                "Résultat important. Un médecin l’a vu ; suivez ce qu’il vous dit."
            }
            (Language::English, Self::Normal) => "Within the usual values.",
            (Language::English, Self::Low) => {
                "Lower than the usual values. Talk about it with your doctor."
            }
            (Language::English, Self::High) => {
                "Higher than the usual values. Talk about it with your doctor."
            }
            (Language::English, Self::Abnormal) => {
                "Different from usual. Talk about it with your doctor."
            }
            (Language::English, Self::CriticalLow) => {
                "Much lower than the usual values. A doctor has seen this result; follow what they tell you."
            }
            (Language::English, Self::CriticalHigh) => {
                "Much higher than the usual values. A doctor has seen this result; follow what they tell you."
            }
            (Language::English, Self::CriticalAbnormal) => {
                "An important result. A doctor has seen it; follow what they tell you."
            }
        }
    }
}

/// What limits depend on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PersonAt {
    /// Where it is known.
    pub sex: Option<Sex>,
    /// Completed years when the specimen was taken.
    pub age_years: u16,
}

/// A value with its meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Judgement {
    /// What it means.
    pub flag: Flag,
    /// The lowest usual value.
    pub low: Option<Amount>,
    /// The highest usual value.
    pub high: Option<Amount>,
}

/// What the value of a quantity means for a person; `None` when the test is not a quantity or has
/// no range for this age.
///
/// Where the sex is not known, the range covers everybody of that age, so that nobody is called
/// ill for being counted with the wrong half. A critical limit is reached at its value.
#[must_use]
pub fn judge(test: &LabTest, value: Amount, person: PersonAt) -> Option<Judgement> {
    let Measured::Quantity {
        ranges, critical, ..
    } = &test.measured
    else {
        return None;
    };
    let range = covering(ranges, person)?;
    let alarm = covering(critical, person);
    let reaches_low = |limit: Amount| value <= limit;
    let reaches_high = |limit: Amount| value >= limit;
    let flag = if alarm.and_then(|limits| limits.0).is_some_and(reaches_low) {
        Flag::CriticalLow
    } else if alarm.and_then(|limits| limits.1).is_some_and(reaches_high) {
        Flag::CriticalHigh
    } else if range.0.is_some_and(|low| value < low) {
        Flag::Low
    } else if range.1.is_some_and(|high| value > high) {
        Flag::High
    } else {
        Flag::Normal
    };
    Some(Judgement {
        flag,
        low: range.0,
        high: range.1,
    })
}

/// The limits that hold for a person; over both sexes when theirs is not known.
fn covering(limits: &[Limits], person: PersonAt) -> Option<(Option<Amount>, Option<Amount>)> {
    let fits = |limit: &&Limits| {
        let sex = match (limit.sex, person.sex) {
            (Some(needed), Some(has)) => needed == has,
            (None, _) | (_, None) => true,
        };
        sex && person.age_years >= limit.age_from
            && limit.age_below.is_none_or(|below| person.age_years < below)
    };
    limits
        .iter()
        .filter(fits)
        .map(|limit| (limit.low, limit.high))
        .reduce(|a, b| (wider(a.0, b.0, Amount::min), wider(a.1, b.1, Amount::max)))
}

fn wider(
    a: Option<Amount>,
    b: Option<Amount>,
    pick: fn(Amount, Amount) -> Amount,
) -> Option<Amount> {
    a.zip(b).map(|(a, b)| pick(a, b))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::{Department, LoincCode};

    fn amount(text: &str) -> Amount {
        Amount::try_from(text).unwrap()
    }

    fn limits(sex: Option<Sex>, ages: (u16, Option<u16>), low: &str, high: &str) -> Limits {
        Limits {
            sex,
            age_from: ages.0,
            age_below: ages.1,
            low: Amount::try_from(low).ok(),
            high: Amount::try_from(high).ok(),
        }
    }

    fn haemoglobin() -> LabTest {
        LabTest {
            loinc: LoincCode::try_from("718-7").unwrap(),
            fr: "Hémoglobine".to_owned(),
            en: "Haemoglobin".to_owned(),
            measured: Measured::Quantity {
                unit: "g/L".to_owned(),
                ranges: vec![
                    limits(None, (0, Some(15)), "110", "140"),
                    limits(Some(Sex::Female), (15, None), "120", "155"),
                    limits(Some(Sex::Male), (15, None), "130", "175"),
                ],
                critical: vec![limits(None, (0, None), "70", "200")],
                delta: None,
            },
            source: "test".to_owned(),
            department: Department::Laboratory,
            also: Vec::new(),
            fr_about: String::new(),
            en_about: String::new(),
        }
    }

    fn check(value: &str, sex: Option<Sex>, age_years: u16, flag: Flag) {
        let judged = judge(&haemoglobin(), amount(value), PersonAt { sex, age_years });
        assert_eq!(judged.map(|j| j.flag), Some(flag), "{value} {sex:?}");
    }

    #[test]
    fn the_limits_themselves_are_usual_and_the_critical_ones_critical() {
        check("130", Some(Sex::Male), 40, Flag::Normal);
        check("129.9", Some(Sex::Male), 40, Flag::Low);
        check("175", Some(Sex::Male), 40, Flag::Normal);
        check("175.1", Some(Sex::Male), 40, Flag::High);
        check("70", Some(Sex::Male), 40, Flag::CriticalLow);
        check("70.1", Some(Sex::Male), 40, Flag::Low);
        check("200", Some(Sex::Male), 40, Flag::CriticalHigh);
    }

    #[test]
    fn sex_and_age_choose_the_range() {
        check("125", Some(Sex::Female), 40, Flag::Normal);
        check("125", Some(Sex::Male), 40, Flag::Low);
        check("115", Some(Sex::Male), 14, Flag::Normal);
        check("115", Some(Sex::Male), 15, Flag::Low);
    }

    #[test]
    fn an_unknown_sex_is_judged_by_the_range_of_everybody() {
        check("125", None, 40, Flag::Normal);
        check("170", None, 40, Flag::Normal);
        check("119", None, 40, Flag::Low);
    }

    #[test]
    fn every_flag_has_its_code_and_plain_words_without_latin() {
        for flag in Flag::ALL {
            assert_eq!(Flag::from_word(flag.as_str()), Some(flag));
            for language in Language::ALL {
                let words = flag.plain_words(language);
                assert!(words.ends_with('.') && words.len() > 20, "{words}");
            }
        }
    }
}
