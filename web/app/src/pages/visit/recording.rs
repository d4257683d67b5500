//! The recording of the visit and its captions: what happens now, the question to everybody, and the way
//! back. Both are asked for and ended by the same rules, in words of their own.

use core::time::Duration;

use leptos::prelude::*;
use signaling_protocol::{Purpose, RecordingPhase, Role};
use web_call::Act;

use super::live_call::LiveCall;
use crate::browser::now_us;
use crate::components::{Button, Dialog, Glyph, Icon, Look, part};
use crate::i18n::{Key, say, t};
use crate::tr;

const SECOND: Duration = Duration::from_secs(1);

/// How one of the two is named.
struct Words {
    testids: [&'static str; 3],
    glyph: Glyph,
    running: Key,
    starting: Key,
    asking: Key,
    paused: Key,
    paused_for_you: Key,
    question: Key,
    asks: Key,
    points: [Key; 4],
    withdraw: Key,
    withdraw_title: Key,
    withdraw_text: Key,
    go_on: Key,
}

const RECORDING: Words = Words {
    testids: ["tape", "consent", "withdraw"],
    glyph: Glyph::Record,
    running: Key::RecordingRunning,
    starting: Key::RecordingStarting,
    asking: Key::RecordingAsking,
    paused: Key::RecordingPaused,
    paused_for_you: Key::RecordingPausedForYou,
    question: Key::RecordingQuestion,
    asks: Key::RecordingAsks,
    points: [
        Key::RecordingWhat,
        Key::RecordingWho,
        Key::RecordingFree,
        Key::RecordingBack,
    ],
    withdraw: Key::RecordingWithdraw,
    withdraw_title: Key::RecordingWithdrawTitle,
    withdraw_text: Key::RecordingWithdrawText,
    go_on: Key::RecordingGoOn,
};

const CAPTIONS: Words = Words {
    testids: ["captions", "captions-consent", "captions-back"],
    glyph: Glyph::Edit,
    running: Key::CaptionsRunning,
    starting: Key::CaptionsStarting,
    asking: Key::CaptionsAsking,
    paused: Key::CaptionsPaused,
    paused_for_you: Key::CaptionsPausedForYou,
    question: Key::CaptionsQuestion,
    asks: Key::CaptionsAsks,
    points: [
        Key::CaptionsWhat,
        Key::CaptionsWho,
        Key::RecordingFree,
        Key::CaptionsBack,
    ],
    withdraw: Key::CaptionsWithdraw,
    withdraw_title: Key::RecordingWithdrawTitle,
    withdraw_text: Key::CaptionsWithdrawText,
    go_on: Key::CaptionsGoOn,
};

const fn words_of(purpose: Purpose) -> &'static Words {
    match purpose {
        Purpose::Recording => &RECORDING,
        Purpose::Captions => &CAPTIONS,
    }
}

/// Above the pictures, for everybody: what happens, and what one can do about it.
#[component]
pub(super) fn Tape(call: LiveCall, role: Role, purpose: Purpose) -> impl IntoView {
    let words = words_of(purpose);
    let [testid, question_id, way_back_id] = words.testids;
    let phase = Memo::new(move |_| call.view.with(|view| view.tape(purpose).phase));
    let asked = Memo::new(move |_| call.view.with(|view| view.is_asked_for_consent(purpose)));
    let agreed = Memo::new(move |_| call.view.with(|view| view.has_agreed(purpose)));
    let secret = Memo::new(move |_| {
        let barred = role == Role::Clinician && purpose == Purpose::Recording;
        barred && call.view.with(|view| view.encrypted)
    });
    let phones = Memo::new(move |_| call.view.with(|view| view.awaits_a_phone(purpose)));
    let question = RwSignal::new(false);
    let way_back = RwSignal::new(false);
    Effect::new(move || question.set(asked.get()));
    Effect::new(move || {
        if !agreed.get() {
            way_back.set(false);
        }
    });
    // A clinician ends a recording for everybody with the button of the bar.
    let may_withdraw =
        move || agreed.get() && (role != Role::Clinician || purpose == Purpose::Captions);
    view! {
        {part(move || {
            secret.get().then(|| view! { <p id="tape-barred" class="hint">{say(Key::RecordingNotEncrypted)}</p> })
        })}
        {part(move || (phase.get() != RecordingPhase::Off).then(|| view! {
            <div
                class="visit-tape"
                class:running=move || phase.get() == RecordingPhase::Running
                data-testid=testid
                data-phase=move || phase_word(phase.get())
            >
                <Icon glyph=words.glyph/>
                <strong>{part(move || state(call, purpose, phase.get()))}</strong>
                <Running call purpose phase/>
                {part(move || phones.get().then(|| view! { <span class="hint" data-testid=format!("{testid}-phone")>{say(Key::RecordingByDigit)}</span> }))}
                {part(move || asked.get().then(|| view! {
                    <Button look=Look::Primary testid=format!("{testid}-answer") on_press=move || question.set(true)>{say(Key::RecordingAnswer)}</Button>
                }))}
                {part(move || may_withdraw().then(|| view! {
                    <Button look=Look::Quiet testid=format!("{testid}-withdraw") on_press=move || way_back.set(true)>{say(words.withdraw)}</Button>
                }))}
            </div>
        }))}
        <Question call purpose question testid=question_id/>
        <WayBack call purpose way_back testid=way_back_id/>
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
fn state(call: LiveCall, purpose: Purpose, phase: RecordingPhase) -> String {
    let words = words_of(purpose);
    let names = call.view.with(|view| view.awaited(purpose).join(", "));
    match phase {
        RecordingPhase::Off => String::new(),
        RecordingPhase::Running => t(words.running).to_owned(),
        RecordingPhase::Asking if !names.is_empty() => tr!(words.asking, names = names),
        RecordingPhase::Paused if !names.is_empty() => tr!(words.paused, names = names),
        RecordingPhase::Paused => t(words.paused_for_you).to_owned(),
        RecordingPhase::Asking | RecordingPhase::Starting => t(words.starting).to_owned(),
    }
}

/// For how long; not read out every second.
#[component]
fn Running(call: LiveCall, purpose: Purpose, phase: Memo<RecordingPhase>) -> impl IntoView {
    let seconds = RwSignal::new(0_i64);
    let count = move || {
        let since_us = call
            .view
            .try_with_untracked(|view| view.tape(purpose).since_us);
        if let Some(Some(since_us)) = since_us {
            seconds.try_set((now_us() - since_us).max(0) / 1_000_000);
        }
    };
    count();
    if let Ok(ticking) = set_interval_with_handle(count, SECOND) {
        on_cleanup(move || ticking.clear());
    }
    part(move || {
        // The clock of a recording says how much is kept; of captions nothing of the sound is.
        (phase.get() == RecordingPhase::Running && purpose == Purpose::Recording).then(|| {
            view! { <span class="visit-tape-time" aria-hidden="true" data-testid="tape-time">{part(move || clock(seconds.get()))}</span> }
        })
    })
}

fn clock(seconds: i64) -> String {
    format!("{}:{:02}", seconds / 60, seconds % 60)
}

/// The question, in plain words. Closing it is no answer: it can be opened again.
#[component]
fn Question(
    call: LiveCall,
    purpose: Purpose,
    question: RwSignal<bool>,
    testid: &'static str,
) -> impl IntoView {
    let words = words_of(purpose);
    let by = move || {
        call.view.with(|view| {
            let by = view.tape(purpose).asked_by;
            let asker = view.others.iter().find(|one| Some(one.id) == by);
            asker.map_or_else(
                || t(Key::RecordingSomebody).to_owned(),
                |one| one.name.clone(),
            )
        })
    };
    let answer = move |agree: bool| {
        question.set(false);
        call.act(Act::Consent(purpose, agree));
    };
    view! {
        <Dialog open=question title=say(words.question) testid>
            <p>{part(move || tr!(words.asks, name = by()))}</p>
            <ul>
                {words.points.into_iter().map(|point| view! { <li>{say(point)}</li> }).collect::<Vec<_>>()}
            </ul>
            <div class="actions visit-consent">
                <Button look=Look::Secondary testid=format!("{testid}-no") on_press=move || answer(false)>{say(Key::RecordingNo)}</Button>
                <Button testid=format!("{testid}-yes") on_press=move || answer(true)>{say(Key::RecordingYes)}</Button>
            </div>
        </Dialog>
    }
}

/// Taking back what one agreed to; it ends it for everybody.
#[component]
fn WayBack(
    call: LiveCall,
    purpose: Purpose,
    way_back: RwSignal<bool>,
    testid: &'static str,
) -> impl IntoView {
    let words = words_of(purpose);
    let withdraw = move || {
        way_back.set(false);
        call.act(Act::Consent(purpose, false));
    };
    view! {
        <Dialog open=way_back title=say(words.withdraw_title) testid>
            <p>{say(words.withdraw_text)}</p>
            <div class="actions">
                <Button look=Look::Secondary testid=format!("{testid}-no") on_press=move || way_back.set(false)>{say(words.go_on)}</Button>
                <Button testid=format!("{testid}-yes") on_press=withdraw>{say(words.withdraw)}</Button>
            </div>
        </Dialog>
    }
}
