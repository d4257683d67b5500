//! Telephone numbers, and what of them may be shown.

use thiserror::Error;

/// Digits of a number (ITU-T E.164): up to 15. Fewer than 3 are no number anywhere.
const DIGITS_MIN: usize = 3;
const DIGITS_MAX: usize = 15;
/// Digits that a masked number still shows.
const SHOWN: usize = 2;

/// A number in international form. It prints itself masked.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PhoneNumber(String);

/// Why a text is no number.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum NumberError {
    /// The caller does not show their number.
    #[error("the number is withheld")]
    Withheld,
    /// Something else than digits and the marks between them.
    #[error("not a number")]
    Form,
    /// A national number, and no country was given for it.
    #[error("a number without a country")]
    Country,
}

impl PhoneNumber {
    /// Reads the user part of a SIP or tel URI: with or without +, with visual separators (RFC 3966
    /// section 5.1.1), international with 00 or 011, national for a country such as `33` or `1`.
    ///
    /// # Errors
    /// When it is no number, or withheld.
    pub fn parse(text: &str, country: Option<&str>) -> Result<Self, NumberError> {
        let text = text.split([';', '@']).next().unwrap_or_default();
        if matches!(
            text.to_ascii_lowercase().as_str(),
            "" | "anonymous" | "restricted" | "unknown" | "unavailable"
        ) {
            return Err(NumberError::Withheld);
        }
        let (has_plus, rest) = match text.strip_prefix('+') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let mut digits = String::new();
        for character in rest.chars() {
            match character {
                '0'..='9' if digits.len() < DIGITS_MAX.saturating_add(3) => digits.push(character),
                '-' | '.' | '(' | ')' | ' ' => {}
                _ => return Err(NumberError::Form),
            }
        }
        let international = if has_plus {
            digits
        } else if let Some(rest) = digits
            .strip_prefix("011")
            .or_else(|| digits.strip_prefix("00"))
        {
            rest.to_owned()
        } else if country.is_some_and(|country| digits.starts_with(country) && digits.len() > 10) {
            digits
        } else {
            let country = country.ok_or(NumberError::Country)?;
            format!("{country}{}", digits.strip_prefix('0').unwrap_or(&digits))
        };
        let is_long_enough = (DIGITS_MIN..=DIGITS_MAX).contains(&international.len());
        if !is_long_enough || international.starts_with('0') {
            return Err(NumberError::Form);
        }
        Ok(Self(international))
    }

    /// The number as it is dialled, with its plus. Not for logs and not for other participants.
    #[must_use]
    pub fn expose(&self) -> String {
        format!("+{}", self.0)
    }

    /// What others may see of it: the last two digits.
    #[must_use]
    pub fn masked(&self) -> String {
        let hidden = self.0.len().saturating_sub(SHOWN);
        format!("••• {}", self.0.get(hidden..).unwrap_or_default())
    }
}

impl core::fmt::Debug for PhoneNumber {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("PhoneNumber(•••)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn one_number_in_all_its_forms_is_one() {
        let of = |text: &str, country| PhoneNumber::parse(text, country).unwrap().expose();
        for text in [
            "+33612345678",
            "0033612345678",
            "06 12 34 56 78",
            "+33-6.12(34)5678",
            "33612345678",
        ] {
            assert_eq!(of(text, Some("33")), "+33612345678");
        }
        assert_eq!(of("01115145550123", Some("1")), "+15145550123");
        assert_eq!(of("5145550123", Some("1")), "+15145550123");
        assert_eq!(of("+15145550123;phone-context=x", None), "+15145550123");
    }

    #[test]
    fn what_is_none_is_refused() {
        let of = |text| PhoneNumber::parse(text, None);
        assert_eq!(of("Anonymous"), Err(NumberError::Withheld));
        assert_eq!(of("alice"), Err(NumberError::Form));
        assert_eq!(of("5145550123"), Err(NumberError::Country));
        assert_eq!(of("+1234567890123456"), Err(NumberError::Form));
        assert_eq!(of("+12"), Err(NumberError::Form));
    }

    proptest! {
        #[test]
        fn nothing_prints_more_than_two_digits(text in "\\+?[0-9]{4,15}") {
            if let Ok(number) = PhoneNumber::parse(&text, Some("33")) {
                let shown = format!("{number:?}{}", number.masked());
                prop_assert_eq!(shown.chars().filter(char::is_ascii_digit).count(), 2);
                prop_assert_eq!(PhoneNumber::parse(&number.expose(), None), Ok(number));
            }
        }
    }
}
