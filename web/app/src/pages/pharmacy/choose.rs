use clinical_api::AppointmentView;
use clinical_model::{Micros, PatientId};
use leptos::prelude::*;

use crate::api;
use crate::browser::now_us;
use crate::components::{EmptyState, Glyph, Icon, part};
use crate::i18n::{Key, say};
use crate::remote::Remote;
use crate::{tr, when};

const PAST_DAYS: i64 = 60;
const COMING_DAYS: i64 = 30;

/// The patients of the doctor's appointments of these weeks; each leads to a new prescription.
pub(super) fn choose_patient() -> AnyView {
    let list = Remote::new(|| {
        let now = now_us();
        api::appointments(
            now - PAST_DAYS * Micros::DAY,
            now + COMING_DAYS * Micros::DAY,
        )
    });
    view! {
        <section>
            <h2>{say(Key::RxChoosePatient)}</h2>
            {list.show(choices)}
        </section>
    }
    .into_any()
}

fn choices(list: Vec<AppointmentView>) -> AnyView {
    let now = now_us();
    let mut patients: Vec<(PatientId, String, i64)> = Vec::new();
    let mut list = list;
    // The appointment nearest to now says who it most likely is.
    list.sort_by_key(|it| (it.start_us - now).abs());
    for it in list {
        if patients.iter().all(|(id, _, _)| *id != it.patient) {
            patients.push((it.patient, it.patient_name, it.start_us));
        }
    }
    if patients.is_empty() {
        return view! { <EmptyState glyph=Glyph::People><p>{say(Key::RxNoPatients)}</p></EmptyState> }
            .into_any();
    }
    let rows = patients.into_iter().map(|(id, name, start_us)| {
        view! {
            <li>
                <a class="choice" href=format!("/prescriptions/new?patient={id}") data-testid="choose-patient">
                    <Icon glyph=Glyph::Person/>
                    <span><strong>{name}</strong><small>{part(move || tr!(Key::RxAppointmentOn, date = when::date(start_us)))}</small></span>
                    <Icon glyph=Glyph::Next/>
                </a>
            </li>
        }
    });
    view! { <ul class="choices">{rows.collect_view()}</ul> }.into_any()
}
