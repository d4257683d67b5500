//! What a doctor sees of a symptom check: beside the visit, with the appointment and in the record.

use clinical_api::{
    ClinicalTriageView, FlagView, HypothesisView, MeasuredView, ScoreView, TriageResultView,
};
use clinical_model::{AppointmentId, InterviewId};
use leptos::prelude::*;
use leptos::task::spawn_local;
use web_logic::triage::percent;

use super::judge::{Asking, Judged, Judging, acts};
use super::{folded, level, list, named, number};
use crate::api::{self, ApiError};
use crate::components::{Button, Failure, Glyph, Icon, Look, part, toast};
use crate::i18n::{Key, lang, say, t, t_now};
use crate::remote::Remote;
use crate::{tr, when};

/// A check on the screen of a clinician.
#[derive(Clone, Copy)]
pub(super) struct Sight {
    pub(super) id: InterviewId,
    /// What is being judged at the moment.
    pub(super) asking: RwSignal<Option<Asking>>,
    /// Whether the reader may judge: doctors may.
    pub(super) judges: bool,
    /// What the check names, to choose the right cause from: codes and names.
    pub(super) causes: StoredValue<Vec<(String, String)>>,
    /// Reads everything again.
    pub(super) reload: UnsyncCallback<()>,
}

/// Everything that an appointment carries.
#[component]
pub(crate) fn Triage(
    appointment: AppointmentId,
    /// What stands there when it carries nothing.
    #[prop(optional)]
    says_none: bool,
) -> impl IntoView {
    part(move || {
        let language = lang();
        let carried = Remote::new(move || api::triage_of(appointment, language));
        let reload = UnsyncCallback::new(move |()| carried.reload());
        carried.show(move |all| {
            if all.is_empty() && says_none {
                return view! { <p class="hint" data-testid="triage-none">{say(Key::TriagePanelNone)}</p> }.into_any();
            }
            let shown: Vec<AnyView> = all
                .into_iter()
                .map(|view| view! { <One view judges=true reload/> }.into_any())
                .collect();
            shown.into_any()
        })
    })
}

/// One check.
#[component]
pub(super) fn One(
    view: ClinicalTriageView,
    judges: bool,
    reload: UnsyncCallback<()>,
) -> impl IntoView {
    let about = view.interview.clone();
    let hypotheses = about
        .result
        .as_ref()
        .map(|it| it.hypotheses.clone())
        .unwrap_or_default();
    let names = hypotheses.iter();
    let names = names.map(|it| (it.condition.clone(), it.name.clone()));
    let sight = Sight {
        id: about.id,
        asking: RwSignal::new(None),
        judges,
        causes: StoredValue::new(names.collect()),
        reload,
    };
    let may_take = about.appointment.is_some() && judges;
    view! {
        <div class="triage-panel" data-testid="triage-sight" data-id=sight.id.to_string()>
            <div>
                {about.result.map(|result| view! { <Result result/> })}
                {about.finished_us.map(|us| view! { <p class="hint">{part(move || tr!(Key::TriageAt, date = when::date_time(us)))}</p> })}
                {about.proxy.then(|| view! { <p><strong>{say(Key::TriageProxy)}</strong></p> })}
                <p class="written" data-testid="triage-summary">{view.summary}</p>
                <p class="hint">{say(Key::TriagePanelIs)}</p>
            </div>
            <Flags flags=about.flags/>
            <Findings present=view.present absent=view.absent unknown=view.unknown/>
            <div>
                <h3>{say(Key::TriageHypotheses)}</h3>
                {folded(hypotheses.clone(), |it| it.must_not_miss, move |it| view! { <Hypothesis it sight/> }.into_any())}
            </div>
            {titled(Key::TriageGaps, view.gaps, "triage-gaps")}
            {titled(Key::TriageTests, view.steps, "triage-steps")}
            <Values measured=about.measured scores=view.scores/>
            <Judged list=view.feedback hypotheses/>
            {judges.then(|| view! { <Judging sight/> })}
            {if view.noted {
                view! { <p data-testid="triage-noted"><Icon glyph=Glyph::Check/>{say(Key::TriageNoted)}</p> }.into_any()
            } else if may_take {
                view! { <TakeOver sight/> }.into_any()
            } else {
                ().into_any()
            }}
        </div>
    }
}

#[component]
fn Result(result: TriageResultView) -> impl IntoView {
    let sure = percent(result.confidence);
    view! {
        <p>{level(result.disposition)}</p>
        {if result.person {
            view! { <p data-testid="triage-person"><strong>{say(Key::TriageUnclearTitle)}</strong></p> }.into_any()
        } else {
            view! { <p>{part(move || tr!(Key::TriageConfidence, n = sure))}</p> }.into_any()
        }}
        {list(result.reasons)}
    }
}

#[component]
fn Flags(flags: Vec<FlagView>) -> impl IntoView {
    let none = flags.is_empty();
    let rows: Vec<AnyView> = flags
        .into_iter()
        .map(|flag| {
            let source = flag.source;
            view! {
                <li data-testid="triage-flag">
                    <strong>{flag.reason}</strong>" "
                    <small>{part(move || tr!(Key::TriageSource, source = source))}</small>
                </li>
            }
            .into_any()
        })
        .collect();
    view! {
        <div data-testid="triage-flags">
            <h3>{say(Key::TriageFlags)}</h3>
            {if none {
                view! { <p>{say(Key::TriageNoFlags)}</p> }.into_any()
            } else {
                view! { <ul>{rows}</ul> }.into_any()
            }}
        </div>
    }
}

#[component]
fn Findings(present: Vec<String>, absent: Vec<String>, unknown: Vec<String>) -> impl IntoView {
    let column = |title, glyph, testid, lines: Vec<String>| {
        let none = lines.is_empty();
        let rows: Vec<AnyView> = lines
            .into_iter()
            .map(|line| {
                view! { <li class="triage-finding"><Icon glyph/><span>{line}</span></li> }
                    .into_any()
            })
            .collect();
        view! {
            <div data-testid=testid>
                <h4>{say(title)}</h4>
                {if none {
                    view! { <p class="hint">{say(Key::TriageNone)}</p> }.into_any()
                } else {
                    view! { <ul>{rows}</ul> }.into_any()
                }}
            </div>
        }
        .into_any()
    };
    view! {
        <div>
            <h3>{say(Key::TriageFindings)}</h3>
            <div class="triage-findings">
                {column(Key::TriageYes, Glyph::Check, "triage-present", present)}
                {column(Key::TriageNo, Glyph::Cross, "triage-absent", absent)}
                {column(Key::TriageUnknown, Glyph::Help, "triage-unknown", unknown)}
            </div>
        </div>
    }
}

#[component]
fn Hypothesis(it: HypothesisView, sight: Sight) -> impl IntoView {
    let share = percent(it.probability);
    let name = it.name.clone();
    let (meant, condition) = (it.name.clone(), it.condition.clone());
    view! {
        <li class="triage-hypothesis" data-testid="triage-hypothesis" data-condition=it.condition.clone()>
            <p>
                <strong>{name}</strong>" ("{it.icd10}") · "{share}" %"
                {it.must_not_miss.then(|| view! { " " <span class="badge"><Icon glyph=Glyph::Warning/>{say(Key::TriageMustNotMiss)}</span> })}
            </p>
            <meter min="0" max="100" value=share.to_string() aria-label=it.name.clone()></meter>
            {named(Key::TriageFor, it.supports)}
            {named(Key::TriageAgainst, it.against)}
            {named(Key::TriageWouldChange, it.would_change)}
            {(!it.sources.is_empty()).then(|| {
                let sources = it.sources.join(", ");
                view! { <p><small>{part(move || tr!(Key::TriageSource, source = sources))}</small></p> }
            })}
            {sight.judges.then(|| acts(sight, Some(condition), meant))}
        </li>
    }
}

fn titled(title: Key, lines: Vec<String>, testid: &'static str) -> AnyView {
    if lines.is_empty() {
        return ().into_any();
    }
    view! { <div data-testid=testid><h3>{say(title)}</h3>{list(lines)}</div> }.into_any()
}

/// A risk as the published table calls it; tracked.
fn risk(response: &str) -> &str {
    match response {
        "low" => t(Key::TriageRiskLow),
        "low_medium" => t(Key::TriageRiskLowMedium),
        "medium" => t(Key::TriageRiskMedium),
        "high" => t(Key::TriageRiskHigh),
        other => other,
    }
}

fn score_name(code: &str) -> &str {
    match code {
        "news2" => "NEWS2",
        "qsofa" => "qSOFA",
        "pews" => "PEWS",
        other => other,
    }
}

/// What the record had to say, with dates.
#[component]
fn Values(measured: Vec<MeasuredView>, scores: Vec<ScoreView>) -> impl IntoView {
    if measured.is_empty() && scores.is_empty() {
        return ().into_any();
    }
    let scores: Vec<AnyView> = scores
        .into_iter()
        .map(|it| {
            let (us, source) = (it.at_us, it.source);
            let words = move || {
                tr!(
                    Key::TriageScore,
                    name = score_name(&it.code),
                    points = it.points,
                    risk = risk(&it.response)
                )
            };
            view! {
                <li data-testid="triage-score">
                    <strong>{part(words)}</strong>" ("{part(move || when::date_time(us))}") "
                    <small>{part(move || tr!(Key::TriageSource, source = source))}</small>
                </li>
            }
            .into_any()
        })
        .collect();
    let values: Vec<AnyView> = measured
        .into_iter()
        .map(|it| {
            let words = move || {
                let origin = t(match it.origin.as_str() {
                    "laboratory" => Key::TriageOriginLaboratory,
                    _ => Key::TriageOriginRecord,
                });
                let value = it.value.parse().map_or_else(|_| it.value.clone(), number);
                tr!(
                    Key::TriageMeasured,
                    name = it.name,
                    value = value,
                    unit = it.unit,
                    date = when::date_time(it.at_us),
                    origin = origin
                )
            };
            view! { <li>{part(words)}</li> }.into_any()
        })
        .collect();
    view! {
        <div data-testid="triage-values">
            <h3>{say(Key::TriageRecord)}</h3>
            <ul>{scores}{values}</ul>
        </div>
    }
    .into_any()
}

/// The one way of all this into the record: into the draft of the note, which is read and signed.
#[component]
fn TakeOver(sight: Sight) -> impl IntoView {
    let busy = RwSignal::new(false);
    let fault = RwSignal::new(None::<ApiError>);
    let take = move || {
        busy.set(true);
        fault.set(None);
        spawn_local(async move {
            match api::take_interview_over(sight.id).await {
                Ok(_) => {
                    toast(t_now(Key::TriageTaken));
                    sight.reload.run(());
                }
                Err(refused) => {
                    fault.try_set(Some(refused));
                }
            }
            busy.try_set(false);
        });
    };
    view! {
        {part(move || fault.get().map(|fault| view! { <Failure fault/> }))}
        <p>
            <Button look=Look::Secondary busy icon=Glyph::Note testid="triage-take" on_press=take>{say(Key::TriageTake)}</Button>
        </p>
    }
}
