//! What people send, and where others receive it.

use crate::ids::ParticipantKey;

/// One kind of media that a participant sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Source {
    /// Speech; audio.
    Microphone,
    /// The person's picture; video, possibly simulcast.
    Camera,
    /// The shared screen or window; video.
    Screen,
}

impl Source {
    /// Every source, in the order in which video slots are given out.
    pub const ALL: [Self; 3] = [Self::Microphone, Self::Camera, Self::Screen];

    /// Whether the source is sound; otherwise it is picture.
    #[must_use]
    pub const fn is_audio(self) -> bool {
        matches!(self, Self::Microphone)
    }
}

/// Which sources of a participant may be forwarded. What is off is dropped, whatever arrives.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SourceSet {
    /// Speech.
    pub microphone: bool,
    /// The picture.
    pub camera: bool,
    /// The shared screen.
    pub screen: bool,
}

impl SourceSet {
    /// Nothing is forwarded.
    pub const NONE: Self = Self {
        microphone: false,
        camera: false,
        screen: false,
    };
    /// Everything is forwarded.
    pub const ALL: Self = Self {
        microphone: true,
        camera: true,
        screen: true,
    };

    /// Whether `source` is on.
    #[must_use]
    pub const fn contains(self, source: Source) -> bool {
        match source {
            Source::Microphone => self.microphone,
            Source::Camera => self.camera,
            Source::Screen => self.screen,
        }
    }
}

/// Which m-line of an offer carries which source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceMid {
    /// The `a=mid` of the m-line, RFC 8843.
    pub mid: String,
    /// What it carries.
    pub source: Source,
}

/// One receiving m-line of a client and what it carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SlotBinding {
    /// The receiving m-line.
    pub mid: String,
    /// Whose media.
    pub participant: ParticipantKey,
    /// Which of their sources.
    pub source: Source,
}

/// Which encodings of one published source somebody watches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WantedSource {
    /// The source.
    pub source: Source,
    /// One entry for each simulcast encoding from low to high, exactly one without simulcast.
    /// What is `false` is forwarded to nobody, and its sender may pause it.
    pub encodings: Vec<bool>,
}

/// How large the picture of one slot is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SlotView {
    /// The receiving m-line.
    pub mid: String,
    /// Height on screen in pixels; 0 pauses the video.
    pub height_px: u16,
}
