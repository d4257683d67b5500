//! What must be known of a payload: whether a decoder can start here, and its place among layers.

use str0m::rtp::Vp8Descriptor;

use super::codec::Codec;
use super::frame::{Frame, Needs, SPATIAL_MAX, TEMPORAL_TOP};
use super::rewrite::{Ids, Picture};
use super::vp9::{self, Places};
use crate::descriptor::Described;

/// What a packet told about itself.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Inspected {
    /// A decoder can start with this packet.
    pub(crate) starts_decoding: bool,
    /// Picture heights by spatial layer in pixels, when the packet says them.
    pub(crate) heights_px: [Option<u16>; SPATIAL_MAX],
    /// How many spatial layers there are, when the packet says it.
    pub(crate) spatial_layers: Option<u8>,
    /// The packet's frame, if the codec tells.
    pub(crate) frame: Option<Frame>,
    /// The numbers that must go on.
    pub(crate) ids: Ids,
    /// Where they are.
    pub(crate) patch: Patch,
}

impl Inspected {
    /// What every packet of sound tells.
    pub(crate) fn sound() -> Self {
        Self {
            starts_decoding: true,
            ..Self::default()
        }
    }
}

/// How the numbers of a payload are replaced.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) enum Patch {
    /// There are none.
    #[default]
    None,
    /// By the engine, while it writes the packet.
    Vp8(Vp8Descriptor),
    /// In a copy.
    Vp9(Places),
}

/// Looks into a payload that may come from anybody; never fails, at worst learns nothing.
pub(crate) fn inspect(codec: Codec, payload: &[u8], described: Option<&Described>) -> Inspected {
    match codec {
        Codec::Opus | Codec::Red => Inspected::sound(),
        Codec::Vp8 => inspect_vp8(payload),
        Codec::Vp9 => inspect_vp9(payload),
        Codec::Av1 => inspect_av1(payload, described),
        Codec::H264 => Inspected {
            starts_decoding: h264_starts_decoding(payload),
            frame: described.map(|described| described.frame),
            ..Inspected::default()
        },
    }
}

fn inspect_vp8(payload: &[u8]) -> Inspected {
    let Ok(descriptor) = Vp8Descriptor::parse(payload) else {
        return Inspected::default();
    };
    let starts_decoding = descriptor.starts_keyframe(payload);
    let mut heights_px = [None; SPATIAL_MAX];
    if starts_decoding && let Some(place) = heights_px.first_mut() {
        *place = vp8_height(payload);
    }
    let layer = vp8_layer(payload);
    let bits = if layer.long_picture { 15 } else { 7 };
    Inspected {
        starts_decoding,
        heights_px,
        spatial_layers: None,
        frame: Some(Frame {
            spatial: 0,
            temporal: layer.temporal,
            ends: false,
            needs: match (starts_decoding, layer.sync && layer.temporal > 0) {
                (true, _) => Needs::Nothing,
                (false, true) => Needs::LowerLayers,
                (false, false) => Needs::Earlier,
            },
        }),
        ids: Ids {
            picture: descriptor.picture_id().map(|id| Picture {
                id,
                bits,
                dense: true,
            }),
            tl0: descriptor.tl0_pic_idx(),
            frame: None,
        },
        patch: Patch::Vp8(descriptor),
    }
}

/// What the engine's own reading of a descriptor does not tell.
#[derive(Debug, Default)]
struct Vp8Layer {
    temporal: u8,
    sync: bool,
    long_picture: bool,
}

/// Reads the temporal layer out of a descriptor that is known to be whole (RFC 7741 section 4.2).
fn vp8_layer(payload: &[u8]) -> Vp8Layer {
    let mut layer = Vp8Layer::default();
    let mut bytes = payload.iter().copied();
    let extended = bytes.next().is_some_and(|first| first & 0x80 != 0);
    let extension = if extended {
        bytes.next().unwrap_or(0)
    } else {
        0
    };
    if extension & 0x80 != 0 {
        layer.long_picture = bytes.next().is_some_and(|first| first & 0x80 != 0);
        if layer.long_picture {
            bytes.next();
        }
    }
    if extension & 0x40 != 0 {
        bytes.next();
    }
    if extension & 0x20 != 0 {
        let byte = bytes.next().unwrap_or(0);
        layer.temporal = (byte >> 6).min(TEMPORAL_TOP);
        layer.sync = byte & 0x20 != 0;
    }
    layer
}

fn inspect_vp9(payload: &[u8]) -> Inspected {
    let Some(seen) = vp9::parse(payload) else {
        return Inspected::default();
    };
    Inspected {
        starts_decoding: seen.starts_decoding,
        heights_px: seen.heights_px,
        spatial_layers: seen.spatial_layers,
        frame: Some(seen.frame),
        ids: seen.ids,
        patch: Patch::Vp9(seen.places),
    }
}

/// The payload says no more than where a coded video sequence begins (bit N of the aggregation
/// header, AV1 RTP specification section 4.4); the rest is in the descriptor.
fn inspect_av1(payload: &[u8], described: Option<&Described>) -> Inspected {
    const NEW_SEQUENCE: u8 = 0x08;
    let begins = payload
        .first()
        .is_some_and(|first| first & NEW_SEQUENCE != 0);
    let Some(described) = described else {
        return Inspected {
            starts_decoding: begins,
            ..Inspected::default()
        };
    };
    Inspected {
        starts_decoding: described.starts_decoding,
        heights_px: described.heights_px,
        spatial_layers: described.spatial_layers,
        frame: Some(described.frame),
        ids: Ids {
            frame: Some(described.number),
            ..Ids::default()
        },
        patch: Patch::None,
    }
}

/// Height out of a key frame's header (RFC 6386 section 9.1): a 3-byte tag, the start code
/// `9d 01 2a`, 14 bits of width, 2 of scale, 14 bits of height, 2 of scale, little endian.
fn vp8_height(payload: &[u8]) -> Option<u16> {
    const DESCRIPTOR_BYTES_MAX: usize = 6;
    const START_CODE: [u8; 3] = [0x9d, 0x01, 0x2a];
    let header = payload.get(..payload.len().min(DESCRIPTOR_BYTES_MAX + 10))?;
    let at = header.windows(3).position(|three| three == START_CODE)?;
    let [low, high] = header.get(at.saturating_add(5)..at.saturating_add(7))? else {
        return None;
    };
    Some(u16::from_le_bytes([*low, *high]) & 0x3fff)
}

/// Whether an H.264 payload begins with a sequence parameter set (RFC 6184 section 5.2). Browsers
/// repeat it before every IDR picture; an IDR picture alone could not be decoded by a newcomer.
fn h264_starts_decoding(payload: &[u8]) -> bool {
    const SPS: u8 = 7;
    const STAP_A: u8 = 24;
    let nal_type = |byte: &u8| byte & 0x1f;
    match payload.first().map(nal_type) {
        Some(SPS) => true,
        // Chromium puts the SPS first; others aggregate a delimiter or a message (SEI) before it.
        Some(STAP_A) => aggregated(payload).any(|header| nal_type(&header) == SPS),
        _ => false,
    }
}

/// The headers of the units in an aggregate: each has 2 bytes of size before it.
fn aggregated(payload: &[u8]) -> impl Iterator<Item = u8> {
    let mut rest = payload.get(1..).unwrap_or_default();
    core::iter::from_fn(move || {
        let (size, units) = rest.split_first_chunk::<2>()?;
        let header = *units.first()?;
        let size = usize::from(u16::from_be_bytes(*size));
        rest = units.get(size..).unwrap_or_default();
        Some(header)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A VP8 key frame's first packet with a 15-bit picture id, 640 by 360.
    const VP8_KEY: &[u8] = &[
        0x90, 0xe0, 0x80, 0x11, 0x07, 0x00, 0x10, 0x02, 0x00, 0x9d, 0x01, 0x2a, 0x80, 0x02, 0x68,
        0x01, 0x00,
    ];

    #[test]
    fn a_vp8_key_frame_tells_its_height() {
        let seen = inspect(Codec::Vp8, VP8_KEY, None);
        assert!(seen.starts_decoding);
        assert_eq!(seen.heights_px[0], Some(360));
        let picture = seen.ids.picture.unwrap();
        assert_eq!((picture.id, picture.bits), (0x11, 15));
    }

    #[test]
    fn a_vp8_delta_frame_starts_nothing() {
        let mut delta = VP8_KEY.to_vec();
        delta[6] |= 1;
        assert!(!inspect(Codec::Vp8, &delta, None).starts_decoding);
    }

    #[test]
    fn a_vp8_frame_tells_its_temporal_layer() {
        // X; I and T; 7-bit picture id; layer 2 with sync.
        let seen = inspect(Codec::Vp8, &[0x90, 0xa0, 0x07, 0xa0, 0x11, 0], None);
        let frame = seen.frame.unwrap();
        assert_eq!((frame.temporal, frame.needs), (2, Needs::LowerLayers));
        assert_eq!(seen.ids.picture.unwrap().bits, 7);
    }

    #[test]
    fn h264_starts_with_its_parameter_sets_only() {
        assert!(inspect(Codec::H264, &[0x67, 1, 2], None).starts_decoding);
        assert!(inspect(Codec::H264, &[0x78, 0, 9, 0x67], None).starts_decoding);
        // A delimiter of two bytes, then the parameter set, as x264 has it.
        let delimited = [0x78, 0, 2, 0x09, 0x10, 0, 3, 0x67, 0x42, 0xc0, 0, 1, 0x68];
        assert!(inspect(Codec::H264, &delimited, None).starts_decoding);
        for not_yet in [
            &[0x65, 0x88][..],
            &[0x7c, 0x85],
            &[0x7c, 0x05],
            &[0x61, 1],
            &[0x68],
            &[0x78, 0, 2, 0x09, 0x10, 0, 1, 0x65],
            &[0x78, 0, 0, 0, 0, 0, 0],
        ] {
            assert!(
                !inspect(Codec::H264, not_yet, None).starts_decoding,
                "{not_yet:x?}"
            );
        }
    }

    proptest! {
        #[test]
        fn any_payload_is_survived(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            for codec in [Codec::Opus, Codec::Vp8, Codec::Vp9, Codec::Av1, Codec::H264] {
                let _ = inspect(codec, &bytes, None);
            }
        }
    }
}
