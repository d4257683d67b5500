//! AV1 payloads (AV1 RTP specification version 1.0, section 4) to a temporal unit in the low-overhead
//! form (AV1 bitstream specification section 5.2), as Matroska wants it.

use crate::bits::{Bits, Bytes, write_leb128};
use crate::picture::{PICTURE_BYTES_MAX, PayloadError, Picture, append};

const SEQUENCE_HEADER: u8 = 1;
const TEMPORAL_DELIMITER: u8 = 2;
const FRAME_HEADER: u8 = 3;
const FRAME: u8 = 6;
const TILE_LIST: u8 = 8;
const PADDING: u8 = 15;
/// A longer sequence header is none.
const SEQUENCE_BYTES_MAX: usize = 1024;

/// A temporal unit that is being put together, and the sequence header of its stream.
#[derive(Debug, Default)]
pub(crate) struct Av1 {
    data: Vec<u8>,
    /// An OBU that goes on in the next packet.
    part: Option<Vec<u8>>,
    has_sequence: bool,
    /// Whether the first frame is a key frame that is shown; `None` before it.
    is_key: Option<bool>,
    /// A whole OBU with its size.
    sequence: Option<Vec<u8>>,
}

/// Whether nothing is continued here (bit Z, section 4.4).
pub(crate) fn begins(payload: &[u8]) -> bool {
    payload.first().is_some_and(|first| first & 0x80 == 0)
}

/// Whether a coded video sequence begins here (bit N, section 4.4).
pub(crate) fn begins_key(payload: &[u8]) -> bool {
    payload.first().is_some_and(|first| first & 0x88 == 0x08)
}

impl Av1 {
    /// Forgets the unit, not the sequence header.
    pub(crate) fn reset(&mut self) {
        *self = Self {
            sequence: self.sequence.take(),
            ..Self::default()
        };
    }

    /// Section 4.4: `Z Y W(2) N` in front of elements; all but the last of a counted number have a
    /// length.
    pub(crate) fn push(&mut self, payload: &[u8]) -> Result<(), PayloadError> {
        let mut bytes = Bytes(payload);
        let head = bytes.byte().ok_or(PayloadError::CutOff)?;
        let (continues, goes_on) = (head & 0x80 != 0, head & 0x40 != 0);
        let counted = usize::from(head >> 4 & 3);
        if continues != self.part.is_some() {
            return Err(PayloadError::Orphan);
        }
        let mut at = 0;
        while !bytes.0.is_empty() {
            at += 1;
            let element = if counted != 0 && at == counted {
                core::mem::take(&mut bytes.0)
            } else {
                let length = bytes.leb128().ok_or(PayloadError::CutOff)?;
                let length = usize::try_from(length).or(Err(PayloadError::CutOff))?;
                bytes.take(length).ok_or(PayloadError::CutOff)?
            };
            let is_last = bytes.0.is_empty();
            let mut obu = self.part.take().unwrap_or_default();
            if obu.len() + element.len() > PICTURE_BYTES_MAX {
                return Err(PayloadError::TooLong);
            }
            obu.extend_from_slice(element);
            if is_last && goes_on {
                self.part = Some(obu);
            } else {
                self.obu(&obu)?;
            }
        }
        if at < counted.max(1) {
            return Err(PayloadError::CutOff);
        }
        Ok(())
    }

    /// Section 5.3 of the bitstream: `forbidden type(4) extension has_size reserved`.
    fn obu(&mut self, obu: &[u8]) -> Result<(), PayloadError> {
        let mut bytes = Bytes(obu);
        let first = bytes.byte().ok_or(PayloadError::CutOff)?;
        let kind = first >> 3 & 15;
        if first & 0x80 != 0 {
            return Err(PayloadError::Unknown);
        }
        let extension = match first & 0x04 != 0 {
            true => Some(bytes.byte().ok_or(PayloadError::CutOff)?),
            false => None,
        };
        let content = if first & 0x02 != 0 {
            let length = bytes.leb128().ok_or(PayloadError::CutOff)?;
            let length = usize::try_from(length).or(Err(PayloadError::CutOff))?;
            bytes.take(length).ok_or(PayloadError::CutOff)?
        } else {
            bytes.0
        };
        // Section 5 of the RTP specification: delimiters and tile lists are not for receivers.
        if matches!(kind, TEMPORAL_DELIMITER | TILE_LIST | PADDING) {
            return Ok(());
        }
        let at = self.data.len();
        append(&mut self.data, &[first | 0x02])?;
        self.data.extend(extension);
        let length = u32::try_from(content.len()).or(Err(PayloadError::TooLong))?;
        write_leb128(length, &mut self.data);
        append(&mut self.data, content)?;
        match kind {
            SEQUENCE_HEADER if obu.len() <= SEQUENCE_BYTES_MAX => {
                self.has_sequence = true;
                self.sequence = self.data.get(at..).map(<[u8]>::to_vec);
            }
            FRAME_HEADER | FRAME if self.is_key.is_none() => {
                self.is_key = Some(is_shown_key(content));
            }
            _ => {}
        }
        Ok(())
    }

    pub(crate) fn finish(&mut self) -> Result<Picture, PayloadError> {
        if self.part.is_some() {
            return Err(PayloadError::CutOff);
        }
        let Some(is_key) = self.is_key else {
            self.reset();
            return Err(PayloadError::Empty);
        };
        let sequence = self.sequence.as_deref().and_then(Sequence::parse);
        let is_key = is_key && self.has_sequence && sequence.is_some();
        let config = is_key.then(|| self.config(sequence)).flatten();
        let picture = Picture {
            data: core::mem::take(&mut self.data),
            is_key,
            size: sequence.filter(|_| is_key).map(|it| it.size),
            config,
        };
        self.reset();
        Ok(picture)
    }

    /// `AV1CodecConfigurationRecord` (AV1 in ISO base media, section 2.3.3).
    fn config(&self, sequence: Option<Sequence>) -> Option<Vec<u8>> {
        let it = sequence?;
        let mut config = vec![
            0x81,
            it.profile << 5 | it.level & 0x1f,
            u8::from(it.tier) << 7
                | u8::from(it.sample_bits > 8) << 6
                | u8::from(it.sample_bits == 12) << 5
                | u8::from(it.is_mono) << 4
                | it.subsampling << 2,
            0,
        ];
        config.extend_from_slice(self.sequence.as_deref()?);
        Some(config)
    }
}

/// `show_existing_frame`, `frame_type`, `show_frame` (section 5.9.2): a key frame that is shown.
/// Streams with reduced headers are still pictures and are not sent.
fn is_shown_key(content: &[u8]) -> bool {
    content.first().is_some_and(|first| first >> 4 == 0b0001)
}

/// What the configuration record repeats of a sequence header (section 5.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Sequence {
    profile: u8,
    level: u8,
    tier: bool,
    /// 8, 10 or 12.
    sample_bits: u8,
    is_mono: bool,
    /// `x (1) | y (1) | position (2)`.
    subsampling: u8,
    size: (u32, u32),
}

impl Sequence {
    fn parse(obu: &[u8]) -> Option<Self> {
        let mut bytes = Bytes(obu);
        if bytes.byte()? & 0x04 != 0 {
            bytes.byte()?;
        }
        bytes.leb128()?;
        let mut bits = Bits::new(bytes.0);
        let profile = small(bits.bits(3)?);
        bits.bit()?;
        let reduced = bits.bit()?;
        let (mut level, mut tier) = (0, false);
        if reduced {
            level = small(bits.bits(5)?);
        } else {
            let (timed, delay_bits) = timing(&mut bits)?;
            let has_display_delay = bits.bit()?;
            for point in 0..=bits.bits(5)? {
                bits.skip(12)?;
                let its_level = small(bits.bits(5)?);
                let its_tier = its_level > 7 && bits.bit()?;
                if point == 0 {
                    (level, tier) = (its_level, its_tier);
                }
                if timed && bits.bit()? {
                    bits.skip(delay_bits * 2 + 1)?;
                }
                if has_display_delay && bits.bit()? {
                    bits.skip(4)?;
                }
            }
        }
        let (across, down) = (bits.bits(4)? + 1, bits.bits(4)? + 1);
        let size = (bits.bits(across)? + 1, bits.bits(down)? + 1);
        tools(&mut bits, reduced)?;
        let mut sequence = Self {
            profile,
            level,
            tier,
            sample_bits: 8,
            is_mono: false,
            subsampling: 0,
            size,
        };
        sequence.color(&mut bits)?;
        Some(sequence)
    }

    /// Section 5.5.2.
    fn color(&mut self, bits: &mut Bits<'_>) -> Option<()> {
        if bits.bit()? {
            let is_12_bits = self.profile == 2 && bits.bit()?;
            self.sample_bits = if is_12_bits { 12 } else { 10 };
        }
        self.is_mono = self.profile != 1 && bits.bit()?;
        let is_described = bits.bit()?;
        let (mut primaries, mut transfer, mut matrix) = (2, 2, 2);
        if is_described {
            primaries = bits.bits(8)?;
            transfer = bits.bits(8)?;
            matrix = bits.bits(8)?;
        }
        if self.is_mono {
            bits.bit()?;
            self.subsampling = 0b1100;
            return Some(());
        }
        if (primaries, transfer, matrix) == (1, 13, 0) {
            return Some(());
        }
        bits.bit()?;
        let (x, y) = match self.profile {
            0 => (true, true),
            1 => (false, false),
            _ if self.sample_bits == 12 => {
                let x = bits.bit()?;
                (x, x && bits.bit()?)
            }
            _ => (true, false),
        };
        let position = if x && y { small(bits.bits(2)?) } else { 0 };
        self.subsampling = u8::from(x) << 3 | u8::from(y) << 2 | position;
        Some(())
    }
}

fn small(value: u32) -> u8 {
    let [low, ..] = value.to_le_bytes();
    low
}

/// `timing_info` and `decoder_model_info`; answers whether there is a model and how long its delays
/// are.
fn timing(bits: &mut Bits<'_>) -> Option<(bool, u32)> {
    if !bits.bit()? {
        return Some((false, 0));
    }
    bits.skip(64)?;
    if bits.bit()? {
        bits.exp_golomb()?;
    }
    if !bits.bit()? {
        return Some((false, 0));
    }
    let delay_bits = bits.bits(5)? + 1;
    bits.skip(32 + 5 + 5)?;
    Some((true, delay_bits))
}

/// Everything between the size and the colours.
fn tools(bits: &mut Bits<'_>, reduced: bool) -> Option<()> {
    let has_ids = !reduced && bits.bit()?;
    if has_ids {
        bits.skip(7)?;
    }
    bits.skip(3)?;
    if !reduced {
        bits.skip(4)?;
        let has_order = bits.bit()?;
        if has_order {
            bits.skip(2)?;
        }
        let chosen = bits.bit()?;
        let force = if chosen { 2 } else { bits.bits(1)? };
        if force > 0 && !bits.bit()? {
            bits.bit()?;
        }
        if has_order {
            bits.skip(3)?;
        }
    }
    bits.skip(3)
}
