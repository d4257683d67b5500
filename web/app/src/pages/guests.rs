use crate::components::part;
use clinical_api::{GuestBrief, GuestRequest};
use clinical_model::AppointmentId;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::api::{self, ApiError};
use crate::components::{Alert, Button, CopyField, Failure, Field, Glyph, Icon, Look, Tone, toast};
use crate::i18n::{Key, fill, say, t, t_now};
use crate::{join_link, tr};

const CHARS_MAX: usize = 80;

/// A link that was just made for a guest.
#[derive(Clone, PartialEq, Eq)]
struct Fresh {
    name: String,
    href: String,
}

/// The guests of an appointment: who is invited, invite somebody, take somebody off.
#[component]
pub(crate) fn Guests(id: AppointmentId, list: Vec<GuestBrief>) -> impl IntoView {
    let guests = RwSignal::new(list);
    let fresh = RwSignal::new(None::<Fresh>);
    let fault = RwSignal::new(None::<ApiError>);
    let rows = move || {
        let list = guests.get();
        if list.is_empty() {
            return view! { <p class="hint">{say(Key::GuestsNone)}</p> }.into_any();
        }
        let rows = list
            .into_iter()
            .map(|guest| view! { <Guest id guest guests fault/> });
        view! { <ul class="plain">{rows.collect_view()}</ul> }.into_any()
    };
    view! {
        <section class="card" data-testid="guests">
            <h2><Icon glyph=Glyph::People/>{say(Key::GuestsTitle)}</h2>
            <p>{say(Key::GuestsText)}</p>
            {rows}
            {part(move || fault.get().map(|fault| view! { <Failure fault/> }))}
            {part(move || {
                fresh
                    .get()
                    .map(|Fresh { name, href }| {
                        let (label, text) = (name.clone(), name);
                        view! {
                            <Alert tone=Tone::Success testid="guest-made">
                                <p>{part(move || tr!(Key::GuestsLinkText, name = text))}</p>
                            </Alert>
                            <CopyField id="guest-link" label=move || tr!(Key::GuestsLink, name = label) text=href testid="guest-link"/>
                        }
                    })
            })}
            <Invite id guests fresh fault/>
        </section>
    }
}

#[component]
fn Guest(
    id: AppointmentId,
    guest: GuestBrief,
    guests: RwSignal<Vec<GuestBrief>>,
    fault: RwSignal<Option<ApiError>>,
) -> impl IntoView {
    let busy = RwSignal::new(false);
    let (guest_id, gone) = (guest.id, guest.name.clone());
    let remove = move || {
        busy.set(true);
        let gone = gone.clone();
        spawn_local(async move {
            match api::remove_guest(id, guest_id).await {
                Ok(()) => {
                    toast(fill(t_now(Key::GuestsRemoved), &[("name", &gone)]));
                    guests.try_update(|list| list.retain(|guest| guest.id != guest_id));
                }
                Err(refused) => {
                    fault.try_set(Some(refused));
                    busy.try_set(false);
                }
            }
        });
    };
    let name = guest.name.clone();
    view! {
        <li class="row between" data-testid="guest-row">
            <span><strong>{guest.name}</strong>" · "{guest.relation}</span>
            <Button look=Look::Quiet icon=Glyph::Bin busy testid="guest-remove" on_press=remove>
                {part(move || tr!(Key::GuestsRemove, name = name))}
            </Button>
        </li>
    }
}

#[component]
fn Invite(
    id: AppointmentId,
    guests: RwSignal<Vec<GuestBrief>>,
    fresh: RwSignal<Option<Fresh>>,
    fault: RwSignal<Option<ApiError>>,
) -> impl IntoView {
    let open = RwSignal::new(false);
    let tried = RwSignal::new(false);
    let busy = RwSignal::new(false);
    let name = RwSignal::new(String::new());
    let relation = RwSignal::new(String::new());
    let name_error =
        Signal::derive(move || check(tried.get(), &name.get(), Key::GuestsNameMissing));
    let relation_error =
        Signal::derive(move || check(tried.get(), &relation.get(), Key::GuestsRelationMissing));
    let send = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        tried.set(true);
        if busy.get_untracked()
            || name_error.get_untracked().is_some()
            || relation_error.get_untracked().is_some()
        {
            return;
        }
        busy.set(true);
        fault.set(None);
        let request = GuestRequest {
            name: name.get_untracked().trim().to_owned(),
            relation: relation.get_untracked().trim().to_owned(),
        };
        spawn_local(async move {
            match api::invite(id, &request).await {
                Ok(made) => {
                    let brief = GuestBrief {
                        id: made.id,
                        name: made.name.clone(),
                        relation: made.relation,
                    };
                    guests.try_update(|list| list.push(brief));
                    fresh.try_set(Some(Fresh {
                        name: made.name,
                        href: join_link::href(&made.link.token),
                    }));
                    name.try_set(String::new());
                    relation.try_set(String::new());
                    tried.try_set(false);
                    open.try_set(false);
                }
                Err(refused) => {
                    fault.try_set(Some(refused));
                }
            }
            busy.try_set(false);
        });
    };
    move || {
        if !open.get() {
            return view! {
                <Button look=Look::Secondary icon=Glyph::Plus testid="add-guest" on_press=move || open.set(true)>
                    {say(Key::GuestsAdd)}
                </Button>
            }
            .into_any();
        }
        view! {
            <form on:submit=send novalidate>
                <Field id="guest-name" label=say(Key::GuestsName) error=name_error value=name testid="guest-name"/>
                <Field id="guest-relation" label=say(Key::GuestsRelation) hint=say(Key::GuestsRelationHint) error=relation_error value=relation testid="guest-relation"/>
                <div class="actions">
                    <Button submit=true busy icon=Glyph::Link testid="guest-make">{say(Key::GuestsMake)}</Button>
                    <Button look=Look::Quiet testid="guest-close" on_press=move || open.set(false)>{say(Key::Close)}</Button>
                </div>
            </form>
        }
        .into_any()
    }
}

/// What is wrong with a name or relation, once the form was sent; tracked.
fn check(tried: bool, text: &str, missing: Key) -> Option<String> {
    let chars = text.trim().chars().count();
    let key = match chars {
        0 => missing,
        1..=CHARS_MAX => return None,
        _ => Key::GuestsTooLong,
    };
    tried.then(|| t(key).to_owned())
}
