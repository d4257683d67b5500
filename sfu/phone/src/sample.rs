//! From computed numbers back to samples.

/// The nearest sample; what is too loud is cut off.
#[expect(
    clippy::cast_possible_truncation,
    reason = "clamped before; a float cast saturates and makes 0 of NaN"
)]
pub(crate) fn from_f32(value: f32) -> i16 {
    value.round().clamp(-32_768.0, 32_767.0) as i16
}

/// The nearest sample; what is too loud is cut off.
pub(crate) fn from_i32(value: i32) -> i16 {
    i16::try_from(value).unwrap_or(if value < 0 { i16::MIN } else { i16::MAX })
}

/// A small number as a float: exact below 2^24, and nothing here counts so far.
#[expect(clippy::cast_precision_loss, reason = "counts of samples in a second")]
pub(crate) fn count(value: usize) -> f32 {
    value as f32
}

/// Mean square of a stretch of sound; 0 for nothing.
pub(crate) fn power(samples: &[i16]) -> f32 {
    if samples.is_empty() {
        return 0.0;
    }
    let sum: f32 = samples.iter().map(|&s| f32::from(s) * f32::from(s)).sum();
    sum / count(samples.len())
}

/// Numbers that look random and are the same in every run (xorshift, Marsaglia 2003).
#[derive(Debug, Clone)]
pub(crate) struct Random(u64);

impl Random {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed | 1)
    }

    pub(crate) const fn next(&mut self) -> u64 {
        let mut x = self.0;
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        self.0 = x;
        x
    }

    /// 32 of the bits that are best mixed.
    pub(crate) fn word(&mut self) -> u32 {
        u32::try_from(self.next() >> 32).unwrap_or(u32::MAX)
    }

    /// Between -1 and 1, evenly.
    pub(crate) fn white(&mut self) -> f32 {
        let high = u16::try_from(self.next() >> 48).unwrap_or(u16::MAX);
        f32::from(high) / 32_767.5 - 1.0
    }
}
