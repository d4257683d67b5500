//! Who is here and who waits.

use crate::components::part;
use leptos::prelude::*;
use signaling_protocol::{Participant, Quality, Role, Stage as Seat};
use web_call::Act;

use super::live_call::LiveCall;
use super::words;
use crate::components::{Button, Dialog, Glyph, Icon, Look};
use crate::i18n::{Key, say, t};
use crate::tr;

/// Above the pictures, for the doctor: everybody who waits, with the two answers.
#[component]
pub(super) fn WaitingPeople(call: LiveCall, role: Role) -> impl IntoView {
    let waiting = Memo::new(move |_| {
        call.view.with(|view| {
            let waiting = view.others.iter().filter(|one| one.stage == Seat::Lobby);
            waiting.cloned().collect::<Vec<_>>()
        })
    });
    move || {
        let list = waiting.get();
        (role == Role::Clinician && !list.is_empty()).then(|| {
            view! {
                <section class="visit-doors" aria-label=say(Key::VisitWaitingList) data-testid="waiting-list">
                    {list
                        .into_iter()
                        .enumerate()
                        .map(|(index, person)| view! { <Door call person index/> })
                        .collect_view()}
                </section>
            }
        })
    }
}

#[component]
fn Door(call: LiveCall, person: Participant, index: usize) -> impl IntoView {
    let id = person.id;
    let name = person.name.clone();
    let connected = person.connected;
    view! {
        <div class="visit-door" data-testid=format!("waiting-{index}")>
            <p>
                <Icon glyph=Glyph::Person/>
                <span>
                    <strong>{name}</strong>
                    " "
                    <span class="hint">{part(move || words::role(&person))}</span>
                    <br/>
                    {part(move || t(if connected { Key::VisitDoorWaits } else { Key::VisitPersonAway }))}
                </span>
            </p>
            <div class="visit-answers">
                <Button icon=Glyph::Check testid=format!("admit-{index}") on_press=move || call.act(Act::Admit(id))>
                    {say(Key::VisitAdmit)}
                </Button>
                <Button look=Look::Secondary testid=format!("refuse-{index}") on_press=move || call.act(Act::Refuse(id))>
                    {say(Key::VisitRefuse)}
                </Button>
            </div>
        </div>
    }
}

/// The list of people in the visit.
#[component]
pub(super) fn People(call: LiveCall, role: Role) -> impl IntoView {
    let seated = Memo::new(move |_| {
        call.view.with(|view| {
            let seated = view.others.iter().filter(|one| one.stage == Seat::Admitted);
            seated.cloned().collect::<Vec<_>>()
        })
    });
    let me = Memo::new(move |_| call.view.with(|view| view.me.clone()));
    view! {
        <ul class="visit-people">
            {part(move || {
                me.get()
                    .map(|me| {
                        view! {
                            <li data-testid="person-me">
                                <span>
                                    <strong>{me.name}</strong>
                                    " "
                                    <span class="hint">{say(Key::VisitYou)}</span>
                                </span>
                            </li>
                        }
                    })
            })}
            {part(move || {
                seated
                    .get()
                    .into_iter()
                    .map(|person| view! { <Person call person role/> })
                    .collect_view()
            })}
        </ul>
    }
}

#[component]
fn Person(call: LiveCall, person: Participant, role: Role) -> impl IntoView {
    let quality = if person.connected {
        person.quality
    } else {
        Quality::Lost
    };
    let microphone = person.sources.microphone;
    let code = words::role_code(person.role);
    let may = role == Role::Clinician && person.role != Role::Clinician;
    let shown = person.clone();
    view! {
        <li data-testid=format!("person-{code}")>
            <span>
                <strong>{person.name.clone()}</strong>
                " "
                <span class="hint">{part(move || words::role(&shown))}</span>
                <br/>
                <span class="visit-quality" data-quality=words::quality_code(quality)>
                    <Icon glyph=Glyph::Signal/>
                    {part(move || words::quality(quality))}
                </span>
                <span class="visit-sound">
                    <Icon glyph=if microphone { Glyph::Microphone } else { Glyph::MicrophoneOff }/>
                    {part(move || t(if microphone { Key::VisitSpeaks } else { Key::VisitMuted }))}
                </span>
            </span>
            {may.then(|| view! { <Actions call person/> })}
        </li>
    }
}

/// What the doctor may do with a person.
#[component]
fn Actions(call: LiveCall, person: Participant) -> impl IntoView {
    let id = person.id;
    let asking = RwSignal::new(false);
    let microphone = person.sources.microphone;
    let (named, title) = (person.name.clone(), person.name);
    view! {
        <div class="visit-answers">
            <Button
                look=Look::Secondary
                icon=Glyph::MicrophoneOff
                testid="mute-other"
                disabled=Signal::derive(move || !microphone)
                on_press=move || call.act(Act::Mute(id))
            >
                {say(Key::VisitMutePerson)}
            </Button>
            <Button look=Look::Secondary icon=Glyph::Exit testid="remove" on_press=move || asking.set(true)>
                {say(Key::VisitRemove)}
            </Button>
            <Dialog open=asking title=move || tr!(Key::VisitRemoveTitle, name = title) testid="remove-dialog">
                <p>
                    {
                        let named = named.clone();
                        move || tr!(Key::VisitRemoveText, name = named)
                    }
                </p>
                <div class="visit-answers">
                    <Button look=Look::Secondary testid="remove-cancel" on_press=move || asking.set(false)>
                        {say(Key::VisitStay)}
                    </Button>
                    <Button look=Look::Danger testid="remove-confirm" on_press=move || call.act(Act::Remove(id))>
                        {say(Key::VisitRemove)}
                    </Button>
                </div>
            </Dialog>
        </div>
    }
}
