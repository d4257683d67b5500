//! Recurring dates: `RRULE` of RFC 5545, on the dates of the wall calendar.
//!
//! The rule is expanded without any time zone. Zones come in afterwards, where dates and hours of
//! the day become instants; so a rule means the same days wherever it is read.

use std::borrow::Cow;
use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::Offset;

/// Longest rule, in bytes. Sixty days by their number need 180.
pub const TEXT_BYTES_MAX: usize = 256;
/// Most occurrences that `COUNT` may ask for: daily for 27 years.
pub const COUNT_MAX: u32 = 10_000;
/// Longest step, in units of the frequency.
pub const INTERVAL_MAX: u16 = 1_000;
/// Years that an anchor may lie in. Bounds how far a rule is walked to reach a range.
const ANCHOR_YEARS: std::ops::RangeInclusive<i16> = 1990..=2100;
/// Most occurrences that are walked to the end of a range: daily for 110 years.
/// A rule that needs more is refused, because walking it would hold up a request.
const WALK_MAX: usize = 40_200;

/// The parts of a rule that choose days. Hours of the day are not a rule's business, so `BYHOUR`
/// and its like are refused, and so is everything unknown.
const PARTS: &[&str] = &[
    "FREQ",
    "INTERVAL",
    "COUNT",
    "UNTIL",
    "WKST",
    "BYDAY",
    "BYMONTH",
    "BYMONTHDAY",
    "BYYEARDAY",
    "BYWEEKNO",
    "BYSETPOS",
];

/// A recurring rule with the date it starts at; it recurs at least once.
///
/// The anchor counts only if it fits the rule, which RFC 5545 leaves open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    text: String,
    anchor: Date,
    until: Option<Date>,
    set: rrule::RRuleSet,
    /// Days by which the anchor can be moved without moving the dates after it.
    period_days: Option<u32>,
}

/// Why a text is no rule of ours.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RuleError {
    /// Longer than [`TEXT_BYTES_MAX`].
    #[error("a rule has at most {TEXT_BYTES_MAX} bytes")]
    TooLong,
    /// The anchor lies outside the years that are computed.
    #[error("a rule starts between 1990 and 2100")]
    Anchor,
    /// A part that is unknown, twice there, or about hours of the day.
    #[error("the part {0} does not belong in a rule of days")]
    Part(String),
    /// No `FREQ`, or one shorter than a day.
    #[error("a rule recurs daily, weekly, monthly or yearly")]
    Frequency,
    /// `INTERVAL` is no number from 1 to [`INTERVAL_MAX`].
    #[error("the interval goes from 1 to {INTERVAL_MAX}")]
    Interval,
    /// `COUNT` is no number from 1 to [`COUNT_MAX`].
    #[error("the count goes from 1 to {COUNT_MAX}")]
    Count,
    /// `UNTIL` is no date, or there together with `COUNT`.
    #[error("UNTIL is a date, and excludes COUNT")]
    Until,
    /// A value that RFC 5545 does not know.
    #[error("the rule is not one of RFC 5545")]
    Value(#[source] Box<rrule::RRuleError>),
    /// No day fits the rule, or none that can be found in bounded time.
    #[error("the rule never recurs")]
    Never,
    /// The range lies too far from the anchor.
    #[error("the rule recurs too often until then")]
    TooMany,
}

impl Rule {
    /// Reads the value of an `RRULE` whose first possible day is `anchor`.
    ///
    /// `UNTIL` is the last possible date of the wall calendar, written `20261231`.
    ///
    /// # Errors
    /// [`RuleError`] says which part cannot be kept.
    pub fn parse(text: &str, anchor: Date) -> Result<Self, RuleError> {
        if text.len() > TEXT_BYTES_MAX {
            return Err(RuleError::TooLong);
        }
        if !ANCHOR_YEARS.contains(&anchor.year()) {
            return Err(RuleError::Anchor);
        }
        let text = text.trim().to_ascii_uppercase();
        let parts = split(&text)?;
        let value = |name: &str| {
            parts
                .iter()
                .find(|(key, _)| *key == name)
                .map(|part| part.1)
        };
        let step_days = match value("FREQ") {
            Some("DAILY") => Some(1),
            Some("WEEKLY") => Some(7),
            Some("MONTHLY" | "YEARLY") => None,
            Some(_) | None => return Err(RuleError::Frequency),
        };
        let interval = number(value("INTERVAL").unwrap_or("1"), u32::from(INTERVAL_MAX))
            .ok_or(RuleError::Interval)?;
        let counted = value("COUNT");
        if let Some(count) = counted {
            number(count, COUNT_MAX).ok_or(RuleError::Count)?;
        }
        let until = match (value("UNTIL"), value("COUNT")) {
            (Some(_), Some(_)) => return Err(RuleError::Until),
            (Some(until), None) => Some(date(until).ok_or(RuleError::Until)?),
            (None, _) => None,
        };
        let days: Vec<String> = parts
            .iter()
            .filter(|(key, _)| *key != "UNTIL")
            .map(|(key, value)| format!("{key}={value}"))
            .collect();
        let source = format!(
            "DTSTART:{}T000000Z\nRRULE:{}",
            anchor.strftime("%Y%m%d"),
            days.join(";")
        );
        let period_days = step_days
            .filter(|_| counted.is_none())
            .map(|step: u32| step.saturating_mul(interval));
        let set = source
            .parse::<rrule::RRuleSet>()
            .map_err(|error| RuleError::Value(Box::new(error)))?
            .limit();
        let rule = Self {
            text,
            anchor,
            until,
            set,
            period_days,
        };
        // One step shows whether the rule recurs at all; the library gives up by itself.
        walk(&rule.set, until).next().ok_or(RuleError::Never)?;
        Ok(rule)
    }

    /// The rule as it was written, in capitals.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The first date that can recur.
    #[must_use]
    pub const fn anchor(&self) -> Date {
        self.anchor
    }

    /// The dates of the rule from `first` to `last`, both included, in order.
    ///
    /// # Errors
    /// [`RuleError::TooMany`] when more than a bounded number of dates lie before the end.
    pub fn dates(&self, first: Date, last: Date) -> Result<Vec<Date>, RuleError> {
        let mut dates = Vec::new();
        for (walked, date) in walk(&self.near(first), self.until).enumerate() {
            if date > last {
                break;
            }
            if walked >= WALK_MAX {
                return Err(RuleError::TooMany);
            }
            if date >= first {
                dates.push(date);
            }
        }
        Ok(dates)
    }

    /// The same rule from an anchor as near to `first` as its dates allow, so that rules that
    /// began years ago cost no more than new ones.
    fn near(&self, first: Date) -> Cow<'_, rrule::RRuleSet> {
        let borrowed = Cow::Borrowed(&self.set);
        let Some(period) = self.period_days.map(u64::from).filter(|days| *days > 0) else {
            return borrowed;
        };
        let days = self
            .anchor
            .until(first)
            .map_or(0, |span| i64::from(span.get_days()));
        // One period is left over, because the week of the anchor is one of the rule's weeks.
        let periods = (u64::try_from(days).unwrap_or(0) / period).saturating_sub(1);
        if periods == 0 {
            return borrowed;
        }
        let ahead = Duration::from_secs(periods.saturating_mul(period).saturating_mul(86_400));
        let moved = rrule::RRuleSet::new(*self.set.get_dt_start() + ahead);
        Cow::Owned(moved.set_rrules(self.set.get_rrule().clone()).limit())
    }
}

/// The dates of a rule in order.
fn walk(set: &rrule::RRuleSet, until: Option<Date>) -> impl Iterator<Item = Date> {
    set.into_iter()
        .map_while(|at| {
            let at = Timestamp::from_second(at.timestamp()).ok()?;
            Some(Offset::UTC.to_datetime(at).date())
        })
        .take_while(move |date| until.is_none_or(|until| *date <= until))
}

fn split(text: &str) -> Result<Vec<(&str, &str)>, RuleError> {
    let mut parts: Vec<(&str, &str)> = Vec::new();
    for part in text.split(';') {
        let (key, value) = part
            .split_once('=')
            .ok_or_else(|| RuleError::Part(part.to_owned()))?;
        let plain = value
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b',' | b'-' | b'+'));
        let repeated = parts.iter().any(|(known, _)| *known == key);
        if !PARTS.contains(&key) || repeated || value.is_empty() || !plain {
            return Err(RuleError::Part(key.to_owned()));
        }
        parts.push((key, value));
    }
    Ok(parts)
}

fn number(text: &str, max: u32) -> Option<u32> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let number: u32 = text.parse().ok()?;
    (digits && (1..=max).contains(&number)).then_some(number)
}

fn date(text: &str) -> Option<Date> {
    let digits = text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit());
    digits
        .then(|| Date::strptime("%Y%m%d", text).ok())
        .flatten()
}
