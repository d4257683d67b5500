//! When to remind, and how a moment is written for the person who reads it.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::channel::{Language, MessageKind};
use crate::Micros;

/// The reminders of an appointment and how long before its begin they are due, in microseconds.
pub const REMIND_BEFORE_US: [(MessageKind, i64); 2] = [
    (MessageKind::AppointmentInADay, Micros::DAY),
    (MessageKind::AppointmentInAnHour, Micros::HOUR),
];

/// A reminder that is worth sending.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reminder {
    /// Which.
    pub kind: MessageKind,
    /// When to send it.
    pub due: Micros,
    /// After this it is not sent any more.
    pub worthless_after: Micros,
}

/// The reminders of an appointment that begins at `start`. One whose moment is over at `now` is
/// left out: somebody who books for this afternoon is not told "in a day".
#[must_use]
pub fn appointment_reminders(start: Micros, now: Micros) -> Vec<Reminder> {
    REMIND_BEFORE_US
        .into_iter()
        .map(|(kind, before_us)| {
            let due = start.plus(-before_us);
            Reminder {
                kind,
                due,
                // Half the way to the begin, "in a day" and "in an hour" have become wrong.
                worthless_after: due.plus(before_us / 2),
            }
        })
        .filter(|reminder| reminder.due > now)
        .collect()
}

const WEEKDAYS_FR: [&str; 7] = [
    "lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche",
];
const WEEKDAYS_EN: [&str; 7] = [
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
];
const MONTHS_FR: [&str; 12] = [
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
];
const MONTHS_EN: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// A moment in the local time of a person, with its offset spelled out, so that somebody who
/// travels is not misled: `lundi 4 janvier 2027 à 09:30 (UTC+01:00)`.
///
/// An instant outside the calendar of [`jiff`] gives an empty text.
#[must_use]
pub fn local_time_words(at: Micros, zone: &TimeZone, language: Language) -> String {
    let Ok(timestamp) = Timestamp::from_microsecond(at.0) else {
        return String::new();
    };
    let local = timestamp.to_zoned(zone.clone());
    let weekday = usize::from(local.weekday().to_monday_zero_offset().unsigned_abs());
    let month = usize::from(local.month().unsigned_abs()).saturating_sub(1);
    let offset_min = local.offset().seconds() / 60;
    let sign = if offset_min < 0 { '-' } else { '+' };
    let offset = offset_min.unsigned_abs();
    let (weekdays, months, at_word) = match language {
        Language::French => (WEEKDAYS_FR, MONTHS_FR, "à"),
        Language::English => (WEEKDAYS_EN, MONTHS_EN, "at"),
    };
    let first = if language == Language::French && local.day() == 1 {
        "er"
    } else {
        ""
    };
    format!(
        "{} {}{first} {} {} {at_word} {:02}:{:02} (UTC{sign}{:02}:{:02})",
        weekdays.get(weekday).unwrap_or(&""),
        local.day(),
        months.get(month).unwrap_or(&""),
        local.year(),
        local.hour(),
        local.minute(),
        offset / 60,
        offset % 60,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Micros = Micros(1_800_000_000_000_000);

    #[test]
    fn both_reminders_are_due_when_there_is_time_for_them() {
        let plan = appointment_reminders(START, START.plus(-2 * Micros::DAY));
        let due: Vec<_> = plan.iter().map(|reminder| reminder.due).collect();
        assert_eq!(due, [START.plus(-Micros::DAY), START.plus(-Micros::HOUR)]);
        assert!(plan.iter().all(|reminder| reminder.worthless_after < START));
    }

    #[test]
    fn no_reminder_is_planned_for_the_past() {
        let kinds = |before_us: i64| -> Vec<_> {
            appointment_reminders(START, START.plus(-before_us))
                .into_iter()
                .map(|reminder| reminder.kind)
                .collect()
        };
        assert_eq!(kinds(Micros::DAY), [MessageKind::AppointmentInAnHour]);
        assert_eq!(kinds(Micros::HOUR), []);
        assert_eq!(kinds(-Micros::HOUR), []);
    }

    #[test]
    fn a_moment_is_written_in_the_zone_of_its_reader_with_the_offset() {
        let check = |zone: &str, language, text: &str| {
            let zone = TimeZone::get(zone).unwrap();
            assert_eq!(local_time_words(START, &zone, language), text);
        };
        let first = START.plus(17 * Micros::DAY);
        assert_eq!(
            local_time_words(first, &TimeZone::UTC, Language::French),
            "lundi 1er février 2027 à 08:00 (UTC+00:00)"
        );
        check(
            "Africa/Douala",
            Language::French,
            "vendredi 15 janvier 2027 à 09:00 (UTC+01:00)",
        );
        check(
            "America/St_Johns",
            Language::English,
            "Friday 15 January 2027 at 04:30 (UTC-03:30)",
        );
        check(
            "Asia/Kolkata",
            Language::English,
            "Friday 15 January 2027 at 13:30 (UTC+05:30)",
        );
    }

    #[test]
    fn the_offset_follows_the_change_of_the_clocks() {
        let zone = TimeZone::get("Europe/Paris").unwrap();
        // Sunday 25 October 2026: 02:30 comes twice.
        let second = Micros(1_792_891_800_000_000);
        let first = second.plus(-Micros::HOUR);
        let words = |at| local_time_words(at, &zone, Language::French);
        assert_eq!(words(first), "dimanche 25 octobre 2026 à 02:30 (UTC+02:00)");
        assert_eq!(
            words(second),
            "dimanche 25 octobre 2026 à 02:30 (UTC+01:00)"
        );
    }
}
