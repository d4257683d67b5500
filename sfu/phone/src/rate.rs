//! How many samples there are in a second.

/// Length of a frame of sound, in milliseconds. Every telephone can do it.
pub const FRAME_MS: u32 = 20;
/// Length of a frame of sound, in microseconds.
pub const FRAME_US: i64 = 20_000;

/// Sampling rate of a telephone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Rate {
    /// 8 kHz: G.711.
    Narrow,
    /// 16 kHz: G.722.
    Wide,
}

impl Rate {
    /// Samples in a second.
    #[must_use]
    pub const fn hz(self) -> u32 {
        match self {
            Self::Narrow => 8_000,
            Self::Wide => 16_000,
        }
    }

    /// Samples in a millisecond.
    #[must_use]
    pub const fn per_ms(self) -> usize {
        match self {
            Self::Narrow => 8,
            Self::Wide => 16,
        }
    }

    /// Samples in a frame.
    #[must_use]
    pub const fn frame(self) -> usize {
        match self {
            Self::Narrow => 160,
            Self::Wide => 320,
        }
    }

    /// Samples in a second, for computing with sound.
    #[must_use]
    pub(crate) const fn hz_f32(self) -> f32 {
        match self {
            Self::Narrow => 8_000.0,
            Self::Wide => 16_000.0,
        }
    }
}
