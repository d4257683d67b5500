//! The time of a recording: loudness, a lane for each person, and what was said.

use clinical_api::RecordingTrackView;
use clinical_model::RecordingId;
use gloo_net::http::Request;
use leptos::prelude::*;
use leptos::task::spawn_local;
use web_logic::player::{Said, Stretch, bars, clock, newest, said};

use super::screen::{Screen, is_picture, is_voice};
use super::stage::{content, name};
use crate::api;
use crate::components::part;
use crate::i18n::{Key, say, t};

/// Gaps of a lane that are read out: nobody listens to more.
const GAPS_TOLD_MAX: usize = 12;

/// The seek bar, over the loudness of all voices.
#[component]
pub(super) fn Seek(id: RecordingId, screen: Screen) -> impl IntoView {
    let loud = RwSignal::new(Vec::<f64>::new());
    if let Some(file) = file_of(screen, "peaks") {
        spawn_local(async move {
            let sent = Request::get(&api::recording_media(id, file)).send().await;
            if let Ok(answer) = sent
                && answer.ok()
                && let Ok(bytes) = answer.binary().await
            {
                loud.try_set(bars(&bytes));
            }
        });
    }
    let path = move || {
        let bars = loud.get();
        let mut path = String::new();
        for (at, height) in bars.iter().enumerate() {
            let half = (height * 18.0).max(0.5);
            path.push_str(&format!("M{at} {:.1}V{:.1}", 20.0 - half, 20.0 + half));
        }
        view! {
            <svg class="player-loudness" viewBox=format!("0 0 {} 40", bars.len().max(1)) preserveAspectRatio="none" aria-hidden="true">
                <path d=path/>
            </svg>
        }
    };
    let whole_ms = screen.whole_ms;
    let told = move || format!("{} / {}", clock(screen.at_ms.get()), clock(whole_ms));
    let go = move |event: leptos::ev::Event| {
        if let Ok(ms) = event_target_value(&event).parse() {
            screen.seek(ms);
        }
    };
    view! {
        <div class="player-seek">
            {part(path)}
            <input
                type="range"
                min="0"
                max=whole_ms.to_string()
                step="100"
                data-testid="player-seek"
                aria-label=say(Key::PlayerPlace)
                aria-valuetext=told
                prop:value=move || screen.at_ms.get().to_string()
                on:input=go
            />
        </div>
        <p class="player-clock" data-testid="player-clock">{part(told)}</p>
    }
}

fn file_of(screen: Screen, kind: &str) -> Option<u32> {
    screen.tracks.with_value(|tracks| {
        let found = tracks.iter().find(|it| it.kind == kind);
        found.map(|it| it.file)
    })
}

/// A line for each voice, picture and screen, with a switch: when it had something, and why not.
#[component]
pub(super) fn Lanes(screen: Screen) -> impl IntoView {
    let tracks = screen.tracks.get_value().into_iter();
    let lanes = tracks
        .filter(|it| is_picture(it) || is_voice(it))
        .map(|track| view! { <Lane track screen/> });
    view! {
        <section aria-labelledby="player-lanes">
            <h2 id="player-lanes">{say(Key::PlayerLanes)}</h2>
            <ul class="player-lanes">{lanes.collect_view()}</ul>
        </section>
    }
}

#[component]
fn Lane(track: RecordingTrackView, screen: Screen) -> impl IntoView {
    let (file, whole_ms) = (track.file, screen.whole_ms);
    let list = if is_picture(&track) {
        screen.hidden
    } else {
        screen.silent
    };
    let is_on = Memo::new(move |_| !list.with(|off| off.contains(&file)));
    let turn = move |_| {
        list.update(|off| match off.iter().position(|it| *it == file) {
            Some(at) => drop(off.remove(at)),
            None => off.push(file),
        });
        screen.follow();
    };
    let place = move |it: Stretch| {
        let (from, width) = it.place(whole_ms);
        format!("left:{from:.2}%;width:{width:.2}%")
    };
    let filled = content(&track).into_iter();
    let filled = filled.map(|it| view! { <span class="player-filled" style=place(it)></span> });
    let filled = filled.collect_view();
    let gaps: Vec<_> = track
        .gaps
        .iter()
        .filter(|gap| gap.why != "silence")
        .cloned()
        .collect();
    let told = StoredValue::new(gaps.clone());
    let told = move || {
        let words = told.with_value(|gaps| {
            let words = gaps.iter().take(GAPS_TOLD_MAX).map(|gap| {
                let (from, to) = (clock(gap.from_ms), clock(gap.to_ms));
                format!("{}: {from} – {to}", t(why_key(&gap.why)))
            });
            words.collect::<Vec<_>>()
        });
        words.join("; ")
    };
    let gaps = gaps.into_iter().map(|gap| {
        let why = gap.why.clone();
        let it = Stretch {
            from_ms: gap.from_ms,
            to_ms: gap.to_ms,
        };
        view! { <span class=format!("player-gap {why}") style=place(it) title=move || t(why_key(&why))></span> }
    });
    let gaps = gaps.collect_view();
    let words = StoredValue::new(track);
    view! {
        <li>
            <button
                type="button"
                class="button quiet"
                data-testid="player-lane"
                aria-pressed=move || is_on.get().to_string()
                on:click=turn
            >
                <span>{part(move || words.with_value(name))}</span>
                <small>{part(move || t(if is_on.get() { Key::PlayerOn } else { Key::PlayerOff }))}</small>
            </button>
            <p class="unseen">{part(told)}</p>
            <div class="player-line" aria-hidden="true">
                {filled}
                {gaps}
                <span class="player-now" style=move || {
                    let at_ms = screen.at_ms.get();
                    place(Stretch { from_ms: at_ms, to_ms: at_ms })
                }></span>
            </div>
        </li>
    }
}

fn why_key(why: &str) -> Key {
    match why {
        "muted" => Key::PlayerMuted,
        "paused" => Key::PlayerPaused,
        _ => Key::PlayerLost,
    }
}

/// What was written and what happened; a press goes there.
#[component]
pub(super) fn Texts(id: RecordingId, screen: Screen) -> impl IntoView {
    let texts = RwSignal::new(Vec::<Said>::new());
    if let Some(file) = file_of(screen, "captions") {
        spawn_local(async move {
            let sent = Request::get(&api::recording_media(id, file)).send().await;
            if let Ok(answer) = sent
                && answer.ok()
                && let Ok(text) = answer.text().await
            {
                texts.try_set(said(&text));
            }
        });
    }
    let now = Memo::new(move |_| texts.with(|texts| newest(texts, screen.at_ms.get())));
    let rows = move || {
        let rows = texts.get().into_iter().enumerate();
        let rows = rows.map(|(at, it)| {
            let go = move |_| screen.seek(it.at_ms);
            view! {
                <li>
                    <button type="button" class="button quiet" data-testid="player-said" aria-current=move || (now.get() == Some(at)).then_some("true") on:click=go>
                        <small>{clock(it.at_ms)}</small>
                        <span>{it.text}</span>
                    </button>
                </li>
            }
        });
        rows.collect_view()
    };
    part(move || {
        texts.with(|texts| !texts.is_empty()).then(|| {
            view! {
                <section aria-labelledby="player-texts">
                    <h2 id="player-texts">{say(Key::PlayerTexts)}</h2>
                    <ol class="player-texts">{part(rows)}</ol>
                </section>
            }
        })
    })
}
