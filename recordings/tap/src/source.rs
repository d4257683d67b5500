//! Sources and how they are packed.

/// A source of a room for as long as the recording lasts: a camera, a microphone, a screen. The
/// tap numbers them and never uses a number twice in a recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TrackKey(pub u32);

/// Who owns a source: an opaque number, the same for all sources of one person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PersonKey(pub u128);

/// What a source is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SourceKind {
    /// A voice.
    Microphone,
    /// A face.
    Camera,
    /// A shared screen.
    Screen,
}

/// How a payload is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Codec {
    /// RFC 7587.
    Opus,
    /// Opus in redundant payloads (RFC 2198).
    Red,
    /// RFC 7741.
    Vp8,
    /// RFC 9628.
    Vp9,
    /// RFC 6184, packetization-mode 0 or 1.
    H264,
    /// The AV1 RTP specification, version 1.0.
    Av1,
}

impl Codec {
    /// Ticks of its RTP clock in a second.
    #[must_use]
    pub const fn clock_hz(self) -> u32 {
        match self {
            Self::Opus | Self::Red => 48_000,
            Self::Vp8 | Self::Vp9 | Self::H264 | Self::Av1 => 90_000,
        }
    }

    /// Whether it is sound.
    #[must_use]
    pub const fn is_audio(self) -> bool {
        matches!(self, Self::Opus | Self::Red)
    }
}
