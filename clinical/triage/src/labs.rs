//! Whether a laboratory result is unusual: by range, by critical value, by change and by the patient's own history.
//!
//! Ranges are those of adults and children in general; a laboratory's own range, sent with its result, is better and
//! should be shown beside them.

use clinical_redflags::flags::{Age, Sex};

/// Earlier results that are looked at; older ones are not.
pub const HISTORY_MAX: usize = 50;
/// Earlier results from which on a result is compared with the patient's own spread.
const OWN_HISTORY_MIN: usize = 5;
/// Days within which a change counts as fast.
const DELTA_DAYS: f64 = 90.0;

/// What is usual for somebody.
#[derive(Clone, Copy, Debug)]
struct Range {
    /// Whole years from which and below which it holds.
    years: (u32, u32),
    sex: Option<Sex>,
    low: f64,
    high: f64,
}

/// An analyte with its ranges.
#[derive(Debug)]
struct Analyte {
    name: &'static str,
    unit: &'static str,
    ranges: &'static [Range],
    critical_low: f64,
    critical_high: f64,
    /// Change since the last result, as a share of it, that is unusual.
    delta: f64,
    /// Least spread of somebody's own results, so that five equal ones do not make every other one strange.
    spread: f64,
}

const ALL: (u32, u32) = (0, 200);
const GROWN: (u32, u32) = (16, 200);
const NEVER_LOW: f64 = f64::NEG_INFINITY;
const NEVER_HIGH: f64 = f64::INFINITY;

const fn any(years: (u32, u32), low: f64, high: f64) -> Range {
    Range {
        years,
        sex: None,
        low,
        high,
    }
}

const fn of(sex: Sex, years: (u32, u32), low: f64, high: f64) -> Range {
    Range {
        years,
        sex: Some(sex),
        low,
        high,
    }
}

const fn analyte(
    name: &'static str,
    unit: &'static str,
    ranges: &'static [Range],
    critical: (f64, f64),
    delta: f64,
    spread: f64,
) -> Analyte {
    Analyte {
        name,
        unit,
        ranges,
        critical_low: critical.0,
        critical_high: critical.1,
        delta,
        spread,
    }
}

/// Ranges: Merck Manual, professional edition, "Normal Laboratory Values"; haemoglobin: WHO, "Guideline on haemoglobin
/// cutoffs", 2024. Critical values: Royal College of Pathologists, "The communication of critical and unexpected
/// pathology results", 2017. Changes: Fraser, "Biological Variation", 2001, rounded.
const ANALYTES: &[Analyte] = &[
    analyte(
        "sodium",
        "mmol/l",
        &[any(ALL, 135.0, 145.0)],
        (120.0, 155.0),
        0.06,
        1.5,
    ),
    analyte(
        "potassium",
        "mmol/l",
        &[any((0, 1), 3.5, 6.0), any((1, 200), 3.5, 5.0)],
        (2.5, 6.5),
        0.25,
        0.2,
    ),
    analyte(
        "creatinine",
        "umol/l",
        &[
            any((0, 5), 15.0, 40.0),
            any((5, 16), 25.0, 75.0),
            of(Sex::Female, GROWN, 45.0, 90.0),
            of(Sex::Male, GROWN, 60.0, 110.0),
        ],
        (NEVER_LOW, 354.0),
        0.5,
        6.0,
    ),
    analyte(
        "glucose",
        "mmol/l",
        &[any(ALL, 3.9, 7.8)],
        (2.5, 25.0),
        1.0,
        0.5,
    ),
    analyte(
        "haemoglobin",
        "g/l",
        &[
            any((0, 2), 105.0, 140.0),
            any((2, 5), 110.0, 140.0),
            any((5, 12), 115.0, 155.0),
            any((12, 15), 120.0, 160.0),
            of(Sex::Female, (15, 200), 120.0, 160.0),
            of(Sex::Male, (15, 200), 130.0, 175.0),
        ],
        (70.0, 200.0),
        0.2,
        4.0,
    ),
    analyte(
        "leukocytes",
        "10^9/l",
        &[any((0, 6), 5.0, 15.0), any((6, 200), 4.0, 11.0)],
        (1.0, 50.0),
        1.0,
        0.8,
    ),
    analyte(
        "neutrophils",
        "10^9/l",
        &[any(ALL, 1.8, 7.5)],
        (0.5, 50.0),
        1.0,
        0.6,
    ),
    analyte(
        "platelets",
        "10^9/l",
        &[any(ALL, 150.0, 450.0)],
        (30.0, 1_000.0),
        0.5,
        20.0,
    ),
    analyte(
        "crp",
        "mg/l",
        &[any(ALL, 0.0, 5.0)],
        (NEVER_LOW, 300.0),
        5.0,
        2.0,
    ),
    analyte(
        "alt",
        "u/l",
        &[
            of(Sex::Female, ALL, 0.0, 35.0),
            of(Sex::Male, ALL, 0.0, 45.0),
        ],
        (NEVER_LOW, 600.0),
        1.0,
        4.0,
    ),
    analyte(
        "bilirubin",
        "umol/l",
        &[any((1, 200), 0.0, 21.0)],
        (NEVER_LOW, 250.0),
        1.0,
        3.0,
    ),
    analyte(
        "calcium",
        "mmol/l",
        &[any(ALL, 2.15, 2.6)],
        (1.8, 3.5),
        0.12,
        0.05,
    ),
    analyte(
        "tsh",
        "mU/l",
        &[any((1, 200), 0.4, 4.5)],
        (NEVER_LOW, NEVER_HIGH),
        1.5,
        0.3,
    ),
    analyte("inr", "", &[any(ALL, 0.8, 1.2)], (NEVER_LOW, 6.5), 1.0, 0.1),
    analyte(
        "lactate",
        "mmol/l",
        &[any(ALL, 0.5, 2.0)],
        (NEVER_LOW, 4.0),
        1.0,
        0.3,
    ),
    analyte(
        "hba1c",
        "mmol/mol",
        &[any(ALL, 20.0, 42.0)],
        (NEVER_LOW, NEVER_HIGH),
        0.25,
        2.0,
    ),
];

/// A result.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Measured {
    /// The value in the unit of [`unit()`].
    pub value: f64,
    /// Days before the result that is judged; 0 for that one.
    pub days_ago: f64,
}

/// Where a result stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Place {
    /// So low that somebody must be told at once.
    CriticalLow,
    /// Below the range.
    Low,
    /// In the range.
    Within,
    /// Above the range.
    High,
    /// So high that somebody must be told at once.
    CriticalHigh,
}

/// What is said about a result.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Judgement {
    /// Where it stands; none when age or sex is needed and not known.
    pub place: Option<Place>,
    /// The range for this age and sex.
    pub range: Option<(f64, f64)>,
    /// The change since the last result within 90 days, as a share of it, when it is unusually large.
    pub change: Option<f64>,
    /// How many robust standard deviations (1.4826 times the median distance from the median) it lies from
    /// the patient's own median, when there are five earlier results.
    pub own_z: Option<f64>,
}

/// What cannot be judged.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum LabError {
    /// No ranges for it.
    #[error("there are no ranges for this analyte")]
    UnknownAnalyte,
    /// No number, or below zero.
    #[error("{0} is not a possible result")]
    Impossible(f64),
}

/// The unit in which results of an analyte are expected.
#[must_use]
pub fn unit(name: &str) -> Option<&'static str> {
    find(name).map(|analyte| analyte.unit)
}

/// Judges a result. `history` holds earlier results in any order; at most [`HISTORY_MAX`] of them are looked at.
///
/// # Errors
///
/// When there are no ranges or the result is impossible.
pub fn judge(
    name: &str,
    value: f64,
    age: Option<Age>,
    sex: Option<Sex>,
    history: &[Measured],
) -> Result<Judgement, LabError> {
    let analyte = find(name).ok_or(LabError::UnknownAnalyte)?;
    if !value.is_finite() || value < 0.0 {
        return Err(LabError::Impossible(value));
    }
    let range = range(analyte, age, sex);
    let place = if value < analyte.critical_low {
        Some(Place::CriticalLow)
    } else if value > analyte.critical_high {
        Some(Place::CriticalHigh)
    } else {
        range.map(|(low, high)| {
            if value < low {
                Place::Low
            } else if value > high {
                Place::High
            } else {
                Place::Within
            }
        })
    };
    let earlier: Vec<Measured> = history
        .iter()
        .copied()
        .filter(|one| one.value.is_finite() && one.days_ago > 0.0)
        .take(HISTORY_MAX)
        .collect();
    Ok(Judgement {
        place,
        range,
        change: change(analyte, value, &earlier),
        own_z: own_z(analyte, value, &earlier),
    })
}

fn find(name: &str) -> Option<&'static Analyte> {
    ANALYTES.iter().find(|analyte| analyte.name == name)
}

/// The range for somebody. Of unknown sex or age: the widest of all that may hold, none when several ages may.
fn range(analyte: &Analyte, age: Option<Age>, sex: Option<Sex>) -> Option<(f64, f64)> {
    let years = age.map(|age| age.in_days() / 365);
    let fits = |range: &&Range| {
        let of_age = match years {
            Some(years) => (range.years.0..range.years.1).contains(&years),
            None => range.years == ALL,
        };
        of_age && (range.sex.is_none() || sex.is_none() || range.sex == sex)
    };
    let fitting = analyte.ranges.iter().filter(fits);
    fitting.fold(None, |widest: Option<(f64, f64)>, range| {
        let (low, high) = widest.unwrap_or((range.low, range.high));
        Some((low.min(range.low), high.max(range.high)))
    })
}

fn change(analyte: &Analyte, value: f64, earlier: &[Measured]) -> Option<f64> {
    let last = earlier
        .iter()
        .filter(|one| one.days_ago <= DELTA_DAYS && one.value > 0.0)
        .min_by(|a, b| a.days_ago.total_cmp(&b.days_ago))?;
    let change = (value - last.value) / last.value;
    (change.abs() >= analyte.delta).then_some(change)
}

fn own_z(analyte: &Analyte, value: f64, earlier: &[Measured]) -> Option<f64> {
    if earlier.len() < OWN_HISTORY_MIN {
        return None;
    }
    let middle = median(earlier.iter().map(|one| one.value).collect())?;
    let apart = median(
        earlier
            .iter()
            .map(|one| (one.value - middle).abs())
            .collect(),
    )?;
    Some((value - middle) / (1.4826 * apart).max(analyte.spread))
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let upper = *values.get(values.len() / 2)?;
    if values.len() % 2 == 1 {
        return Some(upper);
    }
    let lower = *values.get((values.len() / 2).checked_sub(1)?)?;
    Some(f64::midpoint(lower, upper))
}

#[cfg(test)]
mod tests {
    use super::{Age, LabError, Measured, Place, Sex, judge, unit};

    fn place(name: &str, value: f64, years: u32, sex: Sex) -> Option<Place> {
        judge(name, value, Some(Age::years(years)), Some(sex), &[])
            .unwrap()
            .place
    }

    #[test]
    fn ranges_know_age_and_sex() {
        assert_eq!(
            place("haemoglobin", 125.0, 40, Sex::Female),
            Some(Place::Within)
        );
        assert_eq!(place("haemoglobin", 125.0, 40, Sex::Male), Some(Place::Low));
        assert_eq!(
            place("haemoglobin", 112.0, 3, Sex::Male),
            Some(Place::Within)
        );
        assert_eq!(
            place("potassium", 6.7, 40, Sex::Male),
            Some(Place::CriticalHigh)
        );
        assert_eq!(place("potassium", 5.6, 0, Sex::Male), Some(Place::Within));
        assert_eq!(
            place("sodium", 118.0, 70, Sex::Male),
            Some(Place::CriticalLow)
        );
        let unknown = judge("haemoglobin", 125.0, None, None, &[]).unwrap();
        assert_eq!((unknown.place, unknown.range), (None, None));
        let either = judge("haemoglobin", 125.0, Some(Age::years(40)), None, &[]).unwrap();
        assert_eq!(either.range, Some((120.0, 175.0)));
        assert_eq!(unit("potassium"), Some("mmol/l"));
    }

    #[test]
    fn a_change_within_the_range_is_seen() {
        let before = |values: &[f64]| -> Vec<Measured> {
            let days = [10.0, 40.0, 80.0, 120.0, 200.0, 300.0];
            values
                .iter()
                .zip(days)
                .map(|(&value, days_ago)| Measured { value, days_ago })
                .collect()
        };
        let steady = before(&[66.0, 65.0, 67.0, 64.0, 66.0, 65.0]);
        let now = |value| {
            judge(
                "creatinine",
                value,
                Some(Age::years(50)),
                Some(Sex::Male),
                &steady,
            )
            .unwrap()
        };
        let raised = now(104.0);
        assert_eq!(raised.place, Some(Place::Within));
        assert!(raised.change.is_some_and(|change| change > 0.5));
        assert!(raised.own_z.is_some_and(|z| z > 5.0));
        let same = now(67.0);
        assert!(same.change.is_none() && same.own_z.is_some_and(|z| z.abs() < 1.0));
        let few = judge("creatinine", 70.0, None, None, &before(&[66.0])).unwrap();
        assert_eq!(few.own_z, None);
    }

    #[test]
    fn what_cannot_be_judged_is_refused() {
        assert_eq!(
            judge("unobtainium", 1.0, None, None, &[]),
            Err(LabError::UnknownAnalyte)
        );
        assert!(matches!(
            judge("sodium", f64::NAN, None, None, &[]),
            Err(LabError::Impossible(_))
        ));
        assert!(judge("sodium", -1.0, None, None, &[]).is_err());
    }
}
