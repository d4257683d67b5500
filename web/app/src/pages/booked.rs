use clinical_api::AppointmentView;
use clinical_model::AppointmentId;
use leptos::prelude::*;

use super::address::with_appointment;
use super::carry::Carried;
use super::enter::{Enter, ticking};
use super::guests::Guests;
use super::words::{Moment, WithDoctor};
use crate::components::{Alert, CopyField, Glyph, Icon, Page, Tone};
use crate::i18n::{Key, say};
use crate::remote::Remote;
use crate::{api, join_link};

/// An appointment was booked: the link, and what can be done next.
pub(crate) fn page() -> AnyView {
    with_appointment(|id| {
        let appointment = Remote::new(move || api::appointment(id));
        appointment
            .show(move |appointment| view! { <Booked id appointment/> })
            .into_any()
    })
}

#[component]
fn Booked(id: AppointmentId, appointment: AppointmentView) -> impl IntoView {
    let now = ticking();
    view! {
        <Page title=say(Key::BookedTitle) class="narrow">
            <div data-testid="booked" class="card">
                <Moment start_us=appointment.start_us zone=appointment.doctor.zone.clone()/>
                <WithDoctor appointment=appointment.clone()/>
                <Enter appointment=appointment.clone() now/>
            </div>
            <Carried appointment=id/>
            {join_link::kept(id)
                .map(|token| {
                    view! {
                        <CopyField id="join-link" label=say(Key::JoinLink) text=join_link::href(&token) testid="join-link"/>
                        <Alert tone=Tone::Info>{say(Key::BookedText)}</Alert>
                    }
                })}
            <Guests id list=appointment.guests/>
            <p>
                <a class="button secondary" href="/appointments" data-testid="booked-list">
                    <Icon glyph=Glyph::Calendar/>
                    <span>{say(Key::BookedList)}</span>
                </a>
            </p>
        </Page>
    }
}
