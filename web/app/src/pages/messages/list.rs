//! The conversations of a person, those with the newest messages first.

use clinical_api::{ThreadView, ThreadsView};
use clinical_model::{PatientId, Role};
use gloo_timers::callback::Interval;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::begin::Begin;
use super::{is_about_another, others};
use crate::api::{self, ApiError};
use crate::components::{Button, EmptyState, Failure, Glyph, Icon, Look, Page, part};
use crate::i18n::{Key, Plural, say, tn};
use crate::pages::address::query;
use crate::remote::Remote;
use crate::session::me;
use crate::{tr, when};

/// How often the list is asked for again.
const RELOAD_MS: u32 = 10_000;

/// The page.
pub(crate) fn page() -> AnyView {
    let first = Remote::new(|| api::threads(None));
    let reload = StoredValue::new_local(Some(Interval::new(RELOAD_MS, move || first.reload())));
    on_cleanup(move || drop(reload.try_update_value(Option::take)));
    let patient = query::<PatientId>("patient").get_untracked();
    let begins = RwSignal::new(patient.is_some());
    let older = Older::new();
    view! {
        <Page title=say(Key::MessagesTitle)>
            <p class="lead">{say(Key::MessagesText)}</p>
            <p class="hint">{say(Key::MessagesUrgent)}</p>
            {part(move || match me().map(|me| me.role) {
                Some(Role::Patient) => way(begins, None),
                Some(Role::Doctor | Role::Nurse) => way(begins, Some(patient)),
                _ => ().into_any(),
            })}
            {first.show(move |page| lists(page, older))}
        </Page>
    }
    .into_any()
}

/// The way to a new conversation. Staff come here from a patient's record.
fn way(begins: RwSignal<bool>, about: Option<Option<PatientId>>) -> AnyView {
    if about == Some(None) {
        return view! {
            <div class="actions">
                <a class="button secondary" href="/patients" data-testid="messages-patients"><Icon glyph=Glyph::People/><span>{say(Key::NavPatients)}</span></a>
            </div>
            <p class="hint">{say(Key::MessagesStaffHow)}</p>
        }
        .into_any();
    }
    part(move || {
        if begins.get() {
            view! { <Begin patient=about.flatten() begins/> }.into_any()
        } else {
            view! {
                <div class="actions">
                    <Button icon=Glyph::Edit testid="messages-begin" on_press=move || begins.set(true)>{say(Key::MessagesBegin)}</Button>
                </div>
            }
            .into_any()
        }
    })
    .into_any()
}

/// The pages behind the first one.
#[derive(Clone, Copy)]
struct Older {
    threads: RwSignal<Vec<ThreadView>>,
    /// Where it goes on: none before the first of these pages, then none at the end.
    next: RwSignal<Option<Option<String>>>,
    busy: RwSignal<bool>,
    fault: RwSignal<Option<ApiError>>,
}

impl Older {
    fn new() -> Self {
        Self {
            threads: RwSignal::new(Vec::new()),
            next: RwSignal::new(None),
            busy: RwSignal::new(false),
            fault: RwSignal::new(None),
        }
    }

    fn fetch(self, after: String) {
        self.busy.set(true);
        self.fault.set(None);
        spawn_local(async move {
            match api::threads(Some(&after)).await {
                Ok(page) => {
                    self.threads.try_update(|all| all.extend(page.threads));
                    self.next.try_set(Some(page.next));
                }
                Err(fault) => {
                    self.fault.try_set(Some(fault));
                }
            }
            self.busy.try_set(false);
        });
    }
}

fn lists(page: ThreadsView, older: Older) -> AnyView {
    if page.threads.is_empty() {
        return view! { <EmptyState glyph=Glyph::Chat><p>{say(Key::MessagesNone)}</p></EmptyState> }
            .into_any();
    }
    let first: Vec<_> = page.threads.iter().map(|it| it.id).collect();
    let behind = move || {
        let is_new = |it: &ThreadView| !first.contains(&it.id);
        let rows: Vec<AnyView> = older.threads.with(|all| {
            all.iter()
                .filter(|it| is_new(it))
                .cloned()
                .map(row)
                .collect()
        });
        rows
    };
    let next = page.next;
    let more = move || {
        let next = older.next.get().unwrap_or_else(|| next.clone())?;
        let fetch = move || older.fetch(next.clone());
        Some(view! {
            <div class="actions">
                <Button look=Look::Secondary busy=older.busy testid="threads-more" on_press=fetch>{say(Key::MessagesMore)}</Button>
            </div>
        })
    };
    view! {
        <ul class="choices" data-testid="threads">
            {page.threads.into_iter().map(row).collect_view()}
            {part(behind)}
        </ul>
        {part(move || older.fault.get().map(|fault| view! { <Failure fault/> }))}
        {part(more)}
    }
    .into_any()
}

fn row(thread: ThreadView) -> AnyView {
    let (unread, last_us) = (u64::from(thread.unread), thread.last_us);
    let is_closed = thread.closed_us.is_some();
    let (href, subject) = (format!("/messages/{}", thread.id), thread.subject.clone());
    let people = move || {
        let with = tr!(Key::MessagesWith, names = others(&thread));
        if is_about_another(&thread) {
            let about = tr!(Key::MessagesAbout, name = thread.patient_name);
            format!("{about}. {with}")
        } else {
            with
        }
    };
    view! {
        <li>
            <a class="choice" href=href data-testid="thread" data-unread=unread.to_string()>
                <Icon glyph=Glyph::Chat/>
                <span>
                    <strong>{subject}</strong>
                    <small>{part(people)}</small>
                    <small>{part(move || tr!(Key::MessagesLast, date = when::date_time(last_us)))}</small>
                    {is_closed.then(|| view! { <small>{say(Key::MessagesClosed)}</small> })}
                </span>
                {(unread > 0).then(|| view! {
                    <strong class="badge" data-testid="thread-unread">{unread}" "{part(move || tn(Plural::MessagesUnread, unread))}</strong>
                })}
                <Icon glyph=Glyph::Next/>
            </a>
        </li>
    }
    .into_any()
}
