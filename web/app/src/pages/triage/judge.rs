//! What a doctor says of a check: accept, correct, reject. It is kept as feedback and changes nothing.

use clinical_api::{FeedbackRequest, FeedbackView, HypothesisView};
use clinical_model::triage::{Disposition, Verdict};
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::choice::select;
use super::panel::Sight;
use super::{WAYS, code, way};
use crate::api::{self, ApiError};
use crate::components::{Alert, Button, Failure, Glyph, Look, TextArea, Tone, part, toast};
use crate::i18n::{Key, say, t, t_now};
use crate::{tr, when};

/// Longest reason, in characters.
const CHARS_MAX: u32 = 1_000;
const ACTS: [(Verdict, Key, Glyph, &str); 3] = [
    (
        Verdict::Accept,
        Key::TriageAccept,
        Glyph::Check,
        "triage-accept",
    ),
    (
        Verdict::Correct,
        Key::TriageCorrect,
        Glyph::Edit,
        "triage-correct",
    ),
    (
        Verdict::Reject,
        Key::TriageReject,
        Glyph::Cross,
        "triage-reject",
    ),
];
const RIGHT_WAYS: [(&str, Key); 5] = [
    ("", Key::TriageRightNone),
    ("self_care", Key::TriageSelfCare),
    ("routine", Key::TriageRoutine),
    ("urgent", Key::TriageUrgent),
    ("emergency", Key::TriageEmergency),
];

/// What is being said, of a hypothesis or of the whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Asking {
    verdict: Verdict,
    condition: Option<String>,
    /// What it is about, in words; empty for the whole.
    name: String,
}

const fn verdict_key(verdict: Verdict) -> Key {
    match verdict {
        Verdict::Accept => Key::TriageVerdictAccept,
        Verdict::Correct => Key::TriageVerdictCorrect,
        Verdict::Reject => Key::TriageVerdictReject,
    }
}

/// The buttons under a hypothesis or under the whole. A hypothesis is not corrected: another one is right.
pub(super) fn acts(sight: Sight, condition: Option<String>, name: String) -> AnyView {
    let about = StoredValue::new((condition, name));
    let is_whole = about.with_value(|it| it.0.is_none());
    let buttons: Vec<AnyView> = ACTS
        .iter()
        .filter(|(verdict, ..)| is_whole || *verdict != Verdict::Correct)
        .map(|&(verdict, words, glyph, testid)| {
            let look = if is_whole {
                Look::Secondary
            } else {
                Look::Quiet
            };
            let press = move || {
                let (condition, name) = about.get_value();
                sight.asking.set(Some(Asking {
                    verdict,
                    condition,
                    name,
                }));
            };
            view! { <Button look icon=glyph testid=testid on_press=press>{say(words)}</Button> }
                .into_any()
        })
        .collect();
    let label = move || about.with_value(|it| it.1.clone());
    view! {
        <div class="row" role="group" aria-label=label>{buttons}</div>
        {part(move || {
            let asking = sight.asking.get()?;
            let is_here = about.with_value(|it| it.0 == asking.condition);
            is_here.then(|| view! { <Reason sight asking/> })
        })}
    }
    .into_any()
}

/// The whole result, to be judged.
#[component]
pub(super) fn Judging(sight: Sight) -> impl IntoView {
    view! {
        <div data-testid="triage-judging">
            <h3>{say(Key::TriageJudge)}</h3>
            {acts(sight, None, t_now(Key::TriageWhole).to_owned())}
        </div>
    }
}

/// Why, and what would have been right.
#[component]
fn Reason(sight: Sight, asking: Asking) -> impl IntoView {
    let text = RwSignal::new(String::new());
    let right = RwSignal::new(String::new());
    let cause = RwSignal::new(String::new());
    let tried = RwSignal::new(false);
    let busy = RwSignal::new(false);
    let fault = RwSignal::new(None::<ApiError>);
    let verdict = asking.verdict;
    let needs_reason = verdict != Verdict::Accept;
    let error = Signal::derive(move || {
        let is_missing = needs_reason && tried.get() && text.with(|text| text.trim().is_empty());
        is_missing.then(|| t(Key::TriageReasonMissing).to_owned())
    });
    let corrects = verdict == Verdict::Correct;
    let lacks_right =
        move || corrects && right.with(String::is_empty) && cause.with(String::is_empty);
    let condition = asking.condition;
    let send = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        tried.set(true);
        let is_wrong = error.get_untracked().is_some() || untrack(lacks_right);
        if busy.get_untracked() || is_wrong {
            return;
        }
        busy.set(true);
        fault.set(None);
        let chosen = cause.get_untracked();
        let request = FeedbackRequest {
            verdict,
            disposition: right
                .with_untracked(|word| disposition(word))
                .filter(|_| corrects),
            condition: condition
                .clone()
                .or_else(|| Some(chosen).filter(|it| corrects && !it.is_empty())),
            reason: text.get_untracked().trim().to_owned(),
        };
        spawn_local(async move {
            match api::judge_interview(sight.id, &request).await {
                Ok(()) => {
                    toast(t_now(Key::TriageJudged));
                    sight.asking.try_set(None);
                    sight.reload.run(());
                }
                Err(refused) => {
                    fault.try_set(Some(refused));
                }
            }
            busy.try_set(false);
        });
    };
    let name = asking.name;
    view! {
        <form class="card" on:submit=send novalidate data-testid="triage-reason">
            <p><strong>{name}": "{say(verdict_key(verdict))}</strong></p>
            {corrects.then(|| view! {
                {select("triage-right-way", Key::TriageRightWay, &RIGHT_WAYS, right)}
                <Cause sight cause/>
                {part(move || (tried.get() && lacks_right()).then(|| view! {
                    <Alert tone=Tone::Error testid="triage-right-missing"><p>{say(Key::TriageRightMissing)}</p></Alert>
                }))}
            })}
            <TextArea id="triage-why-judge" label=say(Key::TriageWhyJudge) error value=text rows=2 max=CHARS_MAX testid="triage-why-judge"/>
            {part(move || fault.get().map(|fault| view! { <Failure fault/> }))}
            <div class="actions">
                <Button submit=true busy icon=Glyph::Check testid="triage-judge-send">{say(Key::TriageJudgeSend)}</Button>
                <Button look=Look::Quiet testid="triage-judge-cancel" on_press=move || sight.asking.set(None)>{say(Key::Back)}</Button>
            </div>
        </form>
    }
}

#[component]
fn Cause(sight: Sight, cause: RwSignal<String>) -> impl IntoView {
    let known = sight.causes.get_value();
    let options: Vec<AnyView> = known
        .into_iter()
        .map(|(condition, name)| view! { <option value=condition>{name}</option> }.into_any())
        .collect();
    view! {
        <div class="field">
            <label for="triage-right-cause">{say(Key::TriageRightCause)}</label>
            <select id="triage-right-cause" data-testid="triage-right-cause"
                on:change=move |event| cause.set(event_target_value(&event))>
                <option value="">{say(Key::TriageRightNone)}</option>
                {options}
            </select>
        </div>
    }
}

fn disposition(word: &str) -> Option<Disposition> {
    WAYS.into_iter().find(|it| code(*it) == word)
}

/// What was said so far, newest first.
#[component]
pub(super) fn Judged(list: Vec<FeedbackView>, hypotheses: Vec<HypothesisView>) -> impl IntoView {
    let name_of = move |condition: &str| {
        let found = hypotheses.iter().find(|it| it.condition == condition);
        found.map_or_else(|| condition.to_owned(), |it| it.name.clone())
    };
    let rows: Vec<AnyView> = list
        .into_iter()
        .map(|it| {
            let about = it.condition.as_deref().map(&name_of);
            let (us, by, verdict) = (it.at_us, it.by, it.verdict);
            let words = move || {
                tr!(
                    Key::TriageVerdict,
                    name = by,
                    date = when::date_time(us),
                    verdict = t(verdict_key(verdict))
                )
            };
            view! {
                <li data-testid="triage-feedback">
                    {part(words)}
                    {about.map(|name| format!(" · {name}"))}
                    {it.disposition.map(|it| view! { " · "{say(way(it))} })}
                    {(!it.reason.is_empty()).then(|| view! { " · "<q>{it.reason}</q> })}
                </li>
            }
            .into_any()
        })
        .collect();
    (!rows.is_empty()).then(|| view! { <ul class="plain entries">{rows}</ul> })
}
