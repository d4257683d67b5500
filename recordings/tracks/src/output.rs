//! What comes out of a recorder.

use recordings_tap::{Codec, KeyFrameWanted};

/// Why a track has nothing for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// Packets were lost on their way, or dropped because the disk was slow.
    Loss,
    /// The owner or the room had switched it off.
    Muted,
    /// The sender sent nothing because nothing was to be heard.
    Silence,
    /// Somebody present had not agreed.
    Paused,
}

impl Why {
    /// As a word of a manifest.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Loss => "loss",
            Self::Muted => "muted",
            Self::Silence => "silence",
            Self::Paused => "paused",
        }
    }
}

/// A stretch without frames, in microseconds since the recording began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gap {
    /// Its beginning: the end of the frame before.
    pub from_us: u64,
    /// Its end: the next frame.
    pub to_us: u64,
    /// Why.
    pub why: Why,
}

/// A whole frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// When it was, in microseconds since the recording began.
    pub at_us: u64,
    /// How long it lasts, where it says so itself.
    pub duration_us: Option<u64>,
    /// How it is coded; redundant sound is plain Opus here.
    pub codec: Codec,
    /// Whether a decoder can begin here.
    pub is_key: bool,
    /// Width and height in pixels, with every key frame that says them.
    pub size: Option<(u32, u32)>,
    /// What a decoder needs first, with every key frame of a codec that has such a thing.
    pub config: Option<Vec<u8>>,
    /// The bytes, as a Matroska block holds them.
    pub data: Vec<u8>,
}

/// What comes out of a recorder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// The next frame.
    Frame(Frame),
    /// A gap, right before the frame that ends it.
    Gap(Gap),
    /// The publisher should be asked for a key frame.
    KeyFrame(KeyFrameWanted),
}
