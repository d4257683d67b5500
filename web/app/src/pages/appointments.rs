use crate::components::part;
use clinical_api::{AppointmentState, AppointmentView};
use clinical_model::Micros;
use gloo_timers::callback::Interval;
use leptos::prelude::*;

use super::enter::{Enter, ticking};
use super::feed::Subscribe;
use super::waiting::Waits;
use super::words::{Moment, WithDoctor, is_open, moment, specialty, state};
use crate::api;
use crate::browser::now_us;
use crate::components::{EmptyState, Glyph, Icon, Page};
use crate::i18n::{Key, say};
use crate::remote::Remote;

const PAST_DAYS: i64 = 200;
const COMING_DAYS: i64 = 190;
/// A visit can be entered this long after its end.
const LATE_US: i64 = 12 * Micros::HOUR;
const RELOAD_MS: u32 = 30_000;

/// A patient's appointments: the next one large, then the later ones, then the past ones.
pub(crate) fn page() -> AnyView {
    let list = Remote::new(|| {
        let now = now_us();
        api::appointments(
            now - PAST_DAYS * Micros::DAY,
            now + COMING_DAYS * Micros::DAY,
        )
    });
    let reload = StoredValue::new_local(Some(Interval::new(RELOAD_MS, move || list.reload())));
    on_cleanup(move || drop(reload.try_update_value(Option::take)));
    view! {
        <Page title=say(Key::AppointmentsTitle)>
            <Waits/>
            {list.show(|list| view! { <Lists list/> })}
            <p><a href="/symptoms" data-testid="symptoms-link"><Icon glyph=Glyph::Search/>{say(Key::SymptomsLink)}</a></p>
            <Subscribe/>
        </Page>
    }
    .into_any()
}

#[component]
fn Lists(list: Vec<AppointmentView>) -> impl IntoView {
    let limit_us = now_us() - LATE_US;
    let (mut coming, mut past): (Vec<_>, Vec<_>) = list
        .into_iter()
        .partition(|appointment| is_open(appointment.state) && appointment.end_us > limit_us);
    coming.sort_by_key(|appointment| appointment.start_us);
    past.sort_by_key(|appointment| core::cmp::Reverse(appointment.start_us));
    let mut coming = coming.into_iter().enumerate();
    let next = coming.next().map(|(_, appointment)| appointment);
    let empty = next.is_none();
    view! {
        {match next {
            Some(appointment) => view! { <Next appointment/> }.into_any(),
            None => view! { <Nothing/> }.into_any(),
        }}
        <Section title=Key::AppointmentsLater rows=coming.collect()/>
        {(!empty)
            .then(|| {
                view! {
                    <p>
                        <a class="button secondary" href="/book" data-testid="book-link">
                            <Icon glyph=Glyph::Plus/>
                            <span>{say(Key::AppointmentsBook)}</span>
                        </a>
                    </p>
                }
            })}
        <Past list=past/>
    }
}

#[component]
fn Nothing() -> impl IntoView {
    view! {
        <EmptyState glyph=Glyph::Calendar>
            <p>{say(Key::AppointmentsNone)}</p>
            <a class="button primary" href="/book" data-testid="book-link">
                <Icon glyph=Glyph::Plus/>
                <span>{say(Key::AppointmentsBook)}</span>
            </a>
        </EmptyState>
    }
}

#[component]
fn Next(appointment: AppointmentView) -> impl IntoView {
    let now = ticking();
    let id = appointment.id;
    view! {
        <section class="card next" data-testid="appointment-0" data-id=id.to_string()>
            <h2>{say(Key::AppointmentsNext)}</h2>
            <Moment start_us=appointment.start_us zone=appointment.doctor.zone.clone()/>
            <WithDoctor appointment=appointment.clone()/>
            <div class="actions">
                <Enter appointment now/>
                <a class="button quiet" href=format!("/appointments/{id}") data-testid="details">
                    {say(Key::AppointmentsDetails)}
                </a>
            </div>
        </section>
    }
}

#[component]
fn Section(title: Key, rows: Vec<(usize, AppointmentView)>) -> impl IntoView {
    (!rows.is_empty()).then(|| {
        let rows = rows.into_iter().map(|(index, appointment)| {
            let doctor = appointment.doctor;
            view! {
                <li data-testid=format!("appointment-{index}") data-id=appointment.id.to_string()>
                    <a class="choice" href=format!("/appointments/{}", appointment.id)>
                        <Icon glyph=Glyph::Calendar/>
                        <span>
                            <strong>{part(move || moment(appointment.start_us))}</strong>
                            <small>{doctor.name}" · "{part(move || specialty(&doctor.specialty))}</small>
                        </span>
                        <Icon glyph=Glyph::Next/>
                    </a>
                </li>
            }
        });
        view! { <section><h2>{say(title)}</h2><ul class="choices">{rows.collect_view()}</ul></section> }
    })
}

#[component]
fn Past(list: Vec<AppointmentView>) -> impl IntoView {
    (!list.is_empty()).then(|| {
        let rows = list
            .into_iter()
            .map(|appointment| view! { <PastRow appointment/> });
        view! {
            <section>
                <h2>{say(Key::AppointmentsPast)}</h2>
                <ul class="choices">{rows.collect_view()}</ul>
            </section>
        }
    })
}

#[component]
fn PastRow(appointment: AppointmentView) -> impl IntoView {
    let id = appointment.id;
    let finished = appointment.state == AppointmentState::Finished;
    let (href, testid) = if finished {
        (format!("/appointments/{id}/summary"), "read-summary")
    } else {
        (format!("/appointments/{id}"), "past-details")
    };
    let stands = appointment.state;
    view! {
        <li data-testid="past-appointment" data-id=id.to_string()>
            <a class="choice" href=href data-testid=testid>
                <Icon glyph=if finished { Glyph::Note } else { Glyph::Calendar }/>
                <span>
                    <strong>{part(move || moment(appointment.start_us))}</strong>
                    <small>
                        {appointment.doctor.name}
                        " · "
                        {part(move || if finished && appointment.has_summary { say(Key::AppointmentsSummary)() } else { state(stands) })}
                    </small>
                </span>
                <Icon glyph=Glyph::Next/>
            </a>
        </li>
    }
}
