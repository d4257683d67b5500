//! Keys of SRTP in SDP (RFC 4568): reading and writing the line, so far without the encryption.
#![deny(clippy::arithmetic_side_effects)]

use thiserror::Error;

/// Characters of a line; the longest key needs 64.
const LINE_CHARS_MAX: usize = 512;
const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// How packets are encrypted and signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum CryptoSuite {
    /// AES in counter mode with 128 bits, tags of 80 bits (RFC 4568). Every telephone has it.
    AesCm128Sha1Tag80,
    /// The same with tags of 32 bits.
    AesCm128Sha1Tag32,
    /// AES-GCM with 128 bits (RFC 7714).
    AesGcm128,
    /// AES-GCM with 256 bits (RFC 7714).
    AesGcm256,
}

impl CryptoSuite {
    const ALL: [Self; 4] = [
        Self::AesCm128Sha1Tag80,
        Self::AesCm128Sha1Tag32,
        Self::AesGcm128,
        Self::AesGcm256,
    ];

    /// Its name in SDP.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::AesCm128Sha1Tag80 => "AES_CM_128_HMAC_SHA1_80",
            Self::AesCm128Sha1Tag32 => "AES_CM_128_HMAC_SHA1_32",
            Self::AesGcm128 => "AEAD_AES_128_GCM",
            Self::AesGcm256 => "AEAD_AES_256_GCM",
        }
    }

    /// Bytes of its master key and salt together.
    #[must_use]
    pub const fn key_bytes(self) -> usize {
        match self {
            Self::AesCm128Sha1Tag80 | Self::AesCm128Sha1Tag32 => 30,
            Self::AesGcm128 => 28,
            Self::AesGcm256 => 44,
        }
    }
}

/// What `a=crypto:` says. It prints itself without the key.
#[derive(Clone, PartialEq, Eq)]
pub struct CryptoLine {
    /// Which of several lines this is; an answer repeats it.
    pub tag: u32,
    /// The suite.
    pub suite: CryptoSuite,
    /// Master key and salt behind each other, as long as the suite wants.
    key: Vec<u8>,
}

impl core::fmt::Debug for CryptoLine {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("CryptoLine")
            .field("tag", &self.tag)
            .field("suite", &self.suite)
            .finish_non_exhaustive()
    }
}

/// Why a line was refused. Another line of the same offer may do.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum SdesError {
    /// Not in the form of RFC 4568.
    #[error("not a crypto line")]
    Form,
    /// A suite that is not known here.
    #[error("an unknown suite")]
    Suite,
    /// The key has another length than the suite wants, or is no base64.
    #[error("the key does not fit the suite")]
    Key,
    /// Session parameters or several keys, which nobody here supports; ignoring them would be wrong.
    #[error("session parameters are not supported")]
    Parameters,
}

impl CryptoLine {
    /// A line with this key.
    ///
    /// # Errors
    /// When the key has the wrong length.
    pub fn new(tag: u32, suite: CryptoSuite, key: Vec<u8>) -> Result<Self, SdesError> {
        if key.len() != suite.key_bytes() {
            return Err(SdesError::Key);
        }
        Ok(Self { tag, suite, key })
    }

    /// Master key and salt. Not for logs.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.key
    }

    /// Reads what stands behind `a=crypto:`. A lifetime is read over; a key identifier is refused.
    ///
    /// # Errors
    /// When it is no such line, or one that is not supported.
    pub fn parse(line: &str) -> Result<Self, SdesError> {
        if line.len() > LINE_CHARS_MAX {
            return Err(SdesError::Form);
        }
        let mut words = line.split_ascii_whitespace();
        let tag = words.next().ok_or(SdesError::Form)?;
        let name = words.next().ok_or(SdesError::Form)?;
        let params = words.next().ok_or(SdesError::Form)?;
        if tag.len() > 9 || !tag.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(SdesError::Form);
        }
        let tag = tag
            .parse()
            .map_err(|_bad: core::num::ParseIntError| SdesError::Form)?;
        let suite = CryptoSuite::ALL
            .into_iter()
            .find(|suite| suite.name().eq_ignore_ascii_case(name))
            .ok_or(SdesError::Suite)?;
        let inline = params.strip_prefix("inline:").ok_or(SdesError::Form)?;
        let mut parts = inline.split('|');
        let key = decode(parts.next().unwrap_or_default()).ok_or(SdesError::Key)?;
        let has_identifier = parts.any(|part| part.contains(':'));
        if has_identifier || words.next().is_some() || params.contains(';') {
            return Err(SdesError::Parameters);
        }
        Self::new(tag, suite, key)
    }

    /// What stands behind `a=crypto:`.
    #[must_use]
    pub fn write(&self) -> String {
        format!(
            "{} {} inline:{}",
            self.tag,
            self.suite.name(),
            encode(&self.key)
        )
    }
}

fn encode(bytes: &[u8]) -> String {
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let mut block = [0_u8; 3];
        block
            .iter_mut()
            .zip(chunk)
            .for_each(|(to, from)| *to = *from);
        let [a, b, c] = block;
        let codes = [
            a >> 2,
            (a & 3) << 4 | b >> 4,
            (b & 15) << 2 | c >> 6,
            c & 63,
        ];
        for (index, code) in codes.into_iter().enumerate() {
            let known = ALPHABET.get(usize::from(code)).copied().unwrap_or(b'=');
            text.push(if index > chunk.len() {
                '='
            } else {
                char::from(known)
            });
        }
    }
    text
}

/// The bytes of a base64 text; padding may be missing, nothing else may be odd.
fn decode(text: &str) -> Option<Vec<u8>> {
    let text = text.trim_end_matches('=').as_bytes();
    let mut bytes = Vec::new();
    for chunk in text.chunks(4) {
        let mut bits = 0_u32;
        for code in chunk {
            let at = ALPHABET.iter().position(|known| known == code)?;
            bits = bits << 6 | u32::try_from(at).ok()?;
        }
        match chunk.len() {
            4 => bytes.extend(bits.to_be_bytes().into_iter().skip(1)),
            3 if bits & 3 == 0 => bytes.extend((bits >> 2).to_be_bytes().into_iter().skip(2)),
            2 if bits & 15 == 0 => bytes.extend((bits >> 4).to_be_bytes().into_iter().skip(3)),
            _ => return None,
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_line_of_the_rfc_is_read() {
        // RFC 4568 section 5.1, with its lifetime.
        let line = "1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz|2^20";
        let read = CryptoLine::parse(line).unwrap();
        assert_eq!(read.tag, 1);
        assert_eq!(read.expose().len(), 30);
        assert!(read.expose().starts_with(b"YS___semctl ()"));
        assert!(!format!("{read:?}").contains("semctl"));
    }

    #[test]
    fn what_would_be_misunderstood_is_refused() {
        let key = "inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz";
        let read = |line: String| CryptoLine::parse(&line);
        assert_eq!(read(format!("1 ROT13 {key}")), Err(SdesError::Suite));
        assert_eq!(
            read(format!("1 AES_CM_128_HMAC_SHA1_80 {key} UNENCRYPTED_SRTP")),
            Err(SdesError::Parameters)
        );
        assert_eq!(
            read(format!("1 AES_CM_128_HMAC_SHA1_80 {key}|2^20|1:4")),
            Err(SdesError::Parameters)
        );
        assert_eq!(
            read(format!("1 AEAD_AES_256_GCM {key}")),
            Err(SdesError::Key)
        );
        assert_eq!(read("x y z".to_owned()), Err(SdesError::Form));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(tag in 0..999_999_999u32, which in 0..4usize, seed: [u8; 32]) {
            let suite = CryptoSuite::ALL[which];
            let key: Vec<u8> = seed.iter().cycle().take(suite.key_bytes()).copied().collect();
            let line = CryptoLine::new(tag, suite, key).unwrap();
            prop_assert_eq!(CryptoLine::parse(&line.write()), Ok(line));
        }

        #[test]
        fn nothing_panics(line in "\\PC{0,120}") {
            let _ = CryptoLine::parse(&line);
        }
    }
}
