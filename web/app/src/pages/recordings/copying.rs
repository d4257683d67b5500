//! Taking a copy of a recording away: sealed with words, or readable by whoever has it.

use clinical_model::RecordingId;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::api::{self, ApiError};
use crate::components::{Alert, Button, Dialog, Failure, Glyph, Look, Tone, part};
use crate::i18n::{Key, say};

/// What was made, or is asked for.
#[derive(Clone, PartialEq, Eq)]
enum Step {
    /// Which one?
    Choosing,
    /// It can be fetched; the words of a sealed one.
    Made(Option<String>),
}

/// The button, and what it opens.
#[component]
pub(super) fn Copying(id: RecordingId) -> impl IntoView {
    let open = RwSignal::new(false);
    let step = RwSignal::new(Step::Choosing);
    let busy = RwSignal::new(false);
    let fault = RwSignal::new(None::<ApiError>);
    let make = move |sealed: bool| {
        busy.set(true);
        fault.set(None);
        spawn_local(async move {
            let made = api::copy_recording(id, sealed).await;
            busy.try_set(false);
            match made {
                Ok(copy) => {
                    step.try_set(Step::Made(copy.words));
                }
                Err(refused) => {
                    fault.try_set(Some(refused));
                }
            }
        });
    };
    let ask = move || {
        step.set(Step::Choosing);
        fault.set(None);
        open.set(true);
    };
    let body = move || {
        match step.get() {
        Step::Choosing => view! {
            <p>{say(Key::CopySealedText)}</p>
            <div class="actions">
                <Button look=Look::Primary busy testid="copy-sealed" on_press=move || make(true)>{say(Key::CopySealed)}</Button>
            </div>
            <p>{say(Key::CopyPlainText)}</p>
            <div class="actions">
                <Button look=Look::Danger busy testid="copy-plain" on_press=move || make(false)>{say(Key::CopyPlain)}</Button>
            </div>
        }
        .into_any(),
        Step::Made(words) => view! {
            {words.map(|words| view! {
                <Alert tone=Tone::Warning>{say(Key::CopyWordsText)}</Alert>
                <p><code class="copy-words" data-testid="copy-words">{words}</code></p>
                <p class="hint">{say(Key::CopyHow)}</p>
            })}
            <p><a class="button primary" href=api::recording_copy(id) download="" data-testid="copy-fetch">{say(Key::CopyFetch)}</a></p>
        }
        .into_any(),
    }
    };
    view! {
        <Button look=Look::Quiet icon=Glyph::Copy testid="recording-copy" on_press=ask>{say(Key::CopyTitle)}</Button>
        <Dialog open title=say(Key::CopyTitle) testid="copying">
            {part(body)}
            {part(move || fault.get().map(|fault| view! { <Failure fault/> }))}
        </Dialog>
    }
}
