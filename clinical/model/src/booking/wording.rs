//! Words that people write about an appointment, parsed once at the door.

use core::fmt;

/// Longest display name and longest relation, in characters.
pub const NAME_CHARS_MAX: usize = 80;
/// Longest reason for an appointment, in characters.
pub const REASON_CHARS_MAX: usize = 500;

/// Why a text was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WordingError {
    /// Nothing but white space where something is needed.
    #[error("the text is empty")]
    Empty,
    /// Longer than its limit.
    #[error("the text is longer than {max} characters")]
    TooLong {
        /// The limit, in characters.
        max: usize,
    },
    /// A control character other than line feed and tab, or any in a text of one line.
    #[error("the text has a control character")]
    Control,
}

/// Trims a text of several lines and checks its length and characters.
///
/// # Errors
/// [`WordingError::TooLong`] and [`WordingError::Control`].
pub fn parse_wording(text: &str, chars_max: usize) -> Result<String, WordingError> {
    let trimmed = text.trim();
    if trimmed.chars().count() > chars_max {
        return Err(WordingError::TooLong { max: chars_max });
    }
    // Browsers send CR LF for a line break in a text area.
    let controls = |c: char| c.is_control() && !matches!(c, '\n' | '\t' | '\r');
    if trimmed.chars().any(controls) {
        return Err(WordingError::Control);
    }
    Ok(trimmed.to_owned())
}

fn parse_line(text: &str) -> Result<String, WordingError> {
    let line = parse_wording(text, NAME_CHARS_MAX)?;
    if line.is_empty() {
        return Err(WordingError::Empty);
    }
    if line.chars().any(char::is_control) {
        return Err(WordingError::Control);
    }
    Ok(line)
}

macro_rules! wording {
    ($(#[$doc:meta])* $name:ident, $parse:expr) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq)]
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

        impl fmt::Debug for $name {
            /// People and their reasons never reach a log.
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(..)"))
            }
        }
    };
}

wording!(
    /// A display name: one line of 1 ..= 80 characters.
    PersonName,
    parse_line
);
wording!(
    /// A guest's relation to the patient: one line of 1 ..= 80 characters.
    Relation,
    parse_line
);
wording!(
    /// Why the patient comes, in their words: at most 500 characters, may be empty.
    Reason,
    |text| parse_wording(text, REASON_CHARS_MAX)
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_trimmed_line_of_at_most_eighty_characters() {
        assert_eq!(PersonName::try_from(" Awa ").unwrap().as_str(), "Awa");
        assert_eq!(PersonName::try_from(" \t"), Err(WordingError::Empty));
        assert_eq!(PersonName::try_from("a\nb"), Err(WordingError::Control));
        assert!(PersonName::try_from("é".repeat(80).as_str()).is_ok());
        assert_eq!(
            PersonName::try_from("é".repeat(81).as_str()),
            Err(WordingError::TooLong { max: 80 })
        );
    }

    #[test]
    fn a_reason_may_be_empty_and_have_lines() {
        assert_eq!(Reason::try_from("").unwrap().as_str(), "");
        assert!(Reason::try_from("toux\r\nfièvre").is_ok());
        assert_eq!(Reason::try_from("a\u{0}b"), Err(WordingError::Control));
        assert_eq!(
            Reason::try_from("a".repeat(501).as_str()),
            Err(WordingError::TooLong { max: 500 })
        );
    }

    #[test]
    fn a_reason_does_not_print_itself() {
        assert_eq!(
            format!("{:?}", Reason::try_from("fièvre").unwrap()),
            "Reason(..)"
        );
    }
}
