//! E-mail addresses as names of accounts.

use core::fmt;

/// Longest address, in bytes (RFC 5321 4.5.3.1.3 leaves 254 for it).
pub const EMAIL_BYTES_MAX: usize = 254;

/// An address in lower case. Only ASCII is taken, so that two spellings of one address never make
/// two accounts.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Email(String);

/// A text that is no e-mail address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an e-mail address")]
pub struct EmailError;

impl Email {
    /// Reads an address; spaces around it and case do not matter.
    ///
    /// # Errors
    /// It has no local part or no domain, is too long, or holds blanks, control characters or
    /// anything outside ASCII.
    pub fn parse(text: &str) -> Result<Self, EmailError> {
        let text = text.trim();
        let (local, domain) = text.rsplit_once('@').ok_or(EmailError)?;
        let fits = text.len() <= EMAIL_BYTES_MAX
            && !local.is_empty()
            && !domain.is_empty()
            && !local.contains('@')
            && text.bytes().all(|byte| byte.is_ascii_graphic());
        if fits {
            Ok(Self(text.to_ascii_lowercase()))
        } else {
            Err(EmailError)
        }
    }

    /// The address.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// An address is personal data: it does not print itself into logs.
impl fmt::Debug for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Email(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_and_spaces_around_do_not_make_another_address() {
        assert_eq!(
            Email::parse("  Doctor@Demo.Clinic ").unwrap(),
            Email::parse("doctor@demo.clinic").unwrap()
        );
    }

    #[test]
    fn what_is_no_address_is_refused() {
        let long = format!("{}@x", "a".repeat(253));
        for text in [
            "",
            "@",
            "a@",
            "@b",
            "a b@c",
            "a@b@c",
            "dr\u{f6}@x",
            "a\0@b",
            long.as_str(),
        ] {
            assert_eq!(Email::parse(text), Err(EmailError), "{text:?}");
        }
    }
}
