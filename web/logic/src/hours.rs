//! Weekly hours as a form writes them.

use clinical_api::WeeklyHours;

/// Minutes of a day.
pub const DAY_MIN: u16 = 24 * 60;

/// `HH:MM`; midnight at the end of a day is `00:00`.
#[must_use]
pub fn clock(minutes: u16) -> String {
    format!("{:02}:{:02}", minutes / 60 % 24, minutes % 60)
}

/// The minute of a day that `HH:MM` says.
#[must_use]
pub fn minutes(text: &str) -> Option<u16> {
    let (hours, minutes) = text.split_once(':')?;
    let (hours, minutes) = (hours.parse::<u16>().ok()?, minutes.parse::<u16>().ok()?);
    (hours < 24 && minutes < 60).then_some(hours * 60 + minutes)
}

/// As an end, `00:00` is the midnight after.
#[must_use]
pub fn end_minutes(text: &str) -> Option<u16> {
    minutes(text).map(|minutes| if minutes == 0 { DAY_MIN } else { minutes })
}

/// Whether two stretches of one day overlap.
#[must_use]
pub fn collide(spans: &[WeeklyHours]) -> bool {
    let mut spans: Vec<_> = spans
        .iter()
        .map(|span| (span.weekday, span.start_min, span.end_min))
        .collect();
    spans.sort_unstable();
    spans
        .windows(2)
        .any(|pair| matches!(pair, [(day, _, end), (next, start, _)] if day == next && start < end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn midnight_ends_a_day_and_does_not_begin_it() {
        assert_eq!(minutes("00:00"), Some(0));
        assert_eq!(end_minutes("00:00"), Some(DAY_MIN));
        assert_eq!(clock(DAY_MIN), "00:00");
        assert_eq!(minutes("24:00"), None);
        assert_eq!(minutes("8h"), None);
    }

    #[test]
    fn stretches_of_one_day_may_touch_and_not_overlap() {
        let span = |weekday, start_min, end_min| WeeklyHours {
            weekday,
            start_min,
            end_min,
        };
        assert!(!collide(&[
            span(1, 480, 720),
            span(1, 720, 900),
            span(2, 500, 600)
        ]));
        assert!(collide(&[span(1, 720, 900), span(1, 480, 721)]));
    }
}
