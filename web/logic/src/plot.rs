//! Small plots of the last quarter of an hour, and the same numbers as rows of a table.

use signaling_protocol::{MediaPoint, POINT_MS, POINTS_MAX};

use crate::book::Entry;

/// Width of a plot in units of its own.
pub const WIDTH: f64 = 300.0;
/// Its height.
pub const HEIGHT: f64 = 70.0;
/// Minutes that a plot shows.
pub const MINUTES: usize = 15;
const _: () = assert!(POINTS_MAX * POINT_MS as usize == MINUTES * 60_000);
/// Points of one row of the table: a minute.
const ROW: usize = 10;

/// Points of one line, oldest first; none where nothing was measured.
pub type Points = Vec<Option<f64>>;

/// What a measure reads from a point, line by line.
pub type Read = fn(&MediaPoint) -> [Option<f64>; 3];

/// Lost packets up and down, in percent.
#[must_use]
pub fn loss(point: &MediaPoint) -> [Option<f64>; 3] {
    let percent = |permille: Option<u16>| permille.map(|it| f64::from(it) / 10.0);
    [
        percent(point.loss_up_permille),
        percent(point.loss_down_permille),
        None,
    ]
}

/// The way there and back, in milliseconds.
#[must_use]
pub fn round_trip(point: &MediaPoint) -> [Option<f64>; 3] {
    [point.rtt_ms.map(f64::from), None, None]
}

/// Rates up and down, and the estimate of what fits, in kbit/s.
#[must_use]
pub fn rate(point: &MediaPoint) -> [Option<f64>; 3] {
    [
        Some(f64::from(point.up_kbps)),
        Some(f64::from(point.down_kbps)),
        point.estimate_kbps.map(f64::from),
    ]
}

/// The worst of each minute, newest first: loss up and down, round trip, rate up and down.
#[must_use]
pub fn minutes(entry: &Entry) -> Vec<[Option<f64>; 5]> {
    let points: Vec<&MediaPoint> = entry.points.iter().rev().collect();
    let minutes = points.chunks(ROW).map(|minute| {
        let worst = |read: Read, line: usize| {
            let values = minute.iter().filter_map(|point| read(point)[line]);
            values.reduce(f64::max)
        };
        let least = |line: usize| {
            let values = minute.iter().filter_map(|point| rate(point)[line]);
            values.reduce(f64::min)
        };
        [
            worst(loss, 0),
            worst(loss, 1),
            worst(round_trip, 0),
            least(0),
            least(1),
        ]
    });
    minutes.collect()
}

/// The number at the top of a plot: its highest, or `least` where all are lower.
#[must_use]
pub fn highest(least: f64, lines: &[Points]) -> f64 {
    let values = lines.iter().flatten().flatten();
    values.copied().fold(least, f64::max)
}

/// The place of a number, from the top.
#[must_use]
pub fn y(value: f64, high: f64) -> f64 {
    HEIGHT - 2.0 - value / high * (HEIGHT - 6.0)
}

/// The strokes of a line; it is interrupted where nothing is known. The newest point stands at the
/// right.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "a hundred and fifty points")]
pub fn strokes(points: &[Option<f64>], high: f64) -> String {
    let step = WIDTH / (POINTS_MAX - 1) as f64;
    let start = WIDTH - points.len().saturating_sub(1) as f64 * step;
    let mut path = String::new();
    let mut draws = false;
    for (at, value) in points.iter().enumerate() {
        if let Some(value) = value {
            let x = start + at as f64 * step;
            let act = if draws { 'L' } else { 'M' };
            // A point between two unknown ones is a dot.
            let dot = if draws { "" } else { "h.1" };
            path.push_str(&format!("{act}{x:.1} {:.1}{dot}", y(*value, high)));
        }
        draws = value.is_some();
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::book::Book;
    use crate::book::tests::{heard, room};

    #[test]
    fn the_newest_point_stands_at_the_right_and_gaps_stay_open() {
        let path = strokes(&[Some(0.0), None, Some(12.0), Some(12.0)], 12.0);
        assert_eq!(path.matches('M').count(), 2, "{path}");
        assert_eq!(path.matches('L').count(), 1, "{path}");
        assert!(path.ends_with("L300.0 4.0"), "{path}");
        assert_eq!(strokes(&[], 12.0), "");
    }

    #[test]
    fn a_plot_is_as_high_as_its_highest_point_but_not_lower_than_its_limits() {
        let high = |lines: &[Points]| format!("{:.1}", highest(12.0, lines));
        assert_eq!(high(&[vec![Some(1.0)], vec![None]]), "12.0");
        assert_eq!(high(&[vec![Some(1.0)], vec![Some(40.0)]]), "40.0");
    }

    #[test]
    fn a_row_is_a_minute_with_its_worst() {
        let mut book = Book::default();
        book.hear(heard(0, 25));
        let room = room();
        let entry = book.entry(room.room, room.participants[0].id).unwrap();
        let rows = minutes(entry);
        assert_eq!(rows.len(), 3, "two minutes and a half");
        let [loss_up, loss_down, rtt, up, _] = rows[0];
        assert_eq!((loss_up, loss_down, rtt), (Some(1.2), None, Some(80.0)));
        assert_eq!(up, Some(15.0), "the least of the newest minute");
    }
}
