//! A-law of ITU-T G.711: a sample of telephone sound in one byte.

/// Sign and every second bit are inverted, so that silence is no run of zeros.
const INVERTED: u8 = 0x55;
const POSITIVE: u8 = 0x80;
/// The loudest sample that has a code.
const LOUDEST: i32 = 32_635;

/// The code of a sample.
pub(crate) fn alaw(sample: i16) -> u8 {
    let sample = i32::from(sample);
    let sign = if sample >= 0 { POSITIVE } else { 0 };
    let size = if sample >= 0 { sample } else { -sample - 1 }.min(LOUDEST);
    // Eight segments, each twice as coarse as the one before but for the first two.
    let segment = (size >> 8).checked_ilog2().map_or(0, |log| log + 1);
    let step = size >> (segment.max(1) + 3);
    let code = u8::try_from(segment << 4).unwrap_or(0x70) | u8::try_from(step & 0x0f).unwrap_or(0);
    (code | sign) ^ INVERTED
}

/// The sample in the middle of what a code stands for.
pub(crate) fn linear(code: u8) -> i16 {
    let code = code ^ INVERTED;
    let step = i16::from(code & 0x0f) << 4;
    let size = match (code >> 4) & 7 {
        0 => step + 8,
        segment => (step + 0x108) << (segment - 1),
    };
    if code & POSITIVE == 0 { -size } else { size }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_the_code_of_its_sample() {
        for code in 0..=u8::MAX {
            assert_eq!(alaw(linear(code)), code, "{code:#x}");
        }
        // Codes of the table in the recommendation, with inverted bits.
        assert_eq!([alaw(0), alaw(-1), alaw(i16::MAX)], [0xd5, 0x55, 0xaa]);
    }

    #[test]
    fn a_sample_comes_back_within_its_step() {
        for sample in (-32_000..32_000).step_by(37) {
            let off = (i32::from(linear(alaw(sample))) - i32::from(sample)).abs();
            assert!(off <= 8 + i32::from(sample).abs() / 30, "{sample}: {off}");
        }
    }
}
