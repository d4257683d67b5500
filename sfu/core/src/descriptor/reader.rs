//! What the packets of one stream say, under its latest structure.

use super::bits::Bits;
use super::structure::Structure;
use super::{NUMBER_AT, Raw};
use crate::forward::{Frame, LINKS_MAX, Links, Needs, SPATIAL_MAX, clamp_layers};

/// What one packet says about its frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Described {
    pub(crate) frame: Frame,
    /// The frame's number, 16 bits.
    pub(crate) number: u16,
    /// The packet is the first of a key frame.
    pub(crate) starts_decoding: bool,
    /// Spatial layers and their heights, where a packet brings a structure.
    pub(crate) spatial_layers: Option<u8>,
    pub(crate) heights_px: [Option<u16>; SPATIAL_MAX],
}

/// Keeps the structure of one stream; less than 2 kB.
#[derive(Debug, Default)]
pub(crate) struct Reader {
    structure: Option<Structure>,
}

impl Reader {
    /// Understands the descriptor of a packet. `None`: no structure has told what it means, or it
    /// contradicts itself.
    pub(crate) fn read(&mut self, raw: &Raw) -> Option<Described> {
        let mut bits = Bits::new(raw.bytes());
        let (starts, ends) = (bits.flag()?, bits.flag()?);
        let template_id = bits.byte(6)?;
        let number = u16::try_from(bits.number(16)?).ok()?;
        let extended = raw.bytes().len() > NUMBER_AT.end;
        let mut custom = Custom::default();
        let mut fresh = None;
        if extended {
            let has_structure = bits.flag()?;
            let has_targets = bits.flag()?;
            custom = Custom {
                indications: bits.flag()?,
                links: bits.flag()?,
            };
            let _chains = bits.flag()?;
            if has_structure {
                fresh = Some(Structure::read(&mut bits)?);
            }
            if has_targets {
                let known = fresh.as_ref().or(self.structure.as_ref())?;
                bits.number(known.decode_targets)?;
            }
        }
        let structure = fresh.as_ref().or(self.structure.as_ref())?;
        let template = structure.template(template_id)?;
        let back = custom.read_links(&mut bits, structure, template.back)?;
        let (spatial, temporal) = clamp_layers(template.spatial, template.temporal);
        let is_key = fresh.is_some() && spatial == 0;
        let described = Described {
            frame: Frame {
                spatial,
                temporal,
                ends,
                needs: if is_key {
                    Needs::Nothing
                } else {
                    Needs::Named(Links {
                        number: number.into(),
                        bits: 16,
                        back,
                    })
                },
            },
            number,
            starts_decoding: is_key && starts,
            spatial_layers: fresh.as_ref().map(|fresh| fresh.spatial_layers),
            heights_px: fresh
                .as_ref()
                .map_or([None; SPATIAL_MAX], |fresh| fresh.heights_px),
        };
        if fresh.is_some() {
            self.structure = fresh;
        }
        Some(described)
    }
}

/// What a packet says differently from its template.
#[derive(Debug, Default)]
struct Custom {
    indications: bool,
    links: bool,
}

impl Custom {
    fn read_links(
        &self,
        bits: &mut Bits<'_>,
        structure: &Structure,
        of_template: [u16; LINKS_MAX],
    ) -> Option<[u16; LINKS_MAX]> {
        if self.indications {
            for _target in 0..structure.decode_targets {
                bits.number(2)?;
            }
        }
        if !self.links {
            return Some(of_template);
        }
        let mut back = [0; LINKS_MAX];
        let mut places = back.iter_mut();
        loop {
            let nibbles = bits.number(2)?;
            if nibbles == 0 {
                return Some(back);
            }
            *places.next()? = u16::try_from(bits.number(4 * nibbles)?).ok()? + 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::writer::{key_frame, later_frame, two_by_two};
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn later_packets_mean_what_the_structure_says() {
        let mut reader = Reader::default();
        let structure = two_by_two();
        assert_eq!(
            reader.read(&later_frame(9, (3, true))),
            None,
            "not yet known"
        );
        let key = reader.read(&key_frame(&structure, (10, 0))).unwrap();
        assert!(key.starts_decoding);
        assert_eq!(key.spatial_layers, Some(2));
        assert_eq!(key.heights_px, [Some(360), Some(720), None, None]);
        let upper = reader.read(&later_frame(11, (3, true))).unwrap();
        assert_eq!((upper.frame.spatial, upper.frame.temporal), (1, 0));
        assert!(upper.frame.ends && !upper.starts_decoding);
        let Needs::Named(links) = upper.frame.needs else {
            panic!("{:?}", upper.frame.needs)
        };
        assert_eq!((links.number, links.back[0], links.back[1]), (11, 1, 0));
        assert_eq!(
            reader.read(&later_frame(12, (9, true))),
            None,
            "no such template"
        );
    }

    #[test]
    fn a_frame_can_name_others_than_its_template() {
        let mut reader = Reader::default();
        reader.read(&key_frame(&two_by_two(), (0, 0))).unwrap();
        // Template 1, number 5; custom links: two nibbles 0x1f, one nibble 0, end.
        let bits = [0xc1, 0, 5, 0b0001_0100, 0b0011_1110, 0b1000_0000];
        let seen = reader.read(&Raw::new(&bits).unwrap()).unwrap();
        let Needs::Named(links) = seen.frame.needs else {
            panic!("{:?}", seen.frame.needs)
        };
        assert_eq!(links.back[..3], [32, 1, 0]);
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(
            packets in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..120), 1..8),
        ) {
            let mut reader = Reader::default();
            for bytes in packets {
                let _ = Raw::new(&bytes).and_then(|raw| reader.read(&raw));
            }
        }

        #[test]
        fn a_spoiled_structure_is_survived(at in any::<prop::sample::Index>(), put in any::<u8>()) {
            let mut reader = Reader::default();
            let mut bytes = key_frame(&two_by_two(), (0, 0)).bytes().to_vec();
            let at = at.index(bytes.len());
            bytes[at] = put;
            bytes.truncate(bytes.len().max(4));
            let _ = Raw::new(&bytes).and_then(|raw| reader.read(&raw));
            let _ = reader.read(&later_frame(1, (1, true)));
        }
    }
}
