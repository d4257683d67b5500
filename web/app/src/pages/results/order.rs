//! A doctor orders tests.

use std::collections::{BTreeMap, BTreeSet};

use clinical_api::{AppointmentView, OrderRequest};
use clinical_model::results::{Department, LabTest, Priority};
use clinical_model::{Micros, PatientId};
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::hooks::use_navigate;

use super::{language, priority_key};
use crate::api::{self, ApiError};
use crate::browser::now_us;
use crate::components::{Alert, Button, Failure, Field, Look, Page, TextArea, Tone, part, toast};
use crate::i18n::{Key, say, t_now};
use crate::pages::address::query;
use crate::remote::Remote;

/// Appointments of this time name the patients who can be chosen.
const PAST_US: i64 = 30 * Micros::DAY;
const COMING_US: i64 = 7 * Micros::DAY;

/// When the patient may read it, and how long after.
const RELEASES: [(&str, u16, Key); 3] = [
    ("after_review", 0, Key::ReleaseReview),
    ("after_hours", 72, Key::ReleaseHours),
    ("immediate", 0, Key::ReleaseNow),
];

/// What is filled in.
#[derive(Clone, Copy)]
struct Form {
    patient: RwSignal<String>,
    chosen: RwSignal<BTreeSet<String>>,
    search: RwSignal<String>,
    priority: RwSignal<Priority>,
    reason: RwSignal<String>,
    release: RwSignal<usize>,
    is_confidential: RwSignal<bool>,
    tests: StoredValue<Vec<LabTest>>,
}

/// The page.
pub(crate) fn page() -> AnyView {
    let loaded = Remote::new(|| async {
        let now = now_us();
        let tests = api::tests().await?.tests;
        Ok((
            tests,
            api::appointments(now - PAST_US, now + COMING_US).await?,
        ))
    });
    let named = query::<PatientId>("patient");
    view! {
        <Page title=say(Key::OrderTitle)>
            <p class="lead">{say(Key::OrderText)}</p>
            {loaded.show(move |(tests, visits)| form(tests, visits, named.get_untracked()))}
        </Page>
    }
    .into_any()
}

fn form(tests: Vec<LabTest>, visits: Vec<AppointmentView>, named: Option<PatientId>) -> AnyView {
    let people: BTreeMap<String, String> = visits
        .into_iter()
        .map(|it| (it.patient.to_string(), it.patient_name))
        .collect();
    let form = Form {
        patient: RwSignal::new(named.map_or_else(String::new, |it| it.to_string())),
        chosen: RwSignal::new(BTreeSet::new()),
        search: RwSignal::new(String::new()),
        priority: RwSignal::new(Priority::Routine),
        reason: RwSignal::new(String::new()),
        release: RwSignal::new(0),
        is_confidential: RwSignal::new(false),
        tests: StoredValue::new(tests),
    };
    let named = named.map(|it| it.to_string());
    if people.is_empty() && named.is_none() {
        return view! { <Alert tone=Tone::Info testid="order-nobody"><p>{say(Key::OrderNobody)}</p></Alert> }
            .into_any();
    }
    view! {
        {person_choice(form, people, named)}
        <Field id="order-search" label=say(Key::OrderSearch) value=form.search kind="search" testid="order-search"/>
        {Department::ALL.into_iter().map(|it| department_choice(form, it)).collect::<Vec<_>>()}
        {part(move || {
            let count = form.chosen.with(BTreeSet::len);
            view! { <p role="status" data-testid="order-count">{crate::i18n::tn(crate::i18n::Plural::OrderCount, count as u64)}</p> }
        })}
        {details(form)}
        {send(form)}
    }
    .into_any()
}

fn person_choice(form: Form, people: BTreeMap<String, String>, named: Option<String>) -> AnyView {
    // Who comes from a patient's page and has no appointment here stays chosen.
    let unknown = named.filter(|it| !people.contains_key(it));
    let options: Vec<AnyView> = people
        .into_iter()
        .map(|(id, name)| {
            let of = id.clone();
            view! { <option value=id selected=move || form.patient.with(|it| *it == of)>{name}</option> }.into_any()
        })
        .collect();
    let unknown = unknown.map(|id| {
        view! { <option value=id selected=true>{say(Key::OrderThisPatient)}</option> }.into_any()
    });
    view! {
        <div class="field">
            <label for="order-patient">{say(Key::OrderPatient)}</label>
            <select id="order-patient" data-testid="order-patient" on:change=move |event| form.patient.set(event_target_value(&event))>
                <option value="">{say(Key::OrderChoose)}</option>
                {unknown}
                {options}
            </select>
        </div>
    }
    .into_any()
}

fn fits(test: &LabTest, wanted: &str) -> bool {
    [&test.fr, &test.en]
        .into_iter()
        .any(|name| name.to_lowercase().contains(wanted))
}

fn department_choice(form: Form, department: Department) -> AnyView {
    let title = match department {
        Department::Laboratory => Key::DepartmentLaboratory,
        Department::Imaging => Key::DepartmentImaging,
        Department::Pathology => Key::DepartmentPathology,
    };
    let ticks = move || {
        let wanted = form.search.get().trim().to_lowercase();
        let mut found: Vec<(String, String)> = form.tests.with_value(|all| {
            all.iter()
                .filter(|it| it.department == department && fits(it, &wanted))
                .map(|it| (it.name(language()).to_owned(), it.loinc.as_str().to_owned()))
                .collect()
        });
        found.sort();
        let ticks: Vec<AnyView> = found.into_iter().map(|it| tick(form, it)).collect();
        ticks
    };
    view! {
        <fieldset class="tests">
            <legend>{say(title)}</legend>
            {part(ticks)}
        </fieldset>
    }
    .into_any()
}

fn tick(form: Form, (name, code): (String, String)) -> AnyView {
    let (of, testid) = (code.clone(), format!("test-{code}"));
    let set = move |event: leptos::ev::Event| {
        let is_on = event_target_checked(&event);
        form.chosen.update(|all| {
            if is_on {
                all.insert(code.clone());
            } else {
                all.remove(&code);
            }
        });
    };
    view! {
        <label class="check">
            <input type="checkbox" data-testid=testid on:change=set
                prop:checked=move || form.chosen.with(|all| all.contains(&of))/>
            <span>{name}</span>
        </label>
    }
    .into_any()
}

fn details(form: Form) -> AnyView {
    let priorities: Vec<AnyView> = [Priority::Routine, Priority::Urgent, Priority::Stat]
        .into_iter()
        .map(|it| {
            view! { <option value=it.as_str() selected=move || form.priority.get() == it>{say(priority_key(it))}</option> }.into_any()
        })
        .collect();
    let choose = move |event: leptos::ev::Event| {
        let word = event_target_value(&event);
        if let Some(it) = Priority::ALL.into_iter().find(|it| it.as_str() == word) {
            form.priority.set(it);
        }
    };
    let releases: Vec<AnyView> = RELEASES
        .iter()
        .enumerate()
        .map(|(at, (_, _, key))| {
            view! { <option value=at.to_string() selected=move || form.release.get() == at>{say(*key)}</option> }.into_any()
        })
        .collect();
    view! {
        <div class="field">
            <label for="order-priority">{say(Key::OrderPriority)}</label>
            <select id="order-priority" data-testid="order-priority" on:change=choose>{priorities}</select>
        </div>
        <TextArea id="order-reason" label=say(Key::OrderReason) hint=say(Key::OrderReasonHint) value=form.reason rows=3 max=1000 testid="order-reason"/>
        <div class="field">
            <label for="order-release">{say(Key::OrderRelease)}</label>
            <p class="hint" id="order-release-hint">{say(Key::OrderReleaseHint)}</p>
            <select id="order-release" aria-describedby="order-release-hint" data-testid="order-release"
                on:change=move |event| form.release.set(event_target_value(&event).parse().unwrap_or(0))>{releases}</select>
        </div>
        <label class="check">
            <input type="checkbox" data-testid="order-confidential" on:change=move |event| form.is_confidential.set(event_target_checked(&event))/>
            <span>{say(Key::OrderConfidential)}</span>
        </label>
    }
    .into_any()
}

/// One order for each department.
fn requests(form: Form) -> Option<Vec<OrderRequest>> {
    let patient: PatientId = form.patient.get_untracked().parse().ok()?;
    let reason = form.reason.get_untracked();
    let chosen = form.chosen.get_untracked();
    let (release, hours, _) = RELEASES.get(form.release.get_untracked())?;
    let mut by_department: BTreeMap<Department, Vec<String>> = BTreeMap::new();
    form.tests.with_value(|all| {
        for test in all.iter().filter(|it| chosen.contains(it.loinc.as_str())) {
            let list = by_department.entry(test.department).or_default();
            list.push(test.loinc.as_str().to_owned());
        }
    });
    let made: Vec<OrderRequest> = by_department
        .into_values()
        .map(|tests| OrderRequest {
            patient,
            tests,
            priority: form.priority.get_untracked(),
            reason: reason.clone(),
            confidential: form.is_confidential.get_untracked(),
            release: (*release).to_owned(),
            release_hours: *hours,
        })
        .collect();
    (!made.is_empty() && !reason.trim().is_empty()).then_some(made)
}

fn send(form: Form) -> AnyView {
    let busy = RwSignal::new(false);
    let fault = RwSignal::new(None::<ApiError>);
    let is_incomplete = RwSignal::new(false);
    let navigate = StoredValue::new_local(use_navigate());
    let press = move || {
        let Some(made) = requests(form) else {
            is_incomplete.set(true);
            return;
        };
        is_incomplete.set(false);
        fault.set(None);
        busy.set(true);
        spawn_local(async move {
            for request in made {
                if let Err(error) = api::place_order(&request).await {
                    fault.try_set(Some(error));
                    busy.try_set(false);
                    return;
                }
                // What is ordered is not ordered again when a later one fails.
                form.chosen
                    .try_update(|all| all.retain(|it| !request.tests.contains(it)));
            }
            toast(t_now(Key::OrderDone));
            if let Some(go) = navigate.try_get_value() {
                go("/results", leptos_router::NavigateOptions::default());
            }
        });
    };
    view! {
        {part(move || is_incomplete.get().then(|| view! { <Alert tone=Tone::Error testid="order-incomplete"><p>{say(Key::OrderIncomplete)}</p></Alert> }))}
        {part(move || fault.get().map(|fault| view! { <Failure fault/> }))}
        <div class="actions">
            <Button look=Look::Primary busy testid="order-send" on_press=press>{say(Key::OrderSend)}</Button>
        </div>
    }
    .into_any()
}
