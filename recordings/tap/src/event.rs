//! What happens to sources.

use std::sync::Arc;

use crate::source::{Codec, PersonKey, SourceKind, TrackKey};

/// One packet after decryption, without its RTP header and without padding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packet {
    /// Its source.
    pub track: TrackKey,
    /// Which encoding of a simulcast source, from low to high; 0 without simulcast.
    pub layer: u8,
    /// What its payload type means.
    pub codec: Codec,
    /// RTP sequence number.
    pub seq: u16,
    /// RTP timestamp.
    pub timestamp: u32,
    /// RTP marker bit.
    pub marker: bool,
    /// When it arrived, in microseconds of a monotonic clock that all packets share.
    pub arrival_us: u64,
    /// What it carries. A copy shares it.
    pub payload: Arc<[u8]>,
}

/// The timing of a sender report (RFC 3550 section 6.4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Report {
    /// Its source.
    pub track: TrackKey,
    /// Which encoding of a simulcast source.
    pub layer: u8,
    /// The sender's wall clock, as in the report: seconds since 1900 in 32.32 fixed point.
    pub ntp: u64,
    /// The same moment in ticks of the stream's RTP clock.
    pub rtp: u32,
    /// When it arrived, on the clock of [`Packet::arrival_us`].
    pub arrival_us: u64,
}

/// What a recorder is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TapEvent {
    /// A source is there; precedes its packets.
    Opened {
        /// Its number.
        track: TrackKey,
        /// Whose it is.
        person: PersonKey,
        /// What it is.
        kind: SourceKind,
        /// When, in microseconds.
        at_us: u64,
    },
    /// A packet.
    Packet(Packet),
    /// A sender report.
    Report(Report),
    /// A source was switched off by its owner or the room: what follows is a gap, not a loss.
    Muted {
        /// Its number.
        track: TrackKey,
        /// When, in microseconds.
        at_us: u64,
    },
    /// A source was switched on again.
    Unmuted {
        /// Its number.
        track: TrackKey,
        /// When, in microseconds.
        at_us: u64,
    },
    /// A source is gone for good.
    Closed {
        /// Its number.
        track: TrackKey,
        /// When, in microseconds.
        at_us: u64,
    },
    /// Somebody present has not agreed, or not yet: nothing is kept until [`TapEvent::Resumed`].
    Paused {
        /// When, in microseconds.
        at_us: u64,
    },
    /// Everybody present has agreed.
    Resumed {
        /// When, in microseconds.
        at_us: u64,
    },
    /// Something to be read beside the picture: a chat message, who came, who shares.
    Said {
        /// When, in microseconds.
        at_us: u64,
        /// What is shown. It is sealed like sound and picture.
        text: String,
    },
    /// Time passes although nothing arrives; at least twice a second.
    Tick {
        /// When, in microseconds.
        at_us: u64,
    },
}

impl TapEvent {
    /// When it happened, in microseconds of the tap's monotonic clock.
    #[must_use]
    pub const fn at_us(&self) -> u64 {
        match self {
            Self::Packet(packet) => packet.arrival_us,
            Self::Report(report) => report.arrival_us,
            Self::Opened { at_us, .. }
            | Self::Muted { at_us, .. }
            | Self::Unmuted { at_us, .. }
            | Self::Closed { at_us, .. }
            | Self::Paused { at_us }
            | Self::Resumed { at_us }
            | Self::Said { at_us, .. }
            | Self::Tick { at_us } => *at_us,
        }
    }
}

/// What a recorder asks of a room: a key frame of one encoding. At most one a second for each
/// source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyFrameWanted {
    /// The source.
    pub track: TrackKey,
    /// Which encoding.
    pub layer: u8,
}
