//! In the visit: pictures, controls, and one panel beside them.

use crate::components::part;
use clinical_model::AppointmentId;
use gloo_timers::callback::Interval;
use leptos::prelude::*;
use signaling_protocol::Role;
use web_call::{MediaState, Phase};

use super::chat::Chat;
use super::controls::Controls;
use super::details::Details;
use super::device_choice::DeviceChoices;
use super::live_call::LiveCall;
use super::note_panel::NotePanel;
use super::people::{People, WaitingPeople};
use super::stage::Stage;
use super::words::Kept;
use crate::components::{Alert, Button, Glyph, Icon, Tone};
use crate::i18n::{Key, say, t};

/// How often the sizes of pictures are told. A picture that grew is sharp a second later.
const VIEWS_MS: u32 = 1_000;

/// What stands beside the pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Panel {
    /// Nothing.
    None,
    /// Messages.
    Chat,
    /// Who is here.
    People,
    /// The doctor's note.
    Note,
    /// Camera and microphone.
    Devices,
}

/// The room. The doctor's has an appointment: a note can be written and guests invited.
#[component]
pub(super) fn Room(
    call: LiveCall,
    role: Role,
    appointment: Option<AppointmentId>,
) -> impl IntoView {
    let panel = RwSignal::new(if appointment.is_some() {
        Panel::Note
    } else {
        Panel::None
    });
    let ticking: Kept<Option<Interval>> =
        StoredValue::new_local(Some(Interval::new(VIEWS_MS, move || call.send_views())));
    on_cleanup(move || ticking.set_value(None));
    view! {
        <div class="visit-room" class:with-panel=move || panel.get() != Panel::None>
            <p class="unseen" role="status" aria-live="polite" data-testid="visit-said">
                {part(move || call.said.get())}
            </p>
            <Banners call/>
            <WaitingPeople call role/>
            <div class="visit-main">
                <Stage call/>
                <Side call role appointment panel/>
            </div>
            <Controls call role appointment panel/>
            <Details call/>
        </div>
    }
}

/// What goes wrong right now, above everything.
#[component]
fn Banners(call: LiveCall) -> impl IntoView {
    let away = Memo::new(move |_| call.view.with(|view| view.phase == Phase::Reconnecting));
    let broken = Memo::new(move |_| call.view.with(|view| view.media == MediaState::Lost));
    view! {
        {part(move || {
            (away.get() || broken.get())
                .then(|| {
                    view! { <Alert tone=Tone::Warning testid="reconnecting">{say(Key::VisitReconnecting)}</Alert> }
                })
        })}
        {part(move || {
            call.sound_blocked
                .get()
                .then(|| {
                    view! {
                        <p class="visit-next">
                            <Button icon=Glyph::Speaker testid="tap-to-hear" on_press=move || call.resume_sound()>
                                {say(Key::VisitTapToHear)}
                            </Button>
                        </p>
                    }
                })
        })}
    }
}

#[component]
fn Side(
    call: LiveCall,
    role: Role,
    appointment: Option<AppointmentId>,
    panel: RwSignal<Panel>,
) -> impl IntoView {
    let frame = move |title: Key, testid: &'static str, inside: AnyView| {
        view! {
            <section class="visit-panel" aria-label=say(title) data-testid=testid>
                <header>
                    <h2>{say(title)}</h2>
                    <button type="button" class="visit-close" data-testid="panel-close" on:click=move |_| panel.set(Panel::None)>
                        <Icon glyph=Glyph::Cross/>
                        <span>{say(Key::Close)}</span>
                    </button>
                </header>
                {inside}
            </section>
        }
        .into_any()
    };
    move || match panel.get() {
        Panel::None => ().into_any(),
        Panel::Chat => frame(Key::VisitChat, "chat", view! { <Chat call/> }.into_any()),
        Panel::People => frame(
            Key::VisitPeople,
            "people",
            view! { <People call role/> }.into_any(),
        ),
        Panel::Devices => frame(
            Key::VisitDevices,
            "devices",
            view! { <DeviceChoices call/> }.into_any(),
        ),
        Panel::Note => match appointment {
            Some(appointment) => frame(
                Key::VisitNote,
                "note",
                view! { <NotePanel appointment/> }.into_any(),
            ),
            None => ().into_any(),
        },
    }
}

/// Whether the own microphone is heard, for the words under the own picture; tracked.
pub(super) fn own_state(call: LiveCall) -> &'static str {
    let microphone = call.view.with(|view| view.sources.microphone);
    t(if microphone {
        Key::VisitYouAreHeard
    } else {
        Key::VisitYouAreMuted
    })
}
