use clinical_api::AppointmentView;
use leptos::prelude::*;

use super::address::with_appointment;
use super::visit;
use super::words::Moment;
use crate::api;
use crate::components::{Glyph, Icon, Page};
use crate::i18n::{Key, say};
use crate::remote::Remote;

/// The note of a visit that is over: a doctor finishes and signs it here.
pub(crate) fn page() -> AnyView {
    with_appointment(|id| {
        let appointment = Remote::new(move || api::appointment(id));
        view! {
            <Page title=say(Key::NoteTitle) class="narrow">
                <p><a href="/day"><Icon glyph=Glyph::Back/>{say(Key::Back)}</a></p>
                {appointment.show(|appointment| view! { <About appointment/> })}
                {visit::note(id)}
            </Page>
        }
        .into_any()
    })
}

#[component]
fn About(appointment: AppointmentView) -> impl IntoView {
    view! {
        <div class="card">
            <h2><Icon glyph=Glyph::Person/>{appointment.patient_name}</h2>
            <Moment start_us=appointment.start_us zone=appointment.doctor.zone/>
            {(!appointment.reason.is_empty())
                .then(|| view! { <p class="written">{appointment.reason}</p> })}
        </div>
    }
}
