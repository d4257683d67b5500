//! The template structure of a stream: what the packets of one coded video sequence refer to.

use super::bits::Bits;
use crate::forward::{LINKS_MAX, SPATIAL_MAX};

/// Template ids have 6 bits.
const TEMPLATES_MAX: usize = 64;

/// What one template says about the frames that use it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Template {
    pub(super) spatial: u8,
    pub(super) temporal: u8,
    /// Distances to the needed frames; 0 is none.
    pub(super) back: [u16; LINKS_MAX],
}

/// `template_dependency_structure()` of the specification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Structure {
    /// The id of the first template.
    pub(super) first_id: u8,
    /// 1 to 32.
    pub(super) decode_targets: u32,
    pub(super) templates: Vec<Template>,
    pub(super) spatial_layers: u8,
    pub(super) heights_px: [Option<u16>; SPATIAL_MAX],
}

impl Structure {
    /// Reads a structure. `None`: it is cut short or has more than can be kept.
    pub(super) fn read(bits: &mut Bits<'_>) -> Option<Self> {
        let first_id = bits.byte(6)?;
        let decode_targets = bits.number(5)? + 1;
        let mut templates = read_layers(bits)?;
        // What a frame is to each decode target is not needed: layers and links decide.
        for _template in &templates {
            for _target in 0..decode_targets {
                bits.number(2)?;
            }
        }
        for template in &mut templates {
            let mut places = template.back.iter_mut();
            while bits.flag()? {
                *places.next()? = u16::from(bits.byte(4)?) + 1;
            }
        }
        skip_chains(bits, decode_targets, templates.len())?;
        let spatial_layers = templates.last().map_or(0, |last| last.spatial) + 1;
        let mut heights_px = [None; SPATIAL_MAX];
        if bits.flag()? {
            for layer in 0..usize::from(spatial_layers) {
                let (_width, height) = (bits.number(16)?, bits.number(16)?);
                if let Some(place) = heights_px.get_mut(layer) {
                    *place = u16::try_from(height + 1).ok();
                }
            }
        }
        Some(Self {
            first_id,
            decode_targets,
            templates,
            spatial_layers,
            heights_px,
        })
    }

    /// The template of an id.
    pub(super) fn template(&self, id: u8) -> Option<&Template> {
        let index = (id + 64 - self.first_id) % 64;
        self.templates.get(usize::from(index))
    }
}

fn read_layers(bits: &mut Bits<'_>) -> Option<Vec<Template>> {
    let mut templates = Vec::new();
    let mut next = Template::default();
    loop {
        if templates.len() == TEMPLATES_MAX {
            return None;
        }
        templates.push(next);
        match bits.number(2)? {
            0 => {}
            1 => next.temporal += 1,
            2 => {
                next.temporal = 0;
                next.spatial += 1;
            }
            _ => return Some(templates),
        }
    }
}

/// Chains tell a receiver of losses; what is forwarded does not depend on them.
fn skip_chains(bits: &mut Bits<'_>, decode_targets: u32, templates: usize) -> Option<()> {
    let chains = bits.below(decode_targets + 1)?;
    if chains > 0 {
        for _target in 0..decode_targets {
            bits.below(chains)?;
        }
        for _distance in 0..templates as u64 * u64::from(chains) {
            bits.number(4)?;
        }
    }
    Some(())
}
