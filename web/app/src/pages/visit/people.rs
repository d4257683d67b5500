//! Who is here and who waits.

use core::time::Duration;

use crate::components::part;
use leptos::prelude::*;
use signaling_protocol::{
    CallBack, Grants, Participant, ParticipantId, Phone, Quality, Role, Stage as Seat, WayIn,
};
use web_call::Act;

use super::live_call::LiveCall;
use super::words;
use crate::components::{Button, Dialog, Glyph, Icon, Look};
use crate::i18n::{Key, say, t};
use crate::tr;

/// How long a switch shows what was pressed before it shows what the server says.
const ANSWER_MAX: Duration = Duration::from_secs(3);

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
    let phone = person.phone.clone();
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
                    {phone.map(|phone| view! { <ByPhone phone/> })}
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

/// The list of people in the visit. Each keeps their place in the page while they change, so that a
/// switch that was just pressed keeps the focus.
#[component]
pub(super) fn People(call: LiveCall, role: Role) -> impl IntoView {
    let seated = Memo::new(move |_| {
        call.view.with(|view| {
            let seated = view.others.iter().filter(|one| one.stage == Seat::Admitted);
            seated.map(|one| one.id).collect::<Vec<_>>()
        })
    });
    let me = Memo::new(move |_| {
        call.view
            .with(|view| view.me.as_ref().map(|me| me.name.clone()))
    });
    view! {
        <ul class="visit-people">
            {part(move || {
                me.get()
                    .map(|name| {
                        view! {
                            <li data-testid="person-me">
                                <span>
                                    <strong>{name}</strong>
                                    " "
                                    <span class="hint">{say(Key::VisitYou)}</span>
                                </span>
                            </li>
                        }
                    })
            })}
            <For each=move || seated.get() key=|id| *id let:id>
                <Person call id role/>
            </For>
        </ul>
    }
}

#[component]
fn Person(call: LiveCall, id: ParticipantId, role: Role) -> impl IntoView {
    let person = Memo::new(move |_| {
        call.view
            .with(|view| view.others.iter().find(|one| one.id == id).cloned())
    });
    let first = person.get_untracked();
    let may = role == Role::Clinician
        && first
            .as_ref()
            .is_some_and(|one| one.role != Role::Clinician);
    let code = first
        .as_ref()
        .map_or("guest", |one| words::role_code(one.role));
    let name = first.map(|one| one.name).unwrap_or_default();
    view! {
        <li data-testid=format!("person-{code}")>
            {part(move || person.get().map(|person| view! { <State person/> }))}
            {may.then(|| view! {
                <Actions call id name=name.clone() person/>
                <Rights call id name person/>
            })}
        </li>
    }
}

/// How a person is.
#[component]
fn State(person: Participant) -> impl IntoView {
    let quality = if person.connected {
        person.quality
    } else {
        Quality::Lost
    };
    let microphone = person.sources.microphone;
    let name = person.name.clone();
    let (phone, hand) = (person.phone.clone(), person.hand);
    // A telephone does not say how good it is.
    let measured = person.way != WayIn::Phone;
    view! {
        <span>
            <strong>{name}</strong>
            " "
            <span class="hint">{part(move || words::role(&person))}</span>
            <br/>
            {measured.then(|| view! {
                <span class="visit-quality" data-quality=words::quality_code(quality)>
                    <Icon glyph=Glyph::Signal/>
                    {part(move || words::quality(quality))}
                </span>
            })}
            {phone.map(|phone| view! { <ByPhone phone/> })}
            {hand.then(|| view! {
                <span class="visit-sound" data-testid="hand"><Icon glyph=Glyph::Hand/>{say(Key::VisitHand)}</span>
            })}
            <span class="visit-sound">
                <Icon glyph=if microphone { Glyph::Microphone } else { Glyph::MicrophoneOff }/>
                {part(move || t(if microphone { Key::VisitSpeaks } else { Key::VisitMuted }))}
            </span>
        </span>
    }
}

/// That somebody takes part by telephone: with which number, and whether the call is on hold.
#[component]
pub(super) fn ByPhone(phone: Phone) -> impl IntoView {
    let Phone {
        number, on_hold, ..
    } = phone;
    view! {
        <span class="visit-sound" data-testid="by-phone">
            <Icon glyph=Glyph::Phone/>
            {part(move || {
                if number.is_empty() {
                    t(Key::VisitByPhone).to_owned()
                } else {
                    tr!(Key::VisitByPhoneOf, number = number)
                }
            })}
        </span>
        {on_hold.then(|| view! {
            <span class="visit-sound" data-testid="on-hold"><Icon glyph=Glyph::Pause/>{say(Key::VisitOnHold)}</span>
        })}
    }
}

/// For the doctor: patients whose page was lost, and whether their telephone is called.
#[component]
pub(super) fn CallBacks(call: LiveCall, role: Role) -> impl IntoView {
    let missed = Memo::new(move |_| {
        call.view.with(|view| {
            let missed = view.others.iter();
            let missed = missed.filter(|one| one.call_back != CallBack::Off);
            let missed = missed.map(|one| (one.id, one.name.clone(), one.call_back));
            missed.collect::<Vec<_>>()
        })
    });
    move || {
        (role == Role::Clinician).then(|| {
            let rows = missed.get().into_iter().map(|(id, name, state)| {
                view! { <Missed call id name state/> }
            });
            view! { <div role="status">{rows.collect_view()}</div> }
        })
    }
}

#[component]
fn Missed(call: LiveCall, id: ParticipantId, name: String, state: CallBack) -> impl IntoView {
    let rings = state == CallBack::Ringing;
    let said = match state {
        CallBack::Off | CallBack::Offered => Key::VisitCallBackOffered,
        CallBack::Ringing => Key::VisitCallBackRinging,
        CallBack::Failed => Key::VisitCallBackFailed,
    };
    let act = if rings {
        Key::VisitCallBackStop
    } else {
        Key::VisitCallBackCall
    };
    view! {
        <div class="visit-door" data-testid="call-back" data-state=format!("{state:?}")>
            <p>
                <Icon glyph=Glyph::Phone/>
                <span>{move || tr!(said, name = name)}</span>
            </p>
            <div class="visit-answers">
                <Button icon=Glyph::Phone testid="call-back-act" on_press=move || call.act(Act::CallBack(id, !rings))>
                    {say(act)}
                </Button>
            </div>
        </div>
    }
}

/// What the server forwards from and to a person: four switches.
#[component]
fn Rights(
    call: LiveCall,
    id: ParticipantId,
    name: String,
    person: Memo<Option<Participant>>,
) -> impl IntoView {
    let grants = Memo::new(move |_| {
        person.with(|person| person.as_ref().map_or(Grants::NONE, |one| one.grants))
    });
    // Two switches may be pressed before the server has answered the first.
    let wanted = RwSignal::new(grants.get_untracked());
    Effect::new(move || wanted.set(grants.get()));
    let switch = move |right: Right| {
        let (key, testid) = right.words();
        let toggle = move |event| {
            let mut next = wanted.get_untracked();
            *right.of(&mut next) = event_target_checked(&event);
            wanted.set(next);
            call.act(Act::Grant(id, next));
            // What was refused or lost shows by then.
            set_timeout(
                move || {
                    if let Some(grants) = grants.try_get_untracked() {
                        wanted.try_set(grants);
                    }
                },
                ANSWER_MAX,
            );
        };
        view! {
            <label class="check">
                <input
                    type="checkbox"
                    role="switch"
                    data-testid=testid
                    prop:checked=move || *right.of(&mut wanted.get())
                    on:change=toggle
                />
                <span>{say(key)}</span>
            </label>
        }
    };
    view! {
        <fieldset class="visit-rights">
            <legend>{move || tr!(Key::VisitMay, name = name)}</legend>
            {Right::ALL.map(switch).collect_view()}
        </fieldset>
    }
}

/// One of the things that a clinician grants.
#[derive(Clone, Copy)]
enum Right {
    Speak,
    Camera,
    Screen,
    Receive,
}

impl Right {
    const ALL: [Self; 4] = [Self::Speak, Self::Camera, Self::Screen, Self::Receive];

    const fn words(self) -> (Key, &'static str) {
        match self {
            Self::Speak => (Key::VisitMaySpeak, "may-speak"),
            Self::Camera => (Key::VisitMayCamera, "may-camera"),
            Self::Screen => (Key::VisitMayScreen, "may-screen"),
            Self::Receive => (Key::VisitMayReceive, "may-receive"),
        }
    }

    const fn of(self, grants: &mut Grants) -> &mut bool {
        match self {
            Self::Speak => &mut grants.publish.microphone,
            Self::Camera => &mut grants.publish.camera,
            Self::Screen => &mut grants.publish.screen,
            Self::Receive => &mut grants.subscribe,
        }
    }
}

/// What the doctor may do with a person.
#[component]
fn Actions(
    call: LiveCall,
    id: ParticipantId,
    name: String,
    person: Memo<Option<Participant>>,
) -> impl IntoView {
    let asking = RwSignal::new(false);
    let silent = Signal::derive(move || {
        person.with(|person| person.as_ref().is_none_or(|one| !one.sources.microphone))
    });
    let up = Memo::new(move |_| person.with(|person| person.as_ref().is_some_and(|one| one.hand)));
    let (named, title) = (name.clone(), name);
    view! {
        <div class="visit-answers">
            <Button
                look=Look::Secondary
                icon=Glyph::MicrophoneOff
                testid="mute-other"
                disabled=silent
                on_press=move || call.act(Act::Mute(id))
            >
                {say(Key::VisitMutePerson)}
            </Button>
            {part(move || up.get().then(|| view! {
                <Button look=Look::Secondary icon=Glyph::Hand testid="lower-hand" on_press=move || call.act(Act::LowerHand(id))>
                    {say(Key::HandLower)}
                </Button>
            }))}
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
