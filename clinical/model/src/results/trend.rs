//! A value beside the earlier values of the same person.

use serde::{Deserialize, Serialize};

use super::amount::Amount;
use super::catalogue::{LabTest, Measured};
use crate::Micros;

/// An earlier value of the same test of the same person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Earlier {
    /// When the specimen was taken.
    pub at: Micros,
    /// The value.
    pub value: Amount,
}

/// Something that a person should look at although each value alone may be usual.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Anomaly {
    /// The value jumped: a real change, or somebody else's specimen.
    Delta {
        /// Change in percent of the earlier value.
        percent: i64,
    },
    /// Four values in a row went the same way, far in total.
    Trend {
        /// Change in percent from the first to the last.
        percent: i64,
    },
}

/// A trend needs at least this change over its four values, in percent.
pub const TREND_PERCENT: i64 = 20;
/// Values older than this do not count for a trend, in microseconds.
pub const TREND_WINDOW_US: i64 = 365 * Micros::DAY;
/// How many values make a trend, the new one included.
const TREND_VALUES: usize = 4;

/// What is odd about `value`, taken at `at`, beside the `earlier` values, which come in any order.
#[must_use]
pub fn anomalies(
    test: &LabTest,
    (at, value): (Micros, Amount),
    earlier: &[Earlier],
) -> Vec<Anomaly> {
    let Measured::Quantity { delta, .. } = &test.measured else {
        return Vec::new();
    };
    let mut past: Vec<Earlier> = earlier.iter().copied().filter(|e| e.at < at).collect();
    past.sort_by_key(|e| e.at);
    let jump = delta.and_then(|limit| {
        let last = past.last()?;
        let percent = value.change_percent(last.value)?;
        let recent = at.since(last.at) <= i64::from(limit.hours) * Micros::HOUR;
        (recent && percent.abs() >= i64::from(limit.percent)).then_some(Anomaly::Delta { percent })
    });
    past.retain(|e| at.since(e.at) <= TREND_WINDOW_US);
    past.push(Earlier { at, value });
    jump.into_iter().chain(drift(&past)).collect()
}

fn drift(values: &[Earlier]) -> Option<Anomaly> {
    let last = values.get(values.len().checked_sub(TREND_VALUES)?..)?;
    let pairs = || last.iter().zip(last.iter().skip(1));
    let rises = pairs().all(|(a, b)| a.value < b.value);
    let falls = pairs().all(|(a, b)| a.value > b.value);
    let percent = last.last()?.value.change_percent(last.first()?.value)?;
    ((rises || falls) && percent.abs() >= TREND_PERCENT).then_some(Anomaly::Trend { percent })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::{DeltaLimit, Department, Limits, LoincCode};

    const NOW: Micros = Micros(1_800_000_000_000_000);

    fn creatinine() -> LabTest {
        LabTest {
            loinc: LoincCode::try_from("14682-9").unwrap(),
            fr: "Créatinine".to_owned(),
            en: "Creatinine".to_owned(),
            measured: Measured::Quantity {
                unit: "umol/L".to_owned(),
                ranges: vec![Limits {
                    sex: None,
                    age_from: 0,
                    age_below: None,
                    low: Amount::try_from("45").ok(),
                    high: Amount::try_from("104").ok(),
                }],
                critical: Vec::new(),
                delta: Some(DeltaLimit {
                    percent: 50,
                    hours: 168,
                }),
            },
            source: "test".to_owned(),
            department: Department::Laboratory,
            also: Vec::new(),
            fr_about: String::new(),
            en_about: String::new(),
        }
    }

    fn check(earlier: &[(i64, &str)], new: &str, expected: &[Anomaly]) {
        let amount = |text: &str| Amount::try_from(text).unwrap();
        let earlier: Vec<_> = earlier
            .iter()
            .map(|(days, text)| Earlier {
                at: NOW.plus(-days * Micros::DAY),
                value: amount(text),
            })
            .collect();
        assert_eq!(
            anomalies(&creatinine(), (NOW, amount(new)), &earlier),
            expected
        );
    }

    #[test]
    fn a_jump_inside_the_window_is_seen_in_both_directions() {
        check(&[(2, "60")], "90", &[Anomaly::Delta { percent: 50 }]);
        check(&[(2, "100")], "40", &[Anomaly::Delta { percent: -60 }]);
        check(&[(2, "60")], "89", &[]);
        check(&[(8, "60")], "90", &[]);
    }

    #[test]
    fn only_the_latest_earlier_value_counts_for_a_jump() {
        check(&[(1, "80"), (5, "40")], "90", &[]);
    }

    #[test]
    fn four_values_that_drift_inside_the_usual_range_are_seen() {
        check(
            &[(90, "60"), (60, "66"), (30, "74")],
            "80",
            &[Anomaly::Trend { percent: 33 }],
        );
        check(
            &[(30, "74"), (60, "66"), (90, "60")],
            "80",
            &[Anomaly::Trend { percent: 33 }],
        );
        check(
            &[(90, "100"), (60, "90"), (30, "80")],
            "70",
            &[Anomaly::Trend { percent: -30 }],
        );
    }

    #[test]
    fn a_zigzag_a_small_drift_and_an_old_one_are_not_a_trend() {
        check(&[(90, "60"), (60, "75"), (30, "66")], "80", &[]);
        check(&[(90, "60"), (60, "62"), (30, "64")], "66", &[]);
        check(&[(400, "60"), (60, "66"), (30, "74")], "80", &[]);
        check(&[(60, "60"), (30, "70")], "80", &[]);
    }

    #[test]
    fn an_earlier_zero_gives_no_percentage() {
        check(&[(1, "0")], "80", &[]);
    }
}
