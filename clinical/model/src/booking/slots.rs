//! From weekly hours to free times.
//!
//! Hours are kept on the wall clock, appointments on the time line. Where the clocks change, a wall
//! time that does not exist gives no slot and a wall time that comes twice gives two. A slot never
//! reaches over a change of the clocks: what its wall times say is then always how long it takes,
//! and no two slots can overlap.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{AmbiguousOffset, Offset, TimeZone};
use jiff::{Span, Timestamp};

use super::hours::{Stretch, WeeklyHours};
use crate::Micros;

/// A stretch on the time line, its end not included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slot {
    /// Begin.
    pub start: Micros,
    /// End, after the begin.
    pub end: Micros,
}

impl Slot {
    /// Both stretches share an instant.
    #[must_use]
    pub const fn overlaps(self, other: Self) -> bool {
        self.start.0 < other.end.0 && other.start.0 < self.end.0
    }

    /// How long it takes, in microseconds.
    #[must_use]
    pub const fn length_us(self) -> i64 {
        self.end.since(self.start)
    }
}

/// The slots that begin in `[from, to)` and share no instant with a busy stretch, in order of time.
///
/// `busy` is in any order. An instant outside the calendar of [`jiff`] gives no slots.
#[must_use]
pub fn free_slots(
    hours: &WeeklyHours,
    zone: &TimeZone,
    (from, to): (Micros, Micros),
    busy: &[Slot],
) -> Vec<Slot> {
    let mut busy = busy.to_vec();
    busy.sort_unstable();
    let mut slots = offered_slots(hours, zone, from, to);
    slots.retain(|slot| {
        // Everything that begins before the slot ends is a candidate; booked times of one doctor do
        // not overlap each other, but the function does not rely on it.
        let candidates = busy.partition_point(|taken| taken.start < slot.end);
        !busy
            .iter()
            .take(candidates)
            .rev()
            .any(|taken| taken.overlaps(*slot))
    });
    slots
}

/// The slot that begins exactly at `start`, if the hours have one.
#[must_use]
pub fn slot_at(hours: &WeeklyHours, zone: &TimeZone, start: Micros) -> Option<Slot> {
    offered_slots(hours, zone, start, start.plus(1)).pop()
}

fn offered_slots(hours: &WeeklyHours, zone: &TimeZone, from: Micros, to: Micros) -> Vec<Slot> {
    let (Some(first), Some(last)) = (wall_date(zone, from), wall_date(zone, to)) else {
        return Vec::new();
    };
    let mut slots = Vec::new();
    // A wall date may be skipped or begin twice where a zone crosses the date line, so the dates
    // beside the range are looked at, too.
    let mut date = first.yesterday().unwrap_or(first);
    let last = last.tomorrow().unwrap_or(last);
    while date <= last {
        for stretch in hours.stretches() {
            if date.weekday().to_monday_one_offset().unsigned_abs() == stretch.weekday {
                push_day(&mut slots, hours.slot_min(), *stretch, zone, date);
            }
        }
        let Ok(next) = date.tomorrow() else { break };
        date = next;
    }
    slots.retain(|slot| from <= slot.start && slot.start < to);
    slots.sort_unstable();
    slots.dedup();
    slots
}

fn push_day(slots: &mut Vec<Slot>, slot_min: u16, stretch: Stretch, zone: &TimeZone, date: Date) {
    let mut at = stretch.start_min;
    while at.saturating_add(slot_min) <= stretch.end_min {
        let wall = date
            .to_datetime(Time::midnight())
            .checked_add(Span::new().minutes(at));
        if let Ok(wall) = wall {
            match zone.to_ambiguous_timestamp(wall).offset() {
                AmbiguousOffset::Unambiguous { offset } => {
                    slots.extend(slot_with(wall, offset, slot_min, zone));
                }
                AmbiguousOffset::Fold { before, after } => {
                    slots.extend(slot_with(wall, before, slot_min, zone));
                    slots.extend(slot_with(wall, after, slot_min, zone));
                }
                AmbiguousOffset::Gap { .. } => {}
            }
        }
        at = at.saturating_add(slot_min);
    }
}

/// The slot, unless the clocks change before it ends.
fn slot_with(wall: DateTime, offset: Offset, slot_min: u16, zone: &TimeZone) -> Option<Slot> {
    let start = Micros(offset.to_timestamp(wall).ok()?.as_microsecond());
    let end = start.plus(i64::from(slot_min) * Micros::MINUTE);
    let last = Timestamp::from_microsecond(end.plus(-1).0).ok()?;
    (zone.to_offset(last) == offset).then_some(Slot { start, end })
}

fn wall_date(zone: &TimeZone, at: Micros) -> Option<Date> {
    let at = Timestamp::from_microsecond(at.0).ok()?;
    Some(zone.to_datetime(at).date())
}
