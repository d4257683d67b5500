//! The codecs that are forwarded, and their payload types on one connection.

use str0m::Rtc;
use str0m::format;
use str0m::media::{Mid, Pt};

/// A codec that this server forwards. Payloads are never looked into further than to find key
/// frames and to keep a VP8 picture id continuous.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Codec {
    /// RFC 6716, 48 kHz.
    Opus,
    /// RFC 6386.
    Vp8,
    /// Constrained baseline, `packetization-mode=1` (RFC 6184).
    H264,
}

impl Codec {
    const fn of(codec: format::Codec) -> Option<Self> {
        match codec {
            format::Codec::Opus => Some(Self::Opus),
            format::Codec::Vp8 => Some(Self::Vp8),
            format::Codec::H264 => Some(Self::H264),
            _ => None,
        }
    }

    /// RTP clock rate in Hz.
    pub(crate) const fn clock_rate_hz(self) -> u32 {
        match self {
            Self::Opus => 48_000,
            Self::Vp8 | Self::H264 => 90_000,
        }
    }
}

/// The payload types that one m-line of one connection negotiated.
#[derive(Debug, Clone, Default)]
pub(crate) struct Payloads {
    entries: Vec<(Codec, Pt)>,
}

impl Payloads {
    /// Reads what `mid` negotiated. Empty if it has no codec in common with us.
    pub(crate) fn of_media(rtc: &Rtc, mid: Mid) -> Self {
        let Some(media) = rtc.media(mid) else {
            return Self::default();
        };
        let known = rtc.codec_config();
        let entries = media
            .remote_pts()
            .iter()
            .filter_map(|pt| {
                let params = known.find(|p| p.pt() == *pt)?;
                Some((Codec::of(params.spec().codec)?, *pt))
            })
            .collect();
        Self { entries }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// What a received packet of payload type `pt` is.
    pub(crate) fn codec_of(&self, pt: Pt) -> Option<Codec> {
        self.entries
            .iter()
            .find(|(_, known)| *known == pt)
            .map(|(codec, _)| *codec)
    }

    /// Which payload type `codec` has here.
    pub(crate) fn pt_of(&self, codec: Codec) -> Option<Pt> {
        self.entries
            .iter()
            .find(|(known, _)| *known == codec)
            .map(|(_, pt)| *pt)
    }
}
