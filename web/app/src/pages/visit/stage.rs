//! The pictures: others large, a shared screen largest, oneself small.

use crate::components::part;
use leptos::html;
use leptos::prelude::*;
use signaling_protocol::{
    ConnectionId, Participant, ParticipantId, Quality, Source, Stage as Seat, WayIn,
};
use web_call::{Act, CallView};
use web_logic::names::initials;

use super::live_call::LiveCall;
use super::people::ByPhone;
use super::room::own_state;
use super::secrecy::Sealed;
use super::words;
use crate::components::{Glyph, Icon};
use crate::i18n::{Key, say, t};

/// Everybody who is in the visit, as tiles.
#[component]
pub(super) fn Stage(call: LiveCall) -> impl IntoView {
    let seated = move |wanted: fn(&Participant) -> bool| {
        Memo::new(move |_| {
            call.view.with(|view| {
                let seated = view.others.iter().filter(|one| one.stage == Seat::Admitted);
                seated
                    .filter(|one| wanted(one))
                    .map(|one| one.id)
                    .collect::<Vec<_>>()
            })
        })
    };
    let people = seated(|_| true);
    let screens = seated(|one| one.sources.screen);
    let kept = RwSignal::new(Source::Camera);
    let large = Memo::new(move |_| call.view.with(|view| large(view, kept.get())));
    view! {
        <div class="visit-stage" data-testid="stage" class:shared=move || large.with(Option::is_some)>
            <For each=move || screens.get() key=|id| *id let:id>
                <Tile call id source=Source::Screen kept large/>
            </For>
            <For each=move || people.get() key=|id| *id let:id>
                <Tile call id source=Source::Camera kept large/>
            </For>
            {part(move || {
                people
                    .with(Vec::is_empty)
                    .then(|| view! { <p class="visit-alone" data-testid="alone">{say(Key::VisitAlone)}</p> })
            })}
            <SelfTile call/>
        </div>
    }
}

/// A tile by what it shows.
type Shown = (ParticipantId, Source);

/// The tile that has the room: the one that this person keeps large, or else a shared screen.
fn large(view: &CallView, kept: Source) -> Option<Shown> {
    let mut seated = view.others.iter().filter(|one| one.stage == Seat::Admitted);
    let pinned = seated
        .clone()
        .find(|one| Some(one.id) == view.pinned)
        .map(|one| match kept {
            Source::Screen if one.sources.screen => (one.id, kept),
            Source::Screen | Source::Camera | Source::Microphone => (one.id, Source::Camera),
        });
    pinned.or_else(|| {
        let screen = seated.find(|one| one.sources.screen)?;
        Some((screen.id, Source::Screen))
    })
}

/// One picture of one person. `kept` is which of a pinned person's tiles is kept large.
#[component]
fn Tile(
    call: LiveCall,
    id: ParticipantId,
    source: Source,
    kept: RwSignal<Source>,
    large: Memo<Option<Shown>>,
) -> impl IntoView {
    let node = NodeRef::<html::Video>::new();
    let person = Memo::new(move |_| {
        call.view
            .with(|view| view.others.iter().find(|one| one.id == id).cloned())
    });
    let slot = Memo::new(move |_| slot_of(call, id, source));
    let shows = Memo::new(move |_| {
        let on = person.with(|person| person.as_ref().is_some_and(|one| is_on(one, source)));
        on && slot.with(Option::is_some)
    });
    Effect::new(move || {
        slot.track();
        if let Some(video) = node.get() {
            call.show(id, source, &video);
        }
    });
    // A slot that is not shown has no size, so its first pictures would wait for the next round.
    Effect::new(move || {
        if shows.get() {
            request_animation_frame(move || call.send_views());
        }
    });
    let dark = Memo::new(move |_| {
        person.with(|person| {
            let person = person.as_ref()?;
            call.view
                .with(|view| why_dark(view, person, source, shows.get()))
        })
    });
    let speaks = Memo::new(move |_| {
        source != Source::Screen && call.view.with(|view| view.speakers.contains(&id))
    });
    let testid = person.with_untracked(|person| {
        let role = person
            .as_ref()
            .map_or("guest", |one| words::role_code(one.role));
        match source {
            Source::Screen => format!("tile-{role}-screen"),
            Source::Camera | Source::Microphone => format!("tile-{role}"),
        }
    });
    view! {
        <figure
            class="visit-tile"
            class:large=move || large.get() == Some((id, source))
            class:speaking=move || speaks.get()
            class:away=move || person.with(|one| one.as_ref().is_some_and(|one| !one.connected))
            data-testid=testid
            data-showing=move || shows.get().to_string()
        >
            <div class="visit-frame" class:dark=move || !shows.get()>
                <video
                    node_ref=node
                    autoplay
                    playsinline
                    prop:muted=true
                    data-slot=move || slot.get().map(|(_, mid)| mid)
                    hidden=move || !shows.get()
                    aria-label=move || person.with(|one| one.as_ref().map(|one| one.name.clone()))
                ></video>
                <span class="visit-initials" aria-hidden="true" hidden=move || shows.get()>
                    {part(move || person.with(|one| one.as_ref().map(|one| initials(&one.name))))}
                </span>
                {part(move || dark.get().map(|key| view! { <p class="visit-dark" data-testid="tile-dark">{say(key)}</p> }))}
                {part(move || speaks.get().then(|| view! { <span class="visit-speaking" data-testid="tile-speaking"><Icon glyph=Glyph::Speaker/>{say(Key::VisitSpeaking)}</span> }))}
                <Keep call id source kept name=Signal::derive(move || person.with(|one| one.as_ref().map(|one| one.name.clone()).unwrap_or_default()))/>
                <Sealed call id source/>
            </div>
            <figcaption>{part(move || person.get().map(|person| view! { <Caption person source/> }))}</figcaption>
        </figure>
    }
}

/// Why a tile has no picture; none while it has one, and for a screen, whose tile is there only
/// while it is shared.
fn why_dark(view: &CallView, person: &Participant, source: Source, shows: bool) -> Option<Key> {
    let unseen = view.me.as_ref().is_some_and(|me| !me.grants.subscribe);
    if unseen {
        return Some(Key::VisitDarkUnseen);
    }
    if source != Source::Screen && !person.grants.publish.camera {
        return Some(Key::VisitDarkBarred);
    }
    if person.way == WayIn::Phone {
        return Some(Key::VisitDarkPhone);
    }
    if !is_on(person, source) {
        return Some(Key::VisitDarkOff);
    }
    if view.audio_only {
        return Some(Key::VisitDarkSlow);
    }
    (!shows).then_some(Key::VisitDarkComing)
}

/// Keeps a tile large, or no longer.
#[component]
fn Keep(
    call: LiveCall,
    id: ParticipantId,
    source: Source,
    kept: RwSignal<Source>,
    name: Signal<String>,
) -> impl IntoView {
    let pressed =
        Memo::new(move |_| kept.get() == source && call.view.with(|view| view.pinned == Some(id)));
    let press = move |_| {
        let on = !pressed.get_untracked();
        kept.set(source);
        call.act(Act::Pin(on.then_some(id)));
    };
    view! {
        <button
            type="button"
            class="visit-pin"
            data-testid="pin"
            aria-pressed=move || pressed.get().to_string()
            aria-label=move || crate::tr!(Key::VisitPinOf, name = name.get())
            on:click=press
        >
            <Icon glyph=Glyph::Pin/>
            <span>{say(Key::VisitPin)}</span>
        </button>
    }
}

fn slot_of(call: LiveCall, id: ParticipantId, source: Source) -> Option<(ConnectionId, String)> {
    call.view.with(|view| {
        let slot = view.slot_of(id, source)?;
        Some((view.connection?, slot.mid.clone()))
    })
}

const fn is_on(person: &Participant, source: Source) -> bool {
    match source {
        Source::Camera => person.sources.camera,
        Source::Screen => person.sources.screen,
        Source::Microphone => person.sources.microphone,
    }
}

/// Name, and how they are: away, muted, connection.
#[component]
fn Caption(person: Participant, source: Source) -> impl IntoView {
    let name = person.name.clone();
    if source == Source::Screen {
        let words = move || crate::tr!(Key::VisitScreenOf, name = name);
        return view! { <span class="visit-name"><Icon glyph=Glyph::Screen/>{words}</span> }
            .into_any();
    }
    let muted = !person.sources.microphone;
    let quality = if person.connected {
        person.quality
    } else {
        Quality::Lost
    };
    let connected = person.connected;
    let measured = person.way != WayIn::Phone;
    let phone = person.phone.clone();
    let hand = person.hand;
    view! {
        <span class="visit-name" data-testid="tile-name">{name}</span>
        <span class="visit-role">{part(move || words::role(&person))}</span>
        {muted
            .then(|| view! { <span class="visit-muted" data-testid="tile-muted"><Icon glyph=Glyph::MicrophoneOff/><span class="visit-words">{say(Key::VisitMuted)}</span></span> })}
        {phone.map(|phone| view! { <ByPhone phone/> })}
        {hand.then(|| view! { <span class="visit-sound" data-testid="tile-hand"><Icon glyph=Glyph::Hand/><span class="visit-words">{say(Key::VisitHand)}</span></span> })}
        {measured.then(|| view! {
            <span class="visit-quality" data-testid="tile-quality" data-quality=words::quality_code(quality)>
                <Icon glyph=Glyph::Signal/>
                <span class="visit-words">
                    {part(move || if connected { words::quality(quality) } else { t(Key::VisitPersonAway) })}
                </span>
            </span>
        })}
    }
    .into_any()
}

/// Oneself, small and mirrored.
#[component]
fn SelfTile(call: LiveCall) -> impl IntoView {
    let node = NodeRef::<html::Video>::new();
    let camera = Memo::new(move |_| call.view.with(|view| view.sources.camera));
    let quality = Memo::new(move |_| call.view.with(|view| view.quality));
    let heard = Memo::new(move |_| call.view.with(|view| view.sources.microphone));
    let speaks = Memo::new(move |_| {
        call.view.with(|view| {
            let me = view.me.as_ref().map(|me| me.id);
            me.is_some_and(|me| view.speakers.contains(&me))
        })
    });
    let name = move || {
        call.view
            .with(|view| view.me.as_ref().map(|me| initials(&me.name)))
    };
    Effect::new(move || {
        call.devices.track();
        camera.track();
        if let Some(video) = node.get() {
            call.local().show(Source::Camera, &video);
        }
    });
    view! {
        <figure class="visit-tile visit-self" class:speaking=move || speaks.get() data-testid="tile-self">
            <div class="visit-frame mirrored" class:dark=move || !camera.get()>
                <video node_ref=node autoplay playsinline prop:muted=true hidden=move || !camera.get() aria-label=say(Key::VisitSelf)></video>
                <span class="visit-initials" aria-hidden="true" hidden=move || camera.get()>{name}</span>
            </div>
            <figcaption>
                <span class="visit-name">{say(Key::VisitYou)}</span>
                <span class="visit-own" data-testid="self-state" data-heard=move || heard.get().to_string()>
                    {part(move || {
                        let glyph = if heard.get() { Glyph::Microphone } else { Glyph::MicrophoneOff };
                        view! { <Icon glyph/> }
                    })}
                    <span class="visit-words">{part(move || own_state(call))}</span>
                </span>
                <span class="visit-quality" data-testid="self-quality" data-quality=move || words::quality_code(quality.get())>
                    <Icon glyph=Glyph::Signal/>
                    <span class="visit-words">{part(move || words::quality(quality.get()))}</span>
                </span>
            </figcaption>
        </figure>
    }
}
