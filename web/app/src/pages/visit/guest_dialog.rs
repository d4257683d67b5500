//! Invite a third person: name, relation, and a link to give them.

use crate::components::part;
use clinical_api::{GuestRequest, GuestView};
use clinical_model::AppointmentId;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::api::{self, ApiError};
use crate::components::{Alert, Button, CopyField, Dialog, Field, Glyph, Look, Tone, reason};
use crate::i18n::{Key, say, t};
use crate::join_link;

/// The dialog; `open` both ways.
#[component]
pub(super) fn GuestDialog(appointment: AppointmentId, open: RwSignal<bool>) -> impl IntoView {
    let made = RwSignal::new(None::<GuestView>);
    view! {
        <Dialog open=open title=say(Key::VisitInviteTitle) testid="guest-dialog">
            {part(move || match made.get() {
                None => view! { <Invitation appointment made open/> }.into_any(),
                Some(guest) => view! { <Invited guest made open/> }.into_any(),
            })}
        </Dialog>
    }
}

#[component]
fn Invitation(
    appointment: AppointmentId,
    made: RwSignal<Option<GuestView>>,
    open: RwSignal<bool>,
) -> impl IntoView {
    let name = RwSignal::new(String::new());
    let relation = RwSignal::new(String::new());
    let busy = RwSignal::new(false);
    let tried = RwSignal::new(false);
    let fault = RwSignal::new(None::<ApiError>);
    let missing = move |text: RwSignal<String>, key: Key| {
        Signal::derive(move || {
            (tried.get() && text.with(|text| text.trim().is_empty())).then(|| t(key).to_owned())
        })
    };
    let name_fault = missing(name, Key::VisitGuestNameMissing);
    let relation_fault = missing(relation, Key::VisitGuestRelationMissing);
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        tried.set(true);
        let faulty = name_fault
            .get_untracked()
            .or(relation_fault.get_untracked());
        if faulty.is_some() || busy.get_untracked() {
            return;
        }
        busy.set(true);
        fault.set(None);
        let request = GuestRequest {
            name: name.get_untracked().trim().to_owned(),
            relation: relation.get_untracked().trim().to_owned(),
        };
        spawn_local(async move {
            match api::invite(appointment, &request).await {
                Ok(guest) => {
                    made.try_set(Some(guest));
                }
                Err(refused) => {
                    fault.try_set(Some(refused));
                }
            }
            busy.try_set(false);
        });
    };
    view! {
        <form on:submit=submit novalidate>
            <p>{say(Key::VisitInviteText)}</p>
            {part(move || fault.get().map(|fault| view! { <Alert tone=Tone::Error testid="error">{part(move || reason(&fault))}</Alert> }))}
            <Field id="guest-name" label=say(Key::VisitGuestName) error=name_fault value=name testid="guest-name"/>
            <Field id="guest-relation" label=say(Key::VisitGuestRelation) hint=say(Key::VisitGuestRelationHint) error=relation_fault value=relation testid="guest-relation"/>
            <div class="visit-answers">
                <Button look=Look::Secondary testid="guest-cancel" on_press=move || open.set(false)>
                    {say(Key::VisitStay)}
                </Button>
                <Button submit=true busy icon=Glyph::Link testid="guest-create">{say(Key::VisitGuestCreate)}</Button>
            </div>
        </form>
    }
}

#[component]
fn Invited(
    guest: GuestView,
    made: RwSignal<Option<GuestView>>,
    open: RwSignal<bool>,
) -> impl IntoView {
    let href = join_link::href(&guest.link.token);
    let name = guest.name;
    view! {
        <p>{part(move || crate::tr!(Key::VisitGuestReady, name = name))}</p>
        <CopyField id="guest-link" label=say(Key::VisitGuestLink) text=href testid="guest-link"/>
        <div class="visit-answers">
            <Button
                look=Look::Secondary
                testid="guest-another"
                on_press=move || made.set(None)
            >
                {say(Key::VisitGuestAnother)}
            </Button>
            <Button
                testid="guest-done"
                on_press=move || {
                    open.set(false);
                    made.set(None);
                }
            >
                {say(Key::VisitDone)}
            </Button>
        </div>
    }
}
