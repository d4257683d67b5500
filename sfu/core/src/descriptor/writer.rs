//! Descriptors as a publisher writes them, for tests.

use super::Raw;
use super::structure::{Structure, Template};
use crate::forward::LINKS_MAX;

struct BitWriter {
    bits: Vec<bool>,
}

impl BitWriter {
    fn put(&mut self, value: u32, count: u32) {
        for bit in (0..count).rev() {
            self.bits.push(value >> bit & 1 == 1);
        }
    }

    fn raw(mut self) -> Raw {
        while !self.bits.len().is_multiple_of(8) {
            self.bits.push(false);
        }
        let byte = |bits: &[bool]| {
            bits.iter()
                .fold(0_u8, |byte, bit| byte << 1 | u8::from(*bit))
        };
        let bytes: Vec<u8> = self.bits.chunks(8).map(byte).collect();
        Raw::new(&bytes).unwrap()
    }
}

/// L2T2: template 0 and 3 begin a sequence, 1 and 4 continue it, 2 and 5 are the upper frame rate.
/// Every picture has two frames, numbered one after the other.
pub(crate) fn two_by_two() -> Shape {
    let template = |spatial, temporal, named: &[u16]| {
        let mut back = [0; LINKS_MAX];
        back[..named.len()].copy_from_slice(named);
        Template {
            spatial,
            temporal,
            back,
        }
    };
    Shape(Structure {
        first_id: 0,
        decode_targets: 4,
        templates: vec![
            template(0, 0, &[]),
            template(0, 0, &[4]),
            template(0, 1, &[2]),
            template(1, 0, &[1]),
            template(1, 0, &[4, 1]),
            template(1, 1, &[2, 1]),
        ],
        spatial_layers: 2,
        heights_px: [Some(360), Some(720), None, None],
    })
}

/// A structure to be written.
pub(crate) struct Shape(Structure);

fn mandatory(number: u16, (template, ends): (u8, bool)) -> BitWriter {
    let mut bits = BitWriter { bits: vec![] };
    bits.put(1, 1);
    bits.put(u32::from(ends), 1);
    bits.put(template.into(), 6);
    bits.put(number.into(), 16);
    bits
}

/// The only packet of a frame that brings a structure.
pub(crate) fn key_frame(shape: &Shape, (number, template): (u16, u8)) -> Raw {
    let structure = &shape.0;
    let mut bits = mandatory(number, (template, true));
    bits.put(0b10000, 5);
    bits.put(structure.first_id.into(), 6);
    bits.put(structure.decode_targets - 1, 5);
    for two in structure.templates.windows(2) {
        let (a, b) = (two[0], two[1]);
        let step = match (a.spatial == b.spatial, a.temporal == b.temporal) {
            (true, true) => 0,
            (true, false) => 1,
            (false, _) => 2,
        };
        bits.put(step, 2);
    }
    bits.put(3, 2);
    let templates = u32::try_from(structure.templates.len()).unwrap();
    for _indication in 0..templates * structure.decode_targets {
        bits.put(2, 2);
    }
    for template in &structure.templates {
        for back in template.back.iter().filter(|back| **back > 0) {
            bits.put(1, 1);
            bits.put(u32::from(back - 1), 4);
        }
        bits.put(0, 1);
    }
    // No chains: zero below five takes two bits.
    bits.put(0, 2);
    bits.put(1, 1);
    for height in structure.heights_px.iter().flatten() {
        bits.put(u32::from(height * 16 / 9 - 1), 16);
        bits.put(u32::from(height - 1), 16);
    }
    bits.raw()
}

/// The only packet of a frame under a known structure.
pub(crate) fn later_frame(number: u16, template: (u8, bool)) -> Raw {
    mandatory(number, template).raw()
}
