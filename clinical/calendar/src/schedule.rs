//! The hours of a person, a room or a device, and when they differ.

use clinical_model::Micros;
use clinical_model::booking::Slot;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

use crate::rule::{Rule, RuleError};
use crate::timeline::{Season, merge, on_the_line, seasons, subtract};

/// Longest range that is computed at once, in days: a page shows weeks, a report a year.
pub const RANGE_DAYS_MAX: i64 = 400;
/// Minutes of a wall day.
const DAY_MIN: u16 = 1_440;

/// Open hours that recur: on the dates of a rule, from a time of the day, for so many minutes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hours {
    rule: Rule,
    start_min: u16,
    length_min: u16,
}

/// Why hours cannot be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HoursError {
    /// They begin at no minute of a day.
    #[error("hours begin at a minute of the day, 0 to 1439")]
    Start,
    /// They are empty or longer than a day.
    #[error("hours last 1 to 1440 minutes")]
    Length,
}

impl Hours {
    /// Hours of `length_min` minutes from minute `start_min` of the dates of `rule`; they may reach
    /// into the next day, as a night's duty does.
    ///
    /// # Errors
    /// [`HoursError`] when a number is out of its range.
    pub fn parse(rule: Rule, start_min: u16, length_min: u16) -> Result<Self, HoursError> {
        if start_min >= DAY_MIN {
            return Err(HoursError::Start);
        }
        if length_min == 0 || length_min > DAY_MIN {
            return Err(HoursError::Length);
        }
        Ok(Self {
            rule,
            start_min,
            length_min,
        })
    }

    /// The dates they recur on.
    #[must_use]
    pub const fn rule(&self) -> &Rule {
        &self.rule
    }

    /// The minute of the day they begin at.
    #[must_use]
    pub const fn start_min(&self) -> u16 {
        self.start_min
    }

    /// How many minutes of the wall clock they last.
    #[must_use]
    pub const fn length_min(&self) -> u16 {
        self.length_min
    }

    fn on(&self, date: Date) -> Option<WallSpan> {
        let from = date
            .to_datetime(Time::midnight())
            .checked_add(Span::new().minutes(self.start_min))
            .ok()?;
        WallSpan::new(
            from,
            from.checked_add(Span::new().minutes(self.length_min))
                .ok()?,
        )
    }
}

/// A stretch of the wall clock, its end not included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WallSpan {
    from: DateTime,
    to: DateTime,
}

impl WallSpan {
    /// From one wall time to a later one; nothing if it is not later.
    #[must_use]
    pub fn new(from: DateTime, to: DateTime) -> Option<Self> {
        (from < to).then_some(Self { from, to })
    }

    /// All of the days from `first` to `last`, both included.
    #[must_use]
    pub fn days(first: Date, last: Date) -> Option<Self> {
        let from = first.to_datetime(Time::midnight());
        let to = last.tomorrow().ok()?.to_datetime(Time::midnight());
        Self::new(from, to)
    }

    /// The first wall time.
    #[must_use]
    pub const fn from(&self) -> DateTime {
        self.from
    }

    /// The wall time that no longer belongs to it.
    #[must_use]
    pub const fn to(&self) -> DateTime {
        self.to
    }
}

/// Why a person or a thing is away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Closure {
    /// A person's leave.
    Leave,
    /// A holiday of this clinic that no law knows.
    Holiday,
    /// A room or device is being repaired or cleaned.
    Maintenance,
    /// A meeting, training, or anything else.
    Other,
}

/// A time at which the recurring hours do not say it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exception {
    /// Not available, whatever else says so.
    Closed(Closure, WallSpan),
    /// Available in addition, on a holiday too.
    Extra(WallSpan),
}

/// When somebody or something is available.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Schedule {
    /// Hours that recur.
    pub hours: Vec<Hours>,
    /// Leave, maintenance and extra hours.
    pub exceptions: Vec<Exception>,
    /// Dates on which the recurring hours do not begin, sorted; empty for who works on holidays.
    pub holidays: Vec<Date>,
}

/// Why no availability can be computed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AvailabilityError {
    /// The range is empty, longer than [`RANGE_DAYS_MAX`], or outside the calendar.
    #[error("the range has 1 to {RANGE_DAYS_MAX} days")]
    Range,
    /// The rule of some hours cannot be walked that far.
    #[error("the hours recur too often")]
    Rule(#[from] RuleError),
}

/// The open instants of a schedule within a range, and the wall times at which they open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Availability {
    /// Open stretches, merged and in order.
    pub open: Vec<Slot>,
    /// Why it is not open at other times, where a reason is known: leave, holidays whose hours do not
    /// begin, and the like. In order of their begin, and not merged.
    pub away: Vec<(Closure, Slot)>,
    /// Hours and extra hours that touch the range; slots are counted from their beginnings.
    pub(crate) openings: Vec<WallSpan>,
}

/// When a schedule is open in `range`: the recurring hours that begin on no holiday, and the extra
/// hours, without what is closed.
///
/// # Errors
/// [`AvailabilityError`] when the range or a rule asks for too much.
pub fn availability(
    schedule: &Schedule,
    zone: &TimeZone,
    range: Slot,
) -> Result<Availability, AvailabilityError> {
    if range.length_us() <= 0 || range.length_us() > RANGE_DAYS_MAX * Micros::DAY {
        return Err(AvailabilityError::Range);
    }
    let (first, last) = wall_dates(zone, range).ok_or(AvailabilityError::Range)?;
    let seasons = seasons(zone, range);
    let mut openings = Vec::new();
    let mut away = Vec::new();
    for hours in &schedule.hours {
        for date in hours.rule.dates(first, last)? {
            if schedule.holidays.binary_search(&date).is_err() {
                openings.extend(hours.on(date));
            } else {
                let missed = hours.on(date).into_iter();
                let missed = missed.flat_map(|span| instants(&seasons, span));
                away.extend(missed.map(|slot| (Closure::Holiday, slot)));
            }
        }
    }
    let mut closed = Vec::new();
    for exception in &schedule.exceptions {
        match exception {
            Exception::Extra(span) => openings.push(*span),
            Exception::Closed(why, span) => {
                for slot in instants(&seasons, *span) {
                    closed.push(slot);
                    away.push((*why, slot));
                }
            }
        }
    }
    openings.sort_unstable();
    openings.dedup();
    away.sort_unstable_by_key(|(_, slot)| slot.start);
    // Only what touches the range is kept, so that old extra hours cost nothing later.
    openings.retain(|span| span.from.date() <= last && span.to.date() >= first);
    let open = openings
        .iter()
        .flat_map(|span| instants(&seasons, *span))
        .collect();
    Ok(Availability {
        open: subtract(&merge(open), &merge(closed)),
        away,
        openings,
    })
}

fn instants(seasons: &[Season], span: WallSpan) -> Vec<Slot> {
    on_the_line(seasons, span.from, span.to)
}

/// The dates whose hours can touch the range: hours may reach into the next day, and a date may be
/// skipped or come twice where a zone crosses the date line.
fn wall_dates(zone: &TimeZone, range: Slot) -> Option<(Date, Date)> {
    let date = |at: Micros| {
        let at = Timestamp::from_microsecond(at.0).ok()?;
        Some(zone.to_datetime(at).date())
    };
    let first = date(range.start)?.checked_sub(Span::new().days(2)).ok()?;
    let last = date(range.end)?.checked_add(Span::new().days(1)).ok()?;
    Some((first, last))
}
