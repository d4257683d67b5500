//! How long a record must be kept.

use jiff::civil::{Date, date};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

use crate::Micros;
use crate::text::PartialDate;

/// Years after the last contact where nothing else is known of a country.
const YEARS: i64 = 20;
/// The record of a child is kept until this birthday at least (France).
const BIRTHDAY: i64 = 28;
/// Years after a death within ten years of the last contact (France).
const AFTER_DEATH: i64 = 10;

/// The rule by which a record is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Law {
    /// France, Code de la santé publique, article R1112-7: 20 years after the last stay or
    /// consultation, until the 28th birthday at least, 10 years after a death that came within 10
    /// years.
    FranceR1112,
    /// Belgium, law of 22 April 2019 on the quality of practice, article 35: 30 years.
    BelgiumQuality35,
    /// Germany, Bürgerliches Gesetzbuch, § 630f (3): 10 years.
    Germany630f,
    /// The rule of the house where none is known for the country: as in France.
    House,
}

impl Law {
    /// Every rule.
    pub const ALL: [Self; 4] = [
        Self::FranceR1112,
        Self::BelgiumQuality35,
        Self::Germany630f,
        Self::House,
    ];

    /// The rule of a country (ISO 3166-1 alpha-2).
    #[must_use]
    pub fn of_country(country: &str) -> Self {
        match country {
            "FR" => Self::FranceR1112,
            "BE" => Self::BelgiumQuality35,
            "DE" => Self::Germany630f,
            _ => Self::House,
        }
    }

    /// The word in SQL and on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::FranceR1112 => "fr_csp_r1112_7",
            Self::BelgiumQuality35 => "be_quality_35",
            Self::Germany630f => "de_bgb_630f",
            Self::House => "house",
        }
    }

    /// The rule of a word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == word)
    }

    const fn years(self) -> i64 {
        match self {
            Self::FranceR1112 | Self::House => YEARS,
            Self::BelgiumQuality35 => 30,
            Self::Germany630f => 10,
        }
    }

    /// Whether the rules about children and deaths of France hold.
    const fn is_french(self) -> bool {
        matches!(self, Self::FranceR1112 | Self::House)
    }
}

/// What the rule looks at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lived {
    /// When the patient was born.
    pub birth: Option<PartialDate>,
    /// When they died.
    pub died: Option<PartialDate>,
    /// When the facility had to do with them last: visits, facts, prescriptions.
    pub last_contact: Micros,
}

/// Until when a record must be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// By which rule.
    pub law: Law,
    /// The first moment at which it may be erased.
    pub until: Micros,
}

impl Retention {
    /// Whether it must be kept now.
    #[must_use]
    pub fn holds(self, now: Micros) -> bool {
        now < self.until
    }
}

/// Until when the record of a patient must be kept in a country. What cannot be computed is kept.
#[must_use]
pub fn retention(country: &str, lived: &Lived) -> Retention {
    let law = Law::of_country(country);
    let until = Timestamp::from_microsecond(lived.last_contact.0)
        .ok()
        .map(|at| at.to_zoned(TimeZone::UTC).date())
        .and_then(|contact| kept_until(law, contact, lived));
    Retention {
        law,
        until: until.map_or(Micros(i64::MAX), Micros),
    }
}

fn kept_until(law: Law, contact: Date, lived: &Lived) -> Option<i64> {
    let mut last = years_after(contact, law.years())?;
    if law.is_french() {
        if let Some(birth) = &lived.birth {
            last = last.max(years_after(latest(birth)?, BIRTHDAY)?);
        }
        if let Some(died) = &lived.died {
            let died = latest(died)?;
            if died < years_after(contact, AFTER_DEATH)? {
                last = years_after(died, AFTER_DEATH)?;
            }
        }
    }
    // The whole last day counts.
    let after = last.tomorrow().ok()?.to_zoned(TimeZone::UTC).ok()?;
    Some(after.timestamp().as_microsecond())
}

fn years_after(from: Date, years: i64) -> Option<Date> {
    from.checked_add(Span::new().try_years(years).ok()?).ok()
}

/// The last day that a date can mean.
fn latest(known: &PartialDate) -> Option<Date> {
    match known.parts() {
        (year, Some(month), Some(day)) => Date::new(year, month, day).ok(),
        (year, Some(month), None) => Some(Date::new(year, month, 1).ok()?.last_of_month()),
        (year, None, _) => Some(date(year, 12, 31)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Micros {
        let date: Date = text.parse().unwrap();
        let zoned = date.to_zoned(TimeZone::UTC).unwrap();
        Micros(zoned.timestamp().as_microsecond())
    }

    fn lived(birth: &str, died: Option<&str>, last_contact: &str) -> Lived {
        Lived {
            birth: Some(birth.parse().unwrap()),
            died: died.map(|it| it.parse().unwrap()),
            last_contact: at(last_contact),
        }
    }

    fn until(country: &str, lived: &Lived) -> Micros {
        retention(country, lived).until
    }

    #[test]
    fn a_grown_up_is_kept_for_twenty_years_after_the_last_contact() {
        let adult = lived("1950-05-01", None, "2020-03-10");
        let kept = retention("FR", &adult);
        assert_eq!(kept.law, Law::FranceR1112);
        assert_eq!(kept.until, at("2040-03-11"));
        assert!(kept.holds(at("2040-03-10")) && !kept.holds(at("2040-03-11")));
    }

    #[test]
    fn a_child_is_kept_until_the_twenty_eighth_birthday() {
        let child = lived("2019-06-15", None, "2020-03-10");
        assert_eq!(until("FR", &child), at("2047-06-16"));
        let of_that_year = lived("2019", None, "2020-03-10");
        assert_eq!(until("FR", &of_that_year), at("2048-01-01"));
        let later = lived("2019-06-15", None, "2035-03-10");
        assert_eq!(until("FR", &later), at("2055-03-11"), "20 years are longer");
        let leap = lived("2020-02-29", None, "2020-03-10");
        assert_eq!(until("FR", &leap), at("2048-03-01"));
    }

    #[test]
    fn after_a_death_within_ten_years_ten_more_are_enough() {
        let early = lived("1950-05-01", Some("2022-01-05"), "2020-03-10");
        assert_eq!(until("FR", &early), at("2032-01-06"));
        let late = lived("1950-05-01", Some("2031-01-05"), "2020-03-10");
        assert_eq!(until("FR", &late), at("2040-03-11"));
    }

    #[test]
    fn other_countries_have_other_years_and_unknown_ones_those_of_france() {
        let adult = lived("1950-05-01", None, "2020-03-10");
        assert_eq!(until("BE", &adult), at("2050-03-11"));
        assert_eq!(until("DE", &adult), at("2030-03-11"));
        let house = retention("CM", &adult);
        assert_eq!((house.law, house.until), (Law::House, at("2040-03-11")));
    }

    #[test]
    fn what_cannot_be_computed_is_kept() {
        let never = Lived {
            birth: None,
            died: None,
            last_contact: Micros(i64::MAX),
        };
        assert_eq!(until("FR", &never), Micros(i64::MAX));
    }

    #[test]
    fn words_lead_back_to_their_rule() {
        for law in Law::ALL {
            assert_eq!(Law::from_word(law.as_str()), Some(law));
        }
    }
}
