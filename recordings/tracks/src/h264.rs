//! H.264 payloads (RFC 6184) to units with their length in front (ISO/IEC 14496-15 section 5).

use crate::bits::{Bits, Bytes};
use crate::picture::{PayloadError, Picture, append};

const IDR: u8 = 5;
const SPS: u8 = 7;
const PPS: u8 = 8;
const DELIMITER: u8 = 9;
const STAP_A: u8 = 24;
const FU_A: u8 = 28;
/// A longer parameter set is none.
const PARAMETER_BYTES_MAX: usize = 1024;

/// A picture that is being put together, and the parameters of its stream.
#[derive(Debug, Default)]
pub(crate) struct H264 {
    data: Vec<u8>,
    /// A unit in fragments: where its length stands.
    fragment_at: Option<usize>,
    has_idr: bool,
    has_slice: bool,
    sps: Option<Vec<u8>>,
    pps: Option<Vec<u8>>,
}

/// Whether a picture may begin here: anything but a later fragment.
pub(crate) fn begins(payload: &[u8]) -> bool {
    match payload {
        [first, second, ..] if first & 0x1f == FU_A => second & 0x80 != 0,
        [_, ..] => true,
        [] => false,
    }
}

/// Whether a payload begins with the parameters that precede every IDR picture which can be decoded
/// alone, be it behind a delimiter.
pub(crate) fn begins_key(payload: &[u8]) -> bool {
    let kind = |byte: &u8| byte & 0x1f;
    match payload {
        [first, ..] if matches!(kind(first), SPS | DELIMITER) => true,
        [first, _, _, unit, ..] if kind(first) == STAP_A => {
            matches!(kind(unit), SPS | DELIMITER)
        }
        _ => false,
    }
}

impl H264 {
    /// Forgets the picture, not the parameters: they hold until others come.
    pub(crate) fn reset(&mut self) {
        self.data.clear();
        self.fragment_at = None;
        self.has_idr = false;
        self.has_slice = false;
    }

    pub(crate) fn push(&mut self, payload: &[u8]) -> Result<(), PayloadError> {
        let first = *payload.first().ok_or(PayloadError::CutOff)?;
        let kind = first & 0x1f;
        if kind != FU_A && self.fragment_at.is_some() {
            return Err(PayloadError::Orphan);
        }
        match kind {
            1..STAP_A => self.unit(payload),
            // Section 5.7.1: units with 16 bits of length in front.
            STAP_A => {
                let mut bytes = Bytes(payload.get(1..).unwrap_or_default());
                while !bytes.0.is_empty() {
                    let length = bytes.word().ok_or(PayloadError::CutOff)?;
                    let unit = bytes.take(length.into()).ok_or(PayloadError::CutOff)?;
                    self.unit(unit)?;
                }
                Ok(())
            }
            FU_A => self.fragment(first, payload.get(1..).unwrap_or_default()),
            _ => Err(PayloadError::Unknown),
        }
    }

    /// Section 5.8: an indicator, a header with the bits S and E and the type, and a part.
    fn fragment(&mut self, indicator: u8, rest: &[u8]) -> Result<(), PayloadError> {
        let (&header, part) = rest.split_first().ok_or(PayloadError::CutOff)?;
        let (begins, ends) = (header & 0x80 != 0, header & 0x40 != 0);
        if begins == self.fragment_at.is_some() {
            return Err(PayloadError::Orphan);
        }
        if begins {
            self.fragment_at = Some(self.data.len());
            append(&mut self.data, &[0; 4])?;
            self.data.push(indicator & 0xe0 | header & 0x1f);
        }
        append(&mut self.data, part)?;
        if let Some(at) = self.fragment_at.filter(|_| ends) {
            self.fragment_at = None;
            let unit = self.data.split_off(at);
            self.unit(unit.get(4..).unwrap_or_default())?;
        }
        Ok(())
    }

    fn unit(&mut self, unit: &[u8]) -> Result<(), PayloadError> {
        let first = *unit.first().ok_or(PayloadError::CutOff)?;
        match first & 0x1f {
            SPS if unit.len() <= PARAMETER_BYTES_MAX => self.sps = Some(unit.to_vec()),
            PPS if unit.len() <= PARAMETER_BYTES_MAX => self.pps = Some(unit.to_vec()),
            SPS | PPS => return Err(PayloadError::TooLong),
            IDR => (self.has_idr, self.has_slice) = (true, true),
            1..=4 => self.has_slice = true,
            // An access unit delimiter says nothing that a block does not.
            DELIMITER => return Ok(()),
            _ => {}
        }
        let length = u32::try_from(unit.len()).or(Err(PayloadError::TooLong))?;
        append(&mut self.data, &length.to_be_bytes())?;
        append(&mut self.data, unit)
    }

    pub(crate) fn finish(&mut self) -> Result<Picture, PayloadError> {
        if self.fragment_at.is_some() {
            return Err(PayloadError::CutOff);
        }
        if !self.has_slice {
            // Parameters alone are remembered and nothing is shown.
            self.reset();
            return Err(PayloadError::Empty);
        }
        // An IDR picture without its parameters could not be decoded by anybody.
        let config = self.config().filter(|_| self.has_idr);
        let picture = Picture {
            data: core::mem::take(&mut self.data),
            is_key: config.is_some(),
            size: self
                .sps
                .as_deref()
                .filter(|_| config.is_some())
                .and_then(size),
            config,
        };
        self.reset();
        Ok(picture)
    }

    /// `AVCDecoderConfigurationRecord` (ISO/IEC 14496-15 section 5.3.3.1), lengths of four bytes.
    fn config(&self) -> Option<Vec<u8>> {
        let (sps, pps) = (self.sps.as_deref()?, self.pps.as_deref()?);
        let [_, profile, constraints, level, ..] = sps else {
            return None;
        };
        let mut config = vec![1, *profile, *constraints, *level, 0xff, 0xe1];
        config.extend_from_slice(&u16::try_from(sps.len()).ok()?.to_be_bytes());
        config.extend_from_slice(sps);
        config.push(1);
        config.extend_from_slice(&u16::try_from(pps.len()).ok()?.to_be_bytes());
        config.extend_from_slice(pps);
        Some(config)
    }
}

/// Width and height out of a sequence parameter set (H.264 section 7.3.2.1.1).
pub(crate) fn size(sps: &[u8]) -> Option<(u32, u32)> {
    let plain = without_emulation(sps.get(1..)?);
    let mut bits = Bits::new(&plain);
    let profile = bits.bits(8)?;
    bits.skip(16)?;
    bits.exp_golomb()?;
    let mut chroma = 1;
    if matches!(
        profile,
        100 | 110 | 122 | 244 | 44 | 83 | 86 | 118 | 128 | 138 | 139 | 134 | 135
    ) {
        chroma = high_profile(&mut bits)?;
    }
    bits.exp_golomb()?;
    match bits.exp_golomb()? {
        0 => {
            bits.exp_golomb()?;
        }
        1 => {
            bits.bit()?;
            bits.skip_signed()?;
            bits.skip_signed()?;
            for _ in 0..bits.exp_golomb()?.min(255) {
                bits.skip_signed()?;
            }
        }
        _ => {}
    }
    bits.exp_golomb()?;
    bits.bit()?;
    let width = bits.exp_golomb()?.checked_add(1)?.checked_mul(16)?;
    let rows = bits.exp_golomb()?.checked_add(1)?.checked_mul(16)?;
    let frames_only = bits.bit()?;
    if !frames_only {
        bits.bit()?;
    }
    let fields = if frames_only { 1 } else { 2 };
    bits.bit()?;
    let mut crop = [0; 4];
    if bits.bit()? {
        for edge in &mut crop {
            *edge = bits.exp_golomb()?;
        }
    }
    let (across, down) = match chroma {
        1 => (2, 2),
        2 => (2, 1),
        _ => (1, 1),
    };
    let [left, right, top, bottom] = crop;
    let width = width.checked_sub(left.checked_add(right)?.checked_mul(across)?)?;
    let height = rows
        .checked_mul(fields)?
        .checked_sub(top.checked_add(bottom)?.checked_mul(down * fields)?)?;
    let fits = |pixels: u32| (1..=16_384).contains(&pixels);
    (fits(width) && fits(height)).then_some((width, height))
}

/// What the high profiles have more; answers the chroma format.
fn high_profile(bits: &mut Bits<'_>) -> Option<u32> {
    let chroma = bits.exp_golomb()?;
    if chroma == 3 {
        bits.bit()?;
    }
    bits.exp_golomb()?;
    bits.exp_golomb()?;
    bits.bit()?;
    if bits.bit()? {
        let lists = if chroma == 3 { 12 } else { 8 };
        for list in 0..lists {
            if bits.bit()? {
                scaling_list(bits, if list < 6 { 16 } else { 64 })?;
            }
        }
    }
    Some(chroma)
}

/// Section 7.3.2.1.1.1.
fn scaling_list(bits: &mut Bits<'_>, size: u32) -> Option<()> {
    let (mut last, mut next) = (8_i64, 8_i64);
    for _ in 0..size {
        if next != 0 {
            let code = i64::from(bits.exp_golomb()?);
            let delta = if code % 2 == 1 {
                (code + 1) / 2
            } else {
                -(code / 2)
            };
            next = (last + delta).rem_euclid(256);
        }
        if next != 0 {
            last = next;
        }
    }
    Some(())
}

/// Section 7.4.1: a 3 behind two zeros is not part of the content.
fn without_emulation(bytes: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(bytes.len());
    let mut zeros = 0;
    for byte in bytes {
        if zeros >= 2 && *byte == 3 {
            zeros = 0;
            continue;
        }
        zeros = if *byte == 0 { zeros + 1 } else { 0 };
        plain.push(*byte);
    }
    plain
}
