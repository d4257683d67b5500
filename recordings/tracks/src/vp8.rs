//! VP8 payloads (RFC 7741) and the head of a VP8 frame (RFC 6386 section 9.1).

use crate::bits::Bytes;
use crate::picture::{PayloadError, Picture, append};

/// A frame that is being put together.
#[derive(Debug, Default)]
pub(crate) struct Vp8 {
    data: Vec<u8>,
}

/// What follows the descriptor, and whether it is the beginning of a frame: bit S and partition 0
/// (RFC 7741 section 4.2).
fn parse(payload: &[u8]) -> Option<(bool, &[u8])> {
    let mut bytes = Bytes(payload);
    let first = bytes.byte()?;
    if first & 0x80 != 0 {
        let extension = bytes.byte()?;
        if extension & 0x80 != 0 && bytes.byte()? & 0x80 != 0 {
            bytes.byte()?;
        }
        if extension & 0x40 != 0 {
            bytes.byte()?;
        }
        if extension & 0x30 != 0 {
            bytes.byte()?;
        }
    }
    (!bytes.0.is_empty()).then_some((first & 0x10 != 0 && first & 0x07 == 0, bytes.0))
}

pub(crate) fn begins(payload: &[u8]) -> bool {
    parse(payload).is_some_and(|(begins, _)| begins)
}

impl Vp8 {
    pub(crate) fn push(&mut self, payload: &[u8]) -> Result<(), PayloadError> {
        let (begins, data) = parse(payload).ok_or(PayloadError::CutOff)?;
        if begins != self.data.is_empty() {
            return Err(PayloadError::Orphan);
        }
        append(&mut self.data, data)
    }

    pub(crate) fn finish(&mut self) -> Result<Picture, PayloadError> {
        let data = core::mem::take(&mut self.data);
        let first = *data.first().ok_or(PayloadError::Empty)?;
        let is_key = first & 1 == 0;
        let size = if is_key {
            Some(size(&data).ok_or(PayloadError::CutOff)?)
        } else {
            None
        };
        Ok(Picture {
            data,
            is_key,
            size,
            config: None,
        })
    }
}

/// A 3-byte tag, the start code `9d 01 2a`, 14 bits of width, 2 of scale, 14 bits of height, 2 of
/// scale, little endian.
fn size(data: &[u8]) -> Option<(u32, u32)> {
    let mut bytes = Bytes(data.get(3..)?);
    if bytes.take(3)? != [0x9d, 0x01, 0x2a] {
        return None;
    }
    let width = bytes.word()?.swap_bytes() & 0x3fff;
    let height = bytes.word()?.swap_bytes() & 0x3fff;
    (width > 0 && height > 0).then_some((width.into(), height.into()))
}
