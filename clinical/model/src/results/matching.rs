//! Whether a specimen belongs to a patient.

use core::fmt;

use jiff::civil::Date;

/// What stands on the specimen.
#[derive(Clone, Copy)]
pub struct Presented<'a> {
    /// The patient's number at the facility.
    pub identifier: &'a str,
    /// The birth date.
    pub birth_date: Option<Date>,
}

/// What the record says.
#[derive(Clone, Copy)]
pub struct Registered<'a> {
    /// The patient's number at the facility.
    pub identifier: &'a str,
    /// The birth date.
    pub birth_date: Option<Date>,
}

impl fmt::Debug for Presented<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Presented(..)")
    }
}

impl fmt::Debug for Registered<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Registered(..)")
    }
}

/// Why a specimen is not taken for this patient's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MatchRefused {
    /// One of the two is missing, on the specimen or in the record. Nothing equals nothing.
    #[error("identifier and birth date are both needed")]
    Incomplete,
    /// One of the two differs. Which one is not told: the wrong record must not be confirmed.
    #[error("identifier and birth date do not belong to this patient")]
    Differs,
}

/// Compares both factors.
///
/// # Errors
/// [`MatchRefused`] unless both are there and both are the same.
pub fn match_patient(
    presented: Presented<'_>,
    registered: Registered<'_>,
) -> Result<(), MatchRefused> {
    let (on_it, on_record) = (presented.identifier.trim(), registered.identifier.trim());
    if on_it.is_empty() || on_record.is_empty() {
        return Err(MatchRefused::Incomplete);
    }
    match (presented.birth_date, registered.birth_date) {
        (Some(on_it_born), Some(on_record_born)) => {
            if on_it.eq_ignore_ascii_case(on_record) && on_it_born == on_record_born {
                Ok(())
            } else {
                Err(MatchRefused::Differs)
            }
        }
        (None, _) | (_, None) => Err(MatchRefused::Incomplete),
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    const BORN: Option<Date> = Some(date(1951, 3, 4));

    fn check(
        presented: (&str, Option<Date>),
        registered: (&str, Option<Date>),
    ) -> Result<(), MatchRefused> {
        match_patient(
            Presented {
                identifier: presented.0,
                birth_date: presented.1,
            },
            Registered {
                identifier: registered.0,
                birth_date: registered.1,
            },
        )
    }

    #[test]
    fn both_factors_must_be_the_same() {
        assert_eq!(check((" ab-12 ", BORN), ("AB-12", BORN)), Ok(()));
        assert_eq!(
            check(("AB-13", BORN), ("AB-12", BORN)),
            Err(MatchRefused::Differs)
        );
        assert_eq!(
            check(("AB-12", Some(date(1951, 4, 3))), ("AB-12", BORN)),
            Err(MatchRefused::Differs)
        );
    }

    #[test]
    fn an_empty_number_matches_nobody() {
        for (presented, registered) in [
            (("", BORN), ("", BORN)),
            ((" ", BORN), ("AB-12", BORN)),
            (("AB-12", None), ("AB-12", None)),
            (("AB-12", BORN), ("AB-12", None)),
        ] {
            assert_eq!(check(presented, registered), Err(MatchRefused::Incomplete));
        }
    }
}
