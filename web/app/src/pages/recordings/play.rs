//! One recording: what it is, the player, who agreed.

use core::time::Duration;

use clinical_api::{PlayView, RecordingView};
use clinical_model::recordings::RecordingState;
use clinical_model::{RecordingId, Role};
use gloo_timers::callback::Interval;
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::hooks::use_params_map;

use super::copying::Copying;
use super::keep::Keeping;
use super::lanes::{Lanes, Seek, Texts};
use super::screen::Screen;
use super::stage::Stage;
use super::state;
use crate::api;
use crate::browser::now_us;
use crate::components::{Alert, Button, Failure, Glyph, Icon, Look, Page, Tone, part};
use crate::i18n::{Key, say, t};
use crate::pages::missing;
use crate::remote::Remote;
use crate::session::me;
use crate::{tr, when};

/// How often one that is not ready is asked for again.
const LOOK_MS: u32 = 3_000;
/// How often the elements are set right.
const FOLLOW_MS: u32 = 200;
/// A new ticket is asked for this long before the old one is over.
const EARLY_US: i64 = 60_000_000;
/// An element that fails so soon after a new ticket fails for another reason.
const FRESH_US: i64 = 15_000_000;
/// Speeds to choose from.
const RATES: [&str; 5] = ["0.5", "0.75", "1", "1.5", "2"];

/// The recording in the address.
pub(crate) fn page() -> AnyView {
    let params = use_params_map();
    let id = Memo::new(move |_| {
        params
            .with(|params| params.get("id"))
            .and_then(|id| id.parse::<RecordingId>().ok())
    });
    part(move || id.get().map_or_else(missing::page, whole)).into_any()
}

fn is_coming(recording: &RecordingView) -> bool {
    matches!(
        recording.row.state,
        RecordingState::Running | RecordingState::Preparing
    )
}

fn whole(id: RecordingId) -> AnyView {
    let recording = Remote::new(move || api::recording(id));
    let looking = StoredValue::new_local(Some(Interval::new(LOOK_MS, move || {
        let coming = recording.value().is_some_and(|it| is_coming(&it));
        if coming {
            recording.reload();
        }
    })));
    on_cleanup(move || drop(looking.try_update_value(Option::take)));
    let title = move || {
        let shown = recording.value().map(|it| it.row);
        match shown {
            Some(row) => {
                let who = row.patient_name.unwrap_or(row.doctor_name);
                tr!(
                    Key::PlayerTitle,
                    name = who,
                    date = when::date(row.started_us)
                )
            }
            None => t(Key::RecordingsTitle).to_owned(),
        }
    };
    view! {
        <Page title=title>
            <p><a href="/recordings" data-testid="recordings-back"><Icon glyph=Glyph::Back/>{say(Key::RecordingsBack)}</a></p>
            {recording.show(move |it| view! { <Whole id it recording/> })}
        </Page>
    }
    .into_any()
}

#[component]
fn Whole(id: RecordingId, it: RecordingView, recording: Remote<RecordingView>) -> impl IntoView {
    let row = it.row.clone();
    let (started_us, recovered, word) = (row.started_us, it.recovered, row.state.as_str());
    let is_admin = me().is_some_and(|me| me.role == Role::Admin);
    let shown = row.clone();
    let reason = row.reason.clone();
    let body = match row.state {
        RecordingState::Ready if !is_admin => view! { <Ticket id it=it.clone()/> }.into_any(),
        RecordingState::Ready => view! { <p>{say(Key::PlayerNotForAdmins)}</p> }.into_any(),
        RecordingState::Running | RecordingState::Preparing => view! {
            <p role="status"><span class="spin" aria-hidden="true"></span>" "{say(Key::PlayerComing)}</p>
        }
        .into_any(),
        RecordingState::Failed => view! { <Alert tone=Tone::Warning>{say(Key::PlayerFailed)}</Alert> }.into_any(),
        RecordingState::Deleted => view! { <Alert tone=Tone::Info>{say(Key::PlayerDeleted)}</Alert> }.into_any(),
    };
    view! {
        <p data-testid="recording-state" data-state=word>
            {part(move || when::date_time(started_us))}" · "{part(move || state(&shown))}
        </p>
        {reason.map(|reason| view! { <p class="hint">{reason}</p> })}
        {recovered.then(|| view! { <Alert tone=Tone::Info>{say(Key::PlayerRecovered)}</Alert> })}
        {body}
        {(row.state == RecordingState::Ready && !is_admin).then(|| view! { <Copying id/> })}
        <Keeping row on_done=UnsyncCallback::new(move |_| recording.reload())/>
        <Consents it/>
    }
}

/// Gets the ticket, and the next one before it is over.
#[component]
fn Ticket(id: RecordingId, it: RecordingView) -> impl IntoView {
    let ticket = Remote::new(move || api::play_recording(id));
    let first = Memo::new(move |_| ticket.value().is_some());
    let it = StoredValue::new(it);
    let player = move || {
        let is_here = first.get();
        is_here.then(|| view! { <Player id it=it.get_value() ticket/> })
    };
    view! {
        {part(player)}
        {part(move || match ticket.get() {
            crate::remote::Load::Failed(fault) => Some(view! { <Failure fault on_retry=move || ticket.reload()/> }),
            _ => None,
        })}
    }
}

#[component]
fn Player(id: RecordingId, it: RecordingView, ticket: Remote<PlayView>) -> impl IntoView {
    let screen = Screen::new(&it);
    let following = StoredValue::new_local(Some(Interval::new(FOLLOW_MS, move || screen.follow())));
    on_cleanup(move || drop(following.try_update_value(Option::take)));
    let renew = move || {
        spawn_local(async move {
            if let Ok(next) = api::play_recording(id).await {
                ticket.put(next);
            }
        });
    };
    // The next ticket in time, and none for a page that stands still for a day: without playing nothing
    // is fetched, and `broken` gets one when it is.
    Effect::new(move || {
        let Some(until_us) = ticket.value().map(|it| it.until_us) else {
            return;
        };
        let wait_us = (until_us - now_us() - EARLY_US).max(1_000_000);
        let wait = Duration::from_micros(wait_us.unsigned_abs());
        let again = move || {
            if screen.plays.get_untracked() {
                renew();
            }
        };
        if let Ok(handle) = set_timeout_with_handle(again, wait) {
            on_cleanup(move || handle.clear());
        }
    });
    let renewing = RwSignal::new(false);
    let renewed_us = RwSignal::new(0_i64);
    let fault = RwSignal::new(false);
    let broken = UnsyncCallback::new(move |()| {
        // When a ticket is over every element says so: the first one asks for the next ticket.
        if renewing.get_untracked() {
            return;
        }
        // What fails with a fresh one fails for another reason.
        if now_us() - renewed_us.get_untracked() < FRESH_US {
            fault.set(true);
            return;
        }
        renewing.set(true);
        spawn_local(async move {
            match api::play_recording(id).await {
                Ok(next) => {
                    renewed_us.try_set(now_us());
                    fault.try_set(false);
                    ticket.put(next);
                    screen.reload();
                }
                Err(_) => {
                    fault.try_set(true);
                }
            }
            renewing.try_set(false);
        });
    });
    let keys = window_event_listener(leptos::ev::keydown, move |event| press(screen, &event));
    on_cleanup(move || keys.remove());
    view! {
        <div class="player" data-testid="player">
            <Stage id screen broken/>
            {part(move || fault.get().then(|| view! { <Alert tone=Tone::Error testid="player-fault">{say(Key::PlayerFault)}</Alert> }))}
            <Seek id screen/>
            <Buttons screen/>
            <Lanes screen/>
            <Texts id screen/>
        </div>
    }
}

/// The keys of most players. A key that does something where the focus is does only that.
fn press(screen: Screen, event: &web_sys::KeyboardEvent) {
    use wasm_bindgen::JsCast as _;
    if event.ctrl_key() || event.alt_key() || event.meta_key() {
        return;
    }
    let target = event.target();
    let target = target.and_then(|it| it.dyn_into::<web_sys::Element>().ok());
    let place = target.map(|it| it.tag_name()).unwrap_or_default();
    if matches!(place.as_str(), "INPUT" | "SELECT" | "TEXTAREA") {
        return;
    }
    match event.key().as_str() {
        " " if place == "BUTTON" || place == "A" => return,
        " " | "k" => screen.play(!screen.plays.get_untracked()),
        "ArrowLeft" | "j" => screen.skip(-10),
        "ArrowRight" | "l" => screen.skip(10),
        "Home" => screen.seek(0),
        "End" => screen.seek(screen.whole_ms),
        "m" => {
            let now = screen.volume.get_untracked();
            let before = screen.volume_before.get_value();
            screen.volume_before.set_value(now);
            screen
                .volume
                .set(if now > 0.0 { 0.0 } else { before.max(0.05) });
        }
        digit => match digit.parse::<u64>() {
            Ok(tenth) if digit.len() == 1 => screen.seek(screen.whole_ms / 10 * tenth),
            _ => return,
        },
    }
    event.prevent_default();
}

#[component]
fn Buttons(screen: Screen) -> impl IntoView {
    let rates = RATES.map(|word| {
        view! { <option value=word selected={word == "1"}>{format!("{word} ×")}</option> }
    });
    let choose = move |event: leptos::ev::Event| {
        if let Ok(rate) = event_target_value(&event).parse() {
            screen.rate.set(rate);
            screen.follow();
        }
    };
    let louder = move |event: leptos::ev::Event| {
        if let Ok(percent) = event_target_value(&event).parse::<f64>() {
            screen.volume.set((percent / 100.0).clamp(0.0, 1.0));
            screen.follow();
        }
    };
    view! {
        <div class="player-buttons" role="group" aria-label=say(Key::PlayerControls)>
            <button type="button" class="button primary" data-testid="player-play" on:click=move |_| screen.play(!screen.plays.get_untracked())>
                {part(move || if screen.plays.get() {
                    view! { <Icon glyph=Glyph::Pause/><span>{say(Key::PlayerPause)}</span> }.into_any()
                } else {
                    view! { <Icon glyph=Glyph::Play/><span>{say(Key::PlayerPlay)}</span> }.into_any()
                })}
            </button>
            <Button look=Look::Secondary testid="player-back" on_press=move || screen.skip(-10)>{say(Key::PlayerBack)}</Button>
            <Button look=Look::Secondary testid="player-forward" on_press=move || screen.skip(10)>{say(Key::PlayerForward)}</Button>
            <label>{say(Key::PlayerSpeed)}" "<select data-testid="player-rate" on:change=choose>{rates.collect_view()}</select></label>
            <label>{say(Key::PlayerVolume)}" "<input type="range" min="0" max="100" step="5" data-testid="player-volume" prop:value=move || format!("{:.0}", screen.volume.get() * 100.0) on:input=louder/></label>
        </div>
        <details>
            <summary>{say(Key::PlayerKeys)}</summary>
            <p>{say(Key::PlayerKeysText)}</p>
        </details>
    }
}

/// Who agreed and who did not.
#[component]
fn Consents(it: RecordingView) -> impl IntoView {
    let rows = it.consents.into_iter().map(|one| {
        let at_us = one.at_us;
        let key = if one.agreed {
            Key::PlayerAgreed
        } else {
            Key::PlayerDeclined
        };
        let name = one.name;
        let words = move || {
            let name = name
                .clone()
                .unwrap_or_else(|| t(Key::PlayerSomebody).to_owned());
            tr!(key, name = name, date = when::date_time(at_us))
        };
        view! { <li data-testid="recording-consent">{part(words)}</li> }
    });
    let rows = rows.collect_view();
    view! {
        <section class="card">
            <h2>{say(Key::PlayerConsents)}</h2>
            <ul>{rows}</ul>
        </section>
    }
}
