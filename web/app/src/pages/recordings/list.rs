//! The list of recordings, the newest first; for administrators with what they take.

use clinical_api::{RecordingFiguresView, RecordingRowView, RecordingsView};
use clinical_model::recordings::RecordingState;
use clinical_model::{PatientId, Role};
use leptos::prelude::*;
use leptos::task::spawn_local;
use web_logic::player::clock;

use super::keep::Keeping;
use super::rules::Rules;
use super::{size, state};
use crate::api::{self, ApiError};
use crate::components::{Button, EmptyState, Failure, Glyph, Icon, Look, Page, part};
use crate::i18n::{Key, say};
use crate::pages::address::query;
use crate::remote::Remote;
use crate::session::me;
use crate::{tr, when};

const STATES: [(&str, Key); 6] = [
    ("", Key::RecordingsAll),
    ("running", Key::RecordingsRunning),
    ("preparing", Key::RecordingsPreparing),
    ("ready", Key::RecordingsReady),
    ("failed", Key::RecordingsFailed),
    ("deleted", Key::RecordingsDeleted),
];
const HELD: [(&str, Key); 3] = [
    ("", Key::RecordingsAll),
    ("true", Key::RecordingsHeld),
    ("false", Key::RecordingsNotHeld),
];

/// What is shown of the list.
#[derive(Clone, Copy)]
struct Choice {
    patient: Memo<Option<PatientId>>,
    state: RwSignal<String>,
    held: RwSignal<String>,
}

/// The page.
pub(crate) fn page() -> AnyView {
    let choice = Choice {
        patient: query::<PatientId>("patient"),
        state: RwSignal::new(String::new()),
        held: RwSignal::new(String::new()),
    };
    let list = Remote::new(move || async move {
        let (state, held) = (choice.state.get_untracked(), choice.held.get_untracked());
        api::recordings((choice.patient.get_untracked(), &state, &held), None).await
    });
    Effect::new(move |before: Option<()>| {
        choice.patient.track();
        choice.state.track();
        choice.held.track();
        if before.is_some() {
            list.reload();
        }
    });
    view! {
        <Page title=say(Key::RecordingsTitle)>
            <p class="lead">{say(Key::RecordingsText)}</p>
            {part(move || (me().map(|me| me.role) == Some(Role::Admin)).then(|| view! { <Figures/> }))}
            <div class="row">
                <Select id="recordings-state" label=Key::RecordingsState options=&STATES value=choice.state/>
                <Select id="recordings-held" label=Key::RecordingsHolding options=&HELD value=choice.held/>
            </div>
            {list.show(move |page| rows(page, choice, list))}
        </Page>
    }
    .into_any()
}

#[component]
fn Select(
    id: &'static str,
    label: Key,
    options: &'static [(&'static str, Key)],
    value: RwSignal<String>,
) -> impl IntoView {
    let options = options
        .iter()
        .map(|(word, key)| view! { <option value=*word>{say(*key)}</option> });
    view! {
        <div class="field">
            <label for=id>{say(label)}</label>
            <select id=id data-testid=id on:change=move |event| value.set(event_target_value(&event))>
                {options.collect_view()}
            </select>
        </div>
    }
}

#[component]
fn Figures() -> impl IntoView {
    let figures = Remote::new(api::recording_figures);
    figures.show(move |it: RecordingFiguresView| {
        view! {
            <p data-testid="recordings-figures">
                {part(move || tr!(Key::RecordingsFigures, count = it.count, size = size(it.bytes), held = it.held, days = it.keep_days))}
                {it.oldest_us.map(|oldest| view! { <span>" "{part(move || tr!(Key::RecordingsOldest, date = when::full_date(oldest)))}</span> })}
            </p>
            <Rules on_done=UnsyncCallback::new(move |()| figures.reload())/>
        }
    })
}

fn rows(page: RecordingsView, choice: Choice, list: Remote<RecordingsView>) -> AnyView {
    if page.recordings.is_empty() {
        return view! {
            <EmptyState glyph=Glyph::Record>
                <p>{say(Key::RecordingsNone)}</p>
                <p class="hint">{say(Key::RecordingsHow)}</p>
            </EmptyState>
        }
        .into_any();
    }
    let older = RwSignal::new(Vec::<RecordingRowView>::new());
    let next = RwSignal::new(page.next);
    let busy = RwSignal::new(false);
    let fault = RwSignal::new(None::<ApiError>);
    let more = move || {
        busy.set(true);
        fault.set(None);
        spawn_local(async move {
            let (state, held) = (choice.state.get_untracked(), choice.held.get_untracked());
            let after = next.get_untracked();
            let of = (
                choice.patient.get_untracked(),
                state.as_str(),
                held.as_str(),
            );
            match api::recordings(of, after.as_deref()).await {
                Ok(page) => {
                    older.try_update(|all| all.extend(page.recordings));
                    next.try_set(page.next);
                }
                Err(refused) => {
                    fault.try_set(Some(refused));
                }
            }
            busy.try_set(false);
        });
    };
    view! {
        <ul class="choices" data-testid="recordings">
            {page.recordings.into_iter().map(|it| row(it, list)).collect_view()}
            {part(move || older.get().into_iter().map(|it| row(it, list)).collect_view())}
        </ul>
        {part(move || fault.get().map(|fault| view! { <Failure fault on_retry=more/> }))}
        {part(move || next.with(Option::is_some).then(|| view! {
            <div class="actions">
                <Button look=Look::Secondary busy testid="recordings-more" on_press=more>{say(Key::RecordingsMore)}</Button>
            </div>
        }))}
    }
    .into_any()
}

fn row(it: RecordingRowView, list: Remote<RecordingsView>) -> AnyView {
    let href = format!("/recordings/{}", it.id);
    let (started_us, keep_until_us) = (it.started_us, it.keep_until_us);
    let (held, reason, duration_ms, bytes) = (it.held, it.reason.clone(), it.duration_ms, it.bytes);
    let is_gone = it.state == RecordingState::Deleted;
    let who = it
        .patient_name
        .clone()
        .unwrap_or_else(|| it.doctor_name.clone());
    let word = it.state.as_str();
    let shown = it.clone();
    view! {
        <li class="recording-row" data-testid="recording-row" data-state=word data-held=held.to_string()>
            <a class="choice" href=href data-testid="recording-open">
                <Icon glyph=Glyph::Record/>
                <span>
                    <strong>{part(move || when::date_time(started_us))}</strong>
                    <small>{who}</small>
                    <small>
                        {part(move || state(&shown))}
                        {duration_ms.map(|ms| format!(" · {}", clock(ms)))}
                        {bytes.map(|bytes| format!(" · {}", size(bytes)))}
                    </small>
                    {(!is_gone && !held).then(|| view! { <small>{part(move || tr!(Key::RecordingsUntil, date = when::full_date(keep_until_us)))}</small> })}
                    {held.then(|| view! { <small><strong>{say(Key::RecordingsHeld)}</strong></small> })}
                    {reason.map(|reason| view! { <small>{reason}</small> })}
                </span>
                <Icon glyph=Glyph::Next/>
            </a>
            <Keeping row=it on_done=UnsyncCallback::new(move |_| list.reload())/>
        </li>
    }
    .into_any()
}
