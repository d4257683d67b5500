//! Public holidays, from a file of rules that a clinic can replace.

use std::collections::BTreeMap;

use jiff::Span;
use jiff::civil::{Date, Weekday};
use serde::Deserialize;

/// The rules that are compiled in.
const BUILT_IN: &str = include_str!("../data/holidays.toml");
/// Most rules of one country; also bounds the announced days of each.
const RULES_MAX: usize = 100;
/// The years that holidays are computed for.
const YEARS: std::ops::RangeInclusive<i16> = 1990..=2200;

/// A country by its ISO 3166-1 code, two capital letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Country([u8; 2]);

impl Country {
    /// Reads a code such as `CM`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let code: [u8; 2] = text.as_bytes().try_into().ok()?;
        code.iter()
            .all(u8::is_ascii_uppercase)
            .then_some(Self(code))
    }

    /// Its code.
    #[must_use]
    pub fn code(self) -> String {
        self.0.iter().map(|letter| char::from(*letter)).collect()
    }
}

/// A day that is free by law.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Holiday {
    /// The day on the wall calendar; the substitute when the day itself was moved.
    pub date: Date,
    /// Its name in French.
    pub name_fr: String,
    /// Its name in English.
    pub name_en: String,
}

/// The holidays of several countries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HolidayBook {
    countries: BTreeMap<Country, Vec<Entry>>,
}

/// Why a file holds no holidays.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HolidayError {
    /// It is not in the form that `data/holidays.toml` describes.
    #[error("the holidays cannot be read")]
    Form(#[source] Box<toml::de::Error>),
    /// A table is not named after a country.
    #[error("{0} is not a country code")]
    Country(String),
    /// A country has too many rules or announced days.
    #[error("{0} has more than {RULES_MAX} holidays")]
    TooMany(String),
    /// A holiday is on no day, or described in more than one way.
    #[error("the holiday {0} is on no day that exists")]
    Day(String),
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    name_fr: String,
    name_en: String,
    day: Day,
    moved: bool,
    since: i16,
    until: i16,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Day {
    Fixed {
        month: i8,
        day: i8,
    },
    Easter {
        days_after: i16,
    },
    Nth {
        weekday: Weekday,
        nth: i8,
        month: i8,
    },
    Dates(Vec<Date>),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Name {
    fr: String,
    en: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    name: Name,
    on: Option<String>,
    easter: Option<i16>,
    weekday: Option<i8>,
    nth: Option<i8>,
    month: Option<i8>,
    dates: Option<Vec<String>>,
    #[serde(default)]
    moved: bool,
    since: Option<i16>,
    until: Option<i16>,
}

impl HolidayBook {
    /// The rules that come with this program.
    ///
    /// # Errors
    /// Never in a released program: a test reads the file.
    pub fn built_in() -> Result<Self, HolidayError> {
        Self::parse(BUILT_IN)
    }

    /// Reads a file in the form of `data/holidays.toml`.
    ///
    /// # Errors
    /// [`HolidayError`] names the first thing that cannot be read.
    pub fn parse(text: &str) -> Result<Self, HolidayError> {
        let written: BTreeMap<String, Vec<Written>> =
            toml::from_str(text).map_err(|error| HolidayError::Form(Box::new(error)))?;
        let mut countries = BTreeMap::new();
        for (code, rules) in written {
            let country =
                Country::parse(&code).ok_or_else(|| HolidayError::Country(code.clone()))?;
            let days: usize = rules
                .iter()
                .map(|rule| rule.dates.as_ref().map_or(1, Vec::len))
                .sum();
            if rules.len() > RULES_MAX || days > RULES_MAX {
                return Err(HolidayError::TooMany(code));
            }
            let entries = rules.into_iter().map(entry).collect::<Result<_, _>>()?;
            countries.insert(country, entries);
        }
        Ok(Self { countries })
    }

    /// The countries it knows.
    pub fn countries(&self) -> impl Iterator<Item = Country> {
        self.countries.keys().copied()
    }

    /// The holidays of a country from `first` to `last`, both included, in order. None for a
    /// country that the file does not know.
    #[must_use]
    pub fn between(&self, country: Country, first: Date, last: Date) -> Vec<Holiday> {
        let Some(entries) = self.countries.get(&country) else {
            return Vec::new();
        };
        let mut found = Vec::new();
        // A substitute may fall into the year after.
        let years =
            first.year().saturating_sub(1).max(*YEARS.start())..=last.year().min(*YEARS.end());
        for year in years {
            found.extend(of_year(entries, year));
        }
        found.retain(|holiday| (first..=last).contains(&holiday.date));
        found.sort();
        found
    }
}

fn of_year(entries: &[Entry], year: i16) -> Vec<Holiday> {
    let in_force: Vec<(&Entry, Date)> = entries
        .iter()
        .filter(|entry| (entry.since..=entry.until).contains(&year))
        .flat_map(|entry| {
            entry
                .day
                .in_year(year)
                .into_iter()
                .map(move |date| (entry, date))
        })
        .collect();
    let mut free: Vec<Date> = in_force.iter().map(|(_, date)| *date).collect();
    in_force
        .into_iter()
        .map(|(entry, date)| {
            let mut date = date;
            if entry.moved && is_weekend(date) {
                while is_weekend(date) || free.contains(&date) {
                    let Ok(next) = date.tomorrow() else { break };
                    date = next;
                }
                free.push(date);
            }
            Holiday {
                date,
                name_fr: entry.name_fr.clone(),
                name_en: entry.name_en.clone(),
            }
        })
        .collect()
}

fn is_weekend(date: Date) -> bool {
    matches!(date.weekday(), Weekday::Saturday | Weekday::Sunday)
}

impl Day {
    fn in_year(&self, year: i16) -> Vec<Date> {
        match self {
            Self::Fixed { month, day } => Date::new(year, *month, *day).into_iter().collect(),
            Self::Easter { days_after } => easter(year)
                .and_then(|sunday| sunday.checked_add(Span::new().days(*days_after)).ok())
                .into_iter()
                .collect(),
            Self::Nth {
                weekday,
                nth,
                month,
            } => Date::new(year, *month, 1)
                .and_then(|first| first.nth_weekday_of_month(*nth, *weekday))
                .into_iter()
                .collect(),
            Self::Dates(dates) => dates
                .iter()
                .copied()
                .filter(|date| date.year() == year)
                .collect(),
        }
    }
}

/// Easter Sunday of the Gregorian calendar, after the algorithm of Meeus, Jones and Butcher.
fn easter(year: i16) -> Option<Date> {
    let year_in_full = i32::from(year);
    let (a, b, c) = (year_in_full % 19, year_in_full / 100, year_in_full % 100);
    let (d, e) = (b / 4, b % 4);
    let f = (b + 8) / 25;
    let g = (b - f + 1) / 3;
    let h = (19 * a + b - d - g + 15) % 30;
    let (i, k) = (c / 4, c % 4);
    let l = (32 + 2 * e + 2 * i - h - k) % 7;
    let m = (a + 11 * h + 22 * l) / 451;
    let n = h + l - 7 * m + 114;
    let month = i8::try_from(n / 31).ok()?;
    let day = i8::try_from(n % 31 + 1).ok()?;
    Date::new(year, month, day).ok()
}

fn entry(written: Written) -> Result<Entry, HolidayError> {
    let Some(day) = day(&written) else {
        return Err(HolidayError::Day(written.name.en));
    };
    Ok(Entry {
        name_fr: written.name.fr,
        name_en: written.name.en,
        day,
        moved: written.moved,
        since: written.since.unwrap_or(*YEARS.start()),
        until: written.until.unwrap_or(*YEARS.end()),
    })
}

fn day(written: &Written) -> Option<Day> {
    let nth = (written.weekday, written.nth, written.month);
    match (&written.on, written.easter, nth, &written.dates) {
        (Some(on), None, (None, None, None), None) => {
            let (month, day) = on.split_once('-')?;
            let (month, day) = (month.parse().ok()?, day.parse().ok()?);
            // A leap year has every day that a month can have.
            Date::new(2024, month, day).ok()?;
            Some(Day::Fixed { month, day })
        }
        (None, Some(days_after), (None, None, None), None) => (-200..=200)
            .contains(&days_after)
            .then_some(Day::Easter { days_after }),
        (None, None, (Some(weekday), Some(nth), Some(month)), None) => {
            let weekday = Weekday::from_monday_one_offset(weekday).ok()?;
            let possible = (1..=12).contains(&month) && nth != 0 && (-5..=5).contains(&nth);
            possible.then_some(Day::Nth {
                weekday,
                nth,
                month,
            })
        }
        (None, None, (None, None, None), Some(dates)) => dates
            .iter()
            .map(|date| date.parse().ok())
            .collect::<Option<Vec<Date>>>()
            .map(Day::Dates),
        _ => None,
    }
}
