//! The last evaluation with vignettes: shares with their intervals, calibration, and every miss.

use clinical_api::{EvaluatedView, EvaluationMissView, EvaluationShareView, ProblemCode};
use clinical_model::triage::Disposition;
use leptos::prelude::*;
use web_logic::triage::percent;

use super::figures::shared;
use super::way;
use crate::api;
use crate::components::{Failure, Glyph, Icon, Spinner, part};
use crate::i18n::{Key, say};
use crate::remote::{Load, Remote};
use crate::{tr, when};

/// The last report; how to make one where there is none.
#[component]
pub(super) fn Evaluation() -> impl IntoView {
    let report = Remote::new(api::triage_evaluation);
    view! {
        <section class="card" data-testid="evaluation">
            <h2><Icon glyph=Glyph::Check/>{say(Key::FiguresEvaluation)}</h2>
            {part(move || match report.get() {
                Load::Loading => view! { <Spinner/> }.into_any(),
                Load::Ready(view) => whole(view),
                Load::Failed(fault) if fault.is(ProblemCode::NotFound) => view! {
                    <p class="hint" data-testid="evaluation-none">{say(Key::FiguresEvaluationNone)}</p>
                }
                .into_any(),
                Load::Failed(fault) => view! { <Failure fault on_retry=move || report.reload()/> }.into_any(),
            })}
        </section>
    }
}

fn whole(view: EvaluatedView) -> AnyView {
    let rows = [
        (Key::FiguresExact, view.exact),
        (Key::FiguresSafe, view.safe),
        (Key::FiguresUnder, view.under),
        (Key::FiguresOver, view.over),
        (Key::FiguresEmergencies, view.emergencies),
        (Key::FiguresTop1, view.top1),
        (Key::FiguresTop3, view.top3),
        (Key::FiguresTop5, view.top5),
        (Key::FiguresCoverage, view.coverage),
    ];
    let mut shares: Vec<AnyView> = rows
        .into_iter()
        .map(|(title, share)| line(say(title).into_any(), share))
        .collect();
    let steps = (0_u32..).step_by(20).zip(view.calibration);
    shares.extend(steps.map(|(low, share)| {
        let words = move || tr!(Key::FiguresSaid, low = low, high = low.saturating_add(20));
        line(part(words).into_any(), share)
    }));
    let (us, cases, file) = (view.at_us, view.cases, view.file);
    view! {
        <p data-testid="evaluation-cases">{part(move || tr!(Key::FiguresCases, n = cases, date = when::full_date(us)))}" · "{file}</p>
        <table class="series" data-testid="evaluation-shares">
            <thead><tr>
                <th scope="col">{say(Key::FiguresMeasure)}</th>
                <th scope="col">{say(Key::FiguresShare)}</th>
                <th scope="col">{say(Key::FiguresInterval)}</th>
            </tr></thead>
            <tbody>{shares}</tbody>
        </table>
        <Misses misses=view.misses/>
    }
    .into_any()
}

fn line(title: AnyView, share: EvaluationShareView) -> AnyView {
    let EvaluationShareView {
        hits,
        of,
        low,
        high,
        ..
    } = share;
    let interval = if of > 0 {
        format!("{} – {} %", percent(low), percent(high))
    } else {
        "–".to_owned()
    };
    view! {
        <tr>
            <th scope="row">{title}</th>
            <td>{part(move || shared(hits, of))}</td>
            <td>{interval}</td>
        </tr>
    }
    .into_any()
}

#[component]
fn Misses(misses: Vec<EvaluationMissView>) -> impl IntoView {
    let count = misses.len();
    let rows: Vec<AnyView> = misses.into_iter().map(miss).collect();
    view! {
        <details data-testid="evaluation-misses">
            <summary>{say(Key::FiguresMisses)}" ("{count}")"</summary>
            <div class="call-scroll" tabindex="0" role="region" aria-label=say(Key::FiguresMisses)>
                <table class="series">
                    <thead><tr>
                        <th scope="col">{say(Key::FiguresLine)}</th>
                        <th scope="col">{say(Key::FiguresExpected)}</th>
                        <th scope="col">{say(Key::FiguresAnswered)}</th>
                    </tr></thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
        </details>
    }
}

fn miss(it: EvaluationMissView) -> AnyView {
    let label = it.triage.map(|label| {
        let words = known(&label).map_or_else(|| label.clone().into_any(), |it| say(it).into_any());
        view! { <strong>{words}</strong>" · " }
    });
    view! {
        <tr>
            <td>{it.line}</td>
            <td>{label}{it.expected}</td>
            <td><strong>{say(way(it.answered))}</strong>" · "{it.first.join(", ")}</td>
        </tr>
    }
    .into_any()
}

/// What pages call a label of a file of test cases; other labels stand as they were written.
fn known(label: &str) -> Option<Key> {
    let way = match label.trim().to_ascii_lowercase().as_str() {
        "emergency" => Disposition::Emergency,
        "urgent" => Disposition::Urgent,
        "routine" => Disposition::Routine,
        "self-care" | "self care" | "selfcare" => Disposition::SelfCare,
        _ => return None,
    };
    Some(super::way(way))
}
