//! The media elements of a player, kept in step. One of them is the master: its clock is the clock of
//! the recording, and the others follow it.

use clinical_api::{RecordingTrackView, RecordingView};
use leptos::prelude::*;
use wasm_bindgen::JsCast as _;
use web_logic::player::{Stretch, correction};
use web_sys::HtmlMediaElement;

/// How an element is found.
pub(super) fn element_id(file: u32) -> String {
    format!("media-{file}")
}

fn element(file: u32) -> Option<HtmlMediaElement> {
    let found = document().get_element_by_id(&element_id(file))?;
    found.dyn_into().ok()
}

pub(super) const fn span(track: &RecordingTrackView) -> Stretch {
    Stretch {
        from_ms: track.from_ms,
        to_ms: track.to_ms,
    }
}

pub(super) fn is_picture(track: &RecordingTrackView) -> bool {
    matches!(track.kind.as_str(), "camera" | "screen")
}

pub(super) fn is_voice(track: &RecordingTrackView) -> bool {
    track.kind == "microphone"
}

/// Everything that plays, and how. Copies are the same.
#[derive(Clone, Copy)]
pub(super) struct Screen {
    /// What there is.
    pub(super) tracks: StoredValue<Vec<RecordingTrackView>>,
    /// How long it is, in milliseconds.
    pub(super) whole_ms: u64,
    /// Where the master is, in milliseconds.
    pub(super) at_ms: RwSignal<u64>,
    /// Whether it plays.
    pub(super) plays: RwSignal<bool>,
    /// How fast.
    pub(super) rate: RwSignal<f64>,
    /// How loud, 0 to 1.
    pub(super) volume: RwSignal<f64>,
    /// How loud it was before it was switched off.
    pub(super) volume_before: StoredValue<f64>,
    /// Files of voices that are not heard.
    pub(super) silent: RwSignal<Vec<u32>>,
    /// Files of pictures that are not shown.
    pub(super) hidden: RwSignal<Vec<u32>>,
    master: Option<u32>,
}

impl Screen {
    pub(super) fn new(recording: &RecordingView) -> Self {
        let plays = |it: &&RecordingTrackView| is_picture(it) || is_voice(it);
        let of_kind = |kind: &str| recording.tracks.iter().find(|it| it.kind == kind);
        let any = recording.tracks.iter().find(plays);
        Self {
            master: of_kind("mixdown").or(any).map(|it| it.file),
            whole_ms: recording.row.duration_ms.unwrap_or(0),
            tracks: StoredValue::new(recording.tracks.clone()),
            at_ms: RwSignal::new(0),
            plays: RwSignal::new(false),
            rate: RwSignal::new(1.0),
            volume: RwSignal::new(1.0),
            volume_before: StoredValue::new(1.0),
            silent: RwSignal::new(Vec::new()),
            hidden: RwSignal::new(Vec::new()),
        }
    }

    /// The file of the master.
    pub(super) const fn master(self) -> Option<u32> {
        self.master
    }

    fn clock(self) -> Option<HtmlMediaElement> {
        element(self.master?)
    }

    /// Plays, or waits.
    pub(super) fn play(self, on: bool) {
        let Some(master) = self.clock() else { return };
        if on {
            if master.ended() {
                master.set_current_time(0.0);
            }
            // Refused before the first click of a person, and then the button still says "play".
            drop(master.play());
        } else {
            master.pause().ok();
        }
        self.follow();
    }

    /// Goes to a moment.
    pub(super) fn seek(self, ms: u64) {
        let ms = ms.min(self.whole_ms);
        if let Some(master) = self.clock() {
            master.set_current_time(seconds(ms));
        }
        self.at_ms.set(ms);
        self.follow();
    }

    /// Forward or back.
    pub(super) fn skip(self, seconds: i64) {
        let at_ms = i64::try_from(self.at_ms.get_untracked()).unwrap_or(0);
        let to_ms = at_ms.saturating_add(seconds.saturating_mul(1_000)).max(0);
        self.seek(u64::try_from(to_ms).unwrap_or(0));
    }

    /// Sets every element as it has to be by the master; called several times a second.
    pub(super) fn follow(self) {
        let Some(master) = self.clock() else { return };
        let (rate, volume) = (self.rate.get_untracked(), self.volume.get_untracked());
        let silent = self.silent.get_untracked();
        let now_s = master.current_time();
        let at_ms = milliseconds(now_s);
        self.at_ms.try_set(at_ms);
        let plays = !master.paused() && !master.ended();
        if self.plays.get_untracked() != plays {
            self.plays.try_set(plays);
        }
        master.set_playback_rate(rate);
        master.set_volume(volume);
        // Who is left out stands in the mixture of all voices, so the others are heard one by one.
        master.set_muted(!silent.is_empty());
        self.tracks.with_value(|tracks| {
            for track in tracks.iter().filter(|it| Some(it.file) != self.master) {
                let is_heard =
                    is_voice(track) && !silent.is_empty() && !silent.contains(&track.file);
                if !is_picture(track) && !is_heard {
                    if let Some(own) = element(track.file).filter(|own| !own.paused()) {
                        own.pause().ok();
                    }
                    continue;
                }
                let Some(own) = element(track.file) else {
                    continue;
                };
                own.set_muted(!is_heard);
                own.set_volume(volume);
                own.set_playback_rate(rate);
                let is_inside = span(track).holds(at_ms);
                // One that is still on its way would never arrive if it were sent again and again.
                let may_move = is_inside && !own.seeking();
                if let Some(to_s) = correction(now_s, own.current_time()).filter(|_| may_move) {
                    own.set_current_time(to_s);
                }
                match (plays && is_inside, own.paused()) {
                    (true, true) => drop(own.play()),
                    (false, false) => drop(own.pause()),
                    _ => {}
                }
            }
        });
    }

    /// Fetches everything anew, at the same place: a new ticket was given.
    pub(super) fn reload(self) {
        let (at_ms, plays) = (self.at_ms.get_untracked(), self.plays.get_untracked());
        self.tracks.with_value(|tracks| {
            for own in tracks.iter().filter_map(|it| element(it.file)) {
                own.load();
            }
        });
        self.seek(at_ms);
        if plays {
            self.play(true);
        }
    }
}

fn seconds(ms: u64) -> f64 {
    f64::from(u32::try_from(ms).unwrap_or(u32::MAX)) / 1_000.0
}

fn milliseconds(seconds: f64) -> u64 {
    let whole = core::time::Duration::try_from_secs_f64(seconds.max(0.0)).unwrap_or_default();
    u64::try_from(whole.as_millis()).unwrap_or(0)
}
