//! When the doses of a course are due: at clock times of the patient's place, from its first day to
//! its last.

use clinical_safety::Frequency;
use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{Span, ToSpan as _};

use crate::Micros;

/// A dose of more than this long ago is not reminded of any more, in microseconds: somebody might
/// take it beside the next one.
pub const REMIND_WITHIN_US: i64 = 30 * Micros::MINUTE;

/// Longest stretch that a clock skips: a day, where the date line moved.
const SKIPPED_MINUTES_MAX: u16 = 24 * 60;

/// A time of the clock to the minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClockTime(u16);

/// A text is no time of the clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a time such as 08:00")]
pub struct NotAClockTime;

impl ClockTime {
    const fn of_hour(hour: u16) -> Self {
        Self(hour * 60)
    }

    /// Minutes after midnight.
    #[must_use]
    pub const fn minute_of_day(self) -> u16 {
        self.0
    }

    fn time(self) -> Time {
        let part = |value: u16| i8::try_from(value).unwrap_or(0);
        Time::new(part(self.0 / 60), part(self.0 % 60), 0, 0).unwrap_or(Time::midnight())
    }
}

impl core::fmt::Display for ClockTime {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

impl core::str::FromStr for ClockTime {
    type Err = NotAClockTime;

    fn from_str(text: &str) -> Result<Self, NotAClockTime> {
        let (hour, minute) = text.split_once(':').ok_or(NotAClockTime)?;
        let part = |text: &str, below: u16| {
            let is_plain = text.len() == 2 && text.bytes().all(|it| it.is_ascii_digit());
            let value = text.parse::<u16>().ok().filter(|_| is_plain)?;
            (value < below).then_some(value)
        };
        match (part(hour, 24), part(minute, 60)) {
            (Some(hour), Some(minute)) => Ok(Self(hour * 60 + minute)),
            (None, _) | (_, None) => Err(NotAClockTime),
        }
    }
}

/// The clock times of the doses of a day: one to four, in order, all different.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DoseTimes(Vec<ClockTime>);

/// Why clock times are not those of a day's doses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DoseTimesError {
    /// Not one of the frequencies that have clock times.
    #[error("doses of this frequency have no clock times")]
    Frequency,
    /// Not as many as there are doses, or two alike.
    #[error("not one time for each dose")]
    Count,
}

impl DoseTimes {
    /// The usual times of a frequency; none unless it is one to four whole doses a day.
    #[must_use]
    pub fn usual(frequency: Option<Frequency>) -> Option<Self> {
        let hours: &[u16] = match doses_a_day(frequency)? {
            1 => &[8],
            2 => &[8, 20],
            3 => &[8, 14, 20],
            _ => &[6, 12, 18, 22],
        };
        Some(Self(
            hours.iter().copied().map(ClockTime::of_hour).collect(),
        ))
    }

    /// Times of the patient's own choice, in any order.
    ///
    /// # Errors
    /// [`DoseTimesError`]
    pub fn chosen(
        mut times: Vec<ClockTime>,
        frequency: Option<Frequency>,
    ) -> Result<Self, DoseTimesError> {
        let count = doses_a_day(frequency).ok_or(DoseTimesError::Frequency)?;
        times.sort_unstable();
        times.dedup();
        if times.len() == count {
            Ok(Self(times))
        } else {
            Err(DoseTimesError::Count)
        }
    }

    /// The times, in order.
    #[must_use]
    pub fn as_slice(&self) -> &[ClockTime] {
        &self.0
    }

    pub(super) fn is_as_many_as(&self, other: &Self) -> bool {
        self.0.len() == other.0.len()
    }

    fn len(&self) -> i64 {
        i64::try_from(self.0.len()).unwrap_or(i64::MAX).max(1)
    }
}

/// How many doses a day, when it is one to four whole ones.
fn doses_a_day(frequency: Option<Frequency>) -> Option<usize> {
    let times = frequency?.get();
    let whole = [(1, 1.0), (2, 2.0), (3, 3.0), (4, 4.0)];
    let found = whole.iter().find(|(_, it)| (it - times).abs() < 0.01)?;
    Some(found.0)
}

/// One dose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dose {
    /// On which day of the patient's calendar.
    pub date: Date,
    /// At what time of their clock.
    pub time: ClockTime,
    /// The instant.
    pub at: Micros,
}

impl Dose {
    /// A number that no other dose of the line has: day and time, wherever the patient is.
    #[must_use]
    pub fn number(&self) -> i64 {
        let days = i64::from((self.date - Date::new(1970, 1, 1).unwrap_or_default()).get_days());
        days * 1440 + i64::from(self.time.minute_of_day())
    }
}

/// The doses of a course.
#[derive(Debug, Clone)]
pub struct Course {
    first_day: Date,
    /// Which of the day's times the first dose is.
    first_time: i64,
    /// How many doses; none for a treatment without an end.
    count: Option<i64>,
    times: DoseTimes,
    zone: TimeZone,
}

impl Course {
    /// The course that begins at an instant and lasts so many days: the first dose is due at the
    /// first time of the clock from then on, and there are as many as there would be in whole days.
    /// None outside the calendar of [`jiff`].
    #[must_use]
    pub fn new(
        begins: Micros,
        days: Option<u32>,
        times: DoseTimes,
        zone: TimeZone,
    ) -> Option<Self> {
        let today = date_of(begins, &zone)?;
        let days_ahead = [today, today.tomorrow().ok()?, shifted(today, 2)?];
        let (first_day, first_time) = days_ahead.into_iter().find_map(|date| {
            let due = |time: &ClockTime| instant(date, *time, &zone).is_some_and(|at| at >= begins);
            Some((date, times.0.iter().position(due)?))
        })?;
        Some(Self {
            first_day,
            first_time: i64::try_from(first_time).ok()?,
            count: days.map(|days| i64::from(days) * times.len()),
            times,
            zone,
        })
    }

    /// How many doses there are; none without an end.
    #[must_use]
    pub const fn doses(&self) -> Option<i64> {
        self.count
    }

    /// The day of the first dose.
    #[must_use]
    pub const fn from(&self) -> Date {
        self.first_day
    }

    /// The day of the last dose; none without an end.
    #[must_use]
    pub fn until(&self) -> Option<Date> {
        let last = self.count?.checked_sub(1)?;
        self.place(last).map(|(date, _)| date)
    }

    fn place(&self, number: i64) -> Option<(Date, ClockTime)> {
        let at = self.first_time.checked_add(number)?;
        let date = shifted(self.first_day, at.div_euclid(self.times.len()))?;
        let time = usize::try_from(at.rem_euclid(self.times.len())).ok()?;
        Some((date, *self.times.0.get(time)?))
    }

    /// The dose of this number, from 0.
    #[must_use]
    pub fn dose(&self, number: i64) -> Option<Dose> {
        if number < 0 || self.count.is_some_and(|count| number >= count) {
            return None;
        }
        let (date, time) = self.place(number)?;
        let at = instant(date, time, &self.zone)?;
        Some(Dose { date, time, at })
    }

    /// The doses from an instant on, in order.
    pub fn doses_from(&self, from: Micros) -> impl Iterator<Item = Dose> {
        // A day before is early enough, whatever the clocks do.
        let begin = date_of(from, &self.zone).map_or(0, |date| {
            let days = i64::from((date - self.first_day).get_days()).saturating_sub(2);
            (days.saturating_mul(self.times.len())).max(0)
        });
        (begin..)
            .map_while(|number| self.dose(number))
            .skip_while(move |dose| dose.at < from)
    }

    /// The doses of a day of the patient's calendar, in order.
    #[must_use]
    pub fn doses_on(&self, date: Date) -> Vec<Dose> {
        let days = i64::from((date - self.first_day).get_days());
        let first = days.saturating_mul(self.times.len()) - self.first_time;
        (first..first.saturating_add(self.times.len()))
            .filter_map(|number| self.dose(number))
            .collect()
    }
}

/// The day of an instant on the calendar of a place.
#[must_use]
pub fn date_of(at: Micros, zone: &TimeZone) -> Option<Date> {
    let at = Timestamp::from_microsecond(at.0).ok()?;
    Some(zone.to_datetime(at).date())
}

pub(super) fn shifted(date: Date, days: i64) -> Option<Date> {
    date.checked_add(Span::new().try_days(days).ok()?).ok()
}

/// The instant of a time on a day: the earlier one where the clock shows it twice, and the first
/// minute after where the clock skips it. No dose is lost or doubled by a change of the clocks.
fn instant(date: Date, time: ClockTime, zone: &TimeZone) -> Option<Micros> {
    let mut local: DateTime = date.to_datetime(time.time());
    for _ in 0..=SKIPPED_MINUTES_MAX {
        let ambiguous = zone.to_ambiguous_timestamp(local);
        if !matches!(ambiguous.offset(), jiff::tz::AmbiguousOffset::Gap { .. }) {
            return Some(Micros(ambiguous.earlier().ok()?.as_microsecond()));
        }
        local = local.checked_add(1.minute()).ok()?;
    }
    None
}
