//! How one value went: a picture with the usual range, and the same as a table.

use clinical_api::{ResultPointView, ResultSeriesView};
use clinical_model::PatientId;
use leptos::prelude::*;

use super::unit_words;
use super::values::{flag_words, number_words, range_words};
use crate::api;
use crate::components::{Button, Glyph, Look, part};
use crate::i18n::{Key, say, t};
use crate::remote::Remote;
use crate::{tr, when};

const WIDE: f64 = 320.0;
const HIGH: f64 = 140.0;
const EDGE: f64 = 14.0;

/// A button that opens the picture of a test.
pub(super) fn button(patient: PatientId, code: String, name: String) -> AnyView {
    let open = RwSignal::new(false);
    let shown = StoredValue::new((code, name));
    view! {
        <Button look=Look::Quiet icon=Glyph::Chart testid="trend" on_press=move || open.update(|it| *it = !*it)>
            {part(move || tr!(Key::TrendOpen, name = shown.with_value(|it| it.1.clone())))}
        </Button>
        {part(move || open.get().then(|| {
            let series = Remote::new(move || {
                let code = shown.with_value(|it| it.0.clone());
                async move { api::result_series(patient, &code).await }
            });
            series.show(move |series| picture(series, shown.with_value(|it| it.1.clone()))).into_any()
        }))}
    }
    .into_any()
}

fn number(text: Option<&str>) -> Option<f64> {
    text?.parse().ok()
}

/// The lowest and highest number to be drawn.
fn span(points: &[ResultPointView]) -> (f64, f64) {
    let all = points.iter().flat_map(|it| {
        [
            number(Some(&it.value)),
            number(it.low.as_deref()),
            number(it.high.as_deref()),
        ]
    });
    let (low, high) = all
        .flatten()
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), it| {
            (low.min(it), high.max(it))
        });
    if high > low {
        (low, high)
    } else {
        (low - 1.0, low + 1.0)
    }
}

fn picture(series: ResultSeriesView, name: String) -> AnyView {
    if series.points.is_empty() {
        return view! { <p class="hint">{say(Key::TrendNone)}</p> }.into_any();
    }
    let (low, high) = span(&series.points);
    let y = |value: f64| EDGE + (high - value) / (high - low) * (HIGH - 2.0 * EDGE);
    let first = series.points.first().map_or(0, |it| it.at_us);
    let last = series.points.last().map_or(0, |it| it.at_us);
    let days = |from: i64, to: i64| u32::try_from((to - from) / 60_000_000).map_or(0.0, f64::from);
    let whole = days(first, last);
    let x = |at: i64| {
        if whole > 0.0 {
            EDGE + days(first, at) / whole * (WIDE - 2.0 * EDGE)
        } else {
            WIDE / 2.0
        }
    };
    let dots: Vec<(f64, f64)> = series
        .points
        .iter()
        .filter_map(|it| Some((x(it.at_us), y(number(Some(&it.value))?))))
        .collect();
    let line: Vec<String> = dots.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
    let band = series.points.last().map(|it| {
        let top = number(it.high.as_deref()).map_or(0.0, y);
        let bottom = number(it.low.as_deref()).map_or(HIGH, y);
        (top, (bottom - top).max(1.0))
    });
    let (top, tall) = band.unwrap_or((0.0, HIGH));
    let dots: Vec<AnyView> = dots
        .into_iter()
        .map(|(x, y)| {
            view! { <circle class="mark" r="4" cx=format!("{x:.1}") cy=format!("{y:.1}")/> }
                .into_any()
        })
        .collect();
    let count = series.points.len();
    view! {
        <figure class="trend" data-testid="trend-picture">
            <svg viewBox="0 0 320 140" role="img" aria-label=move || tr!(Key::TrendPictureLabel, name = name, count = count)>
                <rect class="band" x="0" width="320" y=format!("{top:.1}") height=format!("{tall:.1}")></rect>
                <polyline class="line" points=line.join(" ")></polyline>
                {dots}
            </svg>
            <figcaption class="hint">{say(Key::TrendBand)}</figcaption>
        </figure>
        {table(series)}
    }
    .into_any()
}

fn table(series: ResultSeriesView) -> AnyView {
    let unit = unit_words(&series.unit);
    let rows: Vec<AnyView> = series
        .points
        .into_iter()
        .rev()
        .map(|it| {
            let (at, flag) = (it.at_us, it.flag);
            let (low, high) = (it.low, it.high);
            let (value, unit) = (it.value, unit.clone());
            view! {
                <tr>
                    <td>{part(move || when::full_date(at))}</td>
                    <td>{part(move || format!("{} {unit}", number_words(&value)))}</td>
                    <td>{part(move || flag_words(flag))}</td>
                    <td>{part(move || range_words(low.as_deref(), high.as_deref()))}</td>
                </tr>
            }
            .into_any()
        })
        .collect();
    let heads: Vec<AnyView> = [
        Key::TrendDate,
        Key::TrendValue,
        Key::TrendMeaning,
        Key::TrendUsual,
    ]
    .into_iter()
    .map(|key| view! { <th scope="col">{part(move || t(key))}</th> }.into_any())
    .collect();
    view! {
        <table class="series" data-testid="trend-table">
            <thead><tr>{heads}</tr></thead>
            <tbody>{rows}</tbody>
        </table>
    }
    .into_any()
}
