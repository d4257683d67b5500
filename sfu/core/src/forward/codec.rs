//! The codecs that are forwarded, and their payload types on one connection.

use str0m::format::{self, FormatParams};
use str0m::media::{Frequency, Mid, Pt};
use str0m::rtp::Extension;
use str0m::{Rtc, RtcConfig};

use crate::descriptor;

/// A codec that this server forwards. Payloads are never looked into further than to find key
/// frames and layers and to keep picture ids continuous.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Codec {
    /// RFC 6716, 48 kHz.
    Opus,
    /// Opus with earlier packets before it, RFC 2198.
    Red,
    /// RFC 6386.
    Vp8,
    /// Profile 0, with or without scalable layers (RFC 9628).
    Vp9,
    /// Main profile, with or without scalable layers (AV1 RTP specification).
    Av1,
    /// Constrained baseline, `packetization-mode=1` (RFC 6184).
    H264,
}

impl Codec {
    const fn of(codec: format::Codec) -> Option<Self> {
        match codec {
            format::Codec::Opus => Some(Self::Opus),
            format::Codec::Vp8 => Some(Self::Vp8),
            format::Codec::Vp9 => Some(Self::Vp9),
            format::Codec::Av1 => Some(Self::Av1),
            format::Codec::H264 => Some(Self::H264),
            _ => None,
        }
    }

    /// RTP clock rate in Hz.
    pub(crate) const fn clock_rate_hz(self) -> u32 {
        match self {
            Self::Opus | Self::Red => 48_000,
            Self::Vp8 | Self::Vp9 | Self::Av1 | Self::H264 => 90_000,
        }
    }
}

/// Sets up codecs, in the order in which answers prefer them, and header extensions. VP8 goes first
/// because every browser sends it; a client that offers nothing but VP9 or AV1 gets what it wants.
pub(crate) fn configure(config: RtcConfig, plain_h264: bool) -> RtcConfig {
    let mut config = config
        .clear_codecs()
        .enable_opus(true, true)
        .enable_vp8(true)
        // The identifiers are ours only until the client has offered its own.
        .set_extension(5, Extension::PlayoutDelay)
        .set_extension(12, descriptor::extension());
    let profile = FormatParams {
        profile_id: Some(0),
        ..FormatParams::default()
    };
    let (clock, codecs) = (Frequency::NINETY_KHZ, config.codec_config());
    codecs.add_config(
        98.into(),
        Some(99.into()),
        format::Codec::Vp9,
        clock,
        None,
        profile,
    );
    codecs.enable_av1(true);
    // Constrained baseline, packetization-mode=1: what every browser can do.
    codecs.add_h264(108.into(), Some(109.into()), true, 0x0042_e01f);
    if plain_h264 {
        // Only for those who offer nothing better: a browser that offers both would be answered
        // with both, and send one that others have not agreed to.
        codecs.add_h264(120.into(), Some(121.into()), true, 0x0042_001f);
    }
    config
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
        let mut entries = Vec::new();
        for pt in media.remote_pts() {
            let Some(params) = known.find(|p| p.pt() == *pt) else {
                continue;
            };
            if let Some(codec) = Codec::of(params.spec().codec) {
                entries.push((codec, *pt));
                entries.extend(params.red().map(|red| (Codec::Red, red)));
            }
        }
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
