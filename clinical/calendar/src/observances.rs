//! What a zone's clock does around one appointment, as a VTIMEZONE.

use clinical_model::Micros;
use clinical_model::booking::Slot;
use icalendar::Property;
use jiff::Timestamp;
use jiff::tz::{Dst, Offset, TimeZone};

use crate::invitation::wall;

/// How far around the appointment the clock is described: a reader that shows the month before or
/// after it asks no further.
const AROUND_US: i64 = 366 * Micros::DAY;
/// Most changes that are written. No zone has had more than a handful a year.
const CHANGES_MAX: usize = 64;

/// The lines of the VTIMEZONE; nothing when the time lies outside the calendar.
///
/// Every change of the clock is written as itself. Rules that go on for ever are shorter, and wrong
/// for zones whose changes follow the moon or a decree.
pub(crate) fn observances(zone: &TimeZone, name: &str, visit: Slot) -> Option<Vec<Property>> {
    let first = Timestamp::from_microsecond(visit.start.plus(-AROUND_US).0).ok()?;
    let last = Timestamp::from_microsecond(visit.end.plus(AROUND_US).0).ok()?;
    let mut lines = vec![
        Property::new("BEGIN", "VTIMEZONE"),
        Property::new("TZID", name),
    ];
    let info = zone.to_offset_info(first);
    let mut before = info.offset();
    let begin = Observance {
        at: first,
        from: before,
        to: before,
        dst: info.dst(),
    };
    lines.extend(begin.lines(info.abbreviation()));
    for change in zone.following(first).take(CHANGES_MAX) {
        if change.timestamp() > last {
            break;
        }
        let observance = Observance {
            at: change.timestamp(),
            from: before,
            to: change.offset(),
            dst: change.dst(),
        };
        lines.extend(observance.lines(change.abbreviation()));
        before = change.offset();
    }
    lines.push(Property::new("END", "VTIMEZONE"));
    Some(lines)
}

/// The clock goes from one offset to another.
struct Observance {
    at: Timestamp,
    from: Offset,
    to: Offset,
    dst: Dst,
}

impl Observance {
    fn lines(&self, abbreviation: &str) -> [Property; 6] {
        let kind = match self.dst {
            Dst::No => "STANDARD",
            Dst::Yes => "DAYLIGHT",
        };
        [
            Property::new("BEGIN", kind),
            // On the wall clock as it was before the change.
            Property::new("DTSTART", wall(self.from.to_datetime(self.at))),
            Property::new("TZOFFSETFROM", written(self.from)),
            Property::new("TZOFFSETTO", written(self.to)),
            Property::new("TZNAME", abbreviation),
            Property::new("END", kind),
        ]
    }
}

fn written(offset: Offset) -> String {
    let seconds = offset.seconds();
    let sign = if seconds < 0 { '-' } else { '+' };
    let seconds = seconds.unsigned_abs();
    let (hours, minutes, rest) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    if rest == 0 {
        format!("{sign}{hours:02}{minutes:02}")
    } else {
        format!("{sign}{hours:02}{minutes:02}{rest:02}")
    }
}
