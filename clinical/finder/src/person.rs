//! What a person is found by.

use std::fmt;

/// A date of birth, as far as it is known.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct BirthDate {
    /// Year of the common era.
    pub year: u16,
    /// Month from 1 to 12, or 0 when only the year is known.
    pub month: u8,
    /// Day of the month from 1 to 31, or 0 when it is not known.
    pub day: u8,
}

impl BirthDate {
    /// Year, month and day as decimal digits of one number, so that the dates of a year are neighbours.
    pub(crate) fn number(self) -> u32 {
        u32::from(self.year) * 10_000 + u32::from(self.month) * 100 + u32::from(self.day)
    }

    /// The other way round of `number`, for what this crate has stored itself.
    pub(crate) fn of_number(number: u32) -> Option<Self> {
        let year = u16::try_from(number / 10_000).ok()?;
        let month = u8::try_from(number / 100 % 100).ok()?;
        let day = u8::try_from(number % 100).ok()?;
        (number != 0).then_some(Self { year, month, day })
    }

    /// Whether month and day are known.
    pub(crate) fn is_whole(self) -> bool {
        self.month != 0 && self.day != 0
    }
}

impl fmt::Debug for BirthDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BirthDate")
    }
}

/// What a person is found by. The finder keeps folded words, not this.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Person {
    /// All names in any order, as written: given names, family names, names at birth, names people use.
    pub names: Vec<String>,
    /// Date of birth, when it is known.
    pub birth_date: Option<BirthDate>,
    /// Phone numbers, best in international form; everything but digits is ignored.
    pub phones: Vec<String>,
    /// Record numbers, insurance and identity numbers.
    pub identifiers: Vec<String>,
}

impl fmt::Debug for Person {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Person")
            .field("names", &self.names.len())
            .field("phones", &self.phones.len())
            .field("identifiers", &self.identifiers.len())
            .finish_non_exhaustive()
    }
}
