//! What stands on the grid of hours: the answer of the server, put into columns and minutes.

use clinical_api::{AwayKind, CalendarColumnView, CalendarEntryView, CalendarView};
use web_logic::plane::{Day, Lane, Stop, Stretch, drawn, hours_shown, lanes, stops, without};

use crate::when;

/// What a time without an appointment is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ground {
    /// It can be given away.
    Free,
    /// Nobody is there.
    Closed,
    /// Kept before or after an appointment.
    Buffer,
    /// Nobody is there, for a reason.
    Away(AwayKind),
    /// The clock never shows it on that day.
    Missing,
}

/// An appointment, or a time that is kept, at its place.
#[derive(Debug, Clone)]
pub(super) struct Placed {
    pub(super) entry: CalendarEntryView,
    /// The visit itself, without what is kept before and after it.
    pub(super) visit_us: (i64, i64),
    pub(super) span: Stretch,
    pub(super) lane: Lane,
}

/// A stretch of ground.
#[derive(Debug, Clone, Copy)]
pub(super) struct Band {
    pub(super) ground: Ground,
    pub(super) span: Stretch,
}

/// A doctor, a room or a device on one day.
#[derive(Debug, Clone)]
pub(super) struct BoardColumn {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) day: Day,
    pub(super) placed: Vec<Placed>,
    pub(super) bands: Vec<Band>,
    pub(super) stops: Vec<Stop>,
}

impl BoardColumn {
    /// What the row at a minute is, where no appointment stands.
    pub(super) fn ground(&self, minute: i32) -> Ground {
        let here = self
            .bands
            .iter()
            .find(|band| band.span.from_min <= minute && minute < band.span.to_min);
        here.map_or(Ground::Closed, |band| band.ground)
    }
}

/// The whole grid.
#[derive(Debug, Clone)]
pub(super) struct Board {
    pub(super) shown: Stretch,
    pub(super) columns: Vec<BoardColumn>,
}

impl Board {
    /// Everybody on one day.
    pub(super) fn of_day(view: &CalendarView, first_us: i64, whole: bool) -> Self {
        let day = day(first_us, 0);
        let columns = view.columns.iter().map(|column| (column, day));
        Self::of(columns.collect(), &view.entries, whole)
    }

    /// One of them on the days of a week.
    pub(super) fn of_week(view: &CalendarView, who: &str, first_us: i64, whole: bool) -> Self {
        let chosen = view.columns.iter().find(|column| column.id == who);
        let Some(column) = chosen.or_else(|| view.columns.first()) else {
            return Self::of(Vec::new(), &[], whole);
        };
        let days = (0..7).map(|days| (column, day(first_us, days)));
        Self::of(days.collect(), &view.entries, whole)
    }

    fn of(
        columns: Vec<(&CalendarColumnView, Day)>,
        entries: &[CalendarEntryView],
        whole: bool,
    ) -> Self {
        let raw: Vec<_> = columns
            .into_iter()
            .map(|(column, day)| (column, day, visits(column, day, entries)))
            .collect();
        let all = raw.iter().flat_map(|(_, _, visits)| visits);
        let shown = if whole {
            Stretch::new(0, 1_440)
        } else {
            hours_shown(all.map(|visit| visit.2))
        };
        let columns = raw.into_iter();
        let columns = columns.map(|(column, day, visits)| placed(column, day, visits, shown));
        Self {
            shown,
            columns: columns.collect(),
        }
    }
}

fn day(first_us: i64, days: i32) -> Day {
    Day {
        start_us: when::day_start(first_us, days),
        end_us: when::day_start(first_us, days + 1),
    }
}

type Visit = (CalendarEntryView, (i64, i64), Stretch);

/// The visits of a column that touch a day.
fn visits(column: &CalendarColumnView, day: Day, entries: &[CalendarEntryView]) -> Vec<Visit> {
    let own = entries.iter().filter(|entry| entry.who == column.id);
    own.filter_map(|entry| {
        let kept = (entry.from_us, entry.to_us);
        let visit = entry.appointment.as_ref();
        let visit_us = visit.map_or(kept, |it| (it.start_us, it.end_us));
        let span = day.stretch(visit_us, when::wall_clock)?;
        Some((entry.clone(), visit_us, span))
    })
    .collect()
}

fn placed(
    column: &CalendarColumnView,
    day: Day,
    visits: Vec<Visit>,
    shown: Stretch,
) -> BoardColumn {
    let minutes = |from_us, to_us| {
        let it = day.stretch((from_us, to_us), when::wall_clock)?;
        it.within(shown)
    };
    let visits: Vec<_> = visits
        .into_iter()
        .filter_map(|(entry, visit_us, span)| Some((entry, visit_us, drawn(span, shown)?)))
        .collect();
    let spans: Vec<_> = visits.iter().map(|it| it.2).collect();
    let places: Vec<_> = spans.iter().copied().zip(lanes(&spans)).collect();
    let kept: Vec<_> = visits
        .iter()
        .filter_map(|(entry, ..)| minutes(entry.from_us, entry.to_us))
        .collect();
    let open: Vec<_> = column
        .open
        .iter()
        .filter_map(|it| minutes(it.from_us, it.to_us))
        .collect();
    let missing: Vec<_> = (shown.from_min..shown.to_min)
        .step_by(15)
        .filter(|minute| !day.has(*minute, when::wall_clock))
        .map(|minute| Stretch::new(minute, minute + 15))
        .collect();
    let mut bands: Vec<Band> = Vec::new();
    let mut lay = |ground, spans: Vec<Stretch>| {
        bands.extend(spans.into_iter().map(|span| Band { ground, span }));
    };
    let mut taken = [missing.clone(), spans].concat();
    lay(Ground::Missing, missing);
    lay(Ground::Buffer, without(&kept, &taken));
    taken.extend(kept);
    lay(Ground::Free, without(&open, &taken));
    taken.extend(open);
    for it in &column.away {
        if let Some(span) = minutes(it.from_us, it.to_us) {
            lay(Ground::Away(it.kind), without(&[span], &taken));
            taken.push(span);
        }
    }
    lay(Ground::Closed, without(&[shown], &taken));
    BoardColumn {
        id: column.id.clone(),
        name: column.name.clone(),
        day,
        stops: stops(shown, &places, |minute| day.has(minute, when::wall_clock)),
        placed: visits
            .into_iter()
            .zip(places)
            .map(|((entry, visit_us, _), (span, lane))| Placed {
                entry,
                visit_us,
                span,
                lane,
            })
            .collect(),
        bands,
    }
}
