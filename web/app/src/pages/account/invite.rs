use clinical_api::{EmailText, NewPersonRequest, PersonDetails};
use clinical_model::Role;
use leptos::prelude::*;

use super::people::{Desk, Made, RoleChoice};
use crate::api::{self, ApiError};
use crate::components::{Button, Failure, Field, part};
use crate::i18n::{Key, say, t};
use crate::when;

/// What a form says about a person.
#[derive(Clone, Copy)]
pub(super) struct Details {
    pub(super) name: RwSignal<String>,
    pub(super) role: RwSignal<Role>,
    pub(super) department: RwSignal<String>,
    pub(super) specialty: RwSignal<String>,
}

impl Details {
    pub(super) fn of(details: &PersonDetails) -> Self {
        Self {
            name: RwSignal::new(details.name.clone()),
            role: RwSignal::new(details.role),
            department: RwSignal::new(details.department.clone()),
            specialty: RwSignal::new(details.specialty.clone().unwrap_or_default()),
        }
    }

    /// What is asked of the server. Hours of a new doctor are in the zone of who makes the account.
    pub(super) fn read(self, before: Option<&PersonDetails>) -> PersonDetails {
        let is_doctor = self.role.get_untracked() == Role::Doctor;
        let zone = before
            .and_then(|it| it.zone.clone())
            .unwrap_or_else(when::own_zone);
        let specialty = self.specialty.get_untracked().trim().to_owned();
        PersonDetails {
            name: self.name.get_untracked().trim().to_owned(),
            role: self.role.get_untracked(),
            department: self.department.get_untracked().trim().to_owned(),
            specialty: is_doctor.then_some(specialty),
            zone: is_doctor.then_some(zone),
            languages: before.map(|it| it.languages.clone()).unwrap_or_default(),
        }
    }
}

/// The fields of a person; ids begin with `invite` or `edit`.
#[component]
pub(super) fn DetailFields(details: Details, edit: bool) -> impl IntoView {
    let (name, role, department, specialty) = if edit {
        (
            "edit-name",
            "edit-role",
            "edit-department",
            "edit-specialty",
        )
    } else {
        (
            "invite-name",
            "invite-role",
            "invite-department",
            "invite-specialty",
        )
    };
    view! {
        <Field id=name label=say(Key::PeopleName) value=details.name testid=name/>
        <RoleChoice id=role role=details.role/>
        {part(move || (details.role.get() == Role::Doctor).then(|| view! {
            <Field id=specialty label=say(Key::PeopleSpecialty) value=details.specialty testid=specialty/>
        }))}
        <Field id=department label=say(Key::PeopleDepartment) hint=say(Key::PeopleDepartmentHint) value=details.department testid=department/>
    }
}

/// Makes an account for somebody.
#[component]
pub(super) fn Invite(desk: Desk, inviting: RwSignal<bool>) -> impl IntoView {
    let email = RwSignal::new(String::new());
    let details = Details {
        name: RwSignal::new(String::new()),
        role: RwSignal::new(Role::Nurse),
        department: RwSignal::new(String::new()),
        specialty: RwSignal::new("general".to_owned()),
    };
    let tried = RwSignal::new(false);
    let busy = RwSignal::new(false);
    let fault = RwSignal::new(None::<ApiError>);
    let wrong = Signal::derive(move || {
        (tried.get() && !email.with(|email| email.contains('@')))
            .then(|| t(Key::LoginEmailWrong).to_owned())
    });
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        tried.set(true);
        if wrong.get_untracked().is_some() {
            return;
        }
        desk.prover.run(busy, fault, move || async move {
            let request = NewPersonRequest {
                email: EmailText(email.get_untracked().trim().to_owned()),
                details: details.read(None),
            };
            let answer = api::invite_person(&request).await?;
            desk.made.try_set(Some(Made {
                name: answer.person.details.name,
                link: answer.link,
            }));
            desk.people.reload();
            inviting.try_set(false);
            Ok(())
        });
    };
    view! {
        <section class="card">
            <h2>{say(Key::PeopleInvite)}</h2>
            <form on:submit=submit novalidate>
                {part(move || fault.get().map(|fault| view! { <Failure fault/> }))}
                <Field id="invite-email" label=say(Key::PeopleEmail) error=wrong value=email kind="email" testid="invite-email"/>
                <DetailFields details edit=false/>
                <Button submit=true busy testid="invite-submit">{say(Key::PeopleSend)}</Button>
            </form>
        </section>
    }
}
