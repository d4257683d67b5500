//! The buttons of a visit: words under each picture, the way out at the end.

use crate::components::part;
use clinical_model::AppointmentId;
use leptos::prelude::*;
use signaling_protocol::{RecordingPhase, Role, Source};
use web_call::Act;
use web_call::browser::LocalMedia;

use super::guest_dialog::GuestDialog;
use super::live_call::LiveCall;
use super::panel::Panel;
use super::ring::{RingDialog, Ringing};
use crate::components::{Button, Dialog, Glyph, Icon, Look};
use crate::i18n::{Key, say, t};
use crate::tr;

/// What a button shows of what it switches.
#[derive(Clone, Copy)]
enum State {
    /// Its words say what it will do, so only its colour tells the state.
    Shown(Signal<bool>),
    /// Its words stay, so screen readers are told.
    Told(Signal<bool>),
}

/// One button of the bar.
#[component]
fn Control(
    glyph: Signal<Glyph>,
    words: Signal<&'static str>,
    testid: &'static str,
    #[prop(optional)] state: Option<State>,
    #[prop(optional)] class: &'static str,
    /// What the doctor does not allow; the words of [`Barred`] say so.
    #[prop(optional)]
    barred: Option<Memo<bool>>,
    /// The words that say why.
    #[prop(default = "visit-barred")]
    barred_by: &'static str,
    press: UnsyncCallback<()>,
    #[prop(optional)] children: Option<Children>,
) -> impl IntoView {
    let on = move || match state {
        Some(State::Shown(on) | State::Told(on)) => Some(on.get().to_string()),
        None => None,
    };
    let told = move || matches!(state, Some(State::Told(_))).then(on).flatten();
    let is_barred = move || barred.is_some_and(|barred| barred.get());
    view! {
        <button
            type="button"
            class=format!("visit-control {class}")
            data-testid=testid
            data-on=on
            aria-pressed=told
            disabled=is_barred
            aria-describedby=move || is_barred().then_some(barred_by)
            on:click=move |_| press.run(())
        >
            {part(move || view! { <Icon glyph=glyph.get()/> })}
            <span>{part(move || words.get())}</span>
            {children.map(|children| children())}
        </button>
    }
}

/// The bar.
#[component]
pub(super) fn Controls(
    call: LiveCall,
    role: Role,
    appointment: Option<AppointmentId>,
    panel: RwSignal<Panel>,
) -> impl IntoView {
    view! {
        <div
            class="visit-controls"
            class:many=appointment.is_some()
            role="group"
            aria-label=say(Key::VisitControls)
        >
            <Barred call/>
            <Sources call/>
            <Panels call appointment panel/>
            {(role != Role::Clinician).then(|| view! { <Hand call/> })}
            <AskCaptions call role/>
            {appointment.map(|appointment| view! { <Record call/> <Invite appointment/> <Ring call/> })}
            <Leave call role/>
        </div>
    }
}

/// Whether an own source is not allowed; tracked.
fn is_barred(call: LiveCall, source: Source) -> bool {
    call.view.with(|view| {
        let Some(me) = &view.me else {
            return false;
        };
        !match source {
            Source::Microphone => me.grants.publish.microphone,
            Source::Camera => me.grants.publish.camera,
            Source::Screen => me.grants.publish.screen,
        }
    })
}

/// Why own buttons cannot be pressed, in words.
#[component]
fn Barred(call: LiveCall) -> impl IntoView {
    part(move || {
        let reasons = [
            (Source::Microphone, Key::VisitBarredMic),
            (Source::Camera, Key::VisitBarredCamera),
            (Source::Screen, Key::VisitBarredScreen),
        ];
        let reasons: Vec<&str> = reasons
            .into_iter()
            .filter(|(source, _)| is_barred(call, *source))
            .map(|(_, key)| t(key))
            .collect();
        (!reasons.is_empty()).then(|| {
            view! { <p id="visit-barred" class="visit-barred" data-testid="barred">{reasons.join(" ")}</p> }
        })
    })
}

/// Microphone, camera, screen.
#[component]
fn Sources(call: LiveCall) -> impl IntoView {
    let on = move |source: Source| {
        Memo::new(move |_| {
            call.view.with(|view| match source {
                Source::Microphone => view.sources.microphone,
                Source::Camera => view.sources.camera,
                Source::Screen => view.sources.screen,
            })
        })
    };
    let button = move |source: Source, testid, glyphs: [Glyph; 2], keys: [Key; 2]| {
        let on = on(source);
        let glyph = Signal::derive(move || glyphs[usize::from(on.get())]);
        let words = Signal::derive(move || t(keys[usize::from(on.get())]));
        let state = State::Shown(Signal::derive(move || on.get()));
        let press = UnsyncCallback::new(move |()| call.switch(source, !on.get_untracked()));
        let class = match source {
            Source::Screen => "",
            Source::Microphone | Source::Camera => "own",
        };
        let barred = Memo::new(move |_| is_barred(call, source));
        view! { <Control glyph words testid state class barred press/> }
    };
    view! {
        {button(
            Source::Microphone,
            "toggle-mic",
            [Glyph::MicrophoneOff, Glyph::Microphone],
            [Key::VisitMicOn, Key::VisitMicOff],
        )}
        {button(
            Source::Camera,
            "toggle-camera",
            [Glyph::VideoOff, Glyph::Video],
            [Key::VisitCameraOn, Key::VisitCameraOff],
        )}
        {LocalMedia::can_share_screen()
            .then(|| {
                button(
                    Source::Screen,
                    "toggle-screen",
                    [Glyph::Screen, Glyph::Screen],
                    [Key::VisitScreenOn, Key::VisitScreenOff],
                )
            })}
    }
}

/// What opens beside the pictures.
#[component]
fn Panels(
    call: LiveCall,
    appointment: Option<AppointmentId>,
    panel: RwSignal<Panel>,
) -> impl IntoView {
    let unread = Memo::new(move |_| call.view.with(web_call::CallView::unread));
    let button = move |mine: Panel, glyph: Glyph, key: Key| {
        let state = State::Told(Signal::derive(move || panel.get() == mine));
        let glyph = Signal::derive(move || glyph);
        let words = Signal::derive(move || t(key));
        let press = UnsyncCallback::new(move |()| {
            panel.update(|panel| *panel = if *panel == mine { Panel::None } else { mine });
        });
        (glyph, words, mine.toggle(), state, press)
    };
    let (glyph, words, testid, state, press) = button(Panel::Chat, Glyph::Chat, Key::VisitChat);
    let chat = view! {
        <Control glyph words testid state press>
            {part(move || {
                let count = unread.get();
                (count > 0)
                    .then(|| {
                        view! {
                            <span class="visit-badge" data-testid="chat-unread">
                                {count}
                                <span class="unseen">{say(Key::VisitUnread)}</span>
                            </span>
                        }
                    })
            })}
        </Control>
    };
    let plain = move |mine, glyph, key| {
        let (glyph, words, testid, state, press) = button(mine, glyph, key);
        view! { <Control glyph words testid state press/> }
    };
    view! {
        {chat}
        {plain(Panel::People, Glyph::People, Key::VisitPeople)}
        {appointment.map(|_| plain(Panel::Note, Glyph::Note, Key::VisitNote))}
        {appointment.map(|_| plain(Panel::Triage, Glyph::Search, Key::TriagePanel))}
        {plain(Panel::Devices, Glyph::Settings, Key::VisitDevices)}
    }
}

/// The doctor asks everybody to be recorded, or ends the recording.
#[component]
fn Record(call: LiveCall) -> impl IntoView {
    let on = Memo::new(move |_| {
        call.view
            .with(|view| view.recording.phase != RecordingPhase::Off)
    });
    let press = UnsyncCallback::new(move |()| call.act(Act::Record(!on.get_untracked())));
    let words = Signal::derive(move || {
        t(if on.get() {
            Key::RecordingStop
        } else {
            Key::RecordingStart
        })
    });
    let barred = Memo::new(move |_| call.view.with(|view| view.encrypted));
    view! {
        <Control
            glyph=Signal::derive(|| Glyph::Record)
            words
            testid="record"
            state=State::Shown(Signal::derive(move || on.get()))
            barred
            barred_by="tape-barred"
            press
        />
    }
}

/// Somebody asks everybody for captions, or ends them. That a server has no recogniser stands in the details of
/// the connection, not in everybody's way.
#[component]
fn AskCaptions(call: LiveCall, role: Role) -> impl IntoView {
    let on = Memo::new(move |_| {
        call.view
            .with(|view| view.captions.phase != RecordingPhase::Off)
    });
    let press = UnsyncCallback::new(move |()| call.act(Act::Captions(!on.get_untracked())));
    let words = Signal::derive(move || {
        t(if on.get() {
            Key::CaptionsStop
        } else {
            Key::CaptionsStart
        })
    });
    let barred = Memo::new(move |_| call.view.with(|view| view.encrypted));
    let offered = Memo::new(move |_| call.view.with(|view| view.captions_offered));
    let shown = move || offered.get() && (role == Role::Clinician || !barred.get());
    part(move || {
        shown().then(|| {
            view! {
                {part(move || barred.get().then(|| view! { <p id="captions-barred" class="visit-barred" data-testid="captions-barred">{say(Key::CaptionsNotEncrypted)}</p> }))}
                <Control
                    glyph=Signal::derive(|| Glyph::Edit)
                    words
                    testid="captions-ask"
                    state=State::Shown(Signal::derive(move || on.get()))
                    barred
                    barred_by="captions-barred"
                    press
                />
            }
        })
    })
}

/// The own hand.
#[component]
fn Hand(call: LiveCall) -> impl IntoView {
    let is_up = |view: &web_call::CallView| view.me.as_ref().is_some_and(|me| me.hand);
    let up = Memo::new(move |_| call.view.with(is_up));
    let press = UnsyncCallback::new(move |()| call.act(Act::Hand(!up.get_untracked())));
    view! {
        <Control
            glyph=Signal::derive(|| Glyph::Hand)
            words=Signal::derive(|| t(Key::HandRaise))
            testid="hand-up"
            state=State::Told(Signal::derive(move || up.get()))
            press
        />
    }
}

/// Somebody is called by telephone, if there is a line.
#[component]
fn Ring(call: LiveCall) -> impl IntoView {
    let ringing = expect_context::<Ringing>();
    let press = UnsyncCallback::new(move |()| ringing.open());
    view! {
        {part(move || ringing.can_call().then(|| view! {
            <Control
                glyph=Signal::derive(|| Glyph::Phone)
                words=Signal::derive(|| t(Key::RingOpen))
                testid="ring-open"
                press
            />
        }))}
        <RingDialog call ringing/>
    }
}

#[component]
fn Invite(appointment: AppointmentId) -> impl IntoView {
    let open = RwSignal::new(false);
    let press = UnsyncCallback::new(move |()| open.set(true));
    view! {
        <Control
            glyph=Signal::derive(|| Glyph::Plus)
            words=Signal::derive(|| t(Key::VisitInvite))
            testid="invite-guest"
            press
        />
        <GuestDialog appointment open/>
    }
}

/// Leave for oneself; the doctor may also end for all, after a question.
#[component]
fn Leave(call: LiveCall, role: Role) -> impl IntoView {
    let asking = RwSignal::new(false);
    let (key, testid) = match role {
        Role::Clinician => (Key::VisitEnd, "end-visit"),
        Role::Patient | Role::Guest => (Key::VisitLeave, "leave"),
    };
    let press = UnsyncCallback::new(move |()| asking.set(true));
    view! {
        <Control
            glyph=Signal::derive(|| Glyph::HangUp)
            words=Signal::derive(move || t(key))
            testid
            class="leave"
            press
        />
        <Dialog open=asking title=say(key) testid="leave-dialog">
            <p>
                {part(move || t(if role == Role::Clinician { Key::VisitEndText } else { Key::VisitLeaveText }))}
            </p>
            <div class="visit-answers">
                <Button look=Look::Secondary testid="leave-cancel" on_press=move || asking.set(false)>
                    {say(Key::VisitStay)}
                </Button>
                <Button look=Look::Secondary icon=Glyph::Exit testid="leave-confirm" on_press=move || call.leave()>
                    {part(move || {
                        tr!(if role == Role::Clinician { Key::VisitLeaveOnly } else { Key::VisitLeaveNow })
                    })}
                </Button>
                {(role == Role::Clinician)
                    .then(|| {
                        view! {
                            <Button
                                look=Look::Danger
                                icon=Glyph::HangUp
                                testid="end-confirm"
                                on_press=move || {
                                    asking.set(false);
                                    call.act(Act::End);
                                }
                            >
                                {say(Key::VisitEndForAll)}
                            </Button>
                        }
                    })}
            </div>
        </Dialog>
    }
}
