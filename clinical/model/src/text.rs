//! Texts, numbers and dates that come from outside, parsed once at the door.

use core::fmt;
use core::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::booking::{WordingError, parse_wording};

/// Makes a text type with a limit that does not print itself.
macro_rules! text {
    ($(#[$doc:meta])* $name:ident, $parse:expr) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<&str> for $name {
            type Error = WordingError;
            fn try_from(text: &str) -> Result<Self, WordingError> {
                let parse: fn(&str) -> Result<String, WordingError> = $parse;
                parse(text).map(Self)
            }
        }

        impl TryFrom<String> for $name {
            type Error = WordingError;
            fn try_from(text: String) -> Result<Self, WordingError> {
                Self::try_from(text.as_str())
            }
        }

        impl From<$name> for String {
            fn from(text: $name) -> Self {
                text.0
            }
        }

        impl fmt::Debug for $name {
            /// Health data and people never reach a log.
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(..)"))
            }
        }
    };
}

/// Longest [`Line`], in characters.
pub const LINE_CHARS_MAX: usize = 200;
/// Longest [`Prose`], in characters.
pub const PROSE_CHARS_MAX: usize = 20_000;
/// Longest [`MessageText`], in characters.
pub const MESSAGE_CHARS_MAX: usize = 4_000;
/// Longest [`CodeText`], in characters.
pub const CODE_CHARS_MAX: usize = 64;

fn one_line(text: &str, chars_max: usize) -> Result<String, WordingError> {
    let line = parse_wording(text, chars_max)?;
    if line.is_empty() {
        return Err(WordingError::Empty);
    }
    if line.chars().any(char::is_control) {
        return Err(WordingError::Control);
    }
    Ok(line)
}

text!(
    /// One line of 1 ..= 200 characters.
    Line,
    |text| one_line(text, LINE_CHARS_MAX)
);
text!(
    /// Several lines of 1 ..= 20,000 characters.
    Prose,
    |text| {
        let prose = parse_wording(text, PROSE_CHARS_MAX)?;
        if prose.is_empty() {
            return Err(WordingError::Empty);
        }
        Ok(prose)
    }
);
text!(
    /// A message from person to person: several lines of 1 ..= 4,000 characters.
    MessageText,
    |text| {
        let message = parse_wording(text, MESSAGE_CHARS_MAX)?;
        if message.is_empty() {
            return Err(WordingError::Empty);
        }
        Ok(message)
    }
);
text!(
    /// A code of a code system: 1 ..= 64 visible ASCII characters without blanks.
    CodeText,
    |text| {
        let code = one_line(text, CODE_CHARS_MAX)?;
        if code.bytes().all(|byte| byte.is_ascii_graphic()) {
            Ok(code)
        } else {
            Err(WordingError::Control)
        }
    }
);

impl Line {
    /// Stands for words that there are none of.
    #[must_use]
    pub fn ellipsis() -> Self {
        Self("\u{2026}".to_owned())
    }
}

impl MessageText {
    /// The beginning of a longer text, as much as a message holds.
    #[must_use]
    pub fn beginning_of(text: &Prose) -> Self {
        let whole = text.as_str();
        let fits = whole.chars().nth(MESSAGE_CHARS_MAX).is_none();
        if fits {
            return Self(whole.to_owned());
        }
        let mut cut: String = whole.chars().take(MESSAGE_CHARS_MAX - 1).collect();
        cut.push('\u{2026}');
        Self(cut)
    }
}

/// A text that is no number, date or phone number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not {what}")]
pub struct ShapeError {
    /// What was asked for.
    pub what: &'static str,
}

/// Makes a text type with a shape of its own.
macro_rules! shaped {
    ($(#[$doc:meta])* $name:ident, $what:literal, $fits:expr) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// As it is written.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = ShapeError;
            fn from_str(text: &str) -> Result<Self, ShapeError> {
                let fits: fn(&str) -> bool = $fits;
                let text = text.trim();
                if fits(text) {
                    Ok(Self(text.to_owned()))
                } else {
                    Err(ShapeError { what: $what })
                }
            }
        }

        impl TryFrom<String> for $name {
            type Error = ShapeError;
            fn try_from(text: String) -> Result<Self, ShapeError> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(value: $name) -> Self {
                value.0
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(..)"))
            }
        }
    };
}

shaped!(
    /// A decimal number as it was written, so that 1.50 stays 1.50 (FHIR `decimal`): at most 18
    /// digits, no exponent.
    Decimal,
    "a decimal number",
    is_decimal
);
shaped!(
    /// A date that may lack day or month (FHIR `date`): `1980`, `1980-05`, `1980-05-15`.
    PartialDate,
    "a date",
    is_date
);
shaped!(
    /// A telephone number in E.164: `+` and 7 to 15 digits.
    Phone,
    "a telephone number",
    |text| {
        let digits = text.strip_prefix('+').unwrap_or_default();
        (7..=15).contains(&digits.len())
            && digits.bytes().all(|byte| byte.is_ascii_digit())
            && !digits.starts_with('0')
    }
);

impl Decimal {
    /// The nearest binary number.
    #[must_use]
    pub fn to_f64(&self) -> f64 {
        // The shape was checked, so it is a number.
        self.0.parse().unwrap_or(f64::NAN)
    }

    /// A number with at most `places` digits after the point; none when it is not finite or has too
    /// many digits.
    #[must_use]
    pub fn from_f64(value: f64, places: usize) -> Option<Self> {
        format!("{value:.places$}").parse().ok()
    }
}

fn is_decimal(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = match digits.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (digits, None),
    };
    let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    !whole.is_empty()
        && all_digits(whole)
        && (whole == "0" || !whole.starts_with('0'))
        && fraction.is_none_or(|part| !part.is_empty() && all_digits(part))
        && whole.len() + fraction.map_or(0, str::len) <= 18
}

fn is_date(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let number = |part: &str, length: usize| {
        (part.len() == length && part.bytes().all(|byte| byte.is_ascii_digit()))
            .then(|| part.parse::<i16>().ok())
            .flatten()
    };
    let date = |year: i16, month: i16, day: i16| {
        let month = i8::try_from(month).ok();
        let day = i8::try_from(day).ok();
        month.zip(day).is_some_and(|(month, day)| {
            year >= 1800 && jiff::civil::Date::new(year, month, day).is_ok()
        })
    };
    match parts.as_slice() {
        [year] => number(year, 4).is_some_and(|year| date(year, 1, 1)),
        [year, month] => number(year, 4)
            .zip(number(month, 2))
            .is_some_and(|(year, month)| date(year, month, 1)),
        [year, month, day] => number(year, 4)
            .zip(number(month, 2))
            .zip(number(day, 2))
            .is_some_and(|((year, month), day)| date(year, month, day)),
        _ => false,
    }
}

impl PartialDate {
    /// Year, month and day, as far as they are known.
    #[must_use]
    pub fn parts(&self) -> (i16, Option<i8>, Option<i8>) {
        let mut parts = self.0.split('-');
        let year = parts.next().and_then(|part| part.parse().ok()).unwrap_or(0);
        let month = parts.next().and_then(|part| part.parse().ok());
        let day = parts.next().and_then(|part| part.parse().ok());
        (year, month, day)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_keep_their_writing_and_refuse_everything_else() {
        for good in ["0", "-1.50", "38.7", "0.001", "123456789012345678"] {
            assert_eq!(good.parse::<Decimal>().unwrap().as_str(), good);
        }
        for bad in [
            "",
            ".",
            "1.",
            ".5",
            "01",
            "1e3",
            "NaN",
            "+1",
            "1,5",
            "1234567890123456789",
        ] {
            assert!(bad.parse::<Decimal>().is_err(), "{bad}");
        }
        assert!((Decimal::from_f64(5.555, 1).unwrap().to_f64() - 5.6).abs() < 1e-9);
        assert!(Decimal::from_f64(f64::NAN, 1).is_none());
    }

    #[test]
    fn dates_may_lack_parts_and_must_exist() {
        for good in ["1980", "1980-05", "2024-02-29"] {
            assert!(good.parse::<PartialDate>().is_ok(), "{good}");
        }
        for bad in [
            "",
            "80",
            "1980-13",
            "2023-02-29",
            "1980-5-1",
            "1700",
            "1980-05-15T00:00",
        ] {
            assert!(bad.parse::<PartialDate>().is_err(), "{bad}");
        }
        let date: PartialDate = "1980-05".parse().unwrap();
        assert_eq!(date.parts(), (1980, Some(5), None));
    }

    #[test]
    fn a_message_says_something_and_is_no_letter() {
        assert!(MessageText::try_from(" \n ").is_err());
        let longest = "é".repeat(MESSAGE_CHARS_MAX);
        assert!(MessageText::try_from(longest.as_str()).is_ok());
        assert!(MessageText::try_from(format!("{longest}e")).is_err());
        let letter = Prose::try_from("é".repeat(MESSAGE_CHARS_MAX + 1)).unwrap();
        let cut = MessageText::beginning_of(&letter);
        assert!(cut.as_str().ends_with("é…") && MessageText::try_from(cut.as_str()).is_ok());
        let short = MessageText::beginning_of(&Prose::try_from(longest.as_str()).unwrap());
        assert_eq!(short.as_str(), longest);
    }

    #[test]
    fn phones_are_international() {
        assert!("+237699123456".parse::<Phone>().is_ok());
        for bad in [
            "237699123456",
            "+0123456789",
            "+12345",
            "+2376991234567890",
            "+237 699",
        ] {
            assert!(bad.parse::<Phone>().is_err(), "{bad}");
        }
    }

    #[test]
    fn nothing_of_it_prints_itself() {
        let phone: Phone = "+237699123456".parse().unwrap();
        assert_eq!(format!("{phone:?}"), "Phone(..)");
        let line = Line::try_from("asthme").unwrap();
        assert_eq!(format!("{line:?}"), "Line(..)");
    }
}
