//! Stretches of the time line: where they meet, and which of them a wall clock means.

use clinical_model::Micros;
use clinical_model::booking::Slot;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone};

/// A stretch in which a zone keeps one offset.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Season {
    /// The stretch.
    pub(crate) span: Slot,
    /// What is added to UTC, in microseconds.
    offset_us: i64,
}

impl Season {
    /// The instant whose wall time this is with this season's offset, inside the season or not.
    pub(crate) fn instant(self, wall: DateTime) -> Option<Micros> {
        let naive = Offset::UTC.to_timestamp(wall).ok()?.as_microsecond();
        Some(Micros(naive).plus(self.offset_us.saturating_neg()))
    }
}

/// The seasons of a zone that lie in `range`, cut to it, in order.
pub(crate) fn seasons(zone: &TimeZone, range: Slot) -> Vec<Season> {
    let Ok(first) = Timestamp::from_microsecond(range.start.0) else {
        return Vec::new();
    };
    let mut seasons = Vec::new();
    let mut start = range.start;
    let mut offset = zone.to_offset(first);
    for change in zone.following(first) {
        let at = Micros(change.timestamp().as_microsecond());
        if at >= range.end {
            break;
        }
        if change.offset() != offset {
            seasons.push(season(start, at, offset));
            start = at;
            offset = change.offset();
        }
    }
    seasons.push(season(start, range.end, offset));
    seasons
}

fn season(start: Micros, end: Micros, offset: Offset) -> Season {
    Season {
        span: Slot { start, end },
        offset_us: i64::from(offset.seconds()) * Micros::SECOND,
    }
}

/// The instants of `seasons` whose wall time lies in `[from, to)`.
pub(crate) fn on_the_line(seasons: &[Season], from: DateTime, to: DateTime) -> Vec<Slot> {
    seasons
        .iter()
        .filter_map(|season| {
            let wall = Slot {
                start: season.instant(from)?,
                end: season.instant(to)?,
            };
            common(wall, season.span)
        })
        .collect()
}

/// What two stretches share.
fn common(a: Slot, b: Slot) -> Option<Slot> {
    let start = a.start.max(b.start);
    let end = a.end.min(b.end);
    (start < end).then_some(Slot { start, end })
}

/// The same instants in order, as few stretches as possible; empty stretches vanish.
#[must_use]
pub fn merge(mut stretches: Vec<Slot>) -> Vec<Slot> {
    stretches.retain(|stretch| stretch.start < stretch.end);
    stretches.sort_unstable();
    let mut merged: Vec<Slot> = Vec::with_capacity(stretches.len());
    for stretch in stretches {
        match merged.last_mut() {
            Some(last) if stretch.start <= last.end => last.end = last.end.max(stretch.end),
            Some(_) | None => merged.push(stretch),
        }
    }
    merged
}

/// The instants that both have. Both are merged ([`merge`]), and so is the answer.
#[must_use]
pub fn intersect(a: &[Slot], b: &[Slot]) -> Vec<Slot> {
    let mut shared = Vec::new();
    let (mut left, mut right) = (a.iter().peekable(), b.iter().peekable());
    while let (Some(one), Some(other)) = (left.peek(), right.peek()) {
        shared.extend(common(**one, **other));
        if one.end < other.end {
            left.next();
        } else {
            right.next();
        }
    }
    shared
}

/// The instants of `from` that are not in `taken`. Both are merged, and so is the answer.
#[must_use]
pub fn subtract(from: &[Slot], taken: &[Slot]) -> Vec<Slot> {
    let mut rest = Vec::new();
    for stretch in from {
        let mut start = stretch.start;
        let first = taken.partition_point(|hole| hole.end <= start);
        for hole in taken.iter().skip(first) {
            if hole.start >= stretch.end {
                break;
            }
            if start < hole.start {
                rest.push(Slot {
                    start,
                    end: hole.start,
                });
            }
            start = start.max(hole.end);
        }
        if start < stretch.end {
            rest.push(Slot {
                start,
                end: stretch.end,
            });
        }
    }
    rest
}

/// One merged stretch holds all of `wanted`.
pub(crate) fn holds(merged: &[Slot], wanted: Slot) -> bool {
    let after = merged.partition_point(|stretch| stretch.start <= wanted.start);
    after
        .checked_sub(1)
        .and_then(|index| merged.get(index))
        .is_some_and(|stretch| wanted.end <= stretch.end)
}

/// A merged stretch shares an instant with `wanted`.
pub(crate) fn touches(merged: &[Slot], wanted: Slot) -> bool {
    let next = merged.partition_point(|stretch| stretch.end <= wanted.start);
    merged.get(next).is_some_and(|s| s.overlaps(wanted))
}
