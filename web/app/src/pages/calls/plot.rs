//! A small plot of the last quarter of an hour.

use leptos::prelude::*;
use signaling_protocol::{POINT_MS, POINTS_MAX};

use crate::components::part;
use crate::i18n::{Key, Lang, lang, say, t};
use crate::tr;

/// Size of a plot in units of its own.
const WIDTH: f64 = 300.0;
const HEIGHT: f64 = 70.0;
/// Minutes that a plot shows.
pub(super) const MINUTES: usize = 15;
const _: () = assert!(POINTS_MAX * POINT_MS as usize == MINUTES * 60_000);

/// What a plot is about.
#[derive(Clone, Copy)]
pub(super) struct Measure {
    pub(super) title: Key,
    pub(super) unit: &'static str,
    /// Decimal places.
    pub(super) places: usize,
    /// From where on it disturbs, and from where on it is bad.
    pub(super) limits: &'static [f64],
    /// A plot shows at least up to here, so that small numbers look small.
    pub(super) high: f64,
    pub(super) testid: &'static str,
}

/// Points of one line, oldest first; none where nothing was measured.
pub(super) type Points = Vec<Option<f64>>;

/// A number in the reader's language; tracked.
pub(super) fn number(value: f64, places: usize) -> String {
    let text = format!("{value:.places$}");
    match lang() {
        Lang::Fr => text.replace('.', ","),
        Lang::En => text,
    }
}

fn highest(measure: Measure, lines: &[Points]) -> f64 {
    let values = lines.iter().flatten().flatten();
    values.copied().fold(measure.high, f64::max)
}

fn y(value: f64, high: f64) -> f64 {
    HEIGHT - 2.0 - value / high * (HEIGHT - 6.0)
}

/// The strokes of a line; it is interrupted where nothing is known. The newest point stands at the
/// right.
#[expect(clippy::cast_precision_loss, reason = "a hundred and fifty points")]
fn strokes(points: &[Option<f64>], high: f64) -> String {
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

/// The plot; `now` is what its lines say at the moment, in words.
#[component]
pub(super) fn Plot(
    measure: Measure,
    lines: Memo<Vec<Points>>,
    now: Signal<String>,
) -> impl IntoView {
    let high = Memo::new(move |_| lines.with(|lines| highest(measure, lines)));
    let label = move || {
        tr!(
            Key::CallsPlot,
            what = t(measure.title),
            n = MINUTES,
            now = now.get(),
            high = number(high.get(), measure.places),
            unit = measure.unit
        )
    };
    let limits = measure.limits.iter().map(|limit| {
        let place = move || format!("{:.1}", y(*limit, high.get()));
        let words = move || {
            let value = number(*limit, 0);
            tr!(Key::CallsLimit, value = value, unit = measure.unit)
        };
        view! {
            <line class="limit" x1="0" x2=WIDTH.to_string() y1=place y2=place></line>
            <text x="2" y=move || format!("{:.1}", y(*limit, high.get()) - 2.0)>{part(words)}</text>
        }
    });
    let drawn = part(move || {
        lines.with(|lines| {
            let drawn = lines.iter().enumerate().map(|(at, points)| {
                let class = ["first", "second", "third"].get(at).copied();
                let path = strokes(points, high.get());
                view! { <path class=class d=path></path> }
            });
            drawn.collect_view()
        })
    });
    view! {
        <figure class="spark" data-testid=measure.testid>
            <figcaption>
                <strong>{say(measure.title)}</strong>
                " "
                <span data-testid="plot-now">{part(move || now.get())}</span>
            </figcaption>
            <svg viewBox=format!("0 0 {WIDTH} {HEIGHT}") role="img" aria-label=label>
                {limits.collect_view()}
                {drawn}
            </svg>
            <p class="hint" aria-hidden="true">
                <span>{part(move || tr!(Key::CallsAgo, n = MINUTES))}</span>
                <span>{say(Key::CallsNow)}</span>
            </p>
        </figure>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOSS: Measure = Measure {
        title: Key::CallsLoss,
        unit: "%",
        places: 1,
        limits: &[3.0, 10.0],
        high: 12.0,
        testid: "plot-loss",
    };

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
        let high = |lines: &[Points]| format!("{:.1}", highest(LOSS, lines));
        assert_eq!(high(&[vec![Some(1.0)], vec![None]]), "12.0");
        assert_eq!(high(&[vec![Some(1.0)], vec![Some(40.0)]]), "40.0");
    }
}
