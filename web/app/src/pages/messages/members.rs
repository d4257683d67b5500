//! Who is in a conversation, and what a doctor may do about it.

use clinical_api::{CorrespondentView, ThreadView};
use clinical_model::{Role, ThreadId, UserId};
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;

use super::named;
use crate::api::{self, ApiError};
use crate::components::{Button, Dialog, Failure, Glyph, Icon, Look, part, toast};
use crate::i18n::{Key, say, t_now};
use crate::remote::Remote;
use crate::session::me;

fn is_doctor() -> bool {
    me().is_some_and(|me| me.role == Role::Doctor)
}

/// How far an act on the conversation is.
#[derive(Clone, Copy)]
struct Acting {
    busy: RwSignal<bool>,
    fault: RwSignal<Option<ApiError>>,
}

impl Acting {
    fn new() -> Self {
        Self {
            busy: RwSignal::new(false),
            fault: RwSignal::new(None),
        }
    }

    fn run<T: 'static>(
        self,
        doing: impl Future<Output = Result<T, ApiError>> + 'static,
        done: Key,
        then: impl FnOnce(T) + 'static,
    ) {
        if self.busy.get_untracked() {
            return;
        }
        self.busy.set(true);
        self.fault.set(None);
        spawn_local(async move {
            match doing.await {
                Ok(value) => {
                    toast(t_now(done));
                    then(value);
                }
                Err(refused) => {
                    self.fault.try_set(Some(refused));
                }
            }
            self.busy.try_set(false);
        });
    }
}

/// Closing a conversation and opening it again; for doctors.
#[component]
pub(super) fn Turning(
    id: ThreadId,
    is_closed: Memo<bool>,
    thread: Remote<ThreadView>,
) -> impl IntoView {
    let acting = Acting::new();
    let turn = move || {
        let closes = !is_closed.get_untracked();
        let done = if closes {
            Key::MessagesCloseDone
        } else {
            Key::MessagesReopenDone
        };
        acting.run(api::turn_thread(id, closes), done, move |it| thread.put(it));
    };
    let button = move || {
        is_doctor().then(|| {
            let (words, testid) = if is_closed.get() {
                (Key::MessagesReopen, "thread-reopen")
            } else {
                (Key::MessagesClose, "thread-close")
            };
            view! {
                <div class="actions">
                    <Button look=Look::Secondary busy=acting.busy testid=testid on_press=turn>{say(words)}</Button>
                </div>
            }
        })
    };
    view! {
        {part(move || acting.fault.get().map(|fault| view! { <Failure fault/> }))}
        {part(button)}
    }
}

/// Everybody by name, and the ways in and out.
#[component]
pub(super) fn Members(it: ThreadView, thread: Remote<ThreadView>) -> impl IntoView {
    let own = me().map(|me| me.id);
    let may_leave = it
        .members
        .iter()
        .any(|who| Some(who.id) == own && !who.stays);
    let here: Vec<UserId> = it.members.iter().map(|who| who.id).collect();
    let rows = it.members.into_iter().map(|who| {
        view! { <li data-testid="thread-member"><Icon glyph=Glyph::Person/>{part(move || named(&who.name, who.role))}</li> }
    });
    view! {
        <section class="card" data-testid="thread-members">
            <h2><Icon glyph=Glyph::People/>{say(Key::MessagesMembers)}</h2>
            <ul class="plain">{rows.collect_view()}</ul>
            {is_doctor().then(|| view! { <Adding id=it.id here thread/> })}
            {may_leave.then(|| view! { <Leaving id=it.id/> })}
        </section>
    }
}

/// A doctor adds a colleague. Whom, is asked for when the part is opened.
#[component]
fn Adding(id: ThreadId, here: Vec<UserId>, thread: Remote<ThreadView>) -> impl IntoView {
    let open = RwSignal::new(false);
    let here = StoredValue::new(here);
    view! {
        {part(move || if open.get() {
            let known = Remote::new(|| api::correspondents(None));
            known.show(move |all| {
                let others = all.into_iter().filter(|it| here.with_value(|here| !here.contains(&it.id)));
                choice(id, others.collect(), thread)
            }).into_any()
        } else {
            view! {
                <div class="actions">
                    <Button look=Look::Secondary icon=Glyph::Plus testid="member-add" on_press=move || open.set(true)>{say(Key::MessagesAdd)}</Button>
                </div>
            }.into_any()
        })}
    }
}

fn choice(id: ThreadId, others: Vec<CorrespondentView>, thread: Remote<ThreadView>) -> AnyView {
    let acting = Acting::new();
    let chosen = RwSignal::new(String::new());
    let add = move || {
        let Ok(person) = chosen.get_untracked().parse::<UserId>() else {
            return;
        };
        let doing = api::add_thread_member(id, person);
        acting.run(doing, Key::MessagesAddDone, move |it| thread.put(it));
    };
    let options = others.into_iter().map(|it| {
        let value = it.id.to_string();
        view! { <option value=value>{part(move || named(&it.name, it.role))}</option> }
    });
    view! {
        <div class="field">
            <label for="member-choice">{say(Key::MessagesAdd)}</label>
            <select id="member-choice" data-testid="member-choice" on:change=move |event| chosen.set(event_target_value(&event))>
                <option value="">{say(Key::MessagesAddChoose)}</option>
                {options.collect_view()}
            </select>
        </div>
        {part(move || acting.fault.get().map(|fault| view! { <Failure fault/> }))}
        <div class="actions">
            <Button look=Look::Secondary icon=Glyph::Plus busy=acting.busy disabled=Signal::derive(move || chosen.with(String::is_empty))
                testid="member-add-confirm" on_press=add>{say(Key::MessagesAdd)}</Button>
        </div>
    }
    .into_any()
}

#[component]
fn Leaving(id: ThreadId) -> impl IntoView {
    let acting = Acting::new();
    let asking = RwSignal::new(false);
    let navigate = use_navigate();
    let leave = UnsyncCallback::new(move |()| {
        asking.set(false);
        let navigate = navigate.clone();
        acting.run(api::leave_thread(id), Key::MessagesLeaveDone, move |()| {
            navigate("/messages", NavigateOptions::default());
        });
    });
    view! {
        {part(move || acting.fault.get().map(|fault| view! { <Failure fault/> }))}
        <div class="actions">
            <Button look=Look::Quiet testid="thread-leave" on_press=move || asking.set(true)>{say(Key::MessagesLeave)}</Button>
        </div>
        <Dialog open=asking title=say(Key::MessagesLeaveTitle) testid="thread-leave-dialog">
            <p>{say(Key::MessagesLeaveText)}</p>
            <div class="actions">
                <Button look=Look::Secondary on_press=move || asking.set(false)>{say(Key::Back)}</Button>
                <Button look=Look::Danger busy=acting.busy testid="thread-leave-confirm" on_press=leave>{say(Key::MessagesLeave)}</Button>
            </div>
        </Dialog>
    }
}
