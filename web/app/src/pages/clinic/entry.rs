//! One entry of the calendar: what it is, and moving or cancelling it.

use clinical_api::{CalendarAppointmentView, CalendarEntryView, RescheduleRequest};
use clinical_model::Role;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::super::words::{is_open, moment};
use super::calendar::about;
use super::choice::instant;
use crate::api::{self, ApiError};
use crate::components::{Button, Failure, Field, Glyph, Look, part, toast};
use crate::i18n::{Key, say, t, t_now};
use crate::session::me;
use crate::when;

/// What is about to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Look,
    Move,
    Cancel,
}

#[component]
pub(super) fn Entry(
    entry: CalendarEntryView,
    open: RwSignal<bool>,
    reload: UnsyncCallback<()>,
) -> impl IntoView {
    let shown = entry.clone();
    let from_us = entry.from_us;
    let role = me().map(|me| me.role);
    let may_change = matches!(role, Some(Role::Doctor | Role::Nurse));
    let changed = entry
        .appointment
        .filter(|it| may_change && it.patient.is_some() && is_open(it.state));
    view! {
        <p class="moment"><strong>{part(move || moment(from_us))}</strong><small>{part(move || about(&shown))}</small></p>
        {match changed {
            Some(it) => view! { <Change it open reload/> }.into_any(),
            None => view! {
                <div class="actions"><Button look=Look::Secondary testid="entry-close" on_press=move || open.set(false)>{say(Key::FormClose)}</Button></div>
            }
            .into_any(),
        }}
    }
}

#[component]
fn Change(
    it: CalendarAppointmentView,
    open: RwSignal<bool>,
    reload: UnsyncCallback<()>,
) -> impl IntoView {
    let step = RwSignal::new(Step::Look);
    let (id, start_us) = (it.id, it.start_us);
    let is_doctor = me().is_some_and(|me| me.role == Role::Doctor);
    part(move || {
        match step.get() {
        Step::Look => view! {
            <div class="actions">
                <Button look=Look::Secondary testid="entry-close" on_press=move || open.set(false)>{say(Key::FormClose)}</Button>
                {is_doctor.then(|| view! { <a class="button secondary" href=format!("/appointments/{id}")>{say(Key::AppointmentsDetails)}</a> })}
                <Button look=Look::Secondary icon=Glyph::Calendar testid="entry-move" on_press=move || step.set(Step::Move)>{say(Key::Reschedule)}</Button>
                <Button look=Look::Danger icon=Glyph::Cross testid="entry-cancel" on_press=move || step.set(Step::Cancel)>{say(Key::Cancel)}</Button>
            </div>
        }
        .into_any(),
        Step::Move => view! { <Move id start_us open reload/> }.into_any(),
        Step::Cancel => view! { <Cancel id open reload/> }.into_any(),
    }
    })
}

#[component]
fn Move(
    id: clinical_model::AppointmentId,
    start_us: i64,
    open: RwSignal<bool>,
    reload: UnsyncCallback<()>,
) -> impl IntoView {
    let day = RwSignal::new(when::day_key(start_us));
    let time = RwSignal::new(String::new());
    let tried = RwSignal::new(false);
    let busy = RwSignal::new(false);
    let fault = RwSignal::new(None::<ApiError>);
    let wrong = Signal::derive(move || {
        let none = instant(&day.get(), &time.get()).is_none();
        (tried.get() && none).then(|| t(Key::TimeFault).to_owned())
    });
    let send = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        tried.set(true);
        let Some(start_us) = instant(&day.get_untracked(), &time.get_untracked()) else {
            return;
        };
        busy.set(true);
        fault.set(None);
        spawn_local(async move {
            match api::reschedule(id, &RescheduleRequest { start_us }).await {
                Ok(_) => {
                    toast(t_now(Key::EntryMoved));
                    open.try_set(false);
                    reload.run(());
                }
                Err(refused) => {
                    fault.try_set(Some(refused));
                    busy.try_set(false);
                }
            }
        });
    };
    view! {
        <form on:submit=send novalidate>
            <p>{say(Key::EntryMoveText)}</p>
            <Field id="move-day" label=say(Key::CalendarDay) value=day kind="date" testid="move-day"/>
            <Field id="move-time" label=say(Key::MakeTime) error=wrong value=time kind="time" testid="move-time"/>
            {part(move || fault.get().map(|fault| view! { <Failure fault/> }))}
            <div class="actions">
                <Button look=Look::Secondary testid="move-keep" on_press=move || open.set(false)>{say(Key::FormClose)}</Button>
                <Button submit=true busy testid="move-confirm">{say(Key::EntryMoveConfirm)}</Button>
            </div>
        </form>
    }
}

#[component]
fn Cancel(
    id: clinical_model::AppointmentId,
    open: RwSignal<bool>,
    reload: UnsyncCallback<()>,
) -> impl IntoView {
    let busy = RwSignal::new(false);
    let fault = RwSignal::new(None::<ApiError>);
    let cancel = move || {
        busy.set(true);
        fault.set(None);
        spawn_local(async move {
            match api::cancel(id).await {
                Ok(_) => {
                    toast(t_now(Key::CancelDone));
                    open.try_set(false);
                    reload.run(());
                }
                Err(refused) => {
                    fault.try_set(Some(refused));
                    busy.try_set(false);
                }
            }
        });
    };
    view! {
        <p>{say(Key::EntryCancelText)}</p>
        {part(move || fault.get().map(|fault| view! { <Failure fault/> }))}
        <div class="actions">
            <Button look=Look::Secondary testid="entry-keep" on_press=move || open.set(false)>{say(Key::CancelKeep)}</Button>
            <Button look=Look::Danger busy testid="entry-cancel-confirm" on_press=cancel>{say(Key::CancelConfirm)}</Button>
        </div>
    }
}
