//! One question on the screen, and what was answered before.

use clinical_api::{InterviewView, NumberRangeView, TriageAnswerRequest, TriageAnswerView};
use clinical_model::triage::Answer;
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;
use web_logic::triage::measured;

use super::result::reasons;
use super::symptoms::{Walk, left};
use super::{CallBar, number, numbers};
use crate::components::{Alert, Button, Field, Glyph, Icon, Look, Page, Tone, part, toast};
use crate::i18n::{Key, say, t};
use crate::session::me;
use crate::tr;

const ANSWERS: [(Answer, Key, Glyph, &str); 3] = [
    (Answer::Yes, Key::TriageYes, Glyph::Check, "answer-yes"),
    (Answer::No, Key::TriageNo, Glyph::Cross, "answer-no"),
    (
        Answer::Unknown,
        Key::TriageUnknown,
        Glyph::Help,
        "answer-unknown",
    ),
];

/// The question that stands.
#[component]
pub(super) fn Asked(walk: Walk, view: InterviewView) -> impl IntoView {
    let Some(question) = view.question.clone() else {
        return ().into_any();
    };
    let (n, of) = (question.number, question.of);
    let is_first = view.answers.is_empty();
    let back = move || {
        if is_first {
            walk.retelling.set(true);
        } else {
            walk.go(walk.check.back());
        }
    };
    let text = question.text.clone();
    let partly = reasons(&view.unclear);
    view! {
        <Page title=text class="narrow">
            <CallBar/>
            <p class="hint" data-testid="triage-progress">{part(move || tr!(Key::TriageProgress, n = n, of = of))}</p>
            <progress class="triage-progress" max=of.to_string() value=n.to_string()
                aria-label=move || tr!(Key::TriageProgress, n = n, of = of)></progress>
            {(!partly.is_empty()).then(|| view! {
                <Alert tone=Tone::Warning testid="triage-partly">
                    {partly}
                    <p>{part(move || tr!(Key::TriageUnclearCall, number = numbers().ambulance))}</p>
                </Alert>
            })}
            <Answers walk finding=question.finding range=question.range/>
            <details data-testid="triage-why">
                <summary>{say(Key::TriageWhy)}</summary>
                <p>{question.why}</p>
            </details>
            {walk.failure()}
            <div class="actions">
                <Button look=Look::Secondary icon=Glyph::Back busy=walk.busy testid="triage-back" on_press=back>{say(Key::TriageBack)}</Button>
                <Later/>
            </div>
            <Answered walk view/>
        </Page>
    }
    .into_any()
}

/// An earlier question with its answer, to be answered anew.
#[component]
pub(super) fn Changed(walk: Walk, answer: TriageAnswerView) -> impl IntoView {
    let text = answer.text.clone();
    view! {
        <Page title=text class="narrow">
            <CallBar/>
            <p class="hint" data-testid="triage-changing">{say(Key::TriageChanging)}</p>
            <Answers walk finding=answer.finding.clone() range=answer.range.clone() given=Some(answer)/>
            {walk.failure()}
            <div class="actions">
                <Button look=Look::Secondary icon=Glyph::Back testid="triage-keep" on_press=move || walk.changing.set(None)>{say(Key::TriageKeep)}</Button>
            </div>
        </Page>
    }
}

/// Large buttons, and a field where a number is taken.
#[component]
fn Answers(
    walk: Walk,
    finding: String,
    range: Option<NumberRangeView>,
    #[prop(default = None)] given: Option<TriageAnswerView>,
) -> impl IntoView {
    let finding = StoredValue::new(finding);
    let said = given.as_ref().map(|it| it.answer);
    let value = given.as_ref().and_then(|it| it.value);
    let say_it = move |answer: Option<Answer>, number: Option<f64>| {
        walk.go(walk.check.answer(TriageAnswerRequest {
            finding: finding.get_value(),
            answer,
            number,
        }));
    };
    let buttons = ANSWERS.map(|(answer, words, glyph, testid)| {
        let pressed = said.map(|said| if said == answer { "true" } else { "false" });
        view! {
            <button type="button" class="button" data-testid=testid aria-pressed=pressed
                on:click=move |_| say_it(Some(answer), None)>
                <Icon glyph/>
                <span>{say(words)}</span>
            </button>
        }
    });
    view! {
        {range.map(|range| view! { <Number range value send=UnsyncCallback::new(move |value| say_it(None, Some(value)))/> })}
        <div class="triage-answers">{buttons.into_iter().collect_view()}</div>
    }
}

/// The usual sign of a unit.
fn unit(code: &str) -> &str {
    match code {
        "Cel" => "°C",
        "{score}" => "",
        other => other,
    }
}

#[component]
fn Number(range: NumberRangeView, value: Option<f64>, send: UnsyncCallback<f64>) -> impl IntoView {
    let text = RwSignal::new(value.map(number).unwrap_or_default());
    let tried = RwSignal::new(false);
    let (low, high) = (range.min, range.max);
    let sign = unit(&range.unit).to_owned();
    let range = StoredValue::new(range);
    let read = move |text: &str| range.with_value(|range| measured(text, range));
    let error = Signal::derive(move || {
        let is_wrong = tried.get() && text.with(|text| read(text).is_none());
        is_wrong.then(|| {
            tr!(
                Key::TriageNumberFault,
                low = number(low),
                high = number(high)
            )
        })
    });
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        tried.set(true);
        if let Some(value) = text.with_untracked(|text| read(text)) {
            send.run(value);
        }
    };
    let label = move || {
        let ends = format!("{} – {} {sign}", number(low), number(high));
        tr!(Key::TriageNumberUnit, unit = ends.trim_end())
    };
    view! {
        <form class="triage-number" on:submit=submit novalidate>
            <Field id="triage-number" label=label error value=text testid="triage-number"/>
            <Button submit=true icon=Glyph::Next testid="triage-number-send">{say(Key::TriageNext)}</Button>
        </form>
    }
}

/// What was told and answered so far.
#[component]
pub(super) fn Answered(walk: Walk, view: InterviewView) -> impl IntoView {
    let rows: Vec<AnyView> = view.answers.into_iter().map(|it| row(walk, it)).collect();
    view! {
        <section data-testid="triage-answered">
            <h2>{say(Key::TriageAnswered)}</h2>
            <ul class="plain triage-answered">
                <li>
                    <span>{say(Key::TriageTold)}": "<q>{view.complaint}</q></span>
                    <Button look=Look::Quiet icon=Glyph::Edit testid="triage-retell" on_press=move || walk.retelling.set(true)>
                        {say(Key::TriageChange)}
                    </Button>
                </li>
                {rows}
            </ul>
        </section>
    }
}

/// An answer in words; tracked.
pub(super) fn words(answer: &TriageAnswerView) -> String {
    if let Some(value) = answer.value {
        let sign = answer.range.as_ref().map_or("", |range| unit(&range.unit));
        return format!("{} {sign}", number(value)).trim_end().to_owned();
    }
    let found = ANSWERS.iter().find(|(of, ..)| *of == answer.answer);
    found.map_or_else(String::new, |(_, key, ..)| t(*key).to_owned())
}

fn row(walk: Walk, answer: TriageAnswerView) -> AnyView {
    let (finding, text) = (answer.finding.clone(), answer.text.clone());
    let asked = text.clone();
    let name = finding.clone();
    view! {
        <li data-testid="triage-answer" data-finding=name>
            <span>{text}" "<strong>{part(move || words(&answer))}</strong></span>
            <Button look=Look::Quiet icon=Glyph::Edit testid="triage-change"
                on_press=move || walk.changing.set(Some(finding.clone()))>
                {say(Key::TriageChange)}<span class="unseen">": "{asked}</span>
            </Button>
        </li>
    }
    .into_any()
}

/// The way out: everything is kept already.
#[component]
pub(super) fn Later() -> impl IntoView {
    let navigate = use_navigate();
    let leave = move || {
        toast(left());
        let home = if me().is_some() { "/home" } else { "/" };
        navigate(home, NavigateOptions::default());
    };
    view! {
        <Button look=Look::Quiet icon=Glyph::Exit testid="triage-later" on_press=leave>{say(Key::TriageLater)}</Button>
    }
}
