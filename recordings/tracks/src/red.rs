//! Redundant sound (RFC 2198): one packet carries its own sound and that of earlier packets.

use crate::bits::Bytes;

/// More blocks are refused: browsers send two or three.
pub(crate) const BLOCKS_MAX: usize = 16;

/// One block: how far before the packet's own timestamp it is, in ticks, and its sound.
pub(crate) type Block<'a> = (u32, &'a [u8]);

/// The blocks of a payload, the oldest first; the last one is the packet's own. `None`: the payload
/// contradicts itself.
pub(crate) fn blocks(payload: &[u8]) -> Option<Vec<Block<'_>>> {
    let mut bytes = Bytes(payload);
    let mut heads = Vec::new();
    // Section 3: `F(1) type(7) offset(14) length(10)`, and one byte for the last block.
    while bytes.byte()? & 0x80 != 0 {
        if heads.len() + 1 >= BLOCKS_MAX {
            return None;
        }
        let rest = u32::from(bytes.word()?) << 8 | u32::from(bytes.byte()?);
        heads.push((rest >> 10, usize::try_from(rest & 0x3ff).ok()?));
    }
    let mut blocks = Vec::with_capacity(heads.len() + 1);
    for (offset, length) in heads {
        blocks.push((offset, bytes.take(length)?));
    }
    blocks.push((0, bytes.0));
    Some(blocks)
}
