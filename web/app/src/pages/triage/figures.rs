//! How checks went, for administrators: month by month, without names.

use clinical_api::{FiguresMonthView, TriageFiguresView};
use clinical_model::triage::Disposition;
use leptos::prelude::*;
use web_logic::triage::{
    EDGE, HEIGHT, Measure, WIDTH, counted, highest, line, month, percent, places, share, strokes, y,
};

use super::evaluation::Evaluation;
use super::settings::Settings;
use super::way;
use crate::api;
use crate::components::{EmptyState, Glyph, Icon, Page, part};
use crate::i18n::{Key, say, t};
use crate::remote::Remote;
use crate::tr;

const MEASURES: [(Measure, Key, &str); 4] = [
    (Measure::Agreement, Key::FiguresAgreement, "plot-agreement"),
    (Measure::Override, Key::FiguresOverride, "plot-override"),
    (Measure::Under, Key::FiguresUnder, "plot-under"),
    (Measure::Over, Key::FiguresOver, "plot-over"),
];

/// The page.
pub(crate) fn page() -> AnyView {
    let figures = Remote::new(api::triage_figures);
    view! {
        <Page title=say(Key::FiguresTitle)>
            <p class="lead">{say(Key::FiguresText)}</p>
            {figures.show(shown)}
            <Evaluation/>
            <Settings/>
        </Page>
    }
    .into_any()
}

fn shown(figures: TriageFiguresView) -> AnyView {
    if figures.all.finished == 0 {
        return view! { <EmptyState glyph=Glyph::Chart><p>{say(Key::FiguresNone)}</p></EmptyState> }
            .into_any();
    }
    let plots: Vec<AnyView> = MEASURES
        .into_iter()
        .map(|(measure, title, testid)| plot(&figures, measure, (title, testid)))
        .collect();
    view! {
        <Sums all=figures.all.clone()/>
        <div class="pair">{plots}</div>
        <Months months=figures.months/>
    }
    .into_any()
}

/// A share with its counts, in words; tracked.
pub(super) fn shared(hits: u32, of: u32) -> String {
    share(hits, of).map_or_else(
        || t(Key::FiguresNoShare).to_owned(),
        |share| {
            let share = format!("{} %", percent(share));
            tr!(Key::FiguresShareOf, share = share, hits = hits, of = of)
        },
    )
}

/// Minutes and seconds.
fn clock(seconds: Option<u32>) -> String {
    seconds.map_or_else(
        || "–".to_owned(),
        |seconds| format!("{}:{:02} min", seconds / 60, seconds % 60),
    )
}

#[component]
fn Sums(all: FiguresMonthView) -> impl IntoView {
    let finished = all.finished;
    let ways = [
        (Key::TriageEmergency, all.emergency),
        (Key::TriageUrgent, all.urgent),
        (Key::TriageRoutine, all.routine),
        (Key::TriageSelfCare, all.self_care),
        (Key::FiguresPerson, all.person),
    ];
    let ways = ways.map(|(title, count)| {
        view! { <dt>{say(title)}</dt><dd>{part(move || shared(count, finished))}</dd> }
    });
    let judged = all.judged;
    let median = all.median_seconds;
    let measures = MEASURES.map(|(measure, title, _)| {
        let (hits, of) = counted(&all, measure);
        view! { <dt>{say(title)}</dt><dd data-testid=format!("sum-{}", all_name(measure))>{part(move || shared(hits, of))}</dd> }
    });
    view! {
        <section class="card" data-testid="figures-sums">
            <dl class="facts">
                <dt>{say(Key::FiguresCount)}</dt><dd data-testid="figures-finished">{finished}</dd>
                <dt>{say(Key::FiguresMinutes)}</dt><dd>{clock(median)}</dd>
                <dt>{say(Key::FiguresJudged)}</dt><dd>{part(move || shared(judged, finished))}</dd>
                {measures.into_iter().collect_view()}
            </dl>
            <h2>{say(Key::FiguresWays)}</h2>
            <dl class="facts">{ways.into_iter().collect_view()}</dl>
        </section>
    }
}

const fn all_name(measure: Measure) -> &'static str {
    match measure {
        Measure::Agreement => "agreement",
        Measure::Override => "override",
        Measure::Under => "under",
        Measure::Over => "over",
    }
}

fn plot(
    figures: &TriageFiguresView,
    measure: Measure,
    (title, testid): (Key, &'static str),
) -> AnyView {
    let shares = line(&figures.months, measure);
    let high = highest(&shares);
    let found = places(&shares, high);
    let (hits, of) = counted(&figures.all, measure);
    let now = move || {
        let all = share(hits, of).map_or_else(
            || t(Key::FiguresNoShare).to_owned(),
            |share| format!("{} %", percent(share)),
        );
        tr!(Key::FiguresNow, share = all, hits = hits, of = of)
    };
    let label = move || {
        let high = format!("{} %", percent(high));
        tr!(Key::FiguresPlot, what = t(title), high = high, now = now())
    };
    let marks: Vec<AnyView> = [0.0, high / 2.0, high]
        .into_iter()
        .map(|share| {
            let place = y(share, high);
            let text = format!("{} %", percent(share));
            view! {
                <line class="grid" x1=EDGE.to_string() x2=WIDTH.to_string() y1=place.to_string() y2=place.to_string()></line>
                <text x="0" y=(place + 5.0).to_string()>{text}</text>
            }
            .into_any()
        })
        .collect();
    let dots: Vec<AnyView> = found
        .iter()
        .map(|(x, y)| {
            view! { <circle cx=x.to_string() cy=y.to_string() r="4"></circle> }.into_any()
        })
        .collect();
    let ends = (
        figures.months.first().map(|it| month(&it.month)),
        figures.months.last().map(|it| month(&it.month)),
    );
    view! {
        <figure class="spark">
            <figcaption><strong>{say(title)}</strong>" "<span>{part(now)}</span></figcaption>
            <svg class="plot" viewBox=format!("0 0 {WIDTH} {HEIGHT}") role="img" aria-label=label data-testid=testid>
                {marks}
                <g class="first"><polyline points=strokes(&found)></polyline>{dots}</g>
                <text x=EDGE.to_string() y=(HEIGHT - 5.0).to_string()>{ends.0}</text>
                <text class="end" x=WIDTH.to_string() y=(HEIGHT - 5.0).to_string()>{ends.1}</text>
            </svg>
        </figure>
    }
    .into_any()
}

const WAYS: [Disposition; 4] = [
    Disposition::Emergency,
    Disposition::Urgent,
    Disposition::Routine,
    Disposition::SelfCare,
];

/// The same as a table, newest first.
#[component]
fn Months(months: Vec<FiguresMonthView>) -> impl IntoView {
    let rows: Vec<AnyView> = months.into_iter().rev().map(row).collect();
    let measures = MEASURES.map(|(_, title, _)| view! { <th scope="col">{say(title)}</th> });
    let ways = WAYS.map(|it| view! { <th scope="col">{say(way(it))}</th> });
    view! {
        <details data-testid="figures-table">
            <summary><Icon glyph=Glyph::Chart/>{say(Key::FiguresTable)}</summary>
            <div class="call-scroll" tabindex="0" role="region" aria-label=say(Key::FiguresTable)>
                <table class="values">
                    <thead><tr>
                        <th scope="col">{say(Key::FiguresMonth)}</th>
                        <th scope="col">{say(Key::FiguresCount)}</th>
                        {measures.into_iter().collect_view()}
                        {ways.into_iter().collect_view()}
                        <th scope="col">{say(Key::FiguresMinutes)}</th>
                    </tr></thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
        </details>
    }
}

fn row(it: FiguresMonthView) -> AnyView {
    let measures = MEASURES.map(|(measure, ..)| {
        let (hits, of) = counted(&it, measure);
        view! { <td>{part(move || shared(hits, of))}</td> }
    });
    let ways = [it.emergency, it.urgent, it.routine, it.self_care];
    let ways = ways.map(|count| view! { <td>{count}</td> });
    view! {
        <tr>
            <th scope="row">{month(&it.month)}</th>
            <td>{it.finished}</td>
            {measures.into_iter().collect_view()}
            {ways.into_iter().collect_view()}
            <td>{clock(it.median_seconds)}</td>
        </tr>
    }
    .into_any()
}
