//! The recording of the visit: what happens now, the question to everybody, and the way back.

use core::time::Duration;

use leptos::prelude::*;
use signaling_protocol::{RecordingPhase, Role};
use web_call::Act;

use super::live_call::LiveCall;
use crate::browser::now_us;
use crate::components::{Button, Dialog, Glyph, Icon, Look, part};
use crate::i18n::{Key, say, t};
use crate::tr;

const SECOND: Duration = Duration::from_secs(1);

/// Above the pictures, for everybody: whether one is recorded, and what one can do about it.
#[component]
pub(super) fn Tape(call: LiveCall, role: Role) -> impl IntoView {
    let phase = Memo::new(move |_| call.view.with(|view| view.recording.phase));
    let asked = Memo::new(move |_| call.view.with(web_call::CallView::is_asked_for_consent));
    let agreed = Memo::new(move |_| call.view.with(web_call::CallView::has_agreed));
    let secret =
        Memo::new(move |_| role == Role::Clinician && call.view.with(|view| view.encrypted));
    let phones = Memo::new(move |_| call.view.with(web_call::CallView::awaits_a_phone));
    let question = RwSignal::new(false);
    let way_back = RwSignal::new(false);
    Effect::new(move || question.set(asked.get()));
    Effect::new(move || {
        if !agreed.get() {
            way_back.set(false);
        }
    });
    view! {
        {part(move || {
            secret.get().then(|| view! { <p id="tape-barred" class="hint">{say(Key::RecordingNotEncrypted)}</p> })
        })}
        {part(move || (phase.get() != RecordingPhase::Off).then(|| view! {
            <div class="visit-tape" class:running=move || phase.get() == RecordingPhase::Running data-testid="tape" data-phase=move || phase_word(phase.get())>
                <Icon glyph=Glyph::Record/>
                <strong>{part(move || state(call, phase.get()))}</strong>
                <Running call phase/>
                {part(move || phones.get().then(|| view! { <span class="hint" data-testid="tape-phone">{say(Key::RecordingByDigit)}</span> }))}
                {part(move || asked.get().then(|| view! {
                    <Button look=Look::Primary testid="tape-answer" on_press=move || question.set(true)>{say(Key::RecordingAnswer)}</Button>
                }))}
                {part(move || (agreed.get() && role != Role::Clinician).then(|| view! {
                    <Button look=Look::Quiet testid="tape-withdraw" on_press=move || way_back.set(true)>{say(Key::RecordingWithdraw)}</Button>
                }))}
            </div>
        }))}
        <Question call question/>
        <WayBack call way_back/>
    }
}

const fn phase_word(phase: RecordingPhase) -> &'static str {
    match phase {
        RecordingPhase::Off => "off",
        RecordingPhase::Asking => "asking",
        RecordingPhase::Starting => "starting",
        RecordingPhase::Running => "running",
        RecordingPhase::Paused => "paused",
    }
}

/// What happens now, in words; tracked.
fn state(call: LiveCall, phase: RecordingPhase) -> String {
    let names = call.view.with(|view| view.awaited().join(", "));
    match phase {
        RecordingPhase::Off => String::new(),
        RecordingPhase::Running => t(Key::RecordingRunning).to_owned(),
        RecordingPhase::Asking if !names.is_empty() => tr!(Key::RecordingAsking, names = names),
        RecordingPhase::Paused if !names.is_empty() => tr!(Key::RecordingPaused, names = names),
        RecordingPhase::Paused => t(Key::RecordingPausedForYou).to_owned(),
        RecordingPhase::Asking | RecordingPhase::Starting => t(Key::RecordingStarting).to_owned(),
    }
}

/// For how long; not read out every second.
#[component]
fn Running(call: LiveCall, phase: Memo<RecordingPhase>) -> impl IntoView {
    let seconds = RwSignal::new(0_i64);
    let count = move || {
        let since_us = call.view.try_with_untracked(|view| view.recording.since_us);
        if let Some(Some(since_us)) = since_us {
            seconds.try_set((now_us() - since_us).max(0) / 1_000_000);
        }
    };
    count();
    if let Ok(ticking) = set_interval_with_handle(count, SECOND) {
        on_cleanup(move || ticking.clear());
    }
    part(move || {
        (phase.get() == RecordingPhase::Running).then(|| {
            view! { <span class="visit-tape-time" aria-hidden="true" data-testid="tape-time">{part(move || clock(seconds.get()))}</span> }
        })
    })
}

fn clock(seconds: i64) -> String {
    format!("{}:{:02}", seconds / 60, seconds % 60)
}

/// The question, in plain words. Closing it is no answer: it can be opened again.
#[component]
fn Question(call: LiveCall, question: RwSignal<bool>) -> impl IntoView {
    let by = move || {
        call.view.with(|view| {
            let by = view.recording.asked_by;
            let asker = view.others.iter().find(|one| Some(one.id) == by);
            asker.map_or_else(
                || t(Key::RecordingSomebody).to_owned(),
                |one| one.name.clone(),
            )
        })
    };
    let answer = move |agree: bool| {
        question.set(false);
        call.act(Act::Consent(agree));
    };
    view! {
        <Dialog open=question title=say(Key::RecordingQuestion) testid="consent">
            <p>{part(move || tr!(Key::RecordingAsks, name = by()))}</p>
            <ul>
                <li>{say(Key::RecordingWhat)}</li>
                <li>{say(Key::RecordingWho)}</li>
                <li>{say(Key::RecordingFree)}</li>
                <li>{say(Key::RecordingBack)}</li>
            </ul>
            <div class="actions visit-consent">
                <Button look=Look::Secondary testid="consent-no" on_press=move || answer(false)>{say(Key::RecordingNo)}</Button>
                <Button testid="consent-yes" on_press=move || answer(true)>{say(Key::RecordingYes)}</Button>
            </div>
        </Dialog>
    }
}

/// Taking back what one agreed to; it ends the recording.
#[component]
fn WayBack(call: LiveCall, way_back: RwSignal<bool>) -> impl IntoView {
    let withdraw = move || {
        way_back.set(false);
        call.act(Act::Consent(false));
    };
    view! {
        <Dialog open=way_back title=say(Key::RecordingWithdrawTitle) testid="withdraw">
            <p>{say(Key::RecordingWithdrawText)}</p>
            <div class="actions">
                <Button look=Look::Secondary testid="withdraw-no" on_press=move || way_back.set(false)>{say(Key::RecordingGoOn)}</Button>
                <Button testid="withdraw-yes" on_press=withdraw>{say(Key::RecordingWithdraw)}</Button>
            </div>
        </Dialog>
    }
}
