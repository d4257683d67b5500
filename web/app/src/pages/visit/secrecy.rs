//! Encryption between people, in words: the switch, the badge, the digits to read aloud.

use crate::components::part;
use leptos::prelude::*;
use signaling_protocol::{Participant, ParticipantId, Role, Source, Stage as Seat};
use web_call::Act;
use web_call::browser::{Ability, SecrecyView};

use super::live_call::LiveCall;
use crate::components::{Alert, Glyph, Icon, Tone};
use crate::i18n::{Key, say, t};
use crate::tr;

/// Whether people encrypt for each other; tracked.
fn is_on(call: LiveCall) -> Memo<bool> {
    Memo::new(move |_| call.view.with(|view| view.encrypted))
}

fn ability(call: LiveCall) -> Memo<Ability> {
    Memo::new(move |_| call.secrecy.with(|secrecy| secrecy.ability))
}

/// Whether this browser cannot take part in what everybody else does; tracked.
pub(super) fn is_shut_out(call: LiveCall) -> bool {
    let unable = call
        .secrecy
        .with(|secrecy| secrecy.ability == Ability::Unable);
    unable && call.view.with(|view| view.encrypted)
}

/// People in the visit who cannot take part, by name.
fn left_out(call: LiveCall) -> Memo<String> {
    Memo::new(move |_| {
        call.view.with(|view| {
            let without =
                |one: &&Participant| one.stage == Seat::Admitted && one.public_key.is_none();
            let people = view.others.iter().filter(without);
            let names: Vec<&str> = people.map(|one| one.name.as_str()).collect();
            names.join(", ")
        })
    })
}

/// Above the pictures: that it is on, or why nothing is seen in a browser that cannot.
#[component]
pub(super) fn SecrecyBadge(call: LiveCall) -> impl IntoView {
    let (on, ability) = (is_on(call), ability(call));
    part(move || match (on.get(), ability.get()) {
        (false, _) => ().into_any(),
        (true, Ability::Unable) => view! {
            <Alert tone=Tone::Error testid="secrecy-closed">{say(Key::SecrecyClosed)}</Alert>
        }
        .into_any(),
        (true, Ability::Able | Ability::Preparing) => view! {
            <p class="visit-secret" data-testid="secrecy-badge">
                <Icon glyph=Glyph::Shield/>
                {say(Key::SecrecyBadge)}
            </p>
        }
        .into_any(),
    })
}

/// Below the list of people: what the server can see, and for the doctor the switch.
#[component]
pub(super) fn Secrecy(call: LiveCall, role: Role) -> impl IntoView {
    let (on, left_out) = (is_on(call), left_out(call));
    view! {
        <section class="visit-secrecy" aria-labelledby="secrecy-title" data-testid="secrecy">
            <h3 id="secrecy-title"><Icon glyph=Glyph::Shield/>{say(Key::Secrecy)}</h3>
            <p id="secrecy-what">
                {part(move || {
                    t(match (on.get(), role) {
                        (true, _) => Key::SecrecyIsOn,
                        (false, Role::Clinician) => Key::SecrecyWhat,
                        (false, Role::Patient | Role::Guest) => Key::SecrecyIsOff,
                    })
                })}
            </p>
            {(role == Role::Clinician).then(|| view! { <Switch call on left_out/> })}
            {part(move || {
                let names = left_out.get();
                (on.get() && !names.is_empty())
                    .then(|| view! { <p data-testid="secrecy-left-out">{tr!(Key::SecrecyLeftOut, names = names)}</p> })
            })}
            <Code call/>
        </section>
    }
}

/// The doctor's switch. It shows what the server says, not what was pressed.
#[component]
fn Switch(call: LiveCall, on: Memo<bool>, left_out: Memo<String>) -> impl IntoView {
    let ability = ability(call);
    let reason = move || match (on.get(), ability.get()) {
        (true, _) => None,
        (false, Ability::Unable) => Some(t(Key::SecrecyUnable).to_owned()),
        (false, Ability::Able | Ability::Preparing) => left_out
            .with(|names| (!names.is_empty()).then(|| tr!(Key::SecrecyWithout, names = names))),
    };
    let disabled = move || !on.get() && (ability.get() != Ability::Able || reason().is_some());
    view! {
        <p class="hint">{part(move || (!on.get()).then(|| t(Key::SecrecyIsOff)))}</p>
        <button
            type="button"
            role="switch"
            class="button secondary visit-switch"
            data-testid="secrecy-switch"
            aria-checked=move || on.get().to_string()
            aria-describedby="secrecy-what secrecy-reason"
            disabled=disabled
            on:click=move |_| call.act(Act::Encrypt(!on.get_untracked()))
        >
            <span class="visit-knob" aria-hidden="true"></span>
            <span>{say(Key::Secrecy)}</span>
        </button>
        <p id="secrecy-reason" class="hint" role="status" data-testid="secrecy-reason">{part(reason)}</p>
    }
}

/// The digits that are the same for everybody while nobody sits in between.
#[component]
fn Code(call: LiveCall) -> impl IntoView {
    let code = Memo::new(move |_| call.secrecy.with(|secrecy| secrecy.code.clone()));
    part(move || {
        code.get().map(|code| {
            view! {
                <h4>{say(Key::SecrecyCode)}</h4>
                <p class="visit-code" data-testid="secrecy-code">
                    {code.split(' ').map(|group| view! { <span>{group.to_owned()}</span>" " }).collect_view()}
                </p>
                <p class="hint">{say(Key::SecrecyCompare)}</p>
            }
        })
    })
}

/// Over a picture that cannot be decrypted.
#[component]
pub(super) fn Sealed(call: LiveCall, id: ParticipantId, source: Source) -> impl IntoView {
    let sealed = Memo::new(move |_| {
        call.secrecy.with(|secrecy| {
            call.view.with(|view| {
                let slot = view.slot_of(id, source);
                slot.is_some_and(|slot| secrecy.dark.contains(&slot.mid))
            })
        })
    });
    part(move || {
        sealed
            .get()
            .then(|| view! { <p class="visit-sealed" role="status" data-testid="tile-sealed">{say(Key::SecrecyDark)}</p> })
    })
}

/// Counters, for people who help others.
#[component]
pub(super) fn SealedFrames(call: LiveCall) -> impl IntoView {
    let on = is_on(call);
    let words = move || {
        call.secrecy.with(
            |SecrecyView {
                 sealed,
                 opened,
                 refused,
                 ..
             }| {
                tr!(
                    Key::SecrecyFrames,
                    sealed = sealed,
                    opened = opened,
                    refused = refused
                )
            },
        )
    };
    let count = move |read: fn(&SecrecyView) -> u64| move || call.secrecy.with(read).to_string();
    part(move || {
        on.get().then(|| {
            view! {
                <p
                    data-testid="secrecy-frames"
                    data-sealed=count(|secrecy| secrecy.sealed)
                    data-opened=count(|secrecy| secrecy.opened)
                    data-refused=count(|secrecy| secrecy.refused)
                >
                    {part(words)}
                </p>
            }
        })
    })
}
