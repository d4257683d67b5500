//! Where to go and why; or that a person has to be asked.

use clinical_api::{CitedView, HypothesisView, InterviewView, TriageResultView};
use clinical_model::Role;
use clinical_model::triage::{Disposition, UnclearBecause};
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;
use web_logic::triage::{Sureness, sureness};

use super::emergency::{Emergency, OnCall};
use super::symptoms::Walk;
use super::{CallBar, WAYS, clinic_link, code, folded, glyph, likely, list, named, numbers, way};
use crate::api::Check;
use crate::browser;
use crate::components::{Alert, Button, Glyph, Icon, Look, Page, Tone, part};
use crate::i18n::{Key, say, t};
use crate::pages::carry;
use crate::session::me;
use crate::tr;

/// The result on the screen.
#[component]
pub(super) fn Outcome(walk: Walk, view: InterviewView) -> impl IntoView {
    let Some(result) = view.result.clone() else {
        return ().into_any();
    };
    if result.disposition == Disposition::Emergency {
        return view! { <Emergency walk view result/> }.into_any();
    }
    let (title, text) = words(result.disposition);
    let disposition = result.disposition;
    let sure = result.confidence;
    let person = result.person;
    view! {
        <Page title=say(title) class="narrow">
            <CallBar/>
            {ladder(disposition)}
            <section class=format!("triage-way {}", code(disposition)) data-testid="triage-result" data-disposition=code(disposition)>
                <Icon glyph=glyph(disposition)/>
                <p class="lead">{say(text)}</p>
                {person.then(|| view! { <p data-testid="triage-person"><strong>{say(Key::TriageUnclearText)}</strong></p> })}
                {person.then(|| clinic_link(view.emergency.clinic.clone()))}
                <Next walk view=view.clone() result=result.clone()/>
            </section>
            {walk.failure()}
            {safety_net(result.come_back.clone())}
            {advice(result.advice.clone())}
            <section class="card" data-testid="triage-reasons">
                <h2><Icon glyph=Glyph::Info/>{say(Key::TriageReasons)}</h2>
                {list(result.reasons.clone())}
                {(!person).then(|| view! { <p data-testid="triage-sure">{part(move || sure_words(sure))}</p> })}
                {named(Key::TriageWouldChange, result.would_change.clone())}
            </section>
            {result.shows_hypotheses.then(|| behind(result.hypotheses))}
            <Alert tone=Tone::Info><p>{say(Key::TriageIsNot)}</p></Alert>
            <Again/>
        </Page>
    }
    .into_any()
}

const fn words(disposition: Disposition) -> (Key, Key) {
    match disposition {
        Disposition::Emergency => (Key::TriageEmergencyTitle, Key::TriageEmergencyText),
        Disposition::Urgent => (Key::TriageUrgentTitle, Key::TriageUrgentText),
        Disposition::Routine => (Key::TriageRoutineTitle, Key::TriageRoutineText),
        Disposition::SelfCare => (Key::TriageSelfCareTitle, Key::TriageSelfCareText),
    }
}

fn sure_words(confidence: f64) -> &'static str {
    t(match sureness(confidence) {
        Sureness::High => Key::TriageSureHigh,
        Sureness::Fair => Key::TriageSureFair,
        Sureness::Low => Key::TriageSureLow,
    })
}

/// The four ways side by side, with the one that it is.
fn ladder(mine: Disposition) -> AnyView {
    let steps: Vec<AnyView> = WAYS
        .iter()
        .map(|it| {
            let here = (*it == mine).then_some("step");
            view! { <li aria-current=here>{say(way(*it))}</li> }.into_any()
        })
        .collect();
    view! { <ol class="triage-ladder" aria-label=say(Key::TriageLadder)>{steps}</ol> }.into_any()
}

/// What leads on: booking with these answers, or signing in for that.
#[component]
fn Next(walk: Walk, view: InterviewView, result: TriageResultView) -> impl IntoView {
    let own = me().filter(|me| me.role == Role::Patient);
    // Whom the check is about, when somebody acts for them: the visit is theirs.
    let charge = view
        .patient
        .filter(|id| own.as_ref().is_some_and(|me| me.patient != Some(*id)));
    let booked = view.appointment.is_some();
    // Times of services are kept for oneself only.
    let service = result.service.filter(|_| charge.is_none());
    let book = service.map_or_else(
        || "/book".to_owned(),
        |service| format!("/book/service/{service}"),
    );
    let look = if result.disposition == Disposition::SelfCare {
        Look::Secondary
    } else {
        Look::Primary
    };
    let lead = match walk.check {
        _ if booked => view! { <p data-testid="triage-carried"><strong>{say(Key::TriageCarried)}</strong></p> }.into_any(),
        Check::Own(id) if own.is_some() => view! {
            <a class=look.class() href=book data-testid="triage-book" on:click=move |_| carry::keep(id, charge)>
                <Icon glyph=Glyph::Calendar/>
                <span>{say(Key::TriageBookThis)}</span>
            </a>
        }
        .into_any(),
        Check::Visitor if own.is_some() => view! {
            <a class=look.class() href="/symptoms?claim=1" data-testid="triage-claim-link">
                <Icon glyph=Glyph::Calendar/>
                <span>{say(Key::TriageBookThis)}</span>
            </a>
        }
        .into_any(),
        Check::Visitor if me().is_none() => view! {
            <a class=look.class() href="/login?next=%2Fsymptoms%3Fclaim%3D1" data-testid="triage-sign-in">
                <Icon glyph=Glyph::Calendar/>
                <span>{say(Key::TriageSignInBook)}</span>
            </a>
        }
        .into_any(),
        Check::Own(_) | Check::Visitor => ().into_any(),
    };
    view! {
        <div class="actions">
            {result.on_call.is_some().then(|| view! { <OnCall walk second=true/> })}
            {lead}
        </div>
    }
}

fn advice(lines: Vec<CitedView>) -> AnyView {
    if lines.is_empty() {
        return ().into_any();
    }
    view! {
        <section class="card" data-testid="triage-advice">
            <h2><Icon glyph=Glyph::Check/>{say(Key::TriageAdvice)}</h2>
            {cited(lines)}
        </section>
    }
    .into_any()
}

/// Sentences with their sources.
pub(super) fn cited(lines: Vec<CitedView>) -> AnyView {
    let rows: Vec<AnyView> = lines
        .into_iter()
        .map(|line| {
            let source = line.source;
            let shown = (!source.is_empty()).then(|| {
                view! { <br/><small>{part(move || tr!(Key::TriageSource, source = source))}</small> }
            });
            view! { <li>{line.text}{shown}</li> }.into_any()
        })
        .collect();
    view! { <ul>{rows}</ul> }.into_any()
}

fn safety_net(lines: Vec<String>) -> AnyView {
    if lines.is_empty() {
        return ().into_any();
    }
    view! {
        <Alert tone=Tone::Warning testid="triage-come-back">
            <p><strong>{say(Key::TriageComeBack)}</strong></p>
            {list(lines)}
        </Alert>
    }
    .into_any()
}

/// Possible causes in cautious words, where the facility shows them.
fn behind(hypotheses: Vec<HypothesisView>) -> AnyView {
    if hypotheses.is_empty() {
        return ().into_any();
    }
    let row = |it: HypothesisView| {
        let named_so = it.name.clone();
        let (supports, against, change) = (
            it.supports.clone(),
            it.against.clone(),
            it.would_change.clone(),
        );
        view! {
            <li class="triage-hypothesis" data-testid="triage-hypothesis">
                <h3>{named_so}": "{part(move || likely(&it))}</h3>
                {named(Key::TriageFor, supports)}
                {named(Key::TriageAgainst, against)}
                {named(Key::TriageWouldChange, change)}
            </li>
        }
        .into_any()
    };
    view! {
        <section class="card" data-testid="triage-behind">
            <h2><Icon glyph=Glyph::Search/>{say(Key::TriageBehind)}</h2>
            <p>{say(Key::TriageBehindText)}</p>
            {folded(hypotheses, |_| false, row)}
        </section>
    }
    .into_any()
}

/// Another check, and a copy of this one on paper.
#[component]
pub(super) fn Again() -> impl IntoView {
    view! {
        <div class="actions screen-only">
            <Button look=Look::Secondary icon=Glyph::Printer testid="triage-print" on_press=browser::print>{say(Key::TriagePrint)}</Button>
            <a class="button quiet" href="/symptoms" data-testid="triage-restart">
                <Icon glyph=Glyph::Plus/><span>{say(Key::TriageNotSo)}</span>
            </a>
        </div>
    }
}

/// It was not understood: whom to ask instead.
#[component]
pub(super) fn Person(walk: Walk, view: InterviewView) -> impl IntoView {
    let navigate = use_navigate();
    let book = move || match (walk.check, me()) {
        // What is carried into an appointment must be finished; this never ends in self-care.
        (Check::Own(_), Some(_)) => walk.go(walk.check.finish()),
        _ => navigate("/book", NavigateOptions::default()),
    };
    let retell = walk.retelling;
    view! {
        <Page title=say(Key::TriageUnclearTitle) class="narrow">
            <CallBar/>
            <section class="triage-way unclear" data-testid="triage-unclear">
                <Icon glyph=Glyph::Chat/>
                <p class="lead">{say(Key::TriageUnclearText)}</p>
                {reasons(&view.unclear)}
                <p>{part(move || tr!(Key::TriageUnclearCall, number = numbers().ambulance))}</p>
                <div class="actions">
                    {clinic_link(view.emergency.clinic)}
                    <Button busy=walk.busy icon=Glyph::Calendar testid="triage-book" on_press=book>{say(Key::TriageBook)}</Button>
                    <Button look=Look::Secondary icon=Glyph::Edit testid="triage-again" on_press=move || retell.set(true)>{say(Key::TriageUnclearAgain)}</Button>
                </div>
            </section>
            {walk.failure()}
        </Page>
    }
}

/// Why something is unclear, in words.
pub(super) fn reasons(unclear: &[UnclearBecause]) -> Vec<AnyView> {
    unclear
        .iter()
        .filter_map(|why| because(*why))
        .map(|key| {
            let words = move || tr!(key, number = numbers().ambulance);
            view! { <p>{part(words)}</p> }.into_any()
        })
        .collect()
}

const fn because(why: UnclearBecause) -> Option<Key> {
    match why {
        UnclearBecause::NotUnderstood => Some(Key::TriageBecauseLanguage),
        UnclearBecause::TooLong => Some(Key::TriageBecauseLong),
        UnclearBecause::Abuse => Some(Key::TriageBecauseAbuse),
        UnclearBecause::AnotherPerson => Some(Key::TriageBecauseDanger),
        UnclearBecause::Contradiction => Some(Key::TriageBecauseContradiction),
        UnclearBecause::Failure => Some(Key::TriageBecauseFailure),
        UnclearBecause::Empty | UnclearBecause::NoComplaint => None,
    }
}
