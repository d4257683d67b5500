//! How one takes part by telephone: a number to tap and a PIN to type, large enough to be read from a
//! sheet beside the telephone.

use clinical_api::PhoneWayView;
use clinical_model::AppointmentId;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::api::{self, ApiError};
use crate::components::{Button, Failure, Glyph, Icon, Look, part};
use crate::i18n::{Key, say};
use crate::tr;

/// For the patient: nothing where the facility has no number.
#[component]
pub(crate) fn OwnPhone(id: AppointmentId) -> impl IntoView {
    let way = RwSignal::new(None::<PhoneWayView>);
    spawn_local(async move {
        // Who cannot be told has the link.
        if let Ok(access) = api::phone_access(id).await {
            way.try_set(access.way);
        }
    });
    part(move || {
        way.get().map(|way| {
            view! { <section class="card"><PhoneWay way/></section> }
        })
    })
}

/// Number and PIN.
#[component]
pub(crate) fn PhoneWay(way: PhoneWayView) -> impl IntoView {
    let PhoneWayView { number, pin } = way;
    let href = format!("tel:{number}");
    let grouped = pin.split_at_checked(3);
    let grouped = grouped.map_or_else(|| pin.clone(), |(one, two)| format!("{one} {two}"));
    view! {
        <div class="phone-way" data-testid="phone-way">
            <h2><Icon glyph=Glyph::Phone/>{say(Key::PhoneTitle)}</h2>
            <p>
                <a class="phone-number" href=href data-testid="phone-number">{move || tr!(Key::PhoneCall, number = number)}</a>
            </p>
            <p>
                {say(Key::PhonePin)}
                " "
                <strong class="phone-pin" data-testid="phone-pin">{grouped}</strong>
            </p>
            <p class="hint">{say(Key::PhoneHint)}</p>
        </div>
    }
}

/// For staff: a new PIN to tell the patient.
#[component]
pub(crate) fn RenewPhone(id: AppointmentId) -> impl IntoView {
    let way = RwSignal::new(None::<PhoneWayView>);
    let busy = RwSignal::new(false);
    let fault = RwSignal::new(None::<ApiError>);
    let renew = move || {
        busy.set(true);
        fault.set(None);
        spawn_local(async move {
            match api::new_phone_pin(id).await {
                Ok(fresh) => {
                    way.try_set(Some(fresh));
                }
                Err(refused) => {
                    fault.try_set(Some(refused));
                }
            }
            busy.try_set(false);
        });
    };
    view! {
        <section class="card">
            <h2><Icon glyph=Glyph::Phone/>{say(Key::PhoneTitleStaff)}</h2>
            <p class="hint">{say(Key::PhoneRenewText)}</p>
            {part(move || way.get().map(|way| view! { <PhoneWay way/> }))}
            {part(move || fault.get().map(|fault| view! { <Failure fault/> }))}
            <div class="actions">
                <Button look=Look::Secondary icon=Glyph::Phone busy testid="phone-renew" on_press=renew>
                    {say(Key::PhoneRenew)}
                </Button>
            </div>
        </section>
    }
}
