use clinical_api::{ChartView, SeriesView};
use leptos::prelude::*;

use super::state::Record;
use super::words;
use crate::api;
use crate::components::{Glyph, Icon, part};
use crate::i18n::{Key, say, t};
use crate::remote::Remote;
use crate::{tr, when};

/// Width of a plot and room for the labels beside it, in units of its own.
const WIDTH: f64 = 600.0;
const HEIGHT: f64 = 220.0;
const EDGE: f64 = 62.0;

/// The rows of values, one at a time, as a plot and as a table.
#[component]
pub(super) fn Trends(record: Record) -> impl IntoView {
    part(move || {
        let chart = record.chart.value()?;
        let slugs = slugs(&chart);
        (!slugs.is_empty()).then(|| view! { <Choice record slugs/> })
    })
}

/// Upper and lower pressure are one plot.
fn slugs(chart: &ChartView) -> Vec<String> {
    let slugs = chart.trends.iter().map(|it| it.slug.clone());
    slugs
        .filter(|slug| slug != "diastolic" && words::analyte(slug).is_some())
        .collect()
}

#[component]
fn Choice(record: Record, slugs: Vec<String>) -> impl IntoView {
    let chosen = RwSignal::new(slugs.first().cloned().unwrap_or_default());
    let options = slugs.into_iter().map(|slug| {
        let name = slug.clone();
        view! { <option value=slug>{part(move || words::analyte(&name).unwrap_or_default())}</option> }
    });
    let options = options.collect_view();
    view! {
        <section class="card" data-testid="trends">
            <h2><Icon glyph=Glyph::Chart/><span>{say(Key::TrendTitle)}</span></h2>
            <div class="field">
                <label for="trend">{say(Key::TrendChoice)}</label>
                <select id="trend" data-testid="trend" on:change=move |event| chosen.set(event_target_value(&event))>{options}</select>
            </div>
            {part(move || {
                let slug = chosen.get();
                let rows = Remote::new(move || fetch(record, slug.clone()));
                rows.show(|rows| view! { <Plot rows/> }.into_any())
            })}
        </section>
    }
}

async fn fetch(record: Record, slug: String) -> Result<Vec<SeriesView>, api::ApiError> {
    let mut rows = vec![api::series(record.id, &slug).await?];
    if slug == "systolic" {
        rows.push(api::series(record.id, "diastolic").await?);
    }
    Ok(rows)
}

/// The ends of what is plotted: time, then value.
struct Frame {
    from: f64,
    to: f64,
    low: f64,
    high: f64,
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a place on a plot needs no microseconds"
)]
const fn place_of(us: i64) -> f64 {
    us as f64
}

impl Frame {
    fn around(rows: &[SeriesView]) -> Self {
        let mut frame = Self {
            from: f64::MAX,
            to: f64::MIN,
            low: f64::MAX,
            high: f64::MIN,
        };
        for point in rows.iter().flat_map(|row| &row.points) {
            let at = place_of(point.at_us);
            frame.from = frame.from.min(at);
            frame.to = frame.to.max(at);
            frame.low = frame.low.min(point.value);
            frame.high = frame.high.max(point.value);
        }
        let room = ((frame.high - frame.low) * 0.1).max(0.5);
        frame.low -= room;
        frame.high += room;
        frame
    }

    fn x(&self, us: i64) -> f64 {
        let span = (self.to - self.from).max(1.0);
        EDGE + (place_of(us) - self.from) / span * (WIDTH - EDGE - 15.0)
    }

    fn y(&self, value: f64) -> f64 {
        15.0 + (self.high - value) / (self.high - self.low) * (HEIGHT - 45.0)
    }
}

#[component]
fn Plot(rows: Vec<SeriesView>) -> impl IntoView {
    let frame = Frame::around(&rows);
    let first = rows.first();
    let (unit, places) = first.map_or((String::new(), 0), |row| {
        let places = usize::try_from(row.places).unwrap_or(0);
        (words::unit(&row.unit), places)
    });
    let points = first.map(|row| row.points.clone()).unwrap_or_default();
    let (Some(oldest), Some(newest)) = (points.first(), points.last()) else {
        return ().into_any();
    };
    let (from_us, to_us) = (oldest.at_us, newest.at_us);
    let (was, is) = (
        format!("{:.places$}", oldest.value),
        format!("{:.places$}", newest.value),
    );
    let named = unit.clone();
    let label = move || {
        tr!(
            Key::TrendLabel,
            was = words::number(&was),
            is = words::number(&is),
            unit = named,
            from = when::date(from_us),
            to = when::date(to_us)
        )
    };
    let lines = rows
        .iter()
        .enumerate()
        .map(|(at, row)| line(&frame, row, at));
    let lines = lines.collect_view();
    let marks = [frame.low, f64::midpoint(frame.low, frame.high), frame.high].map(|value| {
        let text = format!("{value:.places$}");
        let y = frame.y(value);
        view! {
            <line class="grid" x1=EDGE.to_string() x2=WIDTH.to_string() y1=y.to_string() y2=y.to_string()></line>
            <text x="0" y=(y + 5.0).to_string()>{part(move || words::number(&text))}</text>
        }
    });
    view! {
        <svg class="plot" viewBox=format!("0 0 {WIDTH} {HEIGHT}") role="img" aria-label=label data-testid="plot">
            {marks.into_iter().collect_view()}
            {lines}
            <text x=EDGE.to_string() y=(HEIGHT - 5.0).to_string()>{part(move || when::date(from_us))}</text>
            <text class="end" x=WIDTH.to_string() y=(HEIGHT - 5.0).to_string()>{part(move || when::date(to_us))}</text>
        </svg>
        <Table rows unit places/>
    }
    .into_any()
}

fn line(frame: &Frame, row: &SeriesView, at: usize) -> AnyView {
    let places: Vec<(f64, f64)> = row
        .points
        .iter()
        .map(|point| (frame.x(point.at_us), frame.y(point.value)))
        .collect();
    let path: Vec<String> = places
        .iter()
        .map(|(x, y)| format!("{x:.1},{y:.1}"))
        .collect();
    let dots = places.into_iter().map(|(x, y)| {
        view! { <circle cx=x.to_string() cy=y.to_string() r="4"></circle> }
    });
    view! {
        <g class=if at == 0 { "first" } else { "second" }>
            <polyline points=path.join(" ")></polyline>
            {dots.collect_view()}
        </g>
    }
    .into_any()
}

/// The same as a table, for whoever does not see the plot.
#[component]
fn Table(rows: Vec<SeriesView>, unit: String, places: usize) -> impl IntoView {
    let lower = rows
        .get(1)
        .map(|row| row.points.clone())
        .unwrap_or_default();
    let upper = rows
        .into_iter()
        .next()
        .map(|row| row.points)
        .unwrap_or_default();
    let lines = upper.into_iter().rev().map(|point| {
        let below = lower.iter().find(|it| it.entry == point.entry);
        let text = below.map_or_else(
            || format!("{:.places$}", point.value),
            |below| format!("{:.places$}/{:.places$}", point.value, below.value),
        );
        let unit = unit.clone();
        let us = point.at_us;
        view! {
            <tr>
                <td>{part(move || when::date(us))}</td>
                <td>{part(move || words::number(&text))}" "{unit}</td>
            </tr>
        }
    });
    view! {
        <details data-testid="trend-table">
            <summary>{say(Key::TrendTable)}</summary>
            <table class="values">
                <thead><tr><th scope="col">{move || t(Key::TrendWhen)}</th><th scope="col">{move || t(Key::EntryValue)}</th></tr></thead>
                <tbody>{lines.collect_view()}</tbody>
            </table>
        </details>
    }
}
