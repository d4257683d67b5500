//! Captions of visits: a recogniser of speech for this node, and a scribe for each room that wants them.
//! Nothing here waits for the recogniser: what it has no room for is lost to captions, not to calls.

mod recogniser;

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use serde::Deserialize;
use sfu_net::TapEvent;
use sfu_scribe::Scribe;
use signaling_protocol::{ParticipantId, RoomId};
use signaling_server::{SignalingHandle, person_of};
use tokio::sync::mpsc;
use uuid::Uuid;

use self::recogniser::{Line, Recogniser};

/// Events between a shard and a scribe: some seconds of ten voices. Drops what comes when it is full, and
/// the shard counts it.
const TAP_MAX: usize = 2_048;
/// Texts that wait for their rooms. A partial text is dropped when it is full, because a newer one comes; a
/// final one waits, and the recogniser with it.
const TEXTS_MAX: usize = 256;
/// Threads of the recogniser that may be asked for.
const THREADS_MAX: u32 = 64;

/// Captions of visits.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct CaptionsConfig {
    /// Whether visits can have captions at all.
    pub(crate) enabled: bool,
    /// The program `telehealth-recogniser`.
    pub(crate) recogniser: Option<PathBuf>,
    /// The folder of its model.
    pub(crate) weights: Option<PathBuf>,
    /// Rooms with captions at once; another one hears that it cannot have them.
    pub(crate) max_rooms: u32,
    /// Threads of the recogniser.
    pub(crate) threads: u32,
}

impl Default for CaptionsConfig {
    fn default() -> Self {
        Self {
            enabled: false,
            recogniser: None,
            weights: None,
            max_rooms: 2,
            threads: 1,
        }
    }
}

/// What is needed to start a recogniser.
#[derive(Debug, Clone)]
pub(crate) struct Setup {
    pub(crate) program: PathBuf,
    pub(crate) weights: PathBuf,
    pub(crate) threads: u32,
}

impl CaptionsConfig {
    /// What is wrong with what was asked for, and what to do about it.
    pub(crate) fn mistakes(&self) -> Vec<String> {
        let mut mistakes = Vec::new();
        if !self.enabled {
            return mistakes;
        }
        if self.recogniser.is_none() {
            mistakes.push(
                "captions.enabled needs captions.recogniser: the path of telehealth-recogniser"
                    .to_owned(),
            );
        }
        if self.weights.is_none() {
            mistakes.push(
                "captions.enabled needs captions.weights: the folder of the model, see docs/captions.md"
                    .to_owned(),
            );
        }
        if !(1..=1_000).contains(&self.max_rooms) {
            mistakes.push("captions.max_rooms must be between 1 and 1000".to_owned());
        }
        if !(1..=THREADS_MAX).contains(&self.threads) {
            mistakes.push(format!(
                "captions.threads must be between 1 and {THREADS_MAX}"
            ));
        }
        mistakes
    }

    /// What is missing on this machine; nothing when visits can have captions.
    pub(crate) fn missing(&self) -> Option<String> {
        let named = |path: &Option<PathBuf>, is_there: fn(&Path) -> bool| {
            path.as_deref().is_some_and(is_there)
        };
        if !self.enabled {
            return Some("captions are off; captions.enabled switches them on".to_owned());
        }
        if let Some(mistake) = self.mistakes().into_iter().next() {
            return Some(mistake);
        }
        if !named(&self.recogniser, Path::is_file) {
            return Some(
                "captions.recogniser is no file: visits have no captions until telehealth-recogniser is there"
                    .to_owned(),
            );
        }
        if !named(&self.weights, Path::is_dir) {
            return Some(
                "captions.weights is no folder: visits have no captions until the model is there; \
                 `make captions-weights` fetches it"
                    .to_owned(),
            );
        }
        None
    }

    fn setup(&self) -> Option<Setup> {
        if self.missing().is_some() {
            return None;
        }
        Some(Setup {
            program: self.recogniser.clone()?,
            weights: self.weights.clone()?,
            threads: self.threads,
        })
    }
}

/// Who writes the captions of this node.
#[derive(Clone)]
pub(crate) struct Scribes {
    /// Without it nothing is written.
    recogniser: Option<Arc<Recogniser>>,
    rooms_max: usize,
    signaling: Arc<OnceLock<SignalingHandle>>,
}

/// A visit cannot have captions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BeginError {
    #[error("this installation writes no captions")]
    Off,
    #[error("as many visits have captions as can have them")]
    Busy,
}

impl Scribes {
    /// Looks whether there is a recogniser. It is started when the first room wants captions.
    pub(crate) fn open(config: &CaptionsConfig) -> Self {
        if config.enabled
            && let Some(missing) = config.missing()
        {
            tracing::warn!(missing, "visits have no captions");
        }
        let signaling = Arc::new(OnceLock::<SignalingHandle>::new());
        let recogniser = config.setup().map(|setup| {
            let (texts, heard) = mpsc::channel(TEXTS_MAX);
            tokio::spawn(tell_rooms(Arc::clone(&signaling), heard));
            Arc::new(Recogniser::new(setup, texts))
        });
        Self {
            recogniser,
            rooms_max: usize::try_from(config.max_rooms).unwrap_or(usize::MAX),
            signaling,
        }
    }

    /// Whom rooms are told by; without it nothing is written.
    pub(crate) fn meet(&self, signaling: SignalingHandle) {
        // A second one would be a mistake of the wiring, and changes nothing.
        let _ = self.signaling.set(signaling);
    }

    /// Whether visits can have captions.
    pub(crate) const fn is_offered(&self) -> bool {
        self.recogniser.is_some()
    }

    /// Begins to write the captions of a room. They are over when the sender is dropped.
    pub(crate) fn begin(&self, room: RoomId) -> Result<mpsc::Sender<TapEvent>, BeginError> {
        let recogniser = self.recogniser.clone().ok_or(BeginError::Off)?;
        let place = recogniser.seat(room, self.rooms_max);
        let place = place.ok_or(BeginError::Busy)?;
        let (sender, events) = mpsc::channel(TAP_MAX);
        drop(tokio::task::spawn_blocking(move || {
            listen(events, room, &recogniser);
            drop(place);
        }));
        Ok(sender)
    }

    /// Ends the recogniser.
    pub(crate) fn stop(&self) {
        if let Some(recogniser) = &self.recogniser {
            recogniser.stop();
        }
    }
}

/// Gives the recogniser what a room says, until the room has let go of its lane. Blocks.
fn listen(mut events: mpsc::Receiver<TapEvent>, room: RoomId, recogniser: &Recogniser) {
    let mut scribe = Scribe::default();
    let mut owed = Vec::new();
    while let Some(event) = events.blocking_recv() {
        let at_ms = event.at_us() / 1_000;
        let orders = scribe.hear(&event, recogniser.ready(), &mut |person| {
            let participant = ParticipantId::from_uuid(Uuid::from_u128(person_of(person.0)));
            recogniser.number(room, participant)
        });
        recogniser.passed(room, at_ms);
        recogniser.give(&mut owed, orders);
    }
    recogniser.give(&mut owed, scribe.end(recogniser.ready()));
}

/// Says in rooms what was understood, until the recogniser is gone.
async fn tell_rooms(signaling: Arc<OnceLock<SignalingHandle>>, mut lines: mpsc::Receiver<Line>) {
    while let Some(line) = lines.recv().await {
        let Some(signaling) = signaling.get() else {
            continue;
        };
        match line {
            Line::Said(room, caption) => signaling.heard(room, caption).await,
            Line::Failed(room) => signaling.scribe_failed(room).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn captions_are_off_until_program_and_model_are_there_and_it_says_what_is_missing() {
        let off = CaptionsConfig::default();
        assert!(off.mistakes().is_empty() && off.setup().is_none());
        assert!(off.missing().unwrap().contains("captions.enabled"));
        let parse = |text: &str| toml::from_str::<CaptionsConfig>(text);
        assert!(parse("model = \"x\"").is_err(), "an unknown key is refused");
        let bare = parse("enabled = true\nmax_rooms = 0").unwrap();
        assert_eq!(bare.mistakes().len(), 3, "{:?}", bare.mistakes());
        let here = std::env::current_exe().unwrap();
        let folder = here.parent().unwrap().to_owned();
        let mut whole = CaptionsConfig {
            enabled: true,
            recogniser: Some(here),
            weights: Some(folder.join("no such folder")),
            ..CaptionsConfig::default()
        };
        assert!(whole.missing().unwrap().contains("make captions-weights"));
        whole.weights = Some(folder);
        assert_eq!(whole.missing(), None);
        assert!(whole.setup().is_some());
    }
}
