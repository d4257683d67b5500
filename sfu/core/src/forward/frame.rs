//! What a packet says about its frame, in one form for all codecs.

/// Most spatial layers of one stream that are told apart, as in the AV1 RTP specification; what
/// lies above counts as the highest.
pub(crate) const SPATIAL_MAX: usize = 4;
/// Most temporal layers that are told apart: VP8 has two bits for them. What lies above counts as
/// the highest.
pub(crate) const TEMPORAL_MAX: usize = 4;
/// The number of the highest spatial layer that is told apart.
pub(crate) const SPATIAL_TOP: u8 = 3;
/// The number of the highest temporal layer that is told apart.
pub(crate) const TEMPORAL_TOP: u8 = 3;
/// Most earlier frames that one frame may name. VP9 names 3 (RFC 9628) and AV1 has 7 references.
pub(crate) const LINKS_MAX: usize = 8;

/// The place of a packet's frame among the layers of its stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Frame {
    /// Spatial layer, 0 is the lowest.
    pub(crate) spatial: u8,
    /// Temporal layer, 0 is the lowest.
    pub(crate) temporal: u8,
    /// The packet is known to be the frame's last one.
    pub(crate) ends: bool,
    /// What of the past must have been decoded.
    pub(crate) needs: Needs,
}

/// What a frame needs of earlier pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Needs {
    /// Nothing.
    Nothing,
    /// Layers below its own and nothing else: from here on its layer can be decoded (the layer
    /// sync bit of RFC 7741, a frame without inter-picture prediction in RFC 9628).
    LowerLayers,
    /// Unknown frames of its own layer and those below.
    Earlier,
    /// As [`Needs::Earlier`], and after this frame every higher temporal layer can be decoded (the
    /// switching up point of RFC 9628).
    EarlierThenAll,
    /// Exactly the frames that are named.
    Named(Links),
}

/// A numbered frame and the numbers that it needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Links {
    /// The frame's number, of `bits` bits.
    pub(crate) number: u32,
    /// Width of the number; it wraps.
    pub(crate) bits: u8,
    /// How far back the needed frames are; 0 is no frame.
    pub(crate) back: [u16; LINKS_MAX],
}

/// Continues a number of `bits` bits beside the latest known one, so that it no longer wraps.
/// Numbers begin one lap above zero, which leaves room for what arrives out of order.
pub(crate) fn extend(latest: Option<u64>, number: u32, bits: u8) -> u64 {
    let lap = 1_u64 << bits.min(32);
    let number = u64::from(number) & (lap - 1);
    let Some(latest) = latest else {
        return number + lap;
    };
    let ahead = number.wrapping_sub(latest) & (lap - 1);
    if ahead < lap / 2 {
        latest.saturating_add(ahead)
    } else {
        latest.saturating_sub(lap - ahead)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_goes_on_over_its_wrap_in_both_directions() {
        let at = extend(None, 0x7ffe, 15);
        let over = extend(Some(at), 1, 15);
        assert_eq!(over, at + 3);
        assert_eq!(extend(Some(over), 0x7fff, 15), at + 1);
    }
}
