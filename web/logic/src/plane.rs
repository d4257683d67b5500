//! Where things stand on a grid of hours: minutes of a day's wall clock, side by side where they
//! overlap. The clock is an argument that gives the wall time of an instant as if it showed
//! UTC, so that days of 23 and 25 hours can be tested.
//!
//! On the day the clocks go back, an hour comes twice: what stands in either of them stands side by
//! side. On the day they go forward, the skipped hour stays empty.

/// Minutes of one row.
pub const SLOT_MIN: i32 = 15;

/// The hours that are shown when nothing stands outside of them.
const USUAL: Stretch = Stretch::new(7 * 60, 20 * 60);

const DAY_MIN: i32 = 24 * 60;
const MINUTE_US: i64 = 60_000_000;
const DAY_US: i64 = 1_440 * MINUTE_US;

/// Minutes of a wall clock, the end not included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stretch {
    /// The first minute.
    pub from_min: i32,
    /// The minute after the last.
    pub to_min: i32,
}

impl Stretch {
    /// From a minute until before another.
    #[must_use]
    pub const fn new(from_min: i32, to_min: i32) -> Self {
        Self { from_min, to_min }
    }

    /// What of it stands within another.
    #[must_use]
    pub fn within(self, other: Self) -> Option<Self> {
        self.touches(other).then(|| {
            let from = self.from_min.max(other.from_min);
            Self::new(from, self.to_min.min(other.to_min))
        })
    }

    /// Whether they have a minute in common.
    #[must_use]
    pub const fn touches(self, other: Self) -> bool {
        self.from_min < other.to_min && other.from_min < self.to_min
    }
}

/// A day of the clinic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Day {
    /// Its first instant.
    pub start_us: i64,
    /// The first instant of the next day.
    pub end_us: i64,
}

impl Day {
    /// The minute of this day's wall clock at an instant.
    #[must_use]
    pub fn minute(self, us: i64, clock: impl Fn(i64) -> i64) -> i32 {
        let first = clock(self.start_us);
        let midnight = first - first.rem_euclid(DAY_US);
        let minutes = (clock(us) - midnight).div_euclid(MINUTE_US);
        i32::try_from(minutes).unwrap_or(DAY_MIN)
    }

    /// What of a span of instants falls on this day.
    #[must_use]
    pub fn stretch(
        self,
        (from_us, to_us): (i64, i64),
        clock: impl Fn(i64) -> i64,
    ) -> Option<Stretch> {
        let (from_us, to_us) = (from_us.max(self.start_us), to_us.min(self.end_us));
        if to_us <= from_us {
            return None;
        }
        let from_min = self.minute(from_us, &clock);
        let to_min = if to_us == self.end_us {
            DAY_MIN
        } else {
            self.minute(to_us, &clock)
        };
        // Where an hour is repeated the clock may show an earlier time at the end.
        let lasts = i32::try_from((to_us - from_us) / MINUTE_US).unwrap_or(DAY_MIN);
        let to_min = if to_min > from_min {
            to_min
        } else {
            from_min + lasts.max(1)
        };
        Some(Stretch::new(from_min, to_min.min(DAY_MIN)))
    }

    /// Whether the clock shows this minute on this day.
    #[must_use]
    pub fn has(self, minute: i32, clock: impl Fn(i64) -> i64) -> bool {
        if self.end_us - self.start_us == DAY_US {
            return true;
        }
        let guess = self.start_us + i64::from(minute) * MINUTE_US;
        let apart = i64::from(minute - self.minute(guess, &clock)) * MINUTE_US;
        self.minute(guess + apart, &clock) == minute
    }
}

/// The hours that a grid shows: the usual ones, and whole hours more for what stands outside.
#[must_use]
pub fn hours_shown(all: impl Iterator<Item = Stretch>) -> Stretch {
    all.fold(USUAL, |shown, it| {
        let from = it.from_min.div_euclid(60) * 60;
        let to = (it.to_min + 59).div_euclid(60) * 60;
        Stretch::new(
            shown.from_min.min(from).max(0),
            shown.to_min.max(to).min(DAY_MIN),
        )
    })
}

/// The part of a stretch that stands within the hours shown, at least one row high so that it can
/// be read and touched; nothing when all of it stands outside.
#[must_use]
pub fn drawn(it: Stretch, shown: Stretch) -> Option<Stretch> {
    let it = it.within(shown)?;
    let to = it.to_min.max(it.from_min + SLOT_MIN).min(shown.to_min);
    Some(Stretch::new(it.from_min.min(to - SLOT_MIN), to))
}

/// Where something stands beside what overlaps it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lane {
    /// Its place, from the left.
    pub at: usize,
    /// How many places there are.
    pub of: usize,
}

/// Puts what overlaps side by side: each as far left as there is room, and all of a heap equally
/// wide.
#[must_use]
pub fn lanes(all: &[Stretch]) -> Vec<Lane> {
    let mut order: Vec<usize> = (0..all.len()).collect();
    let of = |index: &usize| all.get(*index).copied().unwrap_or(USUAL);
    order.sort_by_key(|index| (of(index).from_min, -of(index).to_min));
    let mut placed = vec![Lane { at: 0, of: 1 }; all.len()];
    let mut heap: Vec<usize> = Vec::new();
    let mut ends: Vec<i32> = Vec::new();
    let close = |heap: &mut Vec<usize>, width: usize, placed: &mut Vec<Lane>| {
        for index in heap.drain(..) {
            if let Some(lane) = placed.get_mut(index) {
                lane.of = width;
            }
        }
    };
    for index in order {
        let it = of(&index);
        if ends.iter().all(|end| *end <= it.from_min) {
            close(&mut heap, ends.len(), &mut placed);
            ends.clear();
        }
        let at = match ends.iter().position(|end| *end <= it.from_min) {
            Some(at) => at,
            None => {
                ends.push(it.to_min);
                ends.len() - 1
            }
        };
        if let Some(end) = ends.get_mut(at) {
            *end = it.to_min;
        }
        if let Some(lane) = placed.get_mut(index) {
            lane.at = at;
        }
        heap.push(index);
    }
    close(&mut heap, ends.len(), &mut placed);
    placed
}

/// What is left of stretches without others.
#[must_use]
pub fn without(whole: &[Stretch], taken: &[Stretch]) -> Vec<Stretch> {
    let mut taken = taken.to_vec();
    taken.sort_unstable();
    let mut rest = Vec::new();
    for it in whole {
        let mut from = it.from_min;
        for gone in &taken {
            if gone.from_min > from {
                rest.push(Stretch::new(from, gone.from_min.min(it.to_min)));
            }
            from = from.max(gone.to_min);
            if from >= it.to_min {
                break;
            }
        }
        if from < it.to_min {
            rest.push(Stretch::new(from, it.to_min));
        }
    }
    rest.retain(|it| it.from_min < it.to_min);
    rest
}

/// A place of the keyboard's way: a block, or a row without one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stop {
    /// Its minutes.
    pub span: Stretch,
    /// Its place beside what overlaps it, from the left.
    pub lane: usize,
    /// Which block; none for a free row.
    pub block: Option<usize>,
}

/// The stops of one column from top to bottom. `has` tells which minutes the day has.
#[must_use]
pub fn stops(shown: Stretch, blocks: &[(Stretch, Lane)], has: impl Fn(i32) -> bool) -> Vec<Stop> {
    let blocked = blocks.iter().enumerate().map(|(index, (span, lane))| Stop {
        span: *span,
        lane: lane.at,
        block: Some(index),
    });
    let rows = (shown.from_min..shown.to_min).step_by(15);
    let rows = rows.map(|from| Stretch::new(from, from + SLOT_MIN));
    let free = rows.filter(|row| has(row.from_min) && !blocks.iter().any(|it| it.0.touches(*row)));
    let mut all: Vec<Stop> = blocked
        .chain(free.map(|span| Stop {
            span,
            lane: 0,
            block: None,
        }))
        .collect();
    all.sort_by_key(|it| (it.span.from_min, it.lane));
    all
}

/// Where an arrow key leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// To an earlier time.
    Up,
    /// To a later time.
    Down,
    /// To what stands before it.
    Left,
    /// To what stands after it.
    Right,
}

/// The stop next to a stop: its column and place in it. At the edge one stays.
#[must_use]
pub fn step(columns: &[Vec<Stop>], at: (usize, usize), way: Way) -> (usize, usize) {
    let (column, index) = at;
    let Some(here) = columns.get(column).and_then(|it| it.get(index)).copied() else {
        return (0, 0);
    };
    let own = columns.get(column).map_or(&[][..], Vec::as_slice);
    let places = || own.iter().enumerate();
    let beside = |it: &Stop| it.span.touches(here.span);
    let within = match way {
        Way::Down => places()
            .filter(|(_, it)| it.span.from_min >= here.span.to_min)
            .min_by_key(|(_, it)| (it.span.from_min, it.lane.abs_diff(here.lane))),
        Way::Up => places()
            .filter(|(_, it)| it.span.to_min <= here.span.from_min)
            .max_by_key(|(_, it)| {
                (
                    it.span.to_min,
                    core::cmp::Reverse(it.lane.abs_diff(here.lane)),
                )
            }),
        Way::Right => places()
            .filter(|(_, it)| beside(it) && it.lane > here.lane)
            .min_by_key(|(_, it)| it.lane),
        Way::Left => places()
            .filter(|(_, it)| beside(it) && it.lane < here.lane)
            .max_by_key(|(_, it)| it.lane),
    };
    let next = match (within, way) {
        (Some((index, _)), _) => return (column, index),
        (None, Way::Up | Way::Down) => return at,
        (None, Way::Left) => column.checked_sub(1),
        (None, Way::Right) => Some(column + 1).filter(|it| *it < columns.len()),
    };
    let Some(next) = next else { return at };
    let stops = columns.get(next).map_or(&[][..], Vec::as_slice);
    nearest(stops, here.span.from_min, way == Way::Left).map_or(at, |index| (next, index))
}

/// The stop of a column at a minute, or the nearest to it; of several side by side the first or
/// the last.
#[must_use]
pub fn nearest(stops: &[Stop], minute: i32, from_right: bool) -> Option<usize> {
    let far = |it: &Stop| match it.span {
        span if span.from_min > minute => span.from_min - minute,
        span if span.to_min <= minute => minute - span.to_min + 1,
        _ => 0,
    };
    let side = |it: &Stop| {
        let lane = i32::try_from(it.lane).unwrap_or(0);
        if from_right { -lane } else { lane }
    };
    let found = stops.iter().enumerate();
    found
        .min_by_key(|(_, it)| (far(it), side(it)))
        .map(|(index, _)| index)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR_US: i64 = 60 * MINUTE_US;
    /// A day that begins at midnight of a clock that shows UTC.
    const PLAIN: Day = Day {
        start_us: 20_000 * DAY_US,
        end_us: 20_001 * DAY_US,
    };

    const fn utc(us: i64) -> i64 {
        us
    }

    const fn at(hour: i64, minute: i64) -> i64 {
        PLAIN.start_us + hour * HOUR_US + minute * MINUTE_US
    }

    /// A clock of UTC+1 that goes forward by an hour at 02:00.
    fn spring(us: i64) -> i64 {
        let jump = PLAIN.start_us + HOUR_US;
        us + if us < jump { HOUR_US } else { 2 * HOUR_US }
    }

    /// A clock of UTC+2 that goes back by an hour at 03:00.
    fn autumn(us: i64) -> i64 {
        let jump = PLAIN.start_us + HOUR_US;
        us + if us < jump { 2 * HOUR_US } else { HOUR_US }
    }

    const SHORT: Day = Day {
        start_us: PLAIN.start_us - HOUR_US,
        end_us: PLAIN.start_us + 22 * HOUR_US,
    };
    const LONG: Day = Day {
        start_us: PLAIN.start_us - 2 * HOUR_US,
        end_us: PLAIN.start_us + 23 * HOUR_US,
    };

    const fn span(from_min: i32, to_min: i32) -> Stretch {
        Stretch::new(from_min, to_min)
    }

    #[test]
    fn a_visit_stands_at_its_minutes() {
        assert_eq!(
            PLAIN.stretch((at(10, 0), at(10, 30)), utc),
            Some(span(600, 630))
        );
        assert_eq!(PLAIN.stretch((at(24, 0), at(25, 0)), utc), None);
        assert_eq!(PLAIN.stretch((at(9, 0), at(9, 0)), utc), None);
    }

    #[test]
    fn a_visit_over_midnight_stands_on_both_days() {
        let next = Day {
            start_us: PLAIN.end_us,
            end_us: PLAIN.end_us + DAY_US,
        };
        let visit = (at(23, 30), at(24, 30));
        assert_eq!(PLAIN.stretch(visit, utc), Some(span(1_410, 1_440)));
        assert_eq!(next.stretch(visit, utc), Some(span(0, 30)));
        assert_eq!(
            PLAIN.stretch((at(-5, 0), at(30, 0)), utc),
            Some(span(0, 1_440))
        );
    }

    #[test]
    fn a_day_of_23_hours_skips_an_hour_and_keeps_the_others_in_place() {
        assert_eq!(SHORT.end_us - SHORT.start_us, 23 * HOUR_US);
        let wall = |hour: i64| PLAIN.start_us + (hour - 2) * HOUR_US;
        assert_eq!(
            SHORT.stretch((wall(10), wall(11)), spring),
            Some(span(600, 660))
        );
        // From 01:30 to 03:30 on the clock, one hour long.
        let visit = (
            PLAIN.start_us + 30 * MINUTE_US,
            PLAIN.start_us + 90 * MINUTE_US,
        );
        assert_eq!(SHORT.stretch(visit, spring), Some(span(90, 210)));
        assert_eq!(
            SHORT.stretch((SHORT.start_us, SHORT.end_us), spring),
            Some(span(0, 1_440))
        );
        let missing = (0..1_440).filter(|minute| !SHORT.has(*minute, spring));
        assert!(missing.eq(120..180));
    }

    #[test]
    fn a_day_of_25_hours_shows_both_of_the_repeated_hour_side_by_side() {
        assert_eq!(LONG.end_us - LONG.start_us, 25 * HOUR_US);
        let first = (PLAIN.start_us, PLAIN.start_us + HOUR_US);
        let second = (PLAIN.start_us + HOUR_US, PLAIN.start_us + 2 * HOUR_US);
        let both = [first, second].map(|it| LONG.stretch(it, autumn).unwrap());
        assert_eq!(both, [span(120, 180), span(120, 180)]);
        let places = lanes(&both);
        assert_eq!(places, [Lane { at: 0, of: 2 }, Lane { at: 1, of: 2 }]);
        // From 02:45 to 02:15 on the clock, half an hour long.
        let over = (
            PLAIN.start_us + 45 * MINUTE_US,
            PLAIN.start_us + 75 * MINUTE_US,
        );
        assert_eq!(LONG.stretch(over, autumn), Some(span(165, 195)));
        assert!((0..1_440).all(|minute| LONG.has(minute, autumn)));
        let noon = PLAIN.start_us + 11 * HOUR_US;
        assert_eq!(
            LONG.stretch((noon, noon + HOUR_US), autumn),
            Some(span(720, 780))
        );
    }

    #[test]
    fn the_hours_shown_grow_for_what_stands_outside() {
        assert_eq!(hours_shown([].into_iter()), span(420, 1_200));
        let early_and_late = [span(185, 200), span(1_290, 1_440)];
        assert_eq!(hours_shown(early_and_late.into_iter()), span(180, 1_440));
    }

    #[test]
    fn what_stands_outside_is_cut_and_what_is_short_is_a_row_high() {
        let shown = span(420, 1_200);
        assert_eq!(drawn(span(60, 120), shown), None);
        assert_eq!(drawn(span(1_200, 1_260), shown), None);
        assert_eq!(drawn(span(60, 480), shown), Some(span(420, 480)));
        assert_eq!(drawn(span(600, 605), shown), Some(span(600, 615)));
        assert_eq!(drawn(span(1_195, 1_320), shown), Some(span(1_185, 1_200)));
    }

    #[test]
    fn what_overlaps_stands_side_by_side_and_what_touches_does_not() {
        assert_eq!(lanes(&[]), []);
        let found = lanes(&[
            span(600, 660),
            span(630, 690),
            span(660, 720),
            span(720, 750),
        ]);
        let lane = |at, of| Lane { at, of };
        assert_eq!(found, [lane(0, 2), lane(1, 2), lane(0, 2), lane(0, 1)]);
        let three = lanes(&[span(600, 660), span(600, 660), span(600, 660)]);
        assert_eq!(three, [lane(0, 3), lane(1, 3), lane(2, 3)]);
    }

    #[test]
    fn nothing_that_overlaps_shares_a_lane() {
        // A walk over many heaps: begins and lengths from a fixed sequence.
        let mut seed = 7_i32;
        let mut next = |below: i32| {
            seed = (seed * 75 + 74) % 65_537;
            seed % below
        };
        let all: Vec<_> = (0..200)
            .map(|_| {
                let from = next(1_300);
                span(from, from + 5 + next(120))
            })
            .collect();
        let found = lanes(&all);
        for (one, lane) in all.iter().zip(&found) {
            assert!(lane.at < lane.of);
            let same = all
                .iter()
                .zip(&found)
                .filter(|(it, of)| it.touches(*one) && of.at == lane.at);
            assert_eq!(same.count(), 1);
        }
    }

    #[test]
    fn free_is_what_is_open_and_not_taken() {
        let open = [span(480, 720), span(840, 1_020)];
        let taken = [
            span(600, 630),
            span(470, 500),
            span(610, 640),
            span(1_000, 1_100),
        ];
        let free = without(&open, &taken);
        assert_eq!(free, [span(500, 600), span(640, 720), span(840, 1_000)]);
        assert_eq!(without(&open, &[]), open);
        assert_eq!(without(&open, &[span(0, 1_440)]), []);
    }

    fn column(blocks: &[Stretch]) -> Vec<Stop> {
        let places = lanes(blocks);
        let blocks: Vec<_> = blocks.iter().copied().zip(places).collect();
        stops(span(600, 720), &blocks, |_| true)
    }

    #[test]
    fn arrows_go_by_slot_and_column_and_stay_at_the_edge() {
        let columns = [
            column(&[span(615, 660)]),
            column(&[]),
            column(&[span(600, 720)]),
        ];
        let block = step(&columns, (0, 0), Way::Down);
        assert_eq!(block, (0, 1));
        let after = step(&columns, block, Way::Down);
        assert_eq!(columns[after.0][after.1].span, span(660, 675));
        assert_eq!(step(&columns, after, Way::Up), block);
        let right = step(&columns, after, Way::Right);
        assert_eq!((right.0, columns[1][right.1].span), (1, span(660, 675)));
        let whole = step(&columns, right, Way::Right);
        assert_eq!(whole, (2, 0));
        assert_eq!(step(&columns, whole, Way::Right), whole);
        assert_eq!(step(&columns, (0, 0), Way::Left), (0, 0));
        assert_eq!(step(&columns, (0, 0), Way::Up), (0, 0));
        let last = columns[1].len() - 1;
        assert_eq!(step(&columns, (1, last), Way::Down), (1, last));
    }

    #[test]
    fn arrows_reach_what_stands_side_by_side() {
        let columns = [column(&[span(600, 660), span(630, 690)]), column(&[])];
        assert_eq!(step(&columns, (0, 0), Way::Right), (0, 1));
        assert_eq!(step(&columns, (0, 1), Way::Left), (0, 0));
        assert_eq!(step(&columns, (0, 1), Way::Right).0, 1);
        let back = step(&columns, step(&columns, (0, 1), Way::Right), Way::Left);
        assert_eq!(back, (0, 1));
    }

    #[test]
    fn rows_that_the_day_skips_are_no_stops() {
        let found = stops(span(60, 240), &[], |minute| SHORT.has(minute, spring));
        assert_eq!(found.len(), 8);
        assert!(found.iter().all(|it| !it.span.touches(span(120, 180))));
    }
}
