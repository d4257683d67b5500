//! Words about the recording of a visit and people's consent to it.

use serde::{Deserialize, Serialize};

use crate::ids::ParticipantId;

/// Version of the words that people are asked with. An agreement to other words does not count.
pub const CONSENT_WORDING: u16 = 1;

/// How a recording stands. Everybody in the visit is told whenever it changes.
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
