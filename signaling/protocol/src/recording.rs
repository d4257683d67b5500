//! Words about the recording and the captions of a visit and people's consent to them.

use serde::{Deserialize, Serialize};

use crate::ids::ParticipantId;
use crate::text::ChatText;

/// Version of the words that people are asked with for a recording. An agreement to other words does
/// not count.
pub const CONSENT_WORDING: u16 = 1;
/// The same for captions.
pub const CAPTIONS_WORDING: u16 = 1;

/// What people are asked to agree to.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// Sound and pictures are kept.
    #[default]
    Recording,
    /// A program on the server hears what is said and writes it below the pictures. The sound is not
    /// kept; the text is, for as long as the doctor's note is open.
    Captions,
}

impl Purpose {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Recording, Self::Captions];

    /// The version of the words that count.
    #[must_use]
    pub const fn wording(self) -> u16 {
        match self {
            Self::Recording => CONSENT_WORDING,
            Self::Captions => CAPTIONS_WORDING,
        }
    }
}

/// Something that was said, as the server's program understood it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Caption {
    /// Who said it.
    pub participant: ParticipantId,
    /// The words, which print themselves without content; none when what was shown of an utterance
    /// turned out to be no speech.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<ChatText>,
    /// They stay as they are. Otherwise the next caption of the same person replaces this one.
    #[serde(rename = "final")]
    pub is_final: bool,
    /// The language of the words as a tag of BCP 47, such as `fr`; empty when it is not known.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub language: String,
}

/// How a recording stands, or captions do. Everybody in the visit is told whenever it changes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recording {
    /// What happens now.
    pub phase: RecordingPhase,
    /// Who asked for it; nobody when there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked_by: Option<ParticipantId>,
    /// When it began, Unix time in microseconds; nothing before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since_us: Option<i64>,
    /// People in the visit who have not agreed; complete.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub waiting_for: Vec<ParticipantId>,
    /// Why the last one ended; nothing while one is asked for or runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<RecordingEnd>,
}

impl Recording {
    /// There is none, and there was none.
    pub const NONE: Self = Self {
        phase: RecordingPhase::Off,
        asked_by: None,
        since_us: None,
        waiting_for: Vec::new(),
        ended: None,
    };
}

/// What a recording does.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecordingPhase {
    /// Nothing is recorded.
    #[default]
    Off,
    /// People are asked; nothing is recorded.
    Asking,
    /// Everybody has agreed and the recorder is being prepared; nothing is recorded.
    Starting,
    /// Everybody is recorded.
    Running,
    /// Somebody in the visit has not agreed; nothing is recorded until they do.
    Paused,
}

/// Why a recording ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecordingEnd {
    /// A clinician stopped it, or everybody has gone.
    Stopped,
    /// Somebody did not agree, or no longer.
    Declined,
    /// People began to encrypt for each other.
    Encrypted,
    /// There is no room left to store it.
    NoSpace,
    /// It could not be recorded.
    Failed,
}
