//! Beginning a conversation.

use std::collections::BTreeSet;

use clinical_api::{CorrespondentView, ThreadRequest};
use clinical_model::{PatientId, Role, UserId};
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;

use super::{CHARS_MAX, named, new_key};
use crate::api::{self, ApiError};
use crate::components::{
    Alert, Button, Failure, Field, Glyph, Icon, Look, TextArea, Tone, part, toast,
};
use crate::i18n::{Key, say, t_now};
use crate::remote::Remote;
use crate::session::me;

/// What is filled in.
#[derive(Clone, Copy)]
struct Form {
    patient: Option<PatientId>,
    people: RwSignal<BTreeSet<UserId>>,
    subject: RwSignal<String>,
    text: RwSignal<String>,
    is_incomplete: RwSignal<bool>,
    busy: RwSignal<bool>,
    fault: RwSignal<Option<ApiError>>,
    key: StoredValue<String>,
}

impl Form {
    fn request(self) -> Option<ThreadRequest> {
        let filled = |text: RwSignal<String>| {
            let text = text.get_untracked().trim().to_owned();
            Some(text).filter(|it| !it.is_empty())
        };
        let people: Vec<UserId> = self.people.get_untracked().into_iter().collect();
        if people.is_empty() {
            return None;
        }
        Some(ThreadRequest {
            patient: self.patient,
            people,
            subject: filled(self.subject)?,
            text: filled(self.text)?,
        })
    }
}

/// A form for a new conversation, about a patient if staff begin it.
#[component]
pub(super) fn Begin(patient: Option<PatientId>, begins: RwSignal<bool>) -> impl IntoView {
    let known = Remote::new(move || api::correspondents(patient));
    view! {
        <section class="card" data-testid="begin">
            <h2><Icon glyph=Glyph::Edit/>{say(Key::MessagesBeginTitle)}</h2>
            {known.show(move |people| form(people, patient, begins))}
        </section>
    }
}

fn nobody(patient: Option<PatientId>) -> AnyView {
    let is_patient = me().is_some_and(|me| me.role == Role::Patient);
    if is_patient && patient.is_none() {
        return view! {
            <Alert tone=Tone::Info testid="begin-nobody">
                <p>{say(Key::MessagesNoDoctor)}</p>
                <p><a href="/book">{say(Key::NavBook)}</a></p>
            </Alert>
        }
        .into_any();
    }
    view! { <Alert tone=Tone::Info testid="begin-nobody"><p>{say(Key::MessagesNoPeople)}</p></Alert> }
        .into_any()
}

fn form(
    known: Vec<CorrespondentView>,
    patient: Option<PatientId>,
    begins: RwSignal<bool>,
) -> AnyView {
    let only = match known.as_slice() {
        [] => return nobody(patient),
        [only] => Some(only.id),
        _ => None,
    };
    let form = Form {
        patient,
        people: RwSignal::new(only.into_iter().collect()),
        subject: RwSignal::new(String::new()),
        text: RwSignal::new(String::new()),
        is_incomplete: RwSignal::new(false),
        busy: RwSignal::new(false),
        fault: RwSignal::new(None),
        key: StoredValue::new(new_key()),
    };
    let navigate = use_navigate();
    let send = move || {
        let Some(request) = form.request() else {
            form.is_incomplete.set(true);
            return;
        };
        if form.busy.get_untracked() {
            return;
        }
        form.is_incomplete.set(false);
        form.busy.set(true);
        form.fault.set(None);
        let navigate = navigate.clone();
        let key = form.key.get_value();
        spawn_local(async move {
            match api::begin_thread(&request, &key).await {
                Ok(begun) => {
                    toast(t_now(Key::MessagesSent));
                    navigate(
                        &format!("/messages/{}", begun.id),
                        NavigateOptions::default(),
                    );
                }
                Err(fault) => {
                    // What was refused may be changed and sent as something else.
                    if fault.code().is_some() {
                        form.key.try_set_value(new_key());
                    }
                    form.fault.try_set(Some(fault));
                }
            }
            form.busy.try_set(false);
        });
    };
    let choices: Vec<AnyView> = known.into_iter().map(|it| choice(form, it)).collect();
    view! {
        <form on:submit=move |event| {
            event.prevent_default();
            send();
        }>
            <fieldset class="people">
                <legend>{say(Key::MessagesPeople)}</legend>
                {choices}
            </fieldset>
            <Field id="begin-subject" label=say(Key::MessagesSubject) value=form.subject testid="begin-subject"/>
            <TextArea id="begin-text" label=say(Key::MessagesWords) hint=say(Key::MessagesWordsHint)
                value=form.text rows=6 max=CHARS_MAX testid="begin-text"/>
            {part(move || form.is_incomplete.get().then(|| view! {
                <Alert tone=Tone::Error testid="begin-incomplete"><p>{say(Key::MessagesIncomplete)}</p></Alert>
            }))}
            {part(move || form.fault.get().map(|fault| view! { <Failure fault/> }))}
            <div class="actions">
                <Button submit=true icon=Glyph::Next busy=form.busy testid="begin-send">{say(Key::MessagesSend)}</Button>
                <Button look=Look::Quiet on_press=move || begins.set(false)>{say(Key::Back)}</Button>
            </div>
        </form>
    }
    .into_any()
}

fn choice(form: Form, person: CorrespondentView) -> AnyView {
    let id = person.id;
    let tick = move |event: leptos::ev::Event| {
        let is_in = event_target_checked(&event);
        form.people.update(|people| {
            if is_in {
                people.insert(id);
            } else {
                people.remove(&id);
            }
        });
    };
    view! {
        <label class="check">
            <input type="checkbox" data-testid="begin-person" data-name=person.name.clone()
                prop:checked=move || form.people.with(|it| it.contains(&id)) on:change=tick/>
            <span>{part(move || named(&person.name, person.role))}</span>
        </label>
    }
    .into_any()
}
