use clinical_api::{CandidateView, PatientDetails, ProblemCode, RegisterRequest};
use clinical_model::patients::Sex;
use clinical_model::text::Line;
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;

use super::patients::Row;
use super::words::SEXES;
use crate::api::{self, ApiError};
use crate::components::{Alert, Button, Failure, Field, Look, Tone, part, toast};
use crate::i18n::{Key, say, t, t_now};

/// What the form says.
#[derive(Clone, Copy)]
struct Form {
    given: RwSignal<String>,
    family: RwSignal<String>,
    birth: RwSignal<String>,
    phone: RwSignal<String>,
    sex: RwSignal<Sex>,
}

impl Form {
    /// None while a name is missing or the date is none.
    fn read(self) -> Option<PatientDetails> {
        let line = |it: RwSignal<String>| Line::try_from(it.get_untracked()).ok();
        let birth = self.birth.get_untracked();
        let birth = birth.trim();
        let phone = self.phone.get_untracked().trim().to_owned();
        Some(PatientDetails {
            family: line(self.family)?,
            given: line(self.given)?,
            sex: self.sex.get_untracked(),
            birth: if birth.is_empty() {
                None
            } else {
                Some(birth.parse().ok()?)
            },
            phones: if phone.is_empty() {
                Vec::new()
            } else {
                vec![phone]
            },
            email: None,
            address: None,
            blood_group: None,
            language: None,
            identifiers: Vec::new(),
            emergency: None,
            deceased: None,
        })
    }
}

/// Registers a patient. Somebody alike is shown before a second record is made.
#[component]
pub(super) fn Register(registering: RwSignal<bool>) -> impl IntoView {
    let form = Form {
        given: RwSignal::new(String::new()),
        family: RwSignal::new(String::new()),
        birth: RwSignal::new(String::new()),
        phone: RwSignal::new(String::new()),
        sex: RwSignal::new(Sex::Female),
    };
    let wrong = RwSignal::new(false);
    let busy = RwSignal::new(false);
    let fault = RwSignal::new(None::<ApiError>);
    let alike = RwSignal::new(Vec::<CandidateView>::new());
    let navigate = use_navigate();
    let send = UnsyncCallback::new(move |confirmed: bool| {
        let Some(details) = form.read() else {
            wrong.set(true);
            return;
        };
        wrong.set(false);
        busy.set(true);
        let navigate = navigate.clone();
        spawn_local(async move {
            let request = RegisterRequest { details, confirmed };
            let answer = api::register_patient(&request).await;
            busy.try_set(false);
            match answer {
                Ok(patient) => {
                    toast(t_now(Key::RegisterDone));
                    let href = format!("/patients/{}", patient.id);
                    navigate(&href, NavigateOptions::default());
                }
                Err(ApiError::Problem(problem)) if problem.code == ProblemCode::Duplicate => {
                    fault.try_set(None);
                    alike.try_set(problem.candidates);
                }
                Err(other) => {
                    fault.try_set(Some(other));
                }
            }
        });
    });
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        send.run(false);
    };
    view! {
        <section class="card">
            <h2>{say(Key::PatientsRegister)}</h2>
            <form on:submit=submit novalidate>
                {part(move || fault.get().map(|fault| view! { <Failure fault/> }))}
                {part(move || wrong.get().then(|| view! { <Alert tone=Tone::Error testid="register-wrong">{say(Key::RegisterWrong)}</Alert> }))}
                <Field id="register-given" label=say(Key::RegisterGiven) value=form.given testid="register-given"/>
                <Field id="register-family" label=say(Key::RegisterFamily) value=form.family testid="register-family"/>
                <Field id="register-birth" label=say(Key::RegisterBirth) hint=say(Key::RegisterBirthHint) value=form.birth testid="register-birth"/>
                <SexChoice sex=form.sex/>
                <Field id="register-phone" label=say(Key::RegisterPhone) hint=say(Key::RegisterPhoneHint) value=form.phone kind="tel" testid="register-phone"/>
                {part(move || {
                    let found = alike.get();
                    (!found.is_empty()).then(|| view! { <Alike found send busy/> })
                })}
                <div class="actions">
                    <Button look=Look::Secondary on_press=move || registering.set(false)>{say(Key::Back)}</Button>
                    <Button submit=true busy testid="register-submit">{say(Key::RegisterSend)}</Button>
                </div>
            </form>
        </section>
    }
}

#[component]
fn Alike(
    found: Vec<CandidateView>,
    send: UnsyncCallback<bool>,
    busy: RwSignal<bool>,
) -> impl IntoView {
    let rows = found
        .into_iter()
        .map(|candidate| view! { <li><Row row=candidate.patient/></li> });
    view! {
        <Alert tone=Tone::Warning testid="register-alike">
            <p>{say(Key::RegisterAlike)}</p>
            <ul class="choices">{rows.collect_view()}</ul>
            <Button look=Look::Secondary busy testid="register-anyway" on_press=move || send.run(true)>
                {say(Key::RegisterAnyway)}
            </Button>
        </Alert>
    }
}

#[component]
fn SexChoice(sex: RwSignal<Sex>) -> impl IntoView {
    let choose = move |event: leptos::ev::Event| {
        let word = event_target_value(&event);
        if let Some((chosen, _, _)) = SEXES.iter().find(|(_, of, _)| *of == word) {
            sex.set(*chosen);
        }
    };
    let options = SEXES
        .into_iter()
        .map(|(of, word, key)| view! { <option value=word selected=move || sex.get() == of>{say(key)}</option> })
        .collect_view();
    view! {
        <div class="field">
            <label for="register-sex">{move || t(Key::RegisterSex)}</label>
            <select id="register-sex" data-testid="register-sex" on:change=choose>{options}</select>
        </div>
    }
}
