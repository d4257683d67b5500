//! What people say, in words below the pictures: what stays is read out once, what is still being said is
//! only shown.

use leptos::prelude::*;
use signaling_protocol::RecordingPhase;
use web_call::SaidLine;
use web_call::browser::{recall, remember};

use super::live_call::LiveCall;
use crate::components::{Button, Look, part};
use crate::i18n::{Key, say, t};

/// Lines that stay and are shown.
const LINES_SHOWN: usize = 3;
/// Sizes of the words, from small to large.
const SIZES: [&str; 3] = ["small", "middle", "large"];
/// What this tab remembers of how they are shown.
const SIZE_KEY: &str = "telehealth.captions.size";

/// Below the pictures, while there are captions.
#[component]
pub(super) fn Captions(call: LiveCall) -> impl IntoView {
    let on = Memo::new(move |_| {
        let phase = call.view.with(|view| view.captions.phase);
        matches!(phase, RecordingPhase::Running | RecordingPhase::Paused)
    });
    let shown = RwSignal::new(true);
    let kept = recall(SIZE_KEY).and_then(|kept| SIZES.iter().position(|size| **size == *kept));
    let size = RwSignal::new(kept.unwrap_or(1));
    let resize = move |to: usize| {
        size.set(to);
        remember(SIZE_KEY, SIZES.get(to).copied().unwrap_or_default());
    };
    let is_at = move |end: usize| Signal::derive(move || size.get() == end);
    view! {
        {part(move || on.get().then(|| view! {
            <section class="visit-captions" aria-label=say(Key::CaptionsTitle) data-testid="captions-panel" data-size=move || SIZES.get(size.get()).copied()>
                {part(move || shown.get().then(|| view! { <Lines call/> }))}
                <div class="visit-captions-tools">
                    {part(move || shown.get().then(|| view! {
                        <Button look=Look::Quiet testid="captions-smaller" disabled=is_at(0) on_press=move || resize(size.get_untracked().saturating_sub(1))>{say(Key::CaptionsSmaller)}</Button>
                        <Button look=Look::Quiet testid="captions-larger" disabled=is_at(SIZES.len() - 1) on_press=move || resize((size.get_untracked() + 1).min(SIZES.len() - 1))>{say(Key::CaptionsLarger)}</Button>
                    }))}
                    <Button look=Look::Quiet testid="captions-hide" on_press=move || shown.update(|it| *it = !*it)>
                        {part(move || t(if shown.get() { Key::CaptionsHide } else { Key::CaptionsShow }))}
                    </Button>
                </div>
            </section>
        }))}
    }
}

#[component]
fn Lines(call: LiveCall) -> impl IntoView {
    let said = Memo::new(move |_| call.view.with(|view| view.said.clone()));
    let staying = move || {
        said.with(|said| {
            let all: Vec<_> = said.iter().filter(|line| line.is_final).cloned().collect();
            let from = all.len().saturating_sub(LINES_SHOWN);
            all.into_iter().skip(from).collect::<Vec<_>>()
        })
    };
    let growing = move || {
        said.with(|said| {
            said.iter()
                .filter(|it| !it.is_final)
                .cloned()
                .collect::<Vec<_>>()
        })
    };
    view! {
        <ol aria-live="polite" aria-relevant="additions" data-testid="captions-lines">
            <For
                each=staying
                key=|line| line.number
                children=|line| {
                    let number = line.number.to_string();
                    view! { <li data-testid="caption" data-number=number><Words line/></li> }
                }
            />
        </ol>
        // A screen reader would begin anew with every word.
        <div class="visit-captions-now" aria-hidden="true" data-testid="captions-now">
            {part(move || growing().into_iter().map(|line| view! { <p><Words line/></p> }).collect::<Vec<_>>())}
            {part(move || said.with(Vec::is_empty).then(|| view! { <p class="hint">{say(Key::CaptionsNothing)}</p> }))}
        </div>
    }
}

#[component]
fn Words(line: SaidLine) -> impl IntoView {
    let language = (!line.language.is_empty()).then_some(line.language);
    view! {
        <strong>{line.name}</strong>
        ": "
        <span lang=language>{line.text.as_str().to_owned()}</span>
    }
}
