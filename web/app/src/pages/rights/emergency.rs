use clinical_api::{BreakGlassRequest, ProblemCode, RunningEmergencyView};
use clinical_model::access::BreakGlassReason;
use gloo_timers::callback::Interval;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::choice::Choice;
use crate::api::{self, ApiError};
use crate::browser;
use crate::components::{
    Alert, Button, EmptyState, Failure, Field, Glyph, Icon, Look, Page, Tone, part, toast,
};
use crate::i18n::{Key, say, t, t_now};
use crate::pages::account::prove::{ProveDialog, Prover};
use crate::remote::Remote;
use crate::tr;

type Running = Remote<Vec<RunningEmergencyView>>;

pub(super) const fn reason_key(reason: BreakGlassReason) -> Key {
    match reason {
        BreakGlassReason::LifeThreatening => Key::EmergencyLifeThreatening,
        BreakGlassReason::Unconscious => Key::EmergencyUnconscious,
        BreakGlassReason::TreatingAbsent => Key::EmergencyTreatingAbsent,
        BreakGlassReason::Other => Key::EmergencyElse,
    }
}

/// Breaking the glass, and what is open because of it.
pub(crate) fn page() -> AnyView {
    let running: Running = Remote::new(api::running_emergencies);
    let prover = Prover::new();
    view! {
        <Page title=say(Key::EmergencyTitle) class="narrow">
            <Alert tone=Tone::Warning>{say(Key::EmergencyText)}</Alert>
            <section class="card">
                <h2><Icon glyph=Glyph::Clock/>{say(Key::EmergencyRunning)}</h2>
                {running.show(move |list| view! { <Open list running/> })}
            </section>
            <Break running prover/>
            <ProveDialog prover/>
        </Page>
    }
    .into_any()
}

#[component]
fn Open(list: Vec<RunningEmergencyView>, running: Running) -> impl IntoView {
    if list.is_empty() {
        return view! { <EmptyState glyph=Glyph::Clock><p>{say(Key::EmergencyRunningNone)}</p></EmptyState> }
            .into_any();
    }
    let now = RwSignal::new(browser::now_us());
    let tick = Interval::new(1_000, move || {
        now.try_set(browser::now_us());
    });
    let tick = StoredValue::new_local(Some(tick));
    on_cleanup(move || drop(tick.try_update_value(Option::take)));
    let rows = list
        .into_iter()
        .map(|it| view! { <Row it now running/> }.into_any());
    view! { <ul class="plain">{rows.collect_view()}</ul> }.into_any()
}

#[component]
fn Row(it: RunningEmergencyView, now: RwSignal<i64>, running: Running) -> impl IntoView {
    let (id, until_us, reason) = (it.id, it.until_us, reason_key(it.reason));
    let patient = it.patient;
    let named = StoredValue::new(it.patient_name);
    let busy = RwSignal::new(false);
    let fault = RwSignal::new(None::<ApiError>);
    let name = move || {
        let name = named.get_value();
        name.unwrap_or_else(|| t(Key::EmergencyErased).to_owned())
    };
    let end = move || {
        busy.set(true);
        fault.set(None);
        spawn_local(async move {
            match api::end_emergency(id).await {
                Ok(()) => {
                    toast(t_now(Key::EmergencyEnded));
                    running.reload();
                }
                Err(refused) => {
                    fault.try_set(Some(refused));
                }
            }
            busy.try_set(false);
        });
    };
    view! {
        <li class="row between" data-testid="emergency">
            <div>
                <p><strong>{part(name)}</strong> ", " {say(reason)}</p>
                <p class="countdown" role="timer" data-testid="emergency-left">{part(move || left(until_us - now.get()))}</p>
                {part(move || fault.get().map(|fault| view! { <Failure fault/> }))}
            </div>
            <a class="button primary" href=format!("/patients/{patient}") data-testid="emergency-record">{say(Key::EmergencyRecord)}</a>
            <button type="button" class="button secondary" data-testid="emergency-end" aria-disabled=move || busy.get().then_some("true")
                aria-label=move || tr!(Key::EmergencyEndOf, name = name()) on:click=move |_| end()>
                {say(Key::EmergencyEnd)}
            </button>
        </li>
    }
}

/// How much of the hour is left, in words; tracked.
fn left(us: i64) -> String {
    if us <= 0 {
        return t(Key::EmergencyOver).to_owned();
    }
    let seconds = us / 1_000_000;
    tr!(
        Key::EmergencyLeft,
        minutes = (seconds / 60).to_string(),
        seconds = format!("{:02}", seconds % 60)
    )
}

#[component]
fn Break(running: Running, prover: Prover) -> impl IntoView {
    let phone = RwSignal::new(String::new());
    let reason = RwSignal::new(BreakGlassReason::LifeThreatening.as_str().to_owned());
    let words = RwSignal::new(String::new());
    let tried = RwSignal::new(false);
    let busy = RwSignal::new(false);
    let fault = RwSignal::new(None::<ApiError>);
    let unknown = RwSignal::new(false);
    let phone_fault = Signal::derive(move || {
        let missing = tried.get() && phone.with(|it| it.trim().is_empty());
        (missing || unknown.get()).then(|| t(Key::EmergencyNobody).to_owned())
    });
    let words_fault = Signal::derive(move || {
        (tried.get() && words.with(|it| it.trim().is_empty()))
            .then(|| t(Key::RightsTextMissing).to_owned())
    });
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        tried.set(true);
        unknown.set(false);
        let code = BreakGlassReason::from_word(&reason.get_untracked());
        let Some(code) = code else { return };
        if phone_fault.get_untracked().is_some() || words_fault.get_untracked().is_some() {
            return;
        }
        prover.run(busy, fault, move || async move {
            let request = BreakGlassRequest {
                patient: None,
                phone: Some(phone.get_untracked().replace([' ', '.', '-'], "")),
                reason: code,
                words: words.get_untracked(),
            };
            match api::break_glass(&request).await {
                Ok(_) => {
                    tried.try_set(false);
                    phone.try_set(String::new());
                    words.try_set(String::new());
                    toast(t_now(Key::EmergencyOpened));
                    running.reload();
                    Ok(())
                }
                Err(refused)
                    if refused.is(ProblemCode::NotFound) || refused.is(ProblemCode::Invalid) =>
                {
                    unknown.try_set(true);
                    Ok(())
                }
                Err(refused) => Err(refused),
            }
        });
    };
    let reasons = BreakGlassReason::ALL
        .iter()
        .map(|it| (it.as_str(), reason_key(*it)))
        .collect();
    view! {
        <form class="card" on:submit=submit novalidate>
            {part(move || fault.get().map(|fault| view! { <Failure fault/> }))}
            <Field id="emergency-phone" label=say(Key::EmergencyPhone) hint=say(Key::EmergencyPhoneHint) error=phone_fault
                value=phone kind="tel" testid="emergency-phone"/>
            <Choice id="emergency-reason" label=Key::EmergencyReason value=reason options=reasons/>
            <Field id="emergency-words" label=say(Key::EmergencyWords) hint=say(Key::EmergencyWordsHint) error=words_fault
                value=words testid="emergency-words"/>
            <Button submit=true look=Look::Danger busy testid="emergency-go">{say(Key::EmergencyGo)}</Button>
        </form>
    }
}
