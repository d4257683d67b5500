//! Sealing segments.

use aws_lc_rs::aead::{Aad, LessSafeKey, Nonce};
use aws_lc_rs::digest::{Context, SHA256};
use aws_lc_rs::rand;

use crate::head::{HEAD_BYTES, Head, Role};
use crate::key::{KeyError, RecordingId, RecordingKey};
use crate::manifest::FileSum;

/// Plain bytes of a chunk; the last chunk of a segment may be shorter.
pub const CHUNK_BYTES: usize = 16 * 1024;
const CHUNK_BYTES_32: u32 = 16 * 1024;
/// Bytes that the seal adds to a chunk.
pub(crate) const TAG_BYTES: usize = 16;
/// Plain bytes of a segment: 2 s of a picture at 60 Mbit/s. Longer ones are refused, so that a
/// reader needs no more memory than this.
pub const SEGMENT_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Segments of a file: six days at 2 s each. More are refused, so that an index stays below 20 MB.
pub const SEGMENTS_MAX: u32 = 1 << 18;

/// Begins every segment, so that a torn tail is not taken for one.
const MARK: &[u8; 4] = b"SEG1";
pub(crate) const CHAIN_BYTES: usize = 32;
/// `mark (4) | number (4) | plain bytes (4) | from (8) | to (8) | chain before (32)`.
pub(crate) const HEADER_BYTES: usize = 4 + 4 + 4 + 8 + 8 + CHAIN_BYTES;
/// The SHA-256 of the sealed body.
pub(crate) const TRAILER_BYTES: usize = 32;

pub(crate) type Chain = [u8; CHAIN_BYTES];

/// A segment was not sealed. The file is not to be written on after [`SealError::Library`].
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// The cryptographic library failed.
    #[error("a segment could not be sealed")]
    Library(#[source] aws_lc_rs::error::Unspecified),
    /// The file's key could not be derived.
    #[error("the key of a sealed file could not be made")]
    Key(#[from] KeyError),
    /// More bytes than a segment may have.
    #[error("a segment has at most {SEGMENT_BYTES_MAX} bytes")]
    TooLong,
    /// The file has as many segments as it may have.
    #[error("a sealed file has at most {SEGMENTS_MAX} segments")]
    Full,
    /// The time of a segment ends before it begins, or begins before its predecessor.
    #[error("segments of a file must not go back in time")]
    Span,
}

/// The time that a segment covers, in microseconds since the recording began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Span {
    /// The first moment.
    pub from_us: u64,
    /// The end, not before `from_us`.
    pub to_us: u64,
}

impl Span {
    /// A moment.
    #[must_use]
    pub const fn at(us: u64) -> Self {
        Self {
            from_us: us,
            to_us: us,
        }
    }
}

/// The header of a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) number: u32,
    pub(crate) plain_bytes: u32,
    pub(crate) span: Span,
    pub(crate) chain_before: Chain,
}

impl Header {
    pub(crate) fn to_bytes(self) -> [u8; HEADER_BYTES] {
        let mut bytes = [0; HEADER_BYTES];
        let (number, length) = (self.number.to_be_bytes(), self.plain_bytes.to_be_bytes());
        let (from, to) = (
            self.span.from_us.to_be_bytes(),
            self.span.to_us.to_be_bytes(),
        );
        let parts: [&[u8]; 6] = [MARK, &number, &length, &from, &to, &self.chain_before];
        for (place, byte) in bytes.iter_mut().zip(parts.into_iter().flatten()) {
            *place = *byte;
        }
        bytes
    }

    /// `None`: not the header of a segment.
    pub(crate) fn parse(bytes: &[u8; HEADER_BYTES]) -> Option<Self> {
        let rest = bytes.strip_prefix(MARK)?;
        let (number, rest) = rest.split_first_chunk::<4>()?;
        let (plain_bytes, rest) = rest.split_first_chunk::<4>()?;
        let (from, rest) = rest.split_first_chunk::<8>()?;
        let (to, rest) = rest.split_first_chunk::<8>()?;
        let header = Self {
            number: u32::from_be_bytes(*number),
            plain_bytes: u32::from_be_bytes(*plain_bytes),
            span: Span {
                from_us: u64::from_be_bytes(*from),
                to_us: u64::from_be_bytes(*to),
            },
            chain_before: rest.try_into().ok()?,
        };
        let fits = usize::try_from(header.plain_bytes).is_ok_and(|it| it <= SEGMENT_BYTES_MAX);
        (fits && header.span.from_us <= header.span.to_us).then_some(header)
    }

    pub(crate) fn chunks(self) -> u32 {
        chunks(self.plain_bytes)
    }

    /// Bytes of the sealed body.
    pub(crate) fn body_bytes(self) -> u64 {
        u64::from(self.plain_bytes) + u64::from(self.chunks()) * TAG_BYTES as u64
    }

    /// The chain after this segment.
    pub(crate) fn chain(self, body_hash: &[u8; TRAILER_BYTES]) -> Chain {
        // The header holds the chain before.
        digest(&[&self.to_bytes(), body_hash])
    }
}

/// Chunks of a segment. An empty segment has one, so that nothing is without a seal.
fn chunks(plain_bytes: u32) -> u32 {
    plain_bytes.div_ceil(CHUNK_BYTES_32).max(1)
}

pub(crate) fn digest(parts: &[&[u8]]) -> [u8; 32] {
    let mut context = Context::new(&SHA256);
    for part in parts {
        context.update(part);
    }
    let sum = context.finish();
    let mut bytes = [0; 32];
    for (to, from) in bytes.iter_mut().zip(sum.as_ref()) {
        *to = *from;
    }
    bytes
}

/// Where the chain of a file begins.
pub(crate) fn first_chain(head: &[u8; HEAD_BYTES]) -> Chain {
    digest(&[b"telehealth recording chain v1", head])
}

/// The place of a chunk as its nonce: `segment (4) | chunk (4) | last (4)`.
pub(crate) fn nonce(segment: u32, chunk: u32, is_last: bool) -> Nonce {
    let mut bytes = [0; 12];
    let parts = [segment, chunk, u32::from(is_last)];
    let parts = parts.into_iter().flat_map(u32::to_be_bytes);
    for (to, from) in bytes.iter_mut().zip(parts) {
        *to = from;
    }
    Nonce::assume_unique_for_key(bytes)
}

/// What is authenticated with every chunk.
pub(crate) fn associated(head: &[u8; HEAD_BYTES], header: Header) -> Vec<u8> {
    let mut bytes = head.to_vec();
    bytes.extend_from_slice(&header.to_bytes());
    bytes
}

/// Seals the segments of one file, in their order. It makes bytes; the caller writes them.
pub struct FileSealer {
    key: LessSafeKey,
    head: [u8; HEAD_BYTES],
    number: u32,
    plain_bytes: u64,
    from_us: u64,
    chain: Chain,
}

impl core::fmt::Debug for FileSealer {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "FileSealer({} segments)", self.number)
    }
}

impl FileSealer {
    /// A new file of a recording, and the head to be written first. Every call makes a file with a
    /// salt of its own, so a file is never continued by a second sealer.
    ///
    /// # Errors
    /// There are no random numbers.
    pub fn new(
        key: &RecordingKey,
        recording: RecordingId,
        role: Role,
    ) -> Result<(Self, [u8; HEAD_BYTES]), SealError> {
        let mut salt = [0; 16];
        rand::fill(&mut salt).map_err(SealError::Library)?;
        let head = Head {
            recording,
            role,
            salt,
        };
        let bytes = head.to_bytes();
        let sealer = Self {
            key: key.for_file(&head)?,
            head: bytes,
            number: 0,
            plain_bytes: 0,
            from_us: 0,
            chain: first_chain(&bytes),
        };
        Ok((sealer, bytes))
    }

    /// Seals the next segment; answers the bytes to be appended to the file.
    ///
    /// # Errors
    /// Too long, too many, back in time, or the library failed; see [`SealError`].
    pub fn seal(&mut self, span: Span, plain: &[u8]) -> Result<Vec<u8>, SealError> {
        if plain.len() > SEGMENT_BYTES_MAX {
            return Err(SealError::TooLong);
        }
        if self.number >= SEGMENTS_MAX {
            return Err(SealError::Full);
        }
        if span.from_us < self.from_us || span.to_us < span.from_us {
            return Err(SealError::Span);
        }
        let header = Header {
            number: self.number,
            plain_bytes: u32::try_from(plain.len()).or(Err(SealError::TooLong))?,
            span,
            chain_before: self.chain,
        };
        let aad = associated(&self.head, header);
        let count = header.chunks();
        let mut sealed = Vec::with_capacity(
            HEADER_BYTES + plain.len() + count as usize * TAG_BYTES + TRAILER_BYTES,
        );
        sealed.extend_from_slice(&header.to_bytes());
        let mut rest = plain;
        for chunk in 0..count {
            let (now, later) = rest.split_at(rest.len().min(CHUNK_BYTES));
            rest = later;
            let at = sealed.len();
            sealed.extend_from_slice(now);
            let body = sealed.get_mut(at..).unwrap_or_default();
            let tag = self
                .key
                .seal_in_place_separate_tag(
                    nonce(self.number, chunk, chunk + 1 == count),
                    Aad::from(&aad),
                    body,
                )
                .map_err(SealError::Library)?;
            sealed.extend_from_slice(tag.as_ref());
        }
        let hash = digest(&[sealed.get(HEADER_BYTES..).unwrap_or_default()]);
        sealed.extend_from_slice(&hash);
        self.chain = header.chain(&hash);
        self.number += 1;
        self.plain_bytes += u64::from(header.plain_bytes);
        self.from_us = span.from_us;
        Ok(sealed)
    }

    /// What the file amounts to so far.
    #[must_use]
    pub const fn sum(&self) -> FileSum {
        FileSum {
            segments: self.number,
            plain_bytes: self.plain_bytes,
            chain: self.chain,
        }
    }
}
