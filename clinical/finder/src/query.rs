//! What somebody typed into the search field, taken apart.

use crate::fold::{fold_identifier, fold_words};
use crate::person::BirthDate;

/// Most words of a query that are looked at; the rest is ignored, so that a pasted letter costs no more.
const MAX_NEEDLES: usize = 8;

/// Fewest digits that are looked for as the end of a phone.
const MIN_PHONE: usize = 4;

/// Fewest letters and digits that are looked for as the beginning of an identifier.
const MIN_IDENTIFIER: usize = 4;

/// One thing that is looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Needle {
    /// A word of a name, folded.
    Word(String),
    /// Digits or letters with digits: what they may mean.
    Fact(Fact),
}

/// What a group of digits may mean; any of it counts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Fact {
    /// Ranges of date numbers, the likelier reading first.
    pub(crate) dates: Vec<(u32, u32)>,
    /// The end of a phone.
    pub(crate) phone: Option<String>,
    /// The beginning of an identifier.
    pub(crate) identifier: Option<String>,
}

/// Takes a query apart: words, dates in several ways of writing, phones with or without country, identifiers.
pub(crate) fn parse(query: &str) -> Vec<Needle> {
    let mut needles = Vec::new();
    let mut groups: Vec<String> = Vec::new();
    let mut joined = String::new();
    for chunk in query.split_whitespace() {
        let has_digit = chunk.chars().any(|c| c.is_ascii_digit());
        let has_letter = chunk.chars().any(char::is_alphabetic);
        if has_digit && !has_letter {
            joined.extend(chunk.chars().filter(char::is_ascii_digit));
            let parts = chunk.split(|c: char| !c.is_ascii_digit());
            groups.extend(parts.filter(|part| !part.is_empty()).map(str::to_owned));
        } else if has_digit {
            flush(&mut groups, &mut joined, &mut needles);
            let identifier = fold_identifier(chunk);
            if identifier.chars().count() >= MIN_IDENTIFIER {
                needles.push(Needle::Fact(Fact {
                    identifier: Some(identifier),
                    ..Fact::default()
                }));
            }
        } else if let Some(month) = month(chunk).filter(|_| groups.len() == 1) {
            groups.push(month.to_string());
            joined.clear();
        } else if has_letter {
            // A sign alone stands between the groups of a date or a phone and is passed over.
            flush(&mut groups, &mut joined, &mut needles);
            for word in fold_words(chunk).into_iter().map(Needle::Word) {
                // A person bears a word once, however often the name repeats it.
                if !needles.contains(&word) {
                    needles.push(word);
                }
            }
        }
    }
    flush(&mut groups, &mut joined, &mut needles);
    needles.truncate(MAX_NEEDLES);
    needles
}

fn flush(groups: &mut Vec<String>, joined: &mut String, needles: &mut Vec<Needle>) {
    let groups = std::mem::take(groups);
    let joined = std::mem::take(joined);
    if groups.is_empty() {
        return;
    }
    let significant = joined.trim_start_matches('0');
    let fact = Fact {
        dates: dates(&groups),
        phone: (significant.len() >= MIN_PHONE || joined.len() >= MIN_PHONE).then(|| {
            // A trunk zero or the 00 of an international call is not part of the stored number, but four
            // last digits may begin with a zero.
            if joined.len() > 6 {
                significant.to_owned()
            } else {
                joined.clone()
            }
        }),
        identifier: (joined.len() >= MIN_IDENTIFIER).then(|| joined.clone()),
    };
    if fact != Fact::default() {
        needles.push(Needle::Fact(fact));
    }
}

/// Readings of groups of digits as a date: year, month and year, day month year, year month day, or all of
/// it in one group.
fn dates(groups: &[String]) -> Vec<(u32, u32)> {
    let numbers: Vec<u32> = groups
        .iter()
        .filter_map(|group| group.parse().ok())
        .collect();
    let lengths: Vec<usize> = groups.iter().map(String::len).collect();
    let mut found = Vec::new();
    match (numbers.as_slice(), lengths.as_slice()) {
        ([year], [4]) => found.extend(range(*year, 0, 0)),
        ([all], [8]) => {
            found.extend(range(all % 10_000, all / 10_000 % 100, all / 1_000_000));
            found.extend(range(all / 10_000, all / 100 % 100, all % 100));
        }
        ([all], [6]) => {
            for year in centuries(all % 100) {
                found.extend(range(year, all / 100 % 100, all / 10_000));
            }
        }
        ([month, year], [1 | 2, 4]) | ([year, month], [4, 1 | 2]) => {
            found.extend(range(*year, *month, 0));
        }
        ([year, month, day], [4, 1 | 2, 1 | 2]) => found.extend(range(*year, *month, *day)),
        ([day, month, year], [1 | 2, 1 | 2, 4]) => {
            found.extend(range(*year, *month, *day));
            if day <= &12 && day != month {
                found.extend(range(*year, *day, *month));
            }
        }
        ([day, month, year], [1 | 2, 1 | 2, 2]) => {
            for year in centuries(*year) {
                found.extend(range(year, *month, *day));
            }
        }
        _ => {}
    }
    found
}

/// A year of two digits is of this century or of the last.
fn centuries(year: u32) -> [u32; 2] {
    [1900 + year, 2000 + year]
}

/// Date numbers of a day, a month or a year.
fn range(year: u32, month: u32, day: u32) -> Option<(u32, u32)> {
    if !(1850..=2150).contains(&year) || month > 12 || day > 31 || (month == 0 && day != 0) {
        return None;
    }
    let date = BirthDate {
        year: u16::try_from(year).ok()?,
        month: u8::try_from(month).ok()?,
        day: u8::try_from(day).ok()?,
    };
    let begin = date.number();
    Some(match (month, day) {
        (0, _) => (begin, begin + 9_999),
        (_, 0) => (begin, begin + 99),
        _ => (begin, begin),
    })
}

/// The month of a French or English name or its beginning.
fn month(chunk: &str) -> Option<u32> {
    let word = fold_words(chunk).into_iter().next()?;
    const MONTHS: [&[&str]; 12] = [
        &["janvier", "january", "janv", "jan"],
        &["fevrier", "february", "fevr", "fev", "feb"],
        &["mars", "march", "mar"],
        &["avril", "april", "avr", "apr"],
        &["mai", "may"],
        &["juin", "june", "jun"],
        &["juillet", "july", "juil", "jul"],
        &["aout", "august", "aug"],
        &["septembre", "september", "sept", "sep"],
        &["octobre", "october", "oct"],
        &["novembre", "november", "nov"],
        &["decembre", "december", "dec"],
    ];
    let at = MONTHS
        .iter()
        .position(|names| names.contains(&word.as_str()))?;
    u32::try_from(at + 1).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn only_date(query: &str) -> Vec<(u32, u32)> {
        match parse(query).as_slice() {
            [Needle::Fact(fact)] => fact.dates.clone(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_birth_date_is_understood_in_many_ways_of_writing() {
        for query in [
            "1985-03-12",
            "12/03/1985",
            "12.3.1985",
            "12 03 1985",
            "12 mars 1985",
            "12 March 1985",
            "12031985",
            "19850312",
            "12-3-85",
        ] {
            assert!(
                only_date(query).contains(&(19_850_312, 19_850_312)),
                "{query}: {:?}",
                only_date(query)
            );
        }
        assert_eq!(only_date("1985"), [(19_850_000, 19_859_999)]);
        assert_eq!(only_date("03/1985"), [(19_850_300, 19_850_399)]);
    }

    #[test]
    fn a_phone_loses_what_is_not_stored() {
        let phone = |query: &str| match parse(query).as_slice() {
            [Needle::Fact(fact)] => fact.phone.clone(),
            other => panic!("{other:?}"),
        };
        assert_eq!(phone("+237 6 99 12 34 56").as_deref(), Some("237699123456"));
        assert_eq!(phone("06 12 34 56 78").as_deref(), Some("612345678"));
        assert_eq!(phone("0056").as_deref(), Some("0056"));
    }

    #[test]
    fn a_word_that_a_name_repeats_is_asked_for_once() {
        assert_eq!(
            parse("Abdou ABDOU Diallo"),
            [
                Needle::Word("abdou".to_owned()),
                Needle::Word("diallo".to_owned())
            ]
        );
    }

    #[test]
    fn words_and_facts_mix() {
        let needles = parse("Mar. N'Go 12/03/1985 CM-77a1");
        assert_eq!(needles.len(), 4);
        assert_eq!(needles[1], Needle::Word("ngo".into()));
    }
}
