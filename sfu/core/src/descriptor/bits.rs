//! Bits out of bytes, most significant first.

/// Reads until the bytes end; every reading beyond answers `None`.
#[derive(Debug)]
pub(super) struct Bits<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Bits<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    pub(super) fn flag(&mut self) -> Option<bool> {
        let byte = self.bytes.get(self.at / 8)?;
        let bit = byte >> (7 - self.at % 8) & 1;
        self.at += 1;
        Some(bit == 1)
    }

    /// `count` bits, at most 32.
    pub(super) fn number(&mut self, count: u32) -> Option<u32> {
        let mut value = 0_u32;
        for _bit in 0..count {
            value = value << 1 | u32::from(self.flag()?);
        }
        Some(value)
    }

    pub(super) fn byte(&mut self, count: u32) -> Option<u8> {
        u8::try_from(self.number(count)?).ok()
    }

    /// A number below `limit` in the fewest bits that can hold it (`ns(n)` of the specification).
    pub(super) fn below(&mut self, limit: u32) -> Option<u32> {
        let width = 32 - limit.leading_zeros();
        let spare = (1_u32 << width).wrapping_sub(limit);
        let value = self.number(width.saturating_sub(1))?;
        if value < spare {
            return Some(value);
        }
        let more = self.number(1)?;
        Some((value << 1 | more) - spare)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_below_a_limit_take_the_fewest_bits() {
        // Of five values 0, 1 and 2 take two bits, 3 and 4 take three: 00 01 10 110 111.
        let mut bits = Bits::new(&[0b0001_1011, 0b0111_0000]);
        let read: Vec<u32> = (0..5).map(|_| bits.below(5).unwrap()).collect();
        assert_eq!(read, [0, 1, 2, 3, 4]);
        assert_eq!(Bits::new(&[]).below(1), Some(0));
    }

    #[test]
    fn reading_beyond_the_end_answers_nothing() {
        let mut bits = Bits::new(&[0xff]);
        assert_eq!(bits.number(7), Some(127));
        assert_eq!(bits.number(2), None);
    }
}
