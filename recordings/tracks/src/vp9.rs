//! VP9 payloads (RFC 9628) and the head of a VP9 frame (VP9 bitstream specification section 6.2).

use crate::bits::{Bits, Bytes};
use crate::picture::{PayloadError, Picture, append};

/// Spatial layers of a picture (RFC 9628 section 4.2: three bits).
const LAYERS_MAX: usize = 8;

/// A picture that is being put together. It has one frame for each spatial layer.
#[derive(Debug, Default)]
pub(crate) struct Vp9 {
    data: Vec<u8>,
    /// Bytes of the frames that have ended.
    frames: Vec<usize>,
    /// Where the frame that is being put together begins.
    frame_at: usize,
    in_frame: bool,
}

/// The descriptor, as far as it matters (RFC 9628 section 4.2).
struct Descriptor<'a> {
    /// Bits B and E: the first and the last packet of a frame.
    begins: bool,
    ends: bool,
    spatial: u8,
    data: &'a [u8],
}

fn parse(payload: &[u8]) -> Option<Descriptor<'_>> {
    let mut bytes = Bytes(payload);
    let flags = bytes.byte()?;
    let has = |bit: u8| flags & bit != 0;
    let (predicted, flexible) = (has(0x40), has(0x10));
    if has(0x80) && bytes.byte()? & 0x80 != 0 {
        bytes.byte()?;
    }
    let mut spatial = 0;
    if has(0x20) {
        spatial = bytes.byte()? >> 1 & 7;
        if !flexible {
            bytes.byte()?;
        }
    }
    if flexible && predicted {
        let mut more = true;
        for _ in 0..3 {
            if more {
                more = bytes.byte()? & 1 != 0;
            }
        }
        if more {
            return None;
        }
    }
    if has(0x02) {
        structure(&mut bytes)?;
    }
    (!bytes.0.is_empty()).then_some(Descriptor {
        begins: has(0x08),
        ends: has(0x04),
        spatial,
        data: bytes.0,
    })
}

/// Skips the scalability structure; frames say their sizes themselves.
fn structure(bytes: &mut Bytes<'_>) -> Option<()> {
    let flags = bytes.byte()?;
    if flags & 0x10 != 0 {
        for _ in 0..=flags >> 5 {
            bytes.take(4)?;
        }
    }
    if flags & 0x08 != 0 {
        for _ in 0..bytes.byte()? {
            let references = bytes.byte()? >> 2 & 3;
            bytes.take(references.into())?;
        }
    }
    Some(())
}

pub(crate) fn begins(payload: &[u8]) -> bool {
    parse(payload).is_some_and(|it| it.begins && it.spatial == 0)
}

impl Vp9 {
    pub(crate) fn push(&mut self, payload: &[u8]) -> Result<(), PayloadError> {
        let parsed = parse(payload).ok_or(PayloadError::CutOff)?;
        if parsed.begins == self.in_frame {
            return Err(PayloadError::Orphan);
        }
        if parsed.begins {
            if self.frames.len() >= LAYERS_MAX {
                return Err(PayloadError::Unknown);
            }
            self.frame_at = self.data.len();
        }
        append(&mut self.data, parsed.data)?;
        self.in_frame = !parsed.ends;
        if parsed.ends {
            self.frames.push(self.data.len() - self.frame_at);
        }
        Ok(())
    }

    pub(crate) fn finish(&mut self) -> Result<Picture, PayloadError> {
        let Self {
            mut data,
            frames,
            in_frame,
            ..
        } = core::mem::take(self);
        if in_frame {
            return Err(PayloadError::CutOff);
        }
        let first = *frames.first().ok_or(PayloadError::Empty)?;
        let lowest = head(data.get(..first).unwrap_or_default()).ok_or(PayloadError::Unknown)?;
        let last = frames.last().map_or(0, |bytes| data.len() - bytes);
        let highest = head(data.get(last..).unwrap_or_default());
        if frames.len() > 1 {
            data.extend_from_slice(&superframe_index(&frames));
        }
        let size = highest.and_then(|it| it.size).or(lowest.size);
        Ok(Picture {
            data,
            is_key: lowest.is_key,
            size: size.filter(|_| lowest.is_key),
            config: None,
        })
    }
}

/// Tells a decoder where the frames of a picture end (VP9 bitstream specification, annex B): a
/// marker with the number of frames and of bytes per size, the sizes, and the marker again.
fn superframe_index(frames: &[usize]) -> Vec<u8> {
    let [count, ..] = (frames.len() - 1).to_le_bytes();
    let marker = 0xc0 | 3 << 3 | count & 7;
    let mut index = vec![marker];
    for bytes in frames {
        let [a, b, c, d, ..] = bytes.to_le_bytes();
        index.extend_from_slice(&[a, b, c, d]);
    }
    index.push(marker);
    index
}

struct FrameHead {
    is_key: bool,
    size: Option<(u32, u32)>,
}

/// The uncompressed header (section 6.2) up to the size of a key frame.
fn head(frame: &[u8]) -> Option<FrameHead> {
    let mut bits = Bits::new(frame);
    if bits.bits(2)? != 2 {
        return None;
    }
    let profile = u32::from(bits.bit()?) | u32::from(bits.bit()?) << 1;
    if profile == 3 {
        bits.bit()?;
    }
    let no_key = FrameHead {
        is_key: false,
        size: None,
    };
    // A frame that is shown again has nothing more.
    if bits.bit()? {
        return Some(no_key);
    }
    let is_inter = bits.bit()?;
    bits.skip(2)?;
    if is_inter {
        return Some(no_key);
    }
    if bits.bits(24)? != 0x49_8342 {
        return None;
    }
    if profile >= 2 {
        bits.bit()?;
    }
    let is_rgb = bits.bits(3)? == 7;
    if !is_rgb {
        bits.bit()?;
    }
    match (is_rgb, profile & 1 == 1) {
        (false, true) => bits.skip(3)?,
        (true, true) => bits.skip(1)?,
        (_, false) => {}
    }
    let (width, height) = (bits.bits(16)? + 1, bits.bits(16)? + 1);
    Some(FrameHead {
        is_key: true,
        size: Some((width, height)),
    })
}
