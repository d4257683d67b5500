//! The VP9 payload descriptor (RFC 9628 section 4.2), as far as forwarding needs it.

use super::frame::{Frame, LINKS_MAX, Links, Needs, SPATIAL_MAX, SPATIAL_TOP};
use super::rewrite::{Ids, Picture};
use super::select::clamp_layers;

/// Most references that a frame may name.
const REFERENCES_MAX: usize = 3;

/// What a payload says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Vp9 {
    pub(crate) frame: Frame,
    pub(crate) ids: Ids,
    /// The first packet of a key picture.
    pub(crate) starts_decoding: bool,
    /// Heights of the spatial layers in pixels, where a scalability structure tells.
    pub(crate) heights_px: [Option<u16>; SPATIAL_MAX],
    /// How many spatial layers a scalability structure announces.
    pub(crate) spatial_layers: Option<u8>,
    /// Where the bytes of the picture id and of TL0PICIDX are.
    pub(crate) places: Places,
}

/// Offsets into a payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Places {
    picture: Option<usize>,
    tl0: Option<usize>,
}

/// Reads the descriptor of a payload; `None` if it is cut short or contradicts itself.
pub(crate) fn parse(payload: &[u8]) -> Option<Vp9> {
    let mut bytes = Bytes { payload, at: 0 };
    let flags = bytes.next()?;
    let has = |bit: u8| flags & bit != 0;
    let (predicted, flexible) = (has(0x40), has(0x10));
    let mut places = Places::default();
    let mut ids = Ids::default();
    if has(0x80) {
        places.picture = Some(bytes.at);
        ids.picture = Some(bytes.picture()?);
    }
    let (mut layers, mut switches_up, mut on_lower) = ((0, 0), false, false);
    if has(0x20) {
        let byte = bytes.next()?;
        layers = ((byte >> 1) & 7, byte >> 5);
        (switches_up, on_lower) = (byte & 0x10 != 0, byte & 1 != 0);
        if !flexible {
            places.tl0 = Some(bytes.at);
            ids.tl0 = Some(bytes.next()?);
        }
    }
    let mut back = [0_u16; REFERENCES_MAX];
    if flexible && predicted {
        bytes.references(&mut back)?;
    }
    let mut heights_px = [None; SPATIAL_MAX];
    let mut spatial_layers = None;
    if has(0x02) {
        spatial_layers = Some(bytes.structure(&mut heights_px)?);
    }
    // Something must follow the descriptor.
    payload.get(bytes.at)?;
    let (spatial, temporal) = clamp_layers(layers.0, layers.1);
    let needs = match ids.picture {
        _ if !predicted && spatial == 0 => Needs::Nothing,
        Some(picture) if flexible => Needs::Named(links(picture, spatial, (&back, on_lower))),
        _ if !predicted => Needs::LowerLayers,
        _ if switches_up => Needs::EarlierThenAll,
        _ => Needs::Earlier,
    };
    Some(Vp9 {
        frame: Frame {
            spatial,
            temporal,
            ends: has(0x04),
            needs,
        },
        ids,
        starts_decoding: needs == Needs::Nothing && has(0x08),
        heights_px,
        spatial_layers,
        places,
    })
}

/// Layer frames are numbered by picture and spatial layer together: one picture back is the same
/// layer of the picture before, one number back the layer below.
fn links(picture: Picture, spatial: u8, (back, on_lower): (&[u16], bool)) -> Links {
    const PER_PICTURE: u16 = SPATIAL_TOP as u16 + 1;
    let mut named = [0_u16; LINKS_MAX];
    let lower = u16::from(on_lower && spatial > 0);
    let all = back.iter().map(|pictures| pictures * PER_PICTURE);
    for (place, distance) in named.iter_mut().zip(all.chain([lower])) {
        *place = distance;
    }
    Links {
        number: u32::from(picture.id) * u32::from(PER_PICTURE) + u32::from(spatial),
        bits: picture.bits + 2,
        back: named,
    }
}

/// A payload with other numbers in it; `None` if they are what they were.
pub(crate) fn patched(payload: &[u8], places: Places, ids: Ids) -> Option<Vec<u8>> {
    let mut copy = payload.to_vec();
    if let (Some(at), Some(picture)) = (places.picture, ids.picture) {
        let [high, low] = picture.id.to_be_bytes();
        if picture.bits == 15 {
            *copy.get_mut(at)? = 0x80 | (high & 0x7f);
            *copy.get_mut(at + 1)? = low;
        } else {
            *copy.get_mut(at)? = low & 0x7f;
        }
    }
    if let (Some(at), Some(tl0)) = (places.tl0, ids.tl0) {
        *copy.get_mut(at)? = tl0;
    }
    (copy != payload).then_some(copy)
}

struct Bytes<'a> {
    payload: &'a [u8],
    at: usize,
}

impl Bytes<'_> {
    fn next(&mut self) -> Option<u8> {
        let byte = *self.payload.get(self.at)?;
        self.at += 1;
        Some(byte)
    }

    fn word(&mut self) -> Option<u16> {
        Some(u16::from_be_bytes([self.next()?, self.next()?]))
    }

    fn picture(&mut self) -> Option<Picture> {
        let first = self.next()?;
        let (id, bits) = if first & 0x80 == 0 {
            (first.into(), 7)
        } else {
            (u16::from_be_bytes([first & 0x7f, self.next()?]), 15)
        };
        Some(Picture {
            id,
            bits,
            dense: false,
        })
    }

    fn references(&mut self, back: &mut [u16; REFERENCES_MAX]) -> Option<()> {
        let mut more = true;
        for place in back {
            if more {
                let byte = self.next()?;
                *place = (byte >> 1).into();
                more = byte & 1 != 0;
            }
        }
        (!more).then_some(())
    }

    /// The scalability structure; answers the number of spatial layers.
    fn structure(&mut self, heights_px: &mut [Option<u16>; SPATIAL_MAX]) -> Option<u8> {
        let flags = self.next()?;
        let layers = (flags >> 5) + 1;
        if flags & 0x10 != 0 {
            for layer in 0..usize::from(layers) {
                let (_width, height) = (self.word()?, self.word()?);
                if let Some(place) = heights_px.get_mut(layer) {
                    *place = Some(height);
                }
            }
        }
        if flags & 0x08 != 0 {
            for _picture in 0..self.next()? {
                let references = (self.next()? >> 2) & 3;
                self.at += usize::from(references);
            }
        }
        Some(layers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_key_picture_with_its_structure_is_understood() {
        // I L B V, 15-bit picture id 300, layer 0, TL0PICIDX 9, structure of two layers with sizes
        // and one picture with one reference.
        let payload = [
            0xaa, 0x81, 0x2c, 0x00, 9, 0x38, 1, 64, 0, 180, 2, 128, 1, 104, 1, 0x04, 1, 0xff,
        ];
        let seen = parse(&payload).unwrap();
        assert!(seen.starts_decoding);
        assert_eq!(seen.ids.picture.unwrap().id, 300);
        assert_eq!(seen.ids.tl0, Some(9));
        assert_eq!(seen.spatial_layers, Some(2));
        assert_eq!(seen.heights_px, [Some(180), Some(360), None, None]);
        assert_eq!(seen.frame.needs, Needs::Nothing);
    }

    #[test]
    fn a_flexible_frame_names_what_it_needs() {
        // I P L F E, picture id 5, temporal 1, spatial 2 on the layer below, 1 and 2 pictures back.
        let seen = parse(&[0xf4, 5, 0x25, 0x03, 0x04, 0]).unwrap();
        assert_eq!((seen.frame.spatial, seen.frame.temporal), (2, 1));
        assert!(seen.frame.ends && !seen.starts_decoding);
        let Needs::Named(links) = seen.frame.needs else {
            panic!("{:?}", seen.frame.needs)
        };
        assert_eq!((links.number, links.bits), (22, 9));
        assert_eq!(links.back[..4], [4, 8, 0, 1]);
    }

    #[test]
    fn a_patched_payload_reads_as_it_was_told() {
        let payload = [0xa8, 0x81, 0x2c, 0x00, 9, 0xff];
        let seen = parse(&payload).unwrap();
        assert_eq!(patched(&payload, seen.places, seen.ids), None);
        let mut ids = seen.ids;
        ids.tl0 = Some(200);
        ids.picture.as_mut().unwrap().id = 0x7f01;
        let copy = patched(&payload, seen.places, ids).unwrap();
        assert_eq!(parse(&copy).unwrap().ids, ids);
        assert_eq!(copy.len(), payload.len());
    }

    proptest! {
        #[test]
        fn any_payload_is_survived(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            if let Some(seen) = parse(&bytes) {
                let _ = patched(&bytes, seen.places, Ids { tl0: Some(1), ..seen.ids });
            }
        }
    }
}
