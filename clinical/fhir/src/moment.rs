//! Dates and times as FHIR writes them: a text with a precision is a span of time.

use clinical_model::Micros;
use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::Offset;

/// How exactly a date was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Precision {
    /// `2026`
    Year,
    /// `2026-11`
    Month,
    /// `2026-11-25`
    Day,
    /// `2026-11-25T10:30`, in searches only.
    Minute,
    /// `2026-11-25T10:30:00`
    Second,
    /// `2026-11-25T10:30:00.5`
    Fraction,
}

/// A date or time together with its precision: the span from `start` to before `end`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// The first instant that is meant.
    pub start: Micros,
    /// The first instant that is not meant any more.
    pub end: Micros,
    /// How exactly it was given.
    pub precision: Precision,
    /// Whether the text named its zone.
    pub zoned: bool,
}

/// A text that is no date or time of FHIR.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a date or time like 2026, 2026-11, 2026-11-25 or 2026-11-25T10:30:00Z")]
pub struct MomentError;

impl Moment {
    /// Reads any precision. A text without a zone is taken as UTC.
    pub fn parse(text: &str) -> Result<Self, MomentError> {
        match text.split_once('T') {
            None => parse_date(text),
            Some((date, time)) => parse_time(date, time),
        }
        .ok_or(MomentError)
    }
}

fn parse_date(text: &str) -> Option<Moment> {
    let mut parts = text.split('-');
    let year: i16 = digits(parts.next()?, 4)?.try_into().ok()?;
    if year == 0 {
        return None;
    }
    let month = parts
        .next()
        .map(|part| digits(part, 2))
        .map_or(Some(None), |m| m.map(Some))?;
    let day = parts
        .next()
        .map(|part| digits(part, 2))
        .map_or(Some(None), |d| d.map(Some))?;
    if parts.next().is_some() {
        return None;
    }
    let first = Date::new(year, small(month.unwrap_or(1))?, small(day.unwrap_or(1))?).ok()?;
    let (after, precision) = match (month, day) {
        (None, _) => (next_year(first), Precision::Year),
        (Some(_), None) => (next_month(first), Precision::Month),
        (Some(_), Some(_)) => (first.tomorrow().ok(), Precision::Day),
    };
    let start = micros(first.to_datetime(Time::midnight()), Offset::UTC)?;
    // The last day that exists has no next one; its end is as far as the scale goes.
    let end = after
        .and_then(|day| micros(day.to_datetime(Time::midnight()), Offset::UTC))
        .unwrap_or(Micros(i64::MAX));
    Some(Moment {
        start,
        end,
        precision,
        zoned: false,
    })
}

fn next_year(date: Date) -> Option<Date> {
    Date::new(date.year().checked_add(1)?, 1, 1).ok()
}

fn next_month(date: Date) -> Option<Date> {
    if date.month() == 12 {
        return next_year(date);
    }
    Date::new(date.year(), date.month().checked_add(1)?, 1).ok()
}

fn parse_time(date: &str, text: &str) -> Option<Moment> {
    let day = parse_date(date).filter(|day| day.precision == Precision::Day)?;
    let (clock, offset) = split_zone(text)?;
    let mut parts = clock.split(':');
    let hour: i64 = digits(parts.next()?, 2).filter(|hour| *hour < 24)?.into();
    let minute: i64 = digits(parts.next()?, 2)
        .filter(|minute| *minute < 60)?
        .into();
    let seconds = parts.next();
    if parts.next().is_some() {
        return None;
    }
    let (second, fraction, precision, length) = match seconds {
        None => (0, 0, Precision::Minute, Micros::MINUTE),
        Some(text) => parse_seconds(text)?,
    };
    let offset_us = i64::from(offset.unwrap_or(0)) * Micros::SECOND;
    let start = day
        .start
        .plus(hour * Micros::HOUR + minute * Micros::MINUTE + second * Micros::SECOND + fraction)
        .plus(-offset_us);
    Some(Moment {
        start,
        end: start.plus(length),
        precision,
        zoned: offset.is_some(),
    })
}

/// Seconds, microseconds, the precision and the length of the span. 60 is a leap second.
fn parse_seconds(text: &str) -> Option<(i64, i64, Precision, i64)> {
    let (whole, fraction) = match text.split_once('.') {
        None => (text, None),
        Some((whole, fraction)) => (whole, Some(fraction)),
    };
    let second = i64::from(digits(whole, 2).filter(|second| *second <= 60)?);
    let Some(fraction) = fraction else {
        return Some((second, 0, Precision::Second, Micros::SECOND));
    };
    if fraction.is_empty() || fraction.len() > 12 || !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let mut micros = 0;
    let mut unit = Micros::SECOND;
    for digit in fraction.bytes().take(6) {
        unit /= 10;
        micros += i64::from(digit - b'0') * unit;
    }
    Some((second, micros, Precision::Fraction, unit))
}

/// The clock and the offset in seconds; none when the text names no zone.
fn split_zone(text: &str) -> Option<(&str, Option<i32>)> {
    if let Some(clock) = text.strip_suffix('Z') {
        return Some((clock, Some(0)));
    }
    let Some(at) = text.rfind(['+', '-']) else {
        return Some((text, None));
    };
    let (clock, zone) = text.split_at_checked(at)?;
    let sign = if zone.starts_with('-') { -1 } else { 1 };
    let (hours, minutes) = zone.get(1..)?.split_once(':')?;
    let hours = i32::from(digits(hours, 2).filter(|hours| *hours <= 14)?);
    let minutes = i32::from(digits(minutes, 2).filter(|minutes| *minutes < 60)?);
    Some((clock, Some(sign * (hours * 3600 + minutes * 60))))
}

fn digits(text: &str, length: usize) -> Option<u16> {
    (text.len() == length && text.bytes().all(|b| b.is_ascii_digit()))
        .then(|| text.parse().ok())
        .flatten()
}

fn small(number: u16) -> Option<i8> {
    i8::try_from(number).ok()
}

fn micros(time: DateTime, offset: Offset) -> Option<Micros> {
    offset
        .to_timestamp(time)
        .ok()
        .map(|at| Micros(at.as_microsecond()))
}

/// An instant as FHIR writes it, in UTC. None when it is further away than calendars go.
#[must_use]
pub fn instant(at: Micros) -> Option<String> {
    let time = Timestamp::from_microsecond(at.0).ok()?;
    (Offset::UTC.to_datetime(time).year() > 0).then(|| time.to_string())
}

/// An instant as HTTP headers write it (RFC 9110 5.6.7).
#[must_use]
pub fn http_date(at: Micros) -> Option<String> {
    let time = Timestamp::from_microsecond(at.0).ok()?;
    (Offset::UTC.to_datetime(time).year() > 0)
        .then(|| time.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn span(text: &str) -> (String, String) {
        let moment = Moment::parse(text).unwrap();
        (instant(moment.start).unwrap(), instant(moment.end).unwrap())
    }

    #[test]
    fn a_precision_is_a_span() {
        let expect = |text: &str, from: &str, to: &str| {
            assert_eq!(span(text), (from.to_owned(), to.to_owned()), "{text}");
        };
        expect("2024", "2024-01-01T00:00:00Z", "2025-01-01T00:00:00Z");
        expect("2024-02", "2024-02-01T00:00:00Z", "2024-03-01T00:00:00Z");
        expect("2024-12", "2024-12-01T00:00:00Z", "2025-01-01T00:00:00Z");
        expect("2024-02-29", "2024-02-29T00:00:00Z", "2024-03-01T00:00:00Z");
        expect(
            "2024-02-29T23:59",
            "2024-02-29T23:59:00Z",
            "2024-03-01T00:00:00Z",
        );
        expect(
            "2024-02-29T01:00:00+02:00",
            "2024-02-28T23:00:00Z",
            "2024-02-28T23:00:01Z",
        );
        expect(
            "2024-02-29T01:00:00.25Z",
            "2024-02-29T01:00:00.25Z",
            "2024-02-29T01:00:00.26Z",
        );
    }

    #[test]
    fn what_is_no_date_is_refused() {
        for text in [
            "",
            "24",
            "0000",
            "2024-1",
            "2024-13",
            "2023-02-29",
            "2024-02-30",
            "2024-02-29T",
            "2024-02-29T24:00:00Z",
            "2024-02-29T10",
            "2024-02-29T10:00:61Z",
            "2024T10:00:00Z",
            "2024-02-29T10:00:00.Z",
            "2024-02-29T10:00:00+2:00",
            "2024-02-29T10:00:00+15:00",
            "2024-02-29 10:00",
            "2024-02-29T10:00:00é",
            "é",
            "+2024",
            "2024-02-29-01",
        ] {
            assert_eq!(Moment::parse(text), Err(MomentError), "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_instant_comes_back(us in -62_000_000_000_000_000_i64..200_000_000_000_000_000) {
            let text = instant(Micros(us)).unwrap();
            prop_assert_eq!(Moment::parse(&text).unwrap().start, Micros(us));
        }

        #[test]
        fn no_text_is_a_panic(text in "[0-9TZ:.+é-]{0,30}") {
            if let Ok(moment) = Moment::parse(&text) {
                prop_assert!(moment.start < moment.end);
            }
        }

        #[test]
        fn a_day_is_in_its_month_and_a_month_in_its_year(year in 1900_u16..2100, month in 1_u8..=12, day in 1_u8..=28) {
            let parse = |text: String| Moment::parse(&text).unwrap();
            let year_span = parse(format!("{year:04}"));
            let month_span = parse(format!("{year:04}-{month:02}"));
            let day_span = parse(format!("{year:04}-{month:02}-{day:02}"));
            prop_assert!(year_span.start <= month_span.start && month_span.end <= year_span.end);
            prop_assert!(month_span.start <= day_span.start && day_span.end <= month_span.end);
        }
    }
}
