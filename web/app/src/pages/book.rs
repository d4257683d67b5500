use crate::components::part;
use clinical_api::{BookRequest, DoctorView, ProblemCode};
use clinical_model::UserId;
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;

use super::address::query;
use super::carry::{self, Carrying};
use super::slots::Slots;
use super::words::{Moment, languages, modality, service_name, specialty};
use crate::api::{self, ApiError};
use crate::components::{Button, EmptyState, Failure, Glyph, Icon, Page, TextArea};
use crate::i18n::{Key, Plural, say, tn};
use crate::remote::Remote;
use crate::{join_link, tr};

/// Doctor, then day and time, then a look at it all. The steps stand in the address.
pub(crate) fn page() -> AnyView {
    let doctors = Remote::new(api::doctors);
    let doctor = query::<UserId>("doctor");
    let start = query::<i64>("start");
    let shown = move |list: Vec<DoctorView>| {
        let list = StoredValue::new(list);
        move || {
            let chosen = doctor.get().and_then(|id| {
                list.with_value(|list| list.iter().find(|doctor| doctor.id == id).cloned())
            });
            match (chosen, start.get()) {
                (None, _) => view! { <Doctors list=list.get_value()/> }.into_any(),
                (Some(doctor), None) => view! { <Times doctor/> }.into_any(),
                (Some(doctor), Some(start_us)) => view! { <Confirm doctor start_us/> }.into_any(),
            }
        }
    };
    doctors.show(shown).into_any()
}

#[component]
fn Doctors(list: Vec<DoctorView>) -> impl IntoView {
    if list.is_empty() {
        return view! {
            <Page title=say(Key::BookTitle)>
                <EmptyState glyph=Glyph::Calendar><p>{say(Key::BookNone)}</p></EmptyState>
            </Page>
        }
        .into_any();
    }
    let rows = list.into_iter().enumerate().map(|(index, doctor)| {
        let spoken = doctor.clone();
        view! {
            <li>
                <a class="choice" href=format!("/book?doctor={}", doctor.id) data-testid=format!("book-doctor-{index}")>
                    <Icon glyph=Glyph::Person/>
                    <span>
                        <strong>{doctor.name}</strong>
                        <small>{part(move || specialty(&doctor.specialty))}" · "{part(move || languages(&spoken))}</small>
                    </span>
                    <Icon glyph=Glyph::Next/>
                </a>
            </li>
        }
    });
    view! {
        <Page title=say(Key::BookTitle)>
            <p><a href="/symptoms" data-testid="symptoms-link"><Icon glyph=Glyph::Search/>{say(Key::SymptomsLink)}</a></p>
            <Services/>
            <p class="lead">{say(Key::BookWho)}</p>
            <ul class="choices">{rows.collect_view()}</ul>
        </Page>
    }
    .into_any()
}

/// What the clinic offers besides plain visits; nothing where it offers nothing.
#[component]
fn Services() -> impl IntoView {
    let services = Remote::new(api::services);
    part(move || {
        let offered = services.value()?.into_iter().filter(|it| it.active);
        let rows: Vec<_> = offered
            .map(|it| {
                let (code, meets, minutes) = (it.code, it.modality, u64::from(it.length_min));
                view! {
                    <li>
                        <a class="choice" href=format!("/book/service/{}", it.id) data-testid="book-service">
                            <Icon glyph=Glyph::Calendar/>
                            <span>
                                <strong>{part(move || service_name(&code))}</strong>
                                <small>{part(move || modality(meets))}" · "{part(move || tn(Plural::Minutes, minutes))}</small>
                            </span>
                            <Icon glyph=Glyph::Next/>
                        </a>
                    </li>
                }
            })
            .collect();
        (!rows.is_empty()).then(|| {
            view! {
                <section data-testid="book-services">
                    <h2>{say(Key::BookServices)}</h2>
                    <ul class="choices">{rows}</ul>
                </section>
                <h2>{say(Key::BookDoctors)}</h2>
            }
        })
    })
}

#[component]
fn Times(doctor: DoctorView) -> impl IntoView {
    let name = doctor.name.clone();
    view! {
        <Page title=move || tr!(Key::BookWhen, name = name)>
            <p><a href="/book"><Icon glyph=Glyph::Back/>{say(Key::BookOtherDoctor)}</a></p>
            <Slots doctor=doctor.id base=format!("/book?doctor={}&", doctor.id)/>
        </Page>
    }
}

#[component]
fn Confirm(doctor: DoctorView, start_us: i64) -> impl IntoView {
    let navigate = use_navigate();
    let text = RwSignal::new(String::new());
    let busy = RwSignal::new(false);
    let fault = RwSignal::new(None::<ApiError>);
    let id = doctor.id;
    let send = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        if busy.get_untracked() {
            return;
        }
        busy.set(true);
        fault.set(None);
        let navigate = navigate.clone();
        spawn_local(async move {
            let request = BookRequest {
                doctor: id,
                service: None,
                patient: carry::whom(),
                start_us,
                reason: text.get_untracked().trim().to_owned(),
            };
            match api::book(&request).await {
                Ok(booked) => {
                    if let Some(link) = &booked.link {
                        join_link::keep(booked.id, &link.token);
                    }
                    carry::booked(booked.id);
                    let replace = NavigateOptions {
                        replace: true,
                        ..NavigateOptions::default()
                    };
                    navigate(&format!("/appointments/{}/booked", booked.id), replace);
                }
                Err(refused) => {
                    fault.try_set(Some(refused));
                }
            }
            busy.try_set(false);
        });
    };
    let other = format!("/book?doctor={id}");
    let again = other.clone();
    view! {
        <Page title=say(Key::BookCheck) class="narrow">
            <div class="card">
                <Moment start_us zone=doctor.zone.clone()/>
                <p><Icon glyph=Glyph::Person/>{doctor.name}" · "{part(move || specialty(&doctor.specialty))}</p>
            </div>
            <Carrying/>
            <form on:submit=send novalidate>
                <TextArea id="reason" label=say(Key::BookReason) hint=say(Key::BookReasonHint) value=text testid="book-reason"/>
                {part(move || fault.get().map(|fault| view! { <Refused fault other=again.clone()/> }))}
                <div class="actions">
                    <Button submit=true busy icon=Glyph::Check testid="book-confirm">{say(Key::BookConfirm)}</Button>
                    <a class="button quiet" href=other data-testid="book-other-time">{say(Key::BookOtherTime)}</a>
                </div>
            </form>
        </Page>
    }
}

#[component]
fn Refused(fault: ApiError, other: String) -> impl IntoView {
    let taken = fault.is(ProblemCode::SlotTaken);
    view! {
        <Failure fault/>
        {taken.then(|| view! { <p><a class="button secondary" href=other>{say(Key::BookOtherTime)}</a></p> })}
    }
}
