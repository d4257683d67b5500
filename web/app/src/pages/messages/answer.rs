//! Writing an answer. What is half written waits in this tab until it is sent or until the person
//! signs out.

use clinical_api::{ProblemCode, ThreadView};
use clinical_model::ThreadId;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::talk::Talk;
use super::{CHARS_MAX, new_key};
use crate::api::{self, ApiError};
use crate::browser::{session_get, session_set};
use crate::components::{Alert, Button, Failure, Glyph, TextArea, Tone, part};
use crate::i18n::{Key, say};
use crate::remote::Remote;
use crate::session::me;

/// Where the tab keeps what is half written, for this person and this conversation.
fn kept(id: ThreadId) -> Option<String> {
    let me = me()?.id;
    Some(format!("telehealth.answer.{me}.{id}"))
}

/// The form below a conversation that is open.
#[component]
pub(super) fn Answer(talk: Talk, thread: Remote<ThreadView>) -> impl IntoView {
    let place = StoredValue::new(untrack(|| kept(talk.id)));
    let before = place.with_value(|it| it.as_deref().and_then(session_get));
    let text = RwSignal::new(before.unwrap_or_default());
    let is_empty = RwSignal::new(false);
    let busy = RwSignal::new(false);
    let fault = RwSignal::new(None::<ApiError>);
    let key = StoredValue::new(new_key());
    Effect::new(move || {
        let words = text.get();
        place.with_value(|it| {
            if let Some(place) = it {
                session_set(place, &words);
            }
        });
    });
    let send = move || {
        let words = text.get_untracked().trim().to_owned();
        is_empty.set(words.is_empty());
        if words.is_empty() || busy.get_untracked() {
            return;
        }
        busy.set(true);
        fault.set(None);
        let once = key.get_value();
        spawn_local(async move {
            let sent = api::send_message(talk.id, words, &once).await;
            // What is lost on the way is sent again under its key; what was answered is over.
            if !matches!(sent, Err(ApiError::Offline)) {
                key.try_set_value(new_key());
            }
            match sent {
                Ok(message) => {
                    text.try_set(String::new());
                    talk.add(vec![message]);
                    talk.look();
                }
                Err(refused) => {
                    if refused.is(ProblemCode::WrongState) {
                        thread.reload();
                    }
                    fault.try_set(Some(refused));
                }
            }
            busy.try_set(false);
        });
    };
    view! {
        <form class="messages-answer" on:submit=move |event| {
            event.prevent_default();
            send();
        }>
            <TextArea id="answer" label=say(Key::MessagesAnswer) hint=say(Key::MessagesWordsHint) value=text rows=4
                max=CHARS_MAX testid="answer"/>
            {part(move || is_empty.get().then(|| view! {
                <Alert tone=Tone::Error testid="answer-empty"><p>{say(Key::MessagesAnswerEmpty)}</p></Alert>
            }))}
            {part(move || fault.get().map(|fault| view! { <Failure fault/> }))}
            <div class="actions">
                <Button submit=true icon=Glyph::Next busy testid="answer-send">{say(Key::MessagesSend)}</Button>
            </div>
        </form>
    }
}
