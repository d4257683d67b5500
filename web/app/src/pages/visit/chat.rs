//! Messages: in order, stored with the visit, resent after a lost connection.

use crate::components::part;
use leptos::html;
use leptos::prelude::*;
use signaling_protocol::{CHAT_CHARS_MAX, ChatMessage};
use web_call::browser::is_visible;
use web_call::{CallView, PendingChat};

use super::live_call::LiveCall;
use crate::components::{Button, Glyph};
use crate::i18n::{Key, say};
use crate::when;

/// The chat panel. What is shown in a visible page counts as read.
#[component]
pub(super) fn Chat(call: LiveCall) -> impl IntoView {
    let list = NodeRef::<html::Div>::new();
    let lines = Memo::new(move |_| call.view.with(|view| view.chat.clone()));
    let pending = Memo::new(move |_| call.view.with(|view| view.pending.clone()));
    Effect::new(move || {
        lines.track();
        pending.track();
        let unread = call.view.with_untracked(CallView::unread);
        if unread > 0 && is_visible() {
            call.read_all();
        }
        if let Some(list) = list.get() {
            request_animation_frame(move || list.set_scroll_top(list.scroll_height()));
        }
    });
    view! {
        <div class="visit-chat">
            // A log that is also the list would hide from screen readers that it is a list.
            <div
                node_ref=list
                class="visit-log"
                role="log"
                aria-label=say(Key::VisitChat)
                tabindex="0"
                data-testid="chat-list"
            >
                <ol>
                    {part(move || {
                        (lines.with(Vec::is_empty) && pending.with(Vec::is_empty))
                            .then(|| view! { <li class="hint">{say(Key::VisitChatEmpty)}</li> })
                    })}
                    <For each=move || lines.get() key=|line| line.seq let:line>
                        <Line call line/>
                    </For>
                    <For each=move || pending.get() key=|line| line.id let:line>
                        <Waiting line/>
                    </For>
                </ol>
            </div>
            <Composer call/>
        </div>
    }
}

#[component]
fn Line(call: LiveCall, line: ChatMessage) -> impl IntoView {
    let mine = call
        .view
        .with_untracked(|view| view.me.as_ref().is_some_and(|me| me.id == line.from));
    let at_us = line.at_us;
    view! {
        <li class="visit-line" class:mine=mine data-testid="chat-message" data-seq=line.seq.to_string()>
            <span class="visit-from">
                <strong>{line.from_name}</strong>
                <time>{part(move || when::time(at_us))}</time>
            </span>
            <span class="visit-text">{String::from(line.text)}</span>
        </li>
    }
}

#[component]
fn Waiting(line: PendingChat) -> impl IntoView {
    view! {
        <li class="visit-line mine pending" data-testid="chat-pending">
            <span class="visit-text">{String::from(line.text)}</span>
            <span class="hint">{say(Key::VisitChatSending)}</span>
        </li>
    }
}

#[component]
fn Composer(call: LiveCall) -> impl IntoView {
    let text = RwSignal::new(String::new());
    let send = move || {
        let words = text.get_untracked();
        if call.chat(words) {
            text.set(String::new());
        }
    };
    view! {
        <form
            class="visit-composer"
            on:submit=move |event| {
                event.prevent_default();
                send();
            }
        >
            <label for="chat-input">{say(Key::VisitChatWrite)}</label>
            <textarea
                id="chat-input"
                data-testid="chat-input"
                rows="2"
                maxlength=CHAT_CHARS_MAX.to_string()
                autocomplete="off"
                prop:value=text
                on:input=move |event| text.set(event_target_value(&event))
                on:keydown=move |event| {
                    if event.key() == "Enter" && !event.shift_key() && !event.is_composing() {
                        event.prevent_default();
                        send();
                    }
                }
            ></textarea>
            <Button submit=true icon=Glyph::Next testid="chat-send">{say(Key::VisitChatSend)}</Button>
        </form>
    }
}
