//! G.711, both laws (ITU-T G.711, 1988).

/// Added before the logarithm of the mu law.
const BIAS: i32 = 0x84;
/// The loudest magnitude that the mu law can say.
const CLIP: i32 = 32_635;

/// A sample as a byte of the mu law.
#[must_use]
pub fn ulaw_encode(sample: i16) -> u8 {
    let sample = i32::from(sample);
    let (sign, magnitude) = if sample < 0 {
        (0x80, -sample)
    } else {
        (0, sample)
    };
    let biased = magnitude.min(CLIP) + BIAS;
    // The highest set bit is bit 7 to 14.
    let exponent = 24 - i32::try_from(biased.leading_zeros()).unwrap_or(24);
    let mantissa = (biased >> (exponent + 3)) & 0x0F;
    let code = u8::try_from(sign | (exponent << 4) | mantissa).unwrap_or(0);
    !code
}

/// The sample of a byte of the mu law.
#[must_use]
pub fn ulaw_decode(code: u8) -> i16 {
    let code = i32::from(!code);
    let exponent = (code >> 4) & 0x07;
    let magnitude = ((((code & 0x0F) << 3) + BIAS) << exponent) - BIAS;
    crate::sample::from_i32(if code & 0x80 == 0 {
        magnitude
    } else {
        -magnitude
    })
}

/// A sample as a byte of the A law.
#[must_use]
pub fn alaw_encode(sample: i16) -> u8 {
    let sample = i32::from(sample) >> 3;
    let (mask, magnitude) = if sample >= 0 {
        (0xD5, sample)
    } else {
        (0x55, -sample - 1)
    };
    // Thirteen bits: segment 0 reaches to 31, each further one twice as far.
    let segment = if magnitude < 32 {
        0
    } else {
        27 - i32::try_from(magnitude.leading_zeros()).unwrap_or(27)
    };
    let mantissa = if segment < 2 {
        (magnitude >> 1) & 0x0F
    } else {
        (magnitude >> segment) & 0x0F
    };
    u8::try_from((segment << 4) | mantissa).unwrap_or(0x7F) ^ mask
}

/// The sample of a byte of the A law.
#[must_use]
pub fn alaw_decode(code: u8) -> i16 {
    let code = i32::from(code ^ 0x55);
    let segment = (code >> 4) & 0x07;
    let step = (code & 0x0F) << 4;
    let magnitude = if segment == 0 {
        step + 8
    } else {
        (step + 0x108) << (segment - 1)
    };
    crate::sample::from_i32(if code & 0x80 == 0 {
        -magnitude
    } else {
        magnitude
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_codes_are_those_of_the_recommendation() {
        assert_eq!(ulaw_encode(0), 0xFF);
        assert_eq!(ulaw_encode(i16::MAX), 0x80);
        assert_eq!(ulaw_encode(i16::MIN), 0x00);
        assert_eq!(ulaw_decode(0x80), 32_124);
        assert_eq!(ulaw_decode(0x00), -32_124);
        assert_eq!(ulaw_decode(0xFF), 0);
        assert_eq!(alaw_encode(0), 0xD5);
        assert_eq!(alaw_encode(-1), 0x55);
        assert_eq!(alaw_encode(i16::MAX), 0xAA);
        assert_eq!(alaw_encode(i16::MIN), 0x2A);
        assert_eq!(alaw_decode(0xD5), 8);
        assert_eq!(alaw_decode(0x55), -8);
        assert_eq!(alaw_decode(0xAA), 32_256);
        assert_eq!(alaw_decode(0x2A), -32_256);
    }

    #[test]
    fn every_code_comes_back() {
        for code in 0..=u8::MAX {
            assert_eq!(alaw_encode(alaw_decode(code)), code);
            // The mu law has two zeros.
            if code != 0x7F {
                assert_eq!(ulaw_encode(ulaw_decode(code)), code);
            }
        }
    }

    #[test]
    fn no_sample_is_further_off_than_half_a_step() {
        for sample in i16::MIN..=i16::MAX {
            let value = f32::from(sample);
            let allowed = value.abs() / 32.0 + 17.0;
            let loud = value.abs() > 32_256.0;
            for back in [
                ulaw_decode(ulaw_encode(sample)),
                alaw_decode(alaw_encode(sample)),
            ] {
                let off = (f32::from(back) - value).abs();
                assert!(off <= allowed || loud && off < 700.0, "{sample} {back}");
            }
        }
    }
}
