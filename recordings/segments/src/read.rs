//! Reading sealed files: by segment, by time and by byte.

use aws_lc_rs::aead::{Aad, LessSafeKey};

use crate::head::{HEAD_BYTES, Head, Role};
use crate::key::{RecordingId, RecordingKey};
use crate::manifest::FileSum;
use crate::seal::{
    CHUNK_BYTES, Chain, HEADER_BYTES, Header, SEGMENTS_MAX, Span, TAG_BYTES, TRAILER_BYTES,
    associated, digest, first_chain, nonce,
};
use crate::source::{OpenError, Source};

/// One segment of the index.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    header: Header,
    /// Where its body begins in the file.
    body_at: u64,
    /// Where its plain bytes begin in the plain file.
    plain_at: u64,
    hash: [u8; TRAILER_BYTES],
}

impl Place {
    pub(crate) fn end_at(self) -> u64 {
        self.body_at + self.header.body_bytes() + TRAILER_BYTES as u64
    }

    pub(crate) fn span(self) -> Span {
        self.header.span
    }
}

/// A sealed file that can be read anywhere. Opening it reads headers only; what is read later is
/// verified before it is given out.
pub struct SealedFile<S> {
    source: S,
    key: LessSafeKey,
    head: [u8; HEAD_BYTES],
    places: Vec<Place>,
    plain_bytes: u64,
    chain: Chain,
}

impl<S> core::fmt::Debug for SealedFile<S> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "SealedFile({} segments)", self.places.len())
    }
}

impl<S: Source> SealedFile<S> {
    /// Opens a file of which nothing may be missing at its end; see [`crate::recover()`] for one that
    /// a crash has left.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub fn open(
        source: S,
        key: &RecordingKey,
        recording: RecordingId,
        role: Role,
    ) -> Result<Self, OpenError> {
        let mut file = Self::begin(source, key, recording, role)?;
        let length = file.source.length()?;
        while file.end() < length {
            let place = file.look(length)?;
            file.append(place);
        }
        Ok(file)
    }

    /// Reads the head only.
    pub(crate) fn begin(
        source: S,
        key: &RecordingKey,
        recording: RecordingId,
        role: Role,
    ) -> Result<Self, OpenError> {
        let mut bytes = [0; HEAD_BYTES];
        if source.length()? < HEAD_BYTES as u64 {
            return Err(OpenError::NotSealed);
        }
        source.read_at(0, &mut bytes)?;
        let head = Head::parse(&bytes).ok_or(OpenError::NotSealed)?;
        if head.recording != recording || head.role != role {
            return Err(OpenError::Foreign);
        }
        Ok(Self {
            source,
            key: key.for_file(&head)?,
            head: bytes,
            places: Vec::new(),
            plain_bytes: 0,
            chain: first_chain(&bytes),
        })
    }

    /// Where the next segment begins.
    pub(crate) fn end(&self) -> u64 {
        let last = self.places.last();
        last.map_or(HEAD_BYTES as u64, |place| place.end_at())
    }

    fn next_number(&self) -> Result<u32, OpenError> {
        u32::try_from(self.places.len())
            .ok()
            .filter(|number| *number < SEGMENTS_MAX)
            .ok_or(OpenError::TooMany)
    }

    /// Looks at the segment behind the last known one.
    pub(crate) fn look(&self, length: u64) -> Result<Place, OpenError> {
        let segment = self.next_number()?;
        let at = self.end();
        let body_at = at + HEADER_BYTES as u64;
        if body_at > length {
            return Err(OpenError::CutOff { segment });
        }
        let mut header = [0; HEADER_BYTES];
        self.source.read_at(at, &mut header)?;
        let header = Header::parse(&header).ok_or(OpenError::Order { segment })?;
        let is_later = self
            .places
            .last()
            .is_none_or(|last| last.header.span.from_us <= header.span.from_us);
        if header.number != segment || header.chain_before != self.chain || !is_later {
            return Err(OpenError::Order { segment });
        }
        let mut place = Place {
            header,
            body_at,
            plain_at: self.plain_bytes,
            hash: [0; TRAILER_BYTES],
        };
        if place.end_at() > length {
            return Err(OpenError::CutOff { segment });
        }
        let hash_at = body_at + header.body_bytes();
        self.source.read_at(hash_at, &mut place.hash)?;
        Ok(place)
    }

    pub(crate) fn append(&mut self, place: Place) {
        self.chain = place.header.chain(&place.hash);
        self.plain_bytes += u64::from(place.header.plain_bytes);
        self.places.push(place);
    }

    pub(crate) fn read_raw(&self, at: u64, buffer: &mut [u8]) -> Result<(), OpenError> {
        Ok(self.source.read_at(at, buffer)?)
    }

    /// What the file amounts to.
    #[must_use]
    pub fn sum(&self) -> FileSum {
        FileSum {
            segments: u32::try_from(self.places.len()).unwrap_or(u32::MAX),
            plain_bytes: self.plain_bytes,
            chain: self.chain,
        }
    }

    /// Refuses a file that is not the one of a manifest.
    ///
    /// # Errors
    /// It has other segments, or fewer.
    pub fn expect(&self, sum: &FileSum) -> Result<(), OpenError> {
        if self.sum() == *sum {
            Ok(())
        } else {
            Err(OpenError::NotSigned)
        }
    }

    /// How many plain bytes the file has.
    #[must_use]
    pub const fn plain_bytes(&self) -> u64 {
        self.plain_bytes
    }

    /// How many segments the file has.
    #[must_use]
    pub fn segments(&self) -> u32 {
        self.sum().segments
    }

    /// The time of a segment.
    #[must_use]
    pub fn span(&self, segment: u32) -> Option<Span> {
        self.place(segment).ok().map(Place::span)
    }

    /// The last segment that begins at a time or before it; the first one if none does.
    #[must_use]
    pub fn segment_at(&self, us: u64) -> Option<u32> {
        let later = self
            .places
            .partition_point(|place| place.header.span.from_us <= us);
        (!self.places.is_empty())
            .then(|| u32::try_from(later.saturating_sub(1)).ok())
            .flatten()
    }

    fn place(&self, segment: u32) -> Result<Place, OpenError> {
        usize::try_from(segment)
            .ok()
            .and_then(|at| self.places.get(at))
            .copied()
            .ok_or(OpenError::OutOfRange)
    }

    /// The plain bytes of a segment, after its hash and the seal of every chunk were verified.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub fn segment(&self, segment: u32) -> Result<Vec<u8>, OpenError> {
        self.open_whole(self.place(segment)?)
    }

    pub(crate) fn open_whole(&self, place: Place) -> Result<Vec<u8>, OpenError> {
        let segment = place.header.number;
        let broken = OpenError::Broken { segment };
        let length = usize::try_from(place.header.body_bytes()).or(Err(OpenError::OutOfRange))?;
        let mut body = vec![0; length];
        self.source.read_at(place.body_at, &mut body)?;
        if digest(&[&body]) != place.hash {
            return Err(broken);
        }
        let aad = associated(&self.head, place.header);
        let count = place.header.chunks();
        // The plain chunks move together at the front of the same buffer.
        let mut plain_end = 0;
        for chunk in 0..count {
            let at = chunk as usize * (CHUNK_BYTES + TAG_BYTES);
            let end = length.min(at + CHUNK_BYTES + TAG_BYTES);
            let sealed = body.get_mut(at..end).ok_or(OpenError::Broken { segment })?;
            let opened = self.open_chunk(segment, (chunk, chunk + 1 == count), &aad, sealed)?;
            body.copy_within(at..at + opened, plain_end);
            plain_end += opened;
        }
        body.truncate(plain_end);
        Ok(body)
    }

    /// Opens a chunk in place; answers how many plain bytes it has.
    fn open_chunk(
        &self,
        segment: u32,
        (chunk, is_last): (u32, bool),
        aad: &[u8],
        sealed: &mut [u8],
    ) -> Result<usize, OpenError> {
        let opened = self
            .key
            .open_in_place(nonce(segment, chunk, is_last), Aad::from(aad), sealed);
        // What went wrong inside tells a forger more than anybody else.
        opened
            .map(|plain| plain.len())
            .or(Err(OpenError::Broken { segment }))
    }

    /// Plain bytes from a place of the plain file on: only the chunks that hold them are read and
    /// opened. Gives `length` bytes, fewer only at the end of the file.
    ///
    /// # Errors
    /// The place is beyond the end, or a chunk is refused; see [`OpenError`].
    pub fn range(&self, from: u64, length: usize) -> Result<Vec<u8>, OpenError> {
        if from > self.plain_bytes {
            return Err(OpenError::OutOfRange);
        }
        let rest = usize::try_from(self.plain_bytes - from).unwrap_or(usize::MAX);
        let length = length.min(rest);
        let mut plain = Vec::with_capacity(length);
        let first = self
            .places
            .partition_point(|place| place.plain_at <= from)
            .saturating_sub(1);
        for place in self.places.get(first..).unwrap_or_default() {
            if plain.len() >= length {
                break;
            }
            let at = from + plain.len() as u64;
            self.append_part(*place, at, length, &mut plain)?;
        }
        Ok(plain)
    }

    /// Appends what one segment has from `at` on, until `plain` has `length` bytes.
    fn append_part(
        &self,
        place: Place,
        at: u64,
        length: usize,
        plain: &mut Vec<u8>,
    ) -> Result<(), OpenError> {
        let segment = place.header.number;
        let inside = at.saturating_sub(place.plain_at);
        if inside >= u64::from(place.header.plain_bytes) {
            return Ok(());
        }
        let aad = associated(&self.head, place.header);
        let count = place.header.chunks();
        let body = place.header.body_bytes();
        let stride = (CHUNK_BYTES + TAG_BYTES) as u64;
        let first = u32::try_from(inside / CHUNK_BYTES as u64).or(Err(OpenError::OutOfRange))?;
        let mut skipped = usize::try_from(inside % CHUNK_BYTES as u64).unwrap_or(0);
        for chunk in first..count {
            if plain.len() >= length {
                break;
            }
            let chunk_at = u64::from(chunk) * stride;
            let chunk_bytes = usize::try_from(stride.min(body.saturating_sub(chunk_at)))
                .or(Err(OpenError::OutOfRange))?;
            let mut sealed = vec![0; chunk_bytes];
            self.source.read_at(place.body_at + chunk_at, &mut sealed)?;
            let opened =
                self.open_chunk(segment, (chunk, chunk + 1 == count), &aad, &mut sealed)?;
            let end = opened.min(skipped + (length - plain.len()));
            plain.extend_from_slice(sealed.get(skipped..end).unwrap_or_default());
            skipped = 0;
        }
        Ok(())
    }
}
