//! In the visit: pictures, controls, and one panel beside them.

use crate::components::part;
use clinical_model::AppointmentId;
use gloo_timers::callback::Interval;
use leptos::prelude::*;
use signaling_protocol::{Purpose, Role};
use web_call::{CallView, MediaState, Phase};

use super::captions::Captions;
use super::controls::Controls;
use super::details::Details;
use super::live_call::LiveCall;
use super::panel::{Panel, Side, has_room_for_panel};
use super::people::{CallBacks, WaitingPeople};
use super::recording::Tape;
use super::ring::{Progress, Ringing};
use super::secrecy::{SecrecyBadge, is_shut_out};
use super::stage::Stage;
use super::words::Kept;
use crate::components::{Alert, Button, Glyph, Tone, clear_toast};
use crate::i18n::{Key, say, t};

/// How often the sizes of pictures are told. A picture that grew is sharp a second later.
const VIEWS_MS: u32 = 1_000;

/// The room. The doctor's has an appointment: a note can be written and guests invited.
#[component]
pub(super) fn Room(
    call: LiveCall,
    role: Role,
    appointment: Option<AppointmentId>,
) -> impl IntoView {
    // On a small screen a panel covers the pictures, so there it waits to be asked for.
    let panel = RwSignal::new(if appointment.is_some() && has_room_for_panel() {
        Panel::Note
    } else {
        Panel::None
    });
    let ringing = appointment.map(Ringing::new);
    if let Some(ringing) = ringing {
        provide_context(ringing);
    }
    on_cleanup(clear_toast);
    let ticking: Kept<Option<Interval>> =
        StoredValue::new_local(Some(Interval::new(VIEWS_MS, move || call.send_views())));
    on_cleanup(move || ticking.set_value(None));
    view! {
        <div class="visit-room" class:with-panel=move || panel.get() != Panel::None>
            <p class="unseen" role="status" aria-live="polite" data-testid="visit-said">
                {part(move || call.said.get())}
            </p>
            <SecrecyBadge call/>
            <Tape call role purpose=Purpose::Recording/>
            <Tape call role purpose=Purpose::Captions/>
            <Banners call/>
            <WaitingPeople call role/>
            <CallBacks call role/>
            {ringing.map(|ringing| view! { <Progress ringing/> })}
            <div class="visit-main">
                <Stage call/>
                <Side call role appointment panel/>
            </div>
            <Captions call/>
            <Controls call role appointment panel/>
            <Details call/>
        </div>
    }
}

/// What goes wrong right now, above everything.
#[component]
fn Banners(call: LiveCall) -> impl IntoView {
    let away = Memo::new(move |_| call.view.with(|view| view.phase == Phase::Reconnecting));
    let slow = Memo::new(move |_| call.view.with(|view| view.audio_only));
    let unseen = Memo::new(move |_| {
        let subscribes = |view: &CallView| view.me.as_ref().is_none_or(|me| me.grants.subscribe);
        call.view.with(|view| !subscribes(view))
    });
    let by_phone = Memo::new(move |_| call.view.with(CallView::is_heard_by_phone));
    let broken = Memo::new(move |_| {
        call.view.with(|view| view.media == MediaState::Lost) && !is_shut_out(call)
    });
    view! {
        {part(move || by_phone.get().then(|| view! { <Alert tone=Tone::Info testid="sound-by-phone">{say(Key::VisitSoundByPhone)}</Alert> }))}
        {part(move || slow.get().then(|| view! { <Alert tone=Tone::Info testid="audio-only">{say(Key::VisitSlow)}</Alert> }))}
        {part(move || unseen.get().then(|| view! { <Alert tone=Tone::Info testid="barred-receive">{say(Key::VisitBarredReceive)}</Alert> }))}
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

/// Whether the own microphone is heard, for the words under the own picture; tracked.
pub(super) fn own_state(call: LiveCall) -> &'static str {
    let microphone = call.view.with(|view| view.sources.microphone);
    t(if microphone {
        Key::VisitYouAreHeard
    } else {
        Key::VisitYouAreMuted
    })
}
