use clinical_api::{ChangePersonRequest, PersonView};
use leptos::prelude::*;

use super::invite::{DetailFields, Details};
use super::people::{Desk, Made, Ways, role_key};
use crate::api::{self, ApiError};
use crate::components::{Button, Dialog, Failure, Glyph, Icon, Look, part, toast};
use crate::i18n::{Key, say, t, t_now};
use crate::session::me;
use crate::{browser, tr, when};

/// One member of staff and what may be done.
#[component]
pub(super) fn PersonCard(person: PersonView, desk: Desk) -> impl IntoView {
    let facts = person.clone();
    let (email, name) = (person.email.clone(), person.details.name.clone());
    // Nobody suspends or resets themselves.
    let is_other = me().is_none_or(|me| me.id != person.id);
    view! {
        <section class="card" data-testid="person" data-email=email>
            <h2><Icon glyph=Glyph::Person/>{name}</h2>
            <Facts person=facts/>
            {is_other.then(|| view! { <Acts person desk/> })}
        </section>
    }
}

#[component]
fn Facts(person: PersonView) -> impl IntoView {
    let role = role_key(person.details.role);
    let department = person.details.department;
    let place = (!department.is_empty()).then(|| format!(", {department}"));
    let grace_us = person.grace_until_us;
    let has_grace = !person.has_factor && grace_us > browser::now_us();
    let factor = if person.has_factor {
        Key::PeopleHasFactor
    } else {
        Key::PeopleNoFactor
    };
    // Nobody has looked at an account of the beginning yet.
    let reviewed_us = Some(person.reviewed_us).filter(|us| *us > 0);
    let review_due = person.review_due || reviewed_us.is_none();
    view! {
        <p>{say(role)}{place}</p>
        <p class="hint">{person.email}</p>
        <ul class="plain">
            {person.suspended.then(|| view! { <li data-testid="person-suspended"><Icon glyph=Glyph::Warning/><strong>{say(Key::PeopleSuspended)}</strong></li> })}
            <li data-testid="person-factor"><Icon glyph=Glyph::Key/>{say(factor)}
                {has_grace.then(|| view! { ". " {part(move || tr!(Key::PeopleGrace, date = when::date_time(grace_us)))} })}
            </li>
            <li data-testid="person-review">
                <Icon glyph=if review_due { Glyph::Warning } else { Glyph::Check }/>
                {reviewed_us.map(|us| part(move || tr!(Key::PeopleReviewed, date = when::date(us))))}
                {(review_due && reviewed_us.is_some()).then_some(". ")}
                {review_due.then(|| view! { <strong>{say(Key::PeopleReviewDue)}</strong> })}
            </li>
        </ul>
    }
}

#[component]
fn Acts(person: PersonView, desk: Desk) -> impl IntoView {
    let busy = RwSignal::new(false);
    let fault = RwSignal::new(None::<ApiError>);
    let suspending = RwSignal::new(false);
    let resetting = RwSignal::new(false);
    let editing = RwSignal::new(false);
    let (id, suspended) = (person.id, person.suspended);
    let name = StoredValue::new(person.details.name.clone());
    let person = StoredValue::new(person);
    let review = move || {
        desk.prover.run(busy, fault, move || async move {
            desk.put(api::review_person(id).await?);
            Ok(())
        });
    };
    let resume = move || {
        desk.prover.run(busy, fault, move || async move {
            desk.put(api::restore_person(id).await?);
            Ok(())
        });
    };
    let suspend = move || {
        desk.prover.run(busy, fault, move || async move {
            desk.put(api::suspend_person(id).await?);
            Ok(())
        });
    };
    let reset = move || {
        desk.prover.run(busy, fault, move || async move {
            let link = api::reset_person(id).await?;
            resetting.try_set(false);
            let name = name.try_get_value().unwrap_or_default();
            desk.made.try_set(Some(Made { name, link }));
            desk.people.reload();
            Ok(())
        });
    };
    view! {
        {part(move || fault.get().map(|fault| view! { <Failure fault/> }))}
        <div class="actions" role="group" aria-label=move || tr!(Key::PeopleActOn, name = name.get_value())>
            <Button look=Look::Secondary icon=Glyph::Check busy testid="person-do-review" on_press=review>{say(Key::PeopleReview)}</Button>
            <Button look=Look::Secondary icon=Glyph::Edit testid="person-edit" on_press=move || editing.set(true)>{say(Key::PeopleEdit)}</Button>
            <Button look=Look::Quiet icon=Glyph::Key testid="person-reset" on_press=move || resetting.set(true)>{say(Key::PeopleReset)}</Button>
            {if suspended {
                view! { <Button look=Look::Quiet busy testid="person-resume" on_press=resume>{say(Key::PeopleResume)}</Button> }.into_any()
            } else {
                view! { <Button look=Look::Quiet testid="person-suspend" on_press=move || suspending.set(true)>{say(Key::PeopleSuspend)}</Button> }.into_any()
            }}
        </div>
        <Dialog open=suspending title=move || tr!(Key::PeopleSuspendTitle, name = name.get_value()) testid="person-suspend-dialog">
            <p>{say(Key::PeopleSuspendText)}</p>
            <Ways asking=suspending busy label=Key::PeopleSuspend testid="person-suspend-confirm" on_press=suspend/>
        </Dialog>
        <Dialog open=resetting title=move || tr!(Key::PeopleResetTitle, name = name.get_value()) testid="person-reset-dialog">
            <p>{say(Key::PeopleResetText)}</p>
            <Ways asking=resetting busy label=Key::PeopleReset testid="person-reset-confirm" on_press=reset/>
        </Dialog>
        <Dialog open=editing title=move || tr!(Key::PeopleEditTitle, name = name.get_value()) testid="person-edit-dialog">
            <Edit person=person.get_value() desk editing/>
        </Dialog>
    }
}

#[component]
fn Edit(person: PersonView, desk: Desk, editing: RwSignal<bool>) -> impl IntoView {
    let details = Details::of(&person.details);
    let busy = RwSignal::new(false);
    let fault = RwSignal::new(None::<ApiError>);
    let (id, version) = (person.id, person.version);
    let before = StoredValue::new(person.details);
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        desk.prover.run(busy, fault, move || async move {
            let details = before.with_value(|before| details.read(Some(before)));
            let changed = api::change_person(id, &ChangePersonRequest { version, details }).await?;
            editing.try_set(false);
            toast(t_now(Key::PeopleSaved));
            desk.put(changed);
            Ok(())
        });
    };
    view! {
        <form on:submit=submit novalidate>
            {part(move || fault.get().map(|fault| view! { <Failure fault/> }))}
            <DetailFields details edit=true/>
            <div class="actions">
                <Button look=Look::Secondary on_press=move || editing.set(false)>{move || t(Key::Back)}</Button>
                <Button submit=true busy testid="edit-submit">{say(Key::Save)}</Button>
            </div>
        </form>
    }
}
