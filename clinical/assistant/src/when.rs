//! Days and times in words: "mardi prochain", "next Tue 3pm", "demain matin", "in two weeks".
//!
//! What is said twice is taken from the first that fits; what is not understood is left out, and the
//! dialogue always shows the date before anything is done.

mod days;
mod hours;
mod words;

use jiff::civil::{Date, Weekday};
use serde::{Deserialize, Serialize};

use words::Words;

/// Minutes of a day.
pub(crate) const DAY_MIN: u16 = 24 * 60;

/// A wish for a time of day, in minutes after midnight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Hour {
    /// At this minute.
    At(u16),
    /// From the first minute until before the second.
    Between(u16, u16),
}

/// A wish for a time, as far as one was said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct When {
    /// First and last day.
    #[serde(with = "crate::wire::days")]
    pub days: Option<(Date, Date)>,
    /// The time of day.
    pub hour: Option<Hour>,
    /// As soon as there is something.
    pub soonest: bool,
}

impl When {
    /// Reads what a text says of days and times; `today` is the writer's day.
    #[must_use]
    pub fn read(text: &str, today: Date) -> Self {
        let mut words = Words::read(text);
        let soonest = days::soonest(&words);
        let days = days::read(&mut words, today);
        let hour = hours::read(&mut words);
        Self {
            days: days.or_else(|| hours::is_tonight(&words).then_some((today, today))),
            hour,
            soonest,
        }
    }

    /// Whether nothing was said.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.days.is_none() && self.hour.is_none() && !self.soonest
    }

    /// What was said later, and where it says nothing what was said before.
    #[must_use]
    pub fn or(self, before: Self) -> Self {
        Self {
            days: self.days.or(before.days),
            hour: self.hour.or(before.hour),
            soonest: self.soonest || before.soonest && self.days.is_none(),
        }
    }

    /// How far a day and minute are from the wish: 0 is as wished. Days count more than hours.
    #[must_use]
    pub fn distance(&self, day: Date, minute: u16) -> u32 {
        let away = |from: Date, to: Date| {
            let days = from.until(to).map_or(0, |span| span.get_days());
            u32::try_from(days.max(0)).unwrap_or(u32::MAX)
        };
        let days = self
            .days
            .map_or(0, |(first, last)| away(day, first).max(away(last, day)));
        let minutes = match self.hour {
            None => 0,
            Some(Hour::At(wish)) => u32::from(wish.abs_diff(minute)),
            Some(Hour::Between(from, to)) => {
                let late = u32::from((minute + 1).saturating_sub(to));
                late.max(u32::from(from.saturating_sub(minute)))
            }
        };
        days.saturating_mul(2 * u32::from(DAY_MIN))
            .saturating_add(minutes)
    }
}

/// The next day of the week after a day.
fn next(after: Date, day: Weekday) -> Date {
    let step = day.since(after.weekday());
    let step = if step == 0 { 7 } else { step };
    plus(after, i64::from(step))
}

/// A day some days later; the same at the end of time.
fn plus(day: Date, days: i64) -> Date {
    use jiff::ToSpan as _;
    day.checked_add(days.days()).unwrap_or(day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_near_the_wish_is_nearer_than_another_day() {
        let day = jiff::civil::date(2026, 12, 1);
        let wish = When {
            days: Some((day, day)),
            hour: Some(Hour::Between(360, 720)),
            soonest: false,
        };
        assert_eq!(wish.distance(day, 600), 0);
        assert_eq!(wish.distance(day, 720), 1);
        assert!(wish.distance(day, 900) < wish.distance(plus(day, 1), 600));
        assert!(wish.distance(plus(day, -1), 600) > 0);
    }
}
