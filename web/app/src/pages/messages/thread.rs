//! One conversation.

use clinical_api::{MessageView, MessagesView, ThreadView};
use clinical_model::{Role, ThreadId};
use gloo_timers::callback::Interval;
use leptos::html;
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

use super::answer::Answer;
use super::members::{Members, Turning};
use super::talk::Talk;
use super::{is_about_another, named};
use crate::components::{Alert, Button, Failure, Glyph, Icon, Look, Page, Tone, part};
use crate::i18n::{Key, say, t};
use crate::pages::missing;
use crate::remote::Remote;
use crate::session::me;
use crate::{api, tr, when};

/// How often new messages are asked for.
const LOOK_MS: u32 = 5_000;

/// The conversation in the address.
pub(crate) fn page() -> AnyView {
    let params = use_params_map();
    let id = Memo::new(move |_| {
        params
            .with(|params| params.get("id"))
            .and_then(|id| id.parse::<ThreadId>().ok())
    });
    part(move || id.get().map_or_else(missing::page, whole)).into_any()
}

fn whole(id: ThreadId) -> AnyView {
    let thread = Remote::new(move || api::thread(id));
    let first = Remote::new(move || api::messages(id, None));
    // What changes about the conversation does not begin it anew.
    let is_here = Memo::new(move |_| thread.value().is_some());
    let title = move || {
        thread
            .value()
            .map_or_else(|| t(Key::MessagesTitle).to_owned(), |it| it.subject)
    };
    view! {
        <Page title=title>
            <p><a href="/messages" data-testid="messages-back"><Icon glyph=Glyph::Back/>{say(Key::MessagesBack)}</a></p>
            {thread.show(move |it| view! { <About it/> })}
            {part(move || is_here.get().then(|| {
                first.show(move |page| view! { <Conversation id page thread/> }).into_any()
            }))}
            {thread.show(move |it| view! { <Members it thread/> })}
        </Page>
    }
    .into_any()
}

/// What it is about, and the way to the prescription if it is about one.
#[component]
fn About(it: ThreadView) -> impl IntoView {
    let name = it.patient_name.clone();
    let of_another = is_about_another(&it);
    let role = me().map(|me| me.role);
    let sheet = it.prescription.and_then(|id| match role {
        Some(Role::Doctor) => Some(format!("/prescriptions/{id}")),
        Some(Role::Pharmacist) => Some(format!("/pharmacy/{id}")),
        _ => None,
    });
    view! {
        {of_another.then(|| view! { <p class="lead" data-testid="thread-patient">{part(move || tr!(Key::MessagesAbout, name = name))}</p> })}
        {sheet.map(|href| view! { <p><a href=href data-testid="thread-prescription"><Icon glyph=Glyph::Pill/>{say(Key::MessagesPrescription)}</a></p> })}
    }
}

#[component]
fn Conversation(id: ThreadId, page: MessagesView, thread: Remote<ThreadView>) -> impl IntoView {
    let read = untrack(|| thread.value().map_or(0, |it| it.read_seq));
    let talk = Talk::new(id, page.messages, page.more, read);
    let again = StoredValue::new_local(Some(Interval::new(LOOK_MS, move || talk.look())));
    on_cleanup(move || drop(again.try_update_value(Option::take)));
    let is_closed = Memo::new(move |_| thread.value().is_some_and(|it| it.closed_us.is_some()));
    let log = NodeRef::<html::Div>::new();
    // The newest message is in sight when one comes, not when older ones are fetched.
    let last = Memo::new(move |_| talk.said.with(|said| said.last().map(|it| it.seq)));
    Effect::new(move || {
        last.track();
        if let Some(log) = log.get() {
            request_animation_frame(move || log.set_scroll_top(log.scroll_height()));
        }
    });
    view! {
        {part(move || talk.has_older.get().then(|| view! {
            <div class="actions">
                <Button look=Look::Secondary busy=talk.busy testid="messages-older" on_press=move || talk.fetch_older()>{say(Key::MessagesOlder)}</Button>
            </div>
        }))}
        {part(move || talk.fault.get().map(|fault| view! { <Failure fault/> }))}
        // A log that is also the list would hide from screen readers that it is a list.
        <div node_ref=log class="messages-log" role="log" aria-label=say(Key::MessagesLog) tabindex="0" data-testid="message-list">
            <ol>
                <For each=move || talk.said.get() key=|it| it.seq let:it>
                    <Line it/>
                </For>
            </ol>
        </div>
        {part(move || if is_closed.get() {
            view! { <Alert tone=Tone::Info testid="thread-closed"><p>{say(Key::MessagesIsClosed)}</p></Alert> }.into_any()
        } else {
            view! { <Answer talk thread/> }.into_any()
        })}
        <Turning id is_closed thread/>
    }
}

#[component]
fn Line(it: MessageView) -> impl IntoView {
    let is_mine = me().is_some_and(|me| me.id == it.author);
    let at_us = it.at_us;
    let who = move || {
        if is_mine {
            t(Key::MessagesYou).to_owned()
        } else {
            named(&it.name, it.role)
        }
    };
    view! {
        <li class="messages-line" class:mine=is_mine data-testid="message" data-seq=it.seq.to_string()>
            <span class="messages-from">
                <strong>{part(who)}</strong>
                <time>{part(move || when::date_time(at_us))}</time>
            </span>
            <span class="prose">{it.text}</span>
        </li>
    }
}
