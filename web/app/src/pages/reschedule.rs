use crate::components::part;
use clinical_api::{AppointmentView, ProblemCode, RescheduleRequest};
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;

use super::address::{query, with_appointment};
use super::slots::Slots;
use super::words::Moment;
use crate::api::{self, ApiError};
use crate::components::{Alert, Button, Failure, Glyph, Icon, Page, Tone, reason, toast};
use crate::i18n::{Key, say, t_now};
use crate::remote::Remote;
use crate::{tr, when};

/// Move an appointment to another free time of the same doctor.
pub(crate) fn page() -> AnyView {
    with_appointment(|id| {
        let appointment = Remote::new(move || api::appointment(id));
        let start = query::<i64>("start");
        appointment
            .show(move |appointment| {
                let appointment = StoredValue::new(appointment);
                move || {
                    let appointment = appointment.get_value();
                    match start.get() {
                        None => view! { <Choose appointment/> }.into_any(),
                        Some(start_us) => view! { <Confirm appointment start_us/> }.into_any(),
                    }
                }
            })
            .into_any()
    })
}

#[component]
fn Choose(appointment: AppointmentView) -> impl IntoView {
    let id = appointment.id;
    let start_us = appointment.start_us;
    view! {
        <Page title=say(Key::RescheduleTitle)>
            <p><a href=format!("/appointments/{id}")><Icon glyph=Glyph::Back/>{say(Key::Back)}</a></p>
            <p class="lead">
                {part(move || tr!(Key::RescheduleNow, date = when::date(start_us), time = when::time(start_us)))}
            </p>
            <Slots doctor=appointment.doctor.id base=format!("/appointments/{id}/move?")/>
        </Page>
    }
}

#[component]
fn Confirm(appointment: AppointmentView, start_us: i64) -> impl IntoView {
    let navigate = use_navigate();
    let busy = RwSignal::new(false);
    let fault = RwSignal::new(None::<ApiError>);
    let (id, old_us) = (appointment.id, appointment.start_us);
    let send = move || {
        busy.set(true);
        fault.set(None);
        let navigate = navigate.clone();
        spawn_local(async move {
            match api::reschedule(id, &RescheduleRequest { start_us }).await {
                Ok(_) => {
                    toast(t_now(Key::RescheduleDone));
                    let replace = NavigateOptions {
                        replace: true,
                        ..NavigateOptions::default()
                    };
                    navigate(&format!("/appointments/{id}"), replace);
                }
                Err(refused) => {
                    fault.try_set(Some(refused));
                    busy.try_set(false);
                }
            }
        });
    };
    view! {
        <Page title=say(Key::RescheduleCheck) class="narrow">
            <div class="card">
                <Moment start_us zone=appointment.doctor.zone.clone()/>
                <p>{appointment.doctor.name.clone()}</p>
                <p class="hint">
                    {part(move || tr!(Key::RescheduleNow, date = when::date(old_us), time = when::time(old_us)))}
                </p>
            </div>
            {part(move || fault.get().map(|fault| view! { <Refused fault/> }))}
            <div class="actions">
                <Button busy icon=Glyph::Check testid="reschedule-confirm" on_press=send>{say(Key::RescheduleConfirm)}</Button>
                <a class="button quiet" href=format!("/appointments/{id}/move") data-testid="book-other-time">
                    {say(Key::BookOtherTime)}
                </a>
            </div>
        </Page>
    }
}

/// A time that was taken leads back to the choice; anything else can be tried again.
#[component]
fn Refused(fault: ApiError) -> impl IntoView {
    if fault.is(ProblemCode::SlotTaken) {
        view! { <Alert tone=Tone::Warning testid="error">{part(move || reason(&fault))}</Alert> }
            .into_any()
    } else {
        view! { <Failure fault/> }.into_any()
    }
}
