//! Reading files of one track, finished or live.

use std::io::{self, Read};

use crate::ebml::id;
use crate::head::{CodecId, Media, TrackHead};
use crate::plan::BLOCK_BYTES_MAX;

/// Elements before the frames are not longer: an index of eleven days has 27 MB.
const FRONT_BYTES_MAX: u64 = 32 * 1024 * 1024;

/// A file that was not read on.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The bytes cannot be read.
    #[error("a file cannot be read")]
    Io(#[source] io::Error),
    /// The file ends inside an element.
    #[error("the file is cut off")]
    CutOff,
    /// Not what this crate writes.
    #[error("not a file of one track")]
    Shape,
    /// A codec that is not recorded.
    #[error("an unknown codec")]
    Codec,
    /// An element that is longer than any.
    #[error("an element is too long")]
    TooLong,
}

impl From<io::Error> for ReadError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::UnexpectedEof => Self::CutOff,
            _ => Self::Io(error),
        }
    }
}

/// A place where a player may begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cue {
    /// Its time in milliseconds.
    pub at_ms: u64,
    /// Where its cluster begins in the file.
    pub file_at: u64,
}

/// What stands before the frames.
#[derive(Debug, Clone, PartialEq)]
pub struct Front {
    /// The track.
    pub track: TrackHead,
    /// How long the file is in milliseconds; a live file does not say it.
    pub duration_ms: Option<f64>,
    /// The index; a live file has none.
    pub cues: Vec<Cue>,
}

/// A frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// Its time in milliseconds.
    pub at_ms: u64,
    /// Whether a decoder can begin with it.
    pub is_key: bool,
    /// Where its cluster begins in the file.
    pub cluster_at: u64,
    /// Its bytes.
    pub data: Vec<u8>,
}

/// Reads a file from its beginning.
#[derive(Debug)]
pub struct Reader<R> {
    input: Input<R>,
    front: Front,
    cluster_at: u64,
    cluster_ms: u64,
}

impl<R: Read> Reader<R> {
    /// Reads everything before the frames.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub fn new(input: R) -> Result<Self, ReadError> {
        let mut input = Input { input, at: 0 };
        let head = input.element()?.ok_or(ReadError::CutOff)?;
        if head.id != id::EBML {
            return Err(ReadError::Shape);
        }
        let head = input.content(head, FRONT_BYTES_MAX)?;
        let doc_type = child(&head, id::DOC_TYPE)?.ok_or(ReadError::Shape)?;
        if !matches!(doc_type, b"webm" | b"matroska") {
            return Err(ReadError::Shape);
        }
        let segment = input.element()?.ok_or(ReadError::CutOff)?;
        if segment.id != id::SEGMENT {
            return Err(ReadError::Shape);
        }
        let (segment_at, mut cluster_at) = (input.at, 0);
        let (mut track, mut duration_ms, mut cues) = (None, None, Vec::new());
        loop {
            let at = input.at;
            let Some(element) = input.element()? else {
                break;
            };
            if element.id == id::CLUSTER {
                cluster_at = at;
                break;
            }
            let content = input.content(element, FRONT_BYTES_MAX)?;
            match element.id {
                id::INFO => duration_ms = child(&content, id::DURATION)?.and_then(float),
                id::TRACKS => track = Some(read_tracks(&content)?),
                id::CUES => cues = read_cues(&content, segment_at)?,
                _ => {}
            }
        }
        Ok(Self {
            input,
            front: Front {
                track: track.ok_or(ReadError::Shape)?,
                duration_ms,
                cues,
            },
            cluster_at,
            cluster_ms: 0,
        })
    }

    /// What stands before the frames.
    #[must_use]
    pub const fn front(&self) -> &Front {
        &self.front
    }

    /// The next frame; `None` at the end of the file.
    ///
    /// # Errors
    /// See [`ReadError`]. What was read before stays true: a live file may be cut off.
    pub fn next_block(&mut self) -> Result<Option<Block>, ReadError> {
        loop {
            let at = self.input.at;
            let Some(element) = self.input.element()? else {
                return Ok(None);
            };
            match element.id {
                // Whether its size is known or not, what follows is read as if it were not.
                id::CLUSTER => self.cluster_at = at,
                id::TIMESTAMP => {
                    let content = self.input.content(element, 8)?;
                    self.cluster_ms = number(&content).ok_or(ReadError::Shape)?;
                }
                id::SIMPLE_BLOCK => {
                    let content = self.input.content(element, BLOCK_BYTES_MAX as u64 + 64)?;
                    return self.block(content, None).map(Some);
                }
                id::BLOCK_GROUP => {
                    let group = self.input.content(element, BLOCK_BYTES_MAX as u64 + 4096)?;
                    let refers = child(&group, id::REFERENCE_BLOCK)?.is_some();
                    let block = child(&group, id::BLOCK)?.ok_or(ReadError::Shape)?;
                    return self.block(block.to_vec(), Some(!refers)).map(Some);
                }
                _ => {
                    self.input.content(element, FRONT_BYTES_MAX)?;
                }
            }
        }
    }

    /// Track, time within the cluster, flags, frame.
    fn block(&self, mut content: Vec<u8>, is_key: Option<bool>) -> Result<Block, ReadError> {
        let Some(&[_track, high, low, flags]) = content.first_chunk::<4>() else {
            return Err(ReadError::Shape);
        };
        // Frames in a lace are not written here.
        if flags & 0x06 != 0 {
            return Err(ReadError::Shape);
        }
        let relative = i64::from(i16::from_be_bytes([high, low]));
        let at_ms = self
            .cluster_ms
            .checked_add_signed(relative)
            .ok_or(ReadError::Shape)?;
        content.drain(..4);
        Ok(Block {
            at_ms,
            is_key: is_key.unwrap_or(flags & 0x80 != 0),
            cluster_at: self.cluster_at,
            data: content,
        })
    }
}

/// The head of an element.
#[derive(Debug, Clone, Copy)]
struct Element {
    id: u32,
    /// `None`: not known.
    size: Option<u64>,
}

#[derive(Debug)]
struct Input<R> {
    input: R,
    at: u64,
}

impl<R: Read> Input<R> {
    /// The next head; `None` at the end.
    fn element(&mut self) -> Result<Option<Element>, ReadError> {
        let mut first = [0];
        loop {
            match self.input.read(&mut first) {
                Ok(0) => return Ok(None),
                Ok(_) => break,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        }
        self.at += 1;
        let [first] = first;
        let length = first.leading_zeros() as usize + 1;
        if length > 4 {
            return Err(ReadError::Shape);
        }
        let id = self.rest(u64::from(first), length)?;
        let [first] = self.bytes::<1>()?;
        let length = first.leading_zeros() as usize + 1;
        if length > 8 {
            return Err(ReadError::Shape);
        }
        let marked = self.rest(u64::from(first), length)?;
        let ones = (1_u64 << (length * 7)) - 1;
        let size = marked & ones;
        Ok(Some(Element {
            id: u32::try_from(id).or(Err(ReadError::Shape))?,
            size: (size != ones).then_some(size),
        }))
    }

    fn bytes<const N: usize>(&mut self) -> Result<[u8; N], ReadError> {
        let mut bytes = [0; N];
        self.input.read_exact(&mut bytes)?;
        self.at += N as u64;
        Ok(bytes)
    }

    fn rest(&mut self, first: u64, length: usize) -> Result<u64, ReadError> {
        let mut value = first;
        for _ in 1..length {
            let [byte] = self.bytes()?;
            value = value << 8 | u64::from(byte);
        }
        Ok(value)
    }

    fn content(&mut self, element: Element, bytes_max: u64) -> Result<Vec<u8>, ReadError> {
        let size = element.size.ok_or(ReadError::Shape)?;
        if size > bytes_max {
            return Err(ReadError::TooLong);
        }
        let mut content = Vec::new();
        // Grows with what is really there, not with what is promised.
        let read = (&mut self.input).take(size).read_to_end(&mut content)?;
        self.at += read as u64;
        if (read as u64) < size {
            return Err(ReadError::CutOff);
        }
        Ok(content)
    }
}

/// The elements within a content.
fn children(content: &[u8]) -> impl Iterator<Item = Result<(u32, &[u8]), ReadError>> {
    let mut input = Input {
        input: content,
        at: 0,
    };
    core::iter::from_fn(move || {
        let element = match input.element() {
            Ok(element) => element?,
            Err(error) => {
                input.input = &[];
                return Some(Err(error));
            }
        };
        let size = element.size.and_then(|size| usize::try_from(size).ok());
        let Some((now, later)) = size.and_then(|size| input.input.split_at_checked(size)) else {
            input.input = &[];
            return Some(Err(ReadError::Shape));
        };
        input.input = later;
        Some(Ok((element.id, now)))
    })
}

fn child(content: &[u8], id: u32) -> Result<Option<&[u8]>, ReadError> {
    for item in children(content) {
        let (found, content) = item?;
        if found == id {
            return Ok(Some(content));
        }
    }
    Ok(None)
}

fn number(content: &[u8]) -> Option<u64> {
    (content.len() <= 8).then(|| {
        let bytes = content.iter();
        bytes.fold(0, |value, byte| value << 8 | u64::from(*byte))
    })
}

fn float(content: &[u8]) -> Option<f64> {
    match content {
        [_, _, _, _] => Some(f32::from_be_bytes(content.try_into().ok()?).into()),
        _ => Some(f64::from_be_bytes(content.try_into().ok()?)),
    }
}

fn number_in(content: &[u8], id: u32) -> Result<Option<u64>, ReadError> {
    Ok(child(content, id)?.and_then(number))
}

fn read_tracks(content: &[u8]) -> Result<TrackHead, ReadError> {
    let entry = child(content, id::TRACK_ENTRY)?.ok_or(ReadError::Shape)?;
    let name = child(entry, id::CODEC_ID)?.ok_or(ReadError::Shape)?;
    let codec = CodecId::from_name(name).ok_or(ReadError::Codec)?;
    let small = |value: Option<u64>| value.and_then(|it| u32::try_from(it).ok());
    let media = if let Some(video) = child(entry, id::VIDEO)? {
        Media::Video {
            width: small(number_in(video, id::PIXEL_WIDTH)?).ok_or(ReadError::Shape)?,
            height: small(number_in(video, id::PIXEL_HEIGHT)?).ok_or(ReadError::Shape)?,
        }
    } else {
        let audio = child(entry, id::AUDIO)?.ok_or(ReadError::Shape)?;
        let channels = number_in(audio, id::CHANNELS)?.unwrap_or(1);
        Media::Audio {
            channels: u8::try_from(channels).or(Err(ReadError::Shape))?,
        }
    };
    let delay_ns = number_in(entry, id::CODEC_DELAY)?.unwrap_or(0);
    let samples = (u128::from(delay_ns) * 48_000).div_ceil(1_000_000_000);
    Ok(TrackHead {
        codec,
        media,
        private: child(entry, id::CODEC_PRIVATE)?
            .unwrap_or_default()
            .to_vec(),
        pre_skip: u16::try_from(samples).or(Err(ReadError::Shape))?,
    })
}

fn read_cues(content: &[u8], segment_at: u64) -> Result<Vec<Cue>, ReadError> {
    let mut cues = Vec::new();
    for item in children(content) {
        let (id, point) = item?;
        if id != id::CUE_POINT {
            continue;
        }
        let positions = child(point, id::CUE_TRACK_POSITIONS)?.ok_or(ReadError::Shape)?;
        let place = number_in(positions, id::CUE_CLUSTER_POSITION)?.ok_or(ReadError::Shape)?;
        cues.push(Cue {
            at_ms: number_in(point, id::CUE_TIME)?.ok_or(ReadError::Shape)?,
            file_at: segment_at.checked_add(place).ok_or(ReadError::Shape)?,
        });
    }
    Ok(cues)
}
