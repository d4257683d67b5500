//! Before the visit: camera, microphone, level, connection; one clear next step.

use crate::components::part;
use gloo_timers::callback::Interval;
use leptos::html;
use leptos::prelude::*;
use leptos::task::spawn_local;
use signaling_protocol::{Source, Sources};
use web_call::browser::{LevelMeter, MediaError};

use super::device_choice::DeviceChoices;
use super::live_call::LiveCall;
use super::trial::{Asker, TrialResult, TrialState, begin_trial};
use super::words::{self, Kept};
use crate::components::{Alert, Button, Glyph, Look, Tone};
use crate::i18n::{Key, say, t};

/// How often the level is shown: often enough to follow syllables.
const LEVEL_MS: u32 = 80;

/// How far the check is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// Says what will be asked.
    Explain,
    /// The browser asks for permission.
    Asking,
    /// Devices are open, or known not to be.
    Look {
        camera: Option<MediaError>,
        microphone: Option<MediaError>,
    },
}

/// The check. `enter` gets what is to be sent.
#[component]
pub(super) fn DeviceCheck(
    call: LiveCall,
    asker: Asker,
    enter_words: Key,
    enter: UnsyncCallback<Sources>,
) -> impl IntoView {
    let step = RwSignal::new(Step::Explain);
    let trial = RwSignal::new(TrialState::Idle);
    let asker = StoredValue::new(asker);
    let test = move || begin_trial(trial, call.local(), asker.get_value());
    let ask = move || {
        step.set(Step::Asking);
        let local = call.local();
        spawn_local(async move {
            let microphone = local.open_microphone(local.choice().microphone).await.err();
            let camera = local.open_camera(local.choice().camera).await.err();
            if step.try_set(Step::Look { camera, microphone }).is_some() {
                // The page is gone meanwhile.
                return local.stop_all();
            }
            call.devices.update(|count| *count = count.wrapping_add(1));
            begin_trial(trial, local, asker.get_value());
        });
    };
    let go = move || {
        trial.set(TrialState::Idle);
        enter.run(call.local().open_sources());
    };
    move || match step.get() {
        Step::Explain => view! { <Explain ask=UnsyncCallback::new(move |()| ask())/> }.into_any(),
        Step::Asking => view! {
            <Alert tone=Tone::Info testid="asking">{say(Key::VisitAsking)}</Alert>
        }
        .into_any(),
        Step::Look { camera, microphone } => view! {
            <div class="visit-check">
                <Picture call camera/>
                <div class="visit-check-side">
                    <Faults camera microphone retry=UnsyncCallback::new(move |()| ask())/>
                    <DeviceChoices call/>
                    <Level call/>
                    <TrialResult state=trial again=UnsyncCallback::new(move |()| test())/>
                    <p class="visit-next">
                        <Button icon=Glyph::Next testid="enter-waiting" on_press=go>
                            {say(enter_words)}
                        </Button>
                    </p>
                </div>
            </div>
        }
        .into_any(),
    }
}

#[component]
fn Explain(ask: UnsyncCallback<()>) -> impl IntoView {
    view! {
        <p class="visit-lead">{say(Key::VisitCheckText)}</p>
        <Alert tone=Tone::Info>{say(Key::VisitCheckAllow)}</Alert>
        <p class="visit-next">
            <Button icon=Glyph::Video testid="join-start" on_press=move || ask.run(())>
                {say(Key::VisitCheckStart)}
            </Button>
        </p>
    }
}

#[component]
fn Picture(call: LiveCall, camera: Option<MediaError>) -> impl IntoView {
    let node = NodeRef::<html::Video>::new();
    let on = RwSignal::new(camera.is_none());
    Effect::new(move || {
        call.devices.track();
        if let Some(video) = node.get() {
            call.local().show(Source::Camera, &video);
            on.set(call.local().has(Source::Camera));
        }
    });
    let toggle = move || {
        let local = call.local();
        spawn_local(async move {
            if local.has(Source::Camera) {
                local.stop(Source::Camera);
            } else {
                // A fault leaves the camera off, which the page shows.
                local.open_camera(local.choice().camera).await.ok();
            }
            call.devices
                .try_update(|count| *count = count.wrapping_add(1));
        });
    };
    view! {
        <div class="visit-preview">
            <div class="visit-frame mirrored" class:dark=move || !on.get()>
                <video node_ref=node autoplay playsinline data-testid="device-preview" aria-label=say(Key::VisitSelf)></video>
                <p class="visit-off" hidden=move || on.get()>{say(Key::VisitSoundOnly)}</p>
            </div>
            <Button look=Look::Secondary icon=Glyph::Video testid="device-camera-toggle" on_press=toggle>
                {part(move || t(if on.get() { Key::VisitWithoutCamera } else { Key::VisitWithCamera }))}
            </Button>
        </div>
    }
}

#[component]
fn Faults(
    camera: Option<MediaError>,
    microphone: Option<MediaError>,
    retry: UnsyncCallback<()>,
) -> impl IntoView {
    let denied = [camera, microphone].contains(&Some(MediaError::Denied));
    let fault = |fault: Option<MediaError>, device: Key, testid: &'static str| {
        fault.map(|fault| {
            view! {
                <Alert tone=Tone::Warning testid=testid>
                    <p><strong>{say(device)}</strong></p>
                    <p>{say(words::media_fault(fault))}</p>
                </Alert>
            }
        })
    };
    view! {
        {fault(microphone, Key::VisitMicrophone, "device-microphone-fault")}
        {fault(camera, Key::VisitCamera, "device-camera-fault")}
        {camera.is_some().then(|| view! { <p class="hint" data-testid="device-sound-only">{say(Key::VisitNoCameraFine)}</p> })}
        {denied.then(|| view! { <p class="hint">{say(Key::VisitDeniedHelp)}</p> })}
        {(camera.is_some() || microphone.is_some())
            .then(|| {
                view! {
                    <Button look=Look::Secondary testid="device-retry" on_press=move || retry.run(())>
                        {say(Key::VisitDeviceRetry)}
                    </Button>
                }
            })}
    }
}

/// A bar that moves when one speaks.
#[component]
fn Level(call: LiveCall) -> impl IntoView {
    let level = RwSignal::new(0_u8);
    let heard = RwSignal::new(false);
    let meter: Kept<Option<LevelMeter>> = StoredValue::new_local(None);
    let ticking: Kept<Option<Interval>> = StoredValue::new_local(None);
    Effect::new(move || {
        call.devices.track();
        meter.set_value(call.local().meter());
    });
    ticking.set_value(Some(Interval::new(LEVEL_MS, move || {
        let now = meter.try_with_value(|meter| meter.as_ref().map_or(0.0, LevelMeter::level));
        let percent = percent(now.unwrap_or(0.0));
        level.try_set(percent);
        if percent > 20 {
            heard.try_update(|heard| *heard = true);
        }
    })));
    on_cleanup(move || {
        ticking.set_value(None);
        meter.set_value(None);
    });
    view! {
        <div class="visit-level">
            <label for="device-level">{say(Key::VisitLevel)}</label>
            <meter id="device-level" data-testid="device-level" min="0" max="100" prop:value=move || f64::from(level.get())>
            </meter>
            <p class="hint" role="status">
                {part(move || t(if heard.get() { Key::VisitLevelHeard } else { Key::VisitLevelSpeak }))}
            </p>
        </div>
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the value is between 0 and 100"
)]
fn percent(level: f32) -> u8 {
    (level.clamp(0.0, 1.0) * 100.0) as u8
}
