//! A SHA-256 value.

use core::fmt;
use core::str::FromStr;

use aws_lc_rs::digest::{SHA256, digest};

/// The length of a [`struct@Hash`], in bytes.
pub const HASH_BYTES: usize = 32;

/// A SHA-256 value; its text form is 64 lowercase hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Hash([u8; HASH_BYTES]);

/// Bytes or text that are not a [`struct@Hash`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HashError {
    /// Not 32 bytes, or not 64 digits.
    #[error("a hash has {HASH_BYTES} bytes")]
    Length,
    /// Another character than `0-9a-f`.
    #[error("a hash is written with the digits 0-9 and a-f")]
    Digit,
}

impl Hash {
    /// The hash of some bytes.
    pub(crate) fn of(bytes: &[u8]) -> Self {
        let mut value = [0; HASH_BYTES];
        value.copy_from_slice(digest(&SHA256, bytes).as_ref());
        Self(value)
    }

    /// The value, as it is stored.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; HASH_BYTES] {
        &self.0
    }
}

impl From<[u8; HASH_BYTES]> for Hash {
    fn from(bytes: [u8; HASH_BYTES]) -> Self {
        Self(bytes)
    }
}

impl TryFrom<&[u8]> for Hash {
    type Error = HashError;

    fn try_from(bytes: &[u8]) -> Result<Self, HashError> {
        <[u8; HASH_BYTES]>::try_from(bytes)
            .map(Self)
            .or(Err(HashError::Length))
    }
}

impl FromStr for Hash {
    type Err = HashError;

    fn from_str(text: &str) -> Result<Self, HashError> {
        if text.len() != HASH_BYTES * 2 {
            return Err(HashError::Length);
        }
        let mut value = [0; HASH_BYTES];
        for (byte, pair) in value.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
            let [high, low] = pair else {
                return Err(HashError::Length);
            };
            *byte = (nibble(*high)? << 4) | nibble(*low)?;
        }
        Ok(Self(value))
    }
}

const fn nibble(digit: u8) -> Result<u8, HashError> {
    match digit {
        b'0'..=b'9' => Ok(digit - b'0'),
        b'a'..=b'f' => Ok(digit - b'a' + 10),
        _ => Err(HashError::Digit),
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hash({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::{Hash, HashError};

    #[test]
    fn a_hash_survives_its_text_and_its_bytes() {
        // FIPS 180-2, appendix B.1.
        let text = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        let hash = Hash::of(b"abc");
        assert_eq!(hash.to_string(), text);
        assert_eq!(text.parse(), Ok(hash));
        assert_eq!(Hash::try_from(hash.as_bytes().as_slice()), Ok(hash));
    }

    #[test]
    fn what_is_no_hash_is_refused() {
        assert_eq!(Hash::try_from([0; 31].as_slice()), Err(HashError::Length));
        assert_eq!("ab".parse::<Hash>(), Err(HashError::Length));
        assert_eq!("AB".repeat(32).parse::<Hash>(), Err(HashError::Digit));
        assert_eq!("é".repeat(32).parse::<Hash>(), Err(HashError::Digit));
    }
}
