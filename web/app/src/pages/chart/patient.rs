use clinical_api::PatientView;
use clinical_model::{PatientId, Role};
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

use super::asking::Asked;
use super::documents::Documents;
use super::state::{Asking, Record};
use super::summary::Summary;
use super::timeline::Timeline;
use super::trends::Trends;
use super::words;
use crate::components::{Alert, Button, Glyph, Icon, Page, Tone, part};
use crate::i18n::{Key, say};
use crate::pages::missing;
use crate::pages::pharmacy::plan::Plan;
use crate::pages::triage::Checks;
use crate::session::me;

/// Where else this patient is shown, and to whom: an address with the id at its end, and its name.
const ELSEWHERE: [(Role, &str, Key); 7] = [
    (
        Role::Doctor,
        "/prescriptions?patient=",
        Key::NavPrescriptions,
    ),
    (Role::Doctor, "/orders/new?patient=", Key::NavOrder),
    (Role::Doctor, "/messages?patient=", Key::MessagesBegin),
    (Role::Nurse, "/messages?patient=", Key::MessagesBegin),
    (Role::Doctor, "/recordings?patient=", Key::NavRecordings),
    (Role::Doctor, "/symptoms?patient=", Key::NavSymptoms),
    (Role::Nurse, "/symptoms?patient=", Key::NavSymptoms),
];

/// Those who look after what a patient takes.
const fn has_plan(role: Role) -> bool {
    matches!(role, Role::Doctor | Role::Nurse | Role::Pharmacist)
}

/// Everything of one patient, for those who look after them.
pub(crate) fn page() -> AnyView {
    let params = use_params_map();
    let id = Memo::new(move |_| {
        params
            .with(|params| params.get("id"))
            .and_then(|id| id.parse::<PatientId>().ok())
    });
    part(move || id.get().map_or_else(missing::page, whole)).into_any()
}

fn whole(id: PatientId) -> AnyView {
    let record = Record::open(id);
    let name = move || {
        record.patient.value().map_or_else(String::new, |it| {
            format!(
                "{} {}",
                it.details.given.as_str(),
                it.details.family.as_str()
            )
        })
    };
    view! {
        <Page title=name>
            <p><a href="/patients"><Icon glyph=Glyph::Back/>{say(Key::PatientsTitle)}</a></p>
            {record.patient.show(move |patient| view! { <Shown record patient/> }.into_any())}
        </Page>
    }
    .into_any()
}

#[component]
fn Shown(record: Record, patient: PatientView) -> impl IntoView {
    let details = patient.details;
    let writes = !patient.writable.is_empty();
    let role = me().map(|me| me.role);
    let elsewhere = ELSEWHERE
        .into_iter()
        .filter(move |(of, _, _)| Some(*of) == role)
        .map(move |(_, path, key)| {
            let href = format!("{path}{}", record.id);
            view! { <a class="button secondary" href=href>{say(key)}</a> }
        });
    view! {
        <p class="lead" data-testid="patient-who">{part(move || words::who(&details))}</p>
        {patient.merged_into.map(|into| view! {
            <Alert tone=Tone::Warning testid="patient-merged">
                <p>{say(Key::PatientMerged)}" "<a href=format!("/patients/{into}")>{say(Key::PatientMergedLink)}</a></p>
            </Alert>
        })}
        <div class="actions">
            {writes.then(|| view! { <Button icon=Glyph::Plus testid="entry-add" on_press=move || record.asking.set(Some(Asking::Add))>{say(Key::EntryAdd)}</Button> })}
            {elsewhere.collect_view()}
        </div>
        {matches!(role, Some(Role::Doctor | Role::Nurse)).then(|| view! { <Checks patient=record.id judges=role == Some(Role::Doctor)/> })}
        <Summary record/>
        {role.is_some_and(has_plan).then(|| view! { <Plan patient=record.id/> })}
        <Trends record/>
        <Documents record/>
        <Timeline record/>
        <Asked record/>
    }
}
