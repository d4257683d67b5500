//! A time that is kept while the patient looks at it all, with what is left of it.

use clinical_api::{HoldRequest, HoldView, ProblemCode};
use clinical_model::UserId;
use gloo_timers::callback::Interval;
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;

use super::super::carry::{self, Carrying};
use super::super::words::{Moment, modality, service_name};
use super::take::Offered;
use crate::api::{self, ApiError};
use crate::browser::now_us;
use crate::components::{Alert, Button, Failure, Glyph, Icon, Page, TextArea, Tone, part};
use crate::i18n::{Key, say};
use crate::remote::Remote;
use crate::{join_link, tr};

const SECOND_MS: u32 = 1_000;
const SECOND_US: i64 = 1_000_000;

/// Keeps the time, and asks for the last yes.
#[component]
pub(super) fn Kept(offered: Offered, doctor: UserId, start_us: i64) -> impl IntoView {
    let service = offered.service.id;
    let back = format!("/book/service/{service}?with={doctor}");
    let request = HoldRequest {
        doctor,
        service: Some(service),
        start_us,
    };
    let hold = Remote::new(move || async move {
        match api::hold(&request).await {
            Ok(hold) => Ok(Some(hold)),
            Err(fault) if fault.is(ProblemCode::SlotTaken) => Ok(None),
            Err(fault) => Err(fault),
        }
    });
    let found = offered.doctors.into_iter().find(|it| it.id == doctor);
    let zone = found
        .as_ref()
        .map_or_else(String::new, |it| it.zone.clone());
    let name = found.map_or_else(String::new, |it| it.name);
    let code = offered.service.code.clone();
    let meets = offered.service.modality;
    view! {
        <Page title=say(Key::BookCheck) class="narrow">
            <div class="card">
                <Moment start_us zone/>
                <p><Icon glyph=Glyph::Person/>{name}</p>
                <p><Icon glyph=Glyph::Calendar/>{part(move || service_name(&code))}" · "{part(move || modality(meets))}</p>
            </div>
            {hold.show(move |hold| match hold {
                Some(hold) => view! { <Confirm hold back=back.clone()/> }.into_any(),
                None => view! { <Gone words=Key::TakeTaken back=back.clone()/> }.into_any(),
            })}
        </Page>
    }
}

#[component]
fn Gone(words: Key, back: String) -> impl IntoView {
    view! {
        <Alert tone=Tone::Warning testid="hold-gone">
            <p>{say(words)}</p>
            <p><a class="button secondary" href=back data-testid="hold-other">{say(Key::BookOtherTime)}</a></p>
        </Alert>
    }
}

#[component]
fn Confirm(hold: HoldView, back: String) -> impl IntoView {
    let ends_us = now_us().saturating_add(i64::from(hold.left_s) * SECOND_US);
    let left = RwSignal::new(i64::from(hold.left_s));
    let tick = Interval::new(SECOND_MS, move || {
        left.try_set(((ends_us - now_us()) / SECOND_US).max(0));
    });
    let tick = StoredValue::new_local(Some(tick));
    let kept = StoredValue::new(true);
    let id = hold.id;
    on_cleanup(move || {
        drop(tick.try_update_value(Option::take));
        // Who goes elsewhere gives the time back; if that does not arrive, it ends by itself.
        if kept.try_get_value() == Some(true) {
            spawn_local(async move {
                drop(api::release(id).await);
            });
        }
    });
    let over = Memo::new(move |_| left.get() == 0);
    let back = StoredValue::new(back);
    part(move || {
        if over.get() {
            return view! { <Gone words=Key::HoldOver back=back.get_value()/> }.into_any();
        }
        view! { <Form hold left kept back=back.get_value()/> }.into_any()
    })
}

#[component]
fn Form(
    hold: HoldView,
    left: RwSignal<i64>,
    kept: StoredValue<bool>,
    back: String,
) -> impl IntoView {
    carry::mine_only();
    let navigate = use_navigate();
    let text = RwSignal::new(String::new());
    let busy = RwSignal::new(false);
    let fault = RwSignal::new(None::<ApiError>);
    let send = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        if busy.get_untracked() {
            return;
        }
        busy.set(true);
        fault.set(None);
        let navigate = navigate.clone();
        spawn_local(async move {
            let reason = text.get_untracked().trim().to_owned();
            match api::book_held(hold.id, reason).await {
                Ok(booked) => {
                    kept.try_set_value(false);
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
    // Heard once a minute, seen every second.
    let minutes = Memo::new(move |_| left.get().div_euclid(60) + 1);
    view! {
        <p class="opens" data-testid="hold-left">
            <Icon glyph=Glyph::Clock/>
            <span aria-hidden="true">{part(move || {
                let left = left.get();
                tr!(Key::HoldLeft, time = format!("{}:{:02}", left / 60, left % 60))
            })}</span>
            <span class="unseen" role="status">{part(move || tr!(Key::HoldMinutes, minutes = minutes.get()))}</span>
        </p>
        <Carrying/>
        <form on:submit=send novalidate>
            <TextArea id="reason" label=say(Key::BookReason) hint=say(Key::BookReasonHint) value=text testid="book-reason"/>
            {part(move || fault.get().map(|fault| view! { <Failure fault/> }))}
            <div class="actions">
                <Button submit=true busy icon=Glyph::Check testid="hold-confirm">{say(Key::BookConfirm)}</Button>
                <a class="button quiet" href=back data-testid="hold-other-time">{say(Key::BookOtherTime)}</a>
            </div>
        </form>
    }
}
