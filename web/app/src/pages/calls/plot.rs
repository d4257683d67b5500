//! A small plot of the last quarter of an hour.

use leptos::prelude::*;
use web_logic::plot::{HEIGHT, MINUTES, Points, WIDTH, highest, strokes, y};

use crate::components::part;
use crate::i18n::{Key, Lang, lang, say, t};
use crate::tr;

/// What a plot is about.
#[derive(Clone, Copy)]
pub(crate) struct Measure {
    pub(crate) title: Key,
    pub(crate) unit: &'static str,
    /// Decimal places.
    pub(crate) places: usize,
    /// From where on it disturbs, and from where on it is bad.
    pub(crate) limits: &'static [f64],
    /// A plot shows at least up to here, so that small numbers look small.
    pub(crate) high: f64,
    pub(crate) testid: &'static str,
}

/// A number in the reader's language; tracked.
pub(crate) fn number(value: f64, places: usize) -> String {
    let text = format!("{value:.places$}");
    match lang() {
        Lang::Fr => text.replace('.', ","),
        Lang::En => text,
    }
}

/// The plot; `now` is what its lines say at the moment, in words.
#[component]
pub(crate) fn Plot(
    measure: Measure,
    lines: Memo<Vec<Points>>,
    now: Signal<String>,
) -> impl IntoView {
    let high = Memo::new(move |_| lines.with(|lines| highest(measure.high, lines)));
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
