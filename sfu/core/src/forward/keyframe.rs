//! What must be known of a payload: whether a decoder can start here, and the VP8 picture ids.

use str0m::rtp::Vp8Descriptor;

use super::codec::Codec;
use super::rewrite::Vp8Ids;

/// What a payload told about itself.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Inspected {
    /// A decoder can start with this packet.
    pub(crate) starts_decoding: bool,
    /// Picture height in pixels, when the packet says it.
    pub(crate) height_px: Option<u16>,
    /// The parsed descriptor of a VP8 packet, to be patched.
    pub(crate) vp8: Option<Vp8Descriptor>,
}

impl Inspected {
    /// The ids that must stay continuous in a VP8 stream.
    pub(crate) fn vp8_ids(&self) -> Option<Vp8Ids> {
        let descriptor = self.vp8?;
        Some(Vp8Ids {
            picture: descriptor.picture_id(),
            tl0: descriptor.tl0_pic_idx(),
        })
    }
}

/// Looks into a payload that may come from anybody; never fails, at worst learns nothing.
pub(crate) fn inspect(codec: Codec, payload: &[u8]) -> Inspected {
    match codec {
        Codec::Opus => Inspected {
            starts_decoding: true,
            ..Inspected::default()
        },
        Codec::Vp8 => inspect_vp8(payload),
        Codec::H264 => Inspected {
            starts_decoding: h264_starts_decoding(payload),
            ..Inspected::default()
        },
    }
}

fn inspect_vp8(payload: &[u8]) -> Inspected {
    let Ok(descriptor) = Vp8Descriptor::parse(payload) else {
        return Inspected::default();
    };
    let starts_decoding = descriptor.starts_keyframe(payload);
    let height_px = if starts_decoding {
        vp8_height(payload)
    } else {
        None
    };
    Inspected {
        starts_decoding,
        height_px,
        vp8: Some(descriptor),
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
        let seen = inspect(Codec::Vp8, VP8_KEY);
        assert!(seen.starts_decoding);
        assert_eq!(seen.height_px, Some(360));
        assert_eq!(seen.vp8_ids().unwrap().picture, Some(0x11));
    }

    #[test]
    fn a_vp8_delta_frame_starts_nothing() {
        let mut delta = VP8_KEY.to_vec();
        delta[6] |= 1;
        assert!(!inspect(Codec::Vp8, &delta).starts_decoding);
    }

    #[test]
    fn h264_starts_with_its_parameter_sets_only() {
        assert!(inspect(Codec::H264, &[0x67, 1, 2]).starts_decoding);
        assert!(inspect(Codec::H264, &[0x78, 0, 9, 0x67]).starts_decoding);
        // A delimiter of two bytes, then the parameter set, as x264 has it.
        let delimited = [0x78, 0, 2, 0x09, 0x10, 0, 3, 0x67, 0x42, 0xc0, 0, 1, 0x68];
        assert!(inspect(Codec::H264, &delimited).starts_decoding);
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
                !inspect(Codec::H264, not_yet).starts_decoding,
                "{not_yet:x?}"
            );
        }
    }

    proptest! {
        #[test]
        fn any_payload_is_survived(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            for codec in [Codec::Opus, Codec::Vp8, Codec::H264] {
                let _ = inspect(codec, &bytes);
            }
        }
    }
}
