//! Pictures and voices of a recording.

use clinical_api::RecordingTrackView;
use clinical_model::RecordingId;
use leptos::prelude::*;
use wasm_bindgen::JsCast as _;
use web_logic::player::{Stretch, filled};
use web_sys::HtmlMediaElement;

use super::screen::{Screen, element_id, is_picture, is_voice, span};
use crate::api;
use crate::components::{Alert, Tone, part};
use crate::i18n::{Key, say, t};
use crate::tr;

/// Whose a track is and what, in words; tracked.
pub(super) fn name(track: &RecordingTrackView) -> String {
    let who = track.name.clone();
    let who = who.unwrap_or_else(|| t(Key::PlayerSomebody).to_owned());
    match track.kind.as_str() {
        "screen" => tr!(Key::PlayerScreenOf, name = who),
        "microphone" => tr!(Key::PlayerVoiceOf, name = who),
        _ => who,
    }
}

/// Where a track has something.
pub(super) fn content(track: &RecordingTrackView) -> Vec<Stretch> {
    let gaps: Vec<Stretch> = track
        .gaps
        .iter()
        .map(|gap| Stretch {
            from_ms: gap.from_ms,
            to_ms: gap.to_ms,
        })
        .collect();
    filled(span(track), &gaps)
}

/// All elements. `broken` is told when one of them gets nothing.
#[component]
pub(super) fn Stage(id: RecordingId, screen: Screen, broken: UnsyncCallback<()>) -> impl IntoView {
    let tracks = screen.tracks.get_value();
    let pictures = tracks.iter().filter(|it| is_picture(it)).cloned();
    let pictures: Vec<_> = pictures
        .map(|it| view! { <Picture id track=it screen broken/> })
        .collect();
    let is_sound = |it: &&RecordingTrackView| is_voice(it) || it.kind == "mixdown";
    let sounds = tracks.iter().filter(is_sound).map(|it| {
        let is_master = screen.master() == Some(it.file);
        // The voices of single people are fetched when somebody is left out.
        let preload = if is_master { "auto" } else { "none" };
        view! {
            <audio
                id=element_id(it.file)
                data-testid=is_master.then_some("player-master")
                preload=preload
                src=api::recording_media(id, it.file)
                on:error=move |_| broken.run(())
                on:timeupdate=move |_| screen.follow()
                on:play=move |_| screen.follow()
                on:pause=move |_| screen.follow()
                on:ended=move |_| screen.follow()
                on:seeked=move |_| screen.follow()
            ></audio>
        }
    });
    let sounds = sounds.collect_view();
    view! {
        <div class="player-pictures">{pictures}</div>
        {sounds}
    }
}

/// Whether the browser says that it may play files of this form.
fn can_play(media_type: &str) -> bool {
    let video = document().create_element("video").ok();
    let video = video.and_then(|it| it.dyn_into::<HtmlMediaElement>().ok());
    video.is_none_or(|it| !it.can_play_type(media_type).is_empty())
}

#[component]
fn Picture(
    id: RecordingId,
    track: RecordingTrackView,
    screen: Screen,
    broken: UnsyncCallback<()>,
) -> impl IntoView {
    let file = track.file;
    let is_master = screen.master() == Some(file);
    let content = content(&track);
    let dark = Memo::new(move |_| {
        let at_ms = screen.at_ms.get();
        // What begins within half a second is there already: the first picture stands before the start.
        !content
            .iter()
            .any(|it| it.holds(at_ms) || it.holds(at_ms + 500))
    });
    let hidden = Memo::new(move |_| screen.hidden.with(|hidden| hidden.contains(&file)));
    let unable = RwSignal::new(false);
    let is_playable = can_play(&track.media_type);
    let loaded = RwSignal::new(false);
    let refused = move |_| {
        unable.set(true);
        // No ticket helps a browser that cannot play this form; everything else may be one that is over.
        if is_playable || is_master || loaded.get_untracked() {
            broken.run(());
        }
    };
    let words = StoredValue::new(track);
    view! {
        <figure class="player-picture" hidden=move || hidden.get() data-testid="player-picture">
            <div class="player-frame" class:dark=move || dark.get()>
                <video
                    id=element_id(file)
                    data-testid="player-video"
                    preload="auto"
                    playsinline
                    prop:muted=true
                    src=api::recording_media(id, file)
                    aria-label=move || words.with_value(name)
                    on:error=refused
                    on:loadeddata=move |_| {
                        loaded.set(true);
                        unable.set(false);
                    }
                    on:timeupdate=move |_| if is_master { screen.follow() }
                ></video>
                {part(move || dark.get().then(|| view! { <p class="player-dark">{say(Key::PlayerNoPicture)}</p> }))}
            </div>
            <figcaption>{part(move || words.with_value(name))}</figcaption>
            {part(move || unable.get().then(|| view! { <Alert tone=Tone::Warning>{say(Key::PlayerUnable)}</Alert> }))}
        </figure>
    }
}
