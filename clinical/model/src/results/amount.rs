//! A measured number, exact.

use core::fmt;

use serde::{Deserialize, Serialize};

/// A measured number in millionths. Laboratory values are compared with limits, so they are never
/// binary fractions: 5.3 is 5.3.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Amount(i64);

/// Why a text is not a measured number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AmountError {
    /// Not digits with at most one decimal separator.
    #[error("not a decimal number")]
    NotANumber,
    /// More than six digits after the separator.
    #[error("more than six decimal places")]
    TooFine,
    /// More than nine digits before the separator.
    #[error("more than nine digits")]
    TooLarge,
}

const ONE: i64 = 1_000_000;
const DECIMALS: usize = 6;
const DIGITS_MAX: usize = 9;

impl Amount {
    /// The number in millionths.
    #[must_use]
    pub const fn millionths(self) -> i64 {
        self.0
    }

    /// How far this is from an earlier value, in percent of that value, rounded down; `None` when
    /// the earlier value is zero.
    #[must_use]
    pub fn change_percent(self, earlier: Self) -> Option<i64> {
        let (new, old) = (i128::from(self.0), i128::from(earlier.0));
        let percent = ((new - old) * 100).checked_div(old.abs())?;
        i64::try_from(percent).ok()
    }

    /// This times a factor, rounded to hundredths, as conversions between units are.
    #[must_use]
    pub fn converted(self, times: Self) -> Option<Self> {
        let hundredth = i128::from(ONE / 100);
        let exact = i128::from(self.0) * i128::from(times.0) / i128::from(ONE);
        let half = if exact < 0 {
            -hundredth / 2
        } else {
            hundredth / 2
        };
        let rounded = (exact + half) / hundredth * hundredth;
        i64::try_from(rounded).ok().map(Self)
    }
}

impl TryFrom<&str> for Amount {
    type Error = AmountError;

    /// Reads `-12.5` and, as people in French write it, `-12,5`.
    fn try_from(text: &str) -> Result<Self, AmountError> {
        let trimmed = text.trim();
        let (negative, digits) = trimmed
            .strip_prefix('-')
            .map_or((false, trimmed), |rest| (true, rest));
        let (whole, fraction) = digits.split_once(['.', ',']).unwrap_or((digits, "0"));
        let all_digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        if !all_digits(whole) || !all_digits(fraction) {
            return Err(AmountError::NotANumber);
        }
        if fraction.len() > DECIMALS {
            return Err(AmountError::TooFine);
        }
        if whole.trim_start_matches('0').len() > DIGITS_MAX {
            return Err(AmountError::TooLarge);
        }
        let number = |part: &str| {
            part.bytes()
                .fold(0_i64, |sum, b| sum * 10 + i64::from(b - b'0'))
        };
        let millionths = number(whole) * ONE + number(&format!("{fraction:0<DECIMALS$}"));
        Ok(Self(if negative { -millionths } else { millionths }))
    }
}

impl TryFrom<String> for Amount {
    type Error = AmountError;
    fn try_from(text: String) -> Result<Self, AmountError> {
        Self::try_from(text.as_str())
    }
}

impl From<Amount> for String {
    fn from(amount: Amount) -> Self {
        amount.to_string()
    }
}

impl fmt::Display for Amount {
    /// With a point and without trailing zeros.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let (whole, fraction) = (self.0.abs() / ONE, self.0.abs() % ONE);
        if fraction == 0 {
            write!(f, "{sign}{whole}")
        } else {
            let digits = format!("{fraction:06}");
            write!(f, "{sign}{whole}.{}", digits.trim_end_matches('0'))
        }
    }
}

impl fmt::Debug for Amount {
    /// A measured value is health data.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Amount(..)")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_number_is_read_with_point_and_comma_and_written_with_a_point() {
        let check = |text: &str, shown: &str| {
            assert_eq!(Amount::try_from(text).unwrap().to_string(), shown);
        };
        check("5.3", "5.3");
        check("5,30", "5.3");
        check(" -0.5 ", "-0.5");
        check("0012", "12");
        check("0.000001", "0.000001");
        check("999999999", "999999999");
    }

    #[test]
    fn what_is_not_a_measured_number_is_refused() {
        for text in ["", "-", ".", "5.", ".5", "1e3", "NaN", "5.3.1", "+5", "5 3"] {
            assert_eq!(
                Amount::try_from(text),
                Err(AmountError::NotANumber),
                "{text}"
            );
        }
        assert_eq!(Amount::try_from("0.0000001"), Err(AmountError::TooFine));
        assert_eq!(Amount::try_from("1234567890"), Err(AmountError::TooLarge));
    }

    #[test]
    fn a_value_does_not_print_itself_into_a_log() {
        assert_eq!(format!("{:?}", Amount(5)), "Amount(..)");
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(millionths in -999_999_999_999_999_i64..=999_999_999_999_999) {
            let amount = Amount(millionths);
            prop_assert_eq!(Amount::try_from(amount.to_string().as_str()), Ok(amount));
        }
    }
}
