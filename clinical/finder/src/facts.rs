//! Birth dates, phones and identifiers, each found by its beginning or by its end.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

/// Most digits of a phone that are kept: E.164 has 15.
const MAX_DIGITS: u32 = 15;

/// Ordered sets of (value, person).
#[derive(Debug, Default)]
pub(crate) struct Facts {
    dates: BTreeSet<(u32, u32)>,
    phones: BTreeSet<(u64, u32)>,
    identifiers: BTreeSet<(Box<str>, u32)>,
}

impl Facts {
    pub(crate) fn add(&mut self, slot: u32, date: u32, phones: &[u64], identifiers: &[Box<str>]) {
        if date != 0 {
            self.dates.insert((date, slot));
        }
        self.phones
            .extend(phones.iter().map(|phone| (*phone, slot)));
        self.identifiers
            .extend(identifiers.iter().map(|id| (id.clone(), slot)));
    }

    pub(crate) fn remove(
        &mut self,
        slot: u32,
        date: u32,
        phones: &[u64],
        identifiers: &[Box<str>],
    ) {
        self.dates.remove(&(date, slot));
        for phone in phones {
            self.phones.remove(&(*phone, slot));
        }
        for id in identifiers {
            self.identifiers.remove(&(id.clone(), slot));
        }
    }

    /// People whose date of birth lies in a range of date numbers.
    pub(crate) fn born(&self, range: RangeInclusive<u32>) -> impl Iterator<Item = u32> {
        self.dates
            .range((*range.start(), 0)..=(*range.end(), u32::MAX))
            .map(|(_, slot)| *slot)
    }

    /// People with a phone that ends with these digits.
    pub(crate) fn phone_ends(&self, digits: &str) -> impl Iterator<Item = u32> {
        let (from, to) = phone_range(digits);
        self.phones
            .range((from, 0)..=(to, u32::MAX))
            .map(|(_, slot)| *slot)
    }

    /// People with an identifier that begins like this.
    pub(crate) fn identifier_begins<'a>(
        &'a self,
        begin: &'a str,
    ) -> impl Iterator<Item = u32> + 'a {
        self.identifiers
            .range((Box::from(begin), 0)..)
            .take_while(move |(id, _)| id.starts_with(begin))
            .map(|(_, slot)| *slot)
    }
}

/// Digits of a phone from the last to the first, four bits each, from the top. A digit is stored plus one, so
/// that the end of the number differs from a zero.
pub(crate) fn phone_number(digits: &str) -> u64 {
    phone_range(digits).0
}

fn phone_range(digits: &str) -> (u64, u64) {
    let mut packed = 0;
    let mut shift = 64;
    let digits: Vec<u32> = digits.chars().filter_map(|c| c.to_digit(10)).collect();
    for digit in digits.iter().rev().take(MAX_DIGITS as usize) {
        shift -= 4;
        packed |= u64::from(digit + 1) << shift;
    }
    let below = if shift == 64 {
        u64::MAX
    } else {
        (1_u64 << shift) - 1
    };
    (packed, packed | below)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phone_is_found_by_its_last_digits_only() {
        let mut facts = Facts::default();
        facts.add(7, 0, &[phone_number("+237 699 00 12 30")], &[]);
        assert_eq!(facts.phone_ends("1230").collect::<Vec<_>>(), [7]);
        assert_eq!(facts.phone_ends("237699001230").collect::<Vec<_>>(), [7]);
        assert_eq!(facts.phone_ends("0237699001230").count(), 0);
        assert_eq!(facts.phone_ends("6990").count(), 0);
    }
}
