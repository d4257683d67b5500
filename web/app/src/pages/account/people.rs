use clinical_api::{PasswordLinkView, PersonView};
use clinical_model::Role;
use leptos::prelude::*;

use super::invite::Invite;
use super::person::PersonCard;
use super::prove::{ProveDialog, Prover};
use crate::components::{
    Alert, Button, CopyField, EmptyState, Field, Glyph, Look, Page, Tone, part,
};
use crate::i18n::{Key, Plural, say, tn};
use crate::remote::Remote;
use crate::{api, browser, tr, when};

/// Every role of staff, as an administrator gives them.
pub(super) const STAFF: [(Role, &str, Key); 8] = [
    (Role::Doctor, "doctor", Key::RoleDoctor),
    (Role::Nurse, "nurse", Key::RoleNurse),
    (Role::Pharmacist, "pharmacist", Key::RolePharmacist),
    (
        Role::LabTechnician,
        "lab_technician",
        Key::RoleLabTechnician,
    ),
    (Role::Radiologist, "radiologist", Key::RoleRadiologist),
    (Role::Pathologist, "pathologist", Key::RolePathologist),
    (Role::Admin, "admin", Key::RoleAdmin),
    (
        Role::HealthAuthority,
        "health_authority",
        Key::RoleHealthAuthority,
    ),
];

/// The name of a role of staff.
pub(crate) fn role_key(role: Role) -> Key {
    STAFF
        .iter()
        .find(|(of, _, _)| *of == role)
        .map_or(Key::RolePatient, |(_, _, key)| *key)
}

/// A link that was made, for whom. It is shown this once.
#[derive(Clone)]
pub(super) struct Made {
    pub(super) name: String,
    pub(super) link: PasswordLinkView,
}

/// What the parts of the page share.
#[derive(Clone, Copy)]
pub(super) struct Desk {
    pub(super) people: Remote<Vec<PersonView>>,
    pub(super) made: RwSignal<Option<Made>>,
    pub(super) prover: Prover,
}

impl Desk {
    /// Shows a person as the server has answered.
    pub(super) fn put(self, person: PersonView) {
        if let Some(mut list) = self.people.value() {
            if let Some(old) = list.iter_mut().find(|it| it.id == person.id) {
                *old = person;
            }
            self.people.put(list);
        }
    }
}

/// The staff of the facility, for its administrators.
pub(crate) fn page() -> AnyView {
    let desk = Desk {
        people: Remote::new(api::people),
        made: RwSignal::new(None),
        prover: Prover::new(),
    };
    let search = RwSignal::new(String::new());
    let inviting = RwSignal::new(false);
    view! {
        <Page title=say(Key::PeopleTitle)>
            <p class="lead">{say(Key::PeopleText)}</p>
            <div class="actions">
                <Button icon=Glyph::Plus testid="people-invite" on_press=move || inviting.update(|it| *it = !*it)>
                    {say(Key::PeopleInvite)}
                </Button>
            </div>
            {part(move || inviting.get().then(|| view! { <Invite desk inviting/> }))}
            {part(move || desk.made.get().map(|made| view! { <Link made/> }))}
            <Field id="people-search" label=say(Key::PeopleSearch) value=search kind="search" testid="people-search"/>
            {desk.people.show(move |list| view! { <List list search desk/> })}
            <ProveDialog prover=desk.prover/>
        </Page>
    }
    .into_any()
}

#[component]
fn List(list: Vec<PersonView>, search: RwSignal<String>, desk: Desk) -> impl IntoView {
    let list = StoredValue::new(list);
    part(move || {
        let wanted = search.get().trim().to_lowercase();
        let found: Vec<PersonView> = list.with_value(|list| {
            list.iter()
                .filter(|person| matches(person, &wanted))
                .cloned()
                .collect()
        });
        if found.is_empty() {
            return view! { <EmptyState glyph=Glyph::People><p>{say(Key::PeopleNone)}</p></EmptyState> }
                .into_any();
        }
        let count = found.len() as u64;
        let cards = found
            .into_iter()
            .map(|person| view! { <PersonCard person desk/> });
        view! {
            <p role="status" data-testid="people-count">{part(move || tn(Plural::PeopleCount, count))}</p>
            {cards.collect_view()}
        }
        .into_any()
    })
}

fn matches(person: &PersonView, wanted: &str) -> bool {
    [
        &person.details.name,
        &person.email,
        &person.details.department,
    ]
    .into_iter()
    .any(|text| text.to_lowercase().contains(wanted))
}

#[component]
fn Link(made: Made) -> impl IntoView {
    let expires_us = made.link.expires_us;
    let href = format!("{}/set-password#{}", browser::origin(), made.link.token);
    let name = made.name;
    view! {
        <Alert tone=Tone::Success testid="people-link-made">
            <p>{part(move || tr!(Key::PeopleLinkText, name = name, date = when::date_time(expires_us)))}</p>
            <CopyField id="people-link" label=say(Key::PeopleLinkTitle) text=href testid="people-link"/>
        </Alert>
    }
}

/// A choice among the roles of staff.
#[component]
pub(super) fn RoleChoice(id: &'static str, role: RwSignal<Role>) -> impl IntoView {
    let choose = move |event: leptos::ev::Event| {
        let word = event_target_value(&event);
        if let Some((chosen, _, _)) = STAFF.iter().find(|(_, of, _)| *of == word) {
            role.set(*chosen);
        }
    };
    let options = STAFF
        .into_iter()
        .map(|(of, word, key)| {
            view! { <option value=word selected=move || role.get() == of>{say(key)}</option> }
        })
        .collect_view();
    view! {
        <div class="field">
            <label for=id>{say(Key::PeopleRole)}</label>
            <select id=id data-testid=id on:change=choose>{options}</select>
        </div>
    }
}

/// The two ways out of a dialog about a person.
#[component]
pub(super) fn Ways(
    asking: RwSignal<bool>,
    busy: RwSignal<bool>,
    label: Key,
    testid: &'static str,
    #[prop(into)] on_press: UnsyncCallback<()>,
) -> impl IntoView {
    view! {
        <div class="actions">
            <Button look=Look::Secondary on_press=move || asking.set(false)>{say(Key::Back)}</Button>
            <Button look=Look::Danger busy testid=testid on_press=on_press>{say(label)}</Button>
        </div>
    }
}
