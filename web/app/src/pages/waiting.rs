use clinical_api::{DoctorView, ServiceView, WaitingOfferView, WaitingView};
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::hooks::use_navigate;

use super::words::{moment, service_name};
use crate::api::{self, ApiError};
use crate::components::{Button, Failure, Glyph, Icon, Look, part, toast};
use crate::i18n::{Key, say, t, t_now};
use crate::remote::Remote;
use crate::{join_link, tr, when};

type Known = (Vec<ServiceView>, Vec<DoctorView>);

/// What a patient waits for, with what is offered now; nothing for who does not wait.
#[component]
pub(crate) fn Waits() -> impl IntoView {
    let list = Remote::new(api::waiting);
    let known = Remote::new(|| async { Ok((api::services().await?, api::doctors().await?)) });
    part(move || {
        let places = list.value().filter(|list| !list.is_empty())?;
        let names = known.value()?;
        let rows = places
            .into_iter()
            .map(|place| view! { <Place place names=names.clone() list/> })
            .collect_view();
        Some(view! {
            <section class="card" data-testid="waiting" aria-live="polite">
                <h2><Icon glyph=Glyph::Clock/>{say(Key::WaitingTitle)}</h2>
                <ul class="choices">{rows}</ul>
            </section>
        })
    })
}

#[component]
fn Place(place: WaitingView, names: Known, list: Remote<Vec<WaitingView>>) -> impl IntoView {
    let id = place.id;
    let busy = RwSignal::new(false);
    let fault = RwSignal::new(None::<ApiError>);
    let service = names.0.iter().find(|it| it.id == place.service);
    let code = service.map(|it| it.code.clone()).unwrap_or_default();
    let leave = move || {
        busy.set(true);
        spawn_local(async move {
            match api::leave_waiting(id).await {
                Ok(()) => {
                    toast(t_now(Key::WaitingLeft));
                    list.reload();
                }
                Err(refused) => {
                    fault.try_set(Some(refused));
                }
            }
            busy.try_set(false);
        });
    };
    let doctors = names.1;
    let until_us = place.until_us;
    view! {
        <li data-testid="waiting-place">
            <p>
                <strong>{part(move || service_name(&code))}</strong>
                " · "
                {part(move || tr!(Key::WaitingUntil, date = when::date(until_us)))}
            </p>
            {match place.offer {
                Some(offer) => view! { <Offer place=id offer doctors list/> }.into_any(),
                None => view! { <p class="hint">{say(Key::WaitingNothing)}</p> }.into_any(),
            }}
            {part(move || fault.get().map(|fault| view! { <Failure fault/> }))}
            <Button look=Look::Quiet busy icon=Glyph::Cross testid="waiting-leave" on_press=leave>{say(Key::WaitingLeave)}</Button>
        </li>
    }
}

#[component]
fn Offer(
    place: clinical_model::WaitingId,
    offer: WaitingOfferView,
    doctors: Vec<DoctorView>,
    list: Remote<Vec<WaitingView>>,
) -> impl IntoView {
    let navigate = use_navigate();
    let busy = RwSignal::new(false);
    let fault = RwSignal::new(None::<ApiError>);
    let name = doctors
        .into_iter()
        .find(|it| it.id == offer.doctor)
        .map_or_else(String::new, |it| it.name);
    let take = move || {
        busy.set(true);
        fault.set(None);
        let navigate = navigate.clone();
        spawn_local(async move {
            match api::accept_offer(place).await {
                Ok(booked) => {
                    if let Some(link) = &booked.link {
                        join_link::keep(booked.id, &link.token);
                    }
                    let next = format!("/appointments/{}/booked", booked.id);
                    navigate(&next, leptos_router::NavigateOptions::default());
                }
                Err(refused) => {
                    fault.try_set(Some(refused));
                    list.reload();
                }
            }
            busy.try_set(false);
        });
    };
    let decline = move || {
        busy.set(true);
        fault.set(None);
        spawn_local(async move {
            match api::decline_offer(place).await {
                Ok(()) => {
                    toast(t_now(Key::OfferDeclined));
                    list.reload();
                }
                Err(refused) => {
                    fault.try_set(Some(refused));
                }
            }
            busy.try_set(false);
        });
    };
    view! {
        <div data-testid="waiting-offer">
            <p class="moment">
                {part(move || t(Key::OfferText))}
                <strong>{part(move || moment(offer.start_us))}</strong>
                <small>{name}" · "{part(move || tr!(Key::OfferKept, time = when::time(offer.expires_us)))}</small>
            </p>
            {part(move || fault.get().map(|fault| view! { <Failure fault/> }))}
            <div class="actions">
                <Button busy icon=Glyph::Check testid="offer-take" on_press=take>{say(Key::OfferTake)}</Button>
                <Button look=Look::Secondary busy testid="offer-decline" on_press=decline>{say(Key::OfferDecline)}</Button>
            </div>
        </div>
    }
}
