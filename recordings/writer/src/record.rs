//! What lies in the segments of a track: frames, gaps and texts, one after the other.

use recordings_tap::Codec;
use recordings_tracks::{Frame, Gap, Why};

/// The longest record's content; longer ones are refused.
const DATA_BYTES_MAX: usize = 8 * 1024 * 1024;

/// One thing of a track.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Record {
    /// A frame.
    Frame(Frame),
    /// A stretch without frames.
    Gap(Gap),
    /// Something to be read, in microseconds since the recording began.
    Said {
        /// When.
        at_us: u64,
        /// What.
        text: String,
    },
}

/// Bytes that are no records of this version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a segment of a track cannot be read")]
pub struct RecordError;

const FRAME: u8 = 1;
const GAP: u8 = 2;
const SAID: u8 = 3;
const IS_KEY: u8 = 1;
const HAS_SIZE: u8 = 2;
const HAS_CONFIG: u8 = 4;
const HAS_DURATION: u8 = 8;

const CODECS: [Codec; 6] = [
    Codec::Opus,
    Codec::Red,
    Codec::Vp8,
    Codec::Vp9,
    Codec::H264,
    Codec::Av1,
];
const WHYS: [Why; 4] = [Why::Loss, Why::Muted, Why::Silence, Why::Paused];

fn code<T: PartialEq>(all: &[T], it: &T) -> u8 {
    let at = all.iter().position(|known| known == it);
    at.and_then(|at| u8::try_from(at).ok()).unwrap_or(u8::MAX)
}

fn write_bytes(bytes: &[u8], to: &mut Vec<u8>) {
    let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    to.extend_from_slice(&length.to_be_bytes());
    to.extend_from_slice(bytes);
}

impl Record {
    /// When it was, in microseconds since the recording began.
    #[must_use]
    pub const fn at_us(&self) -> u64 {
        match self {
            Self::Frame(frame) => frame.at_us,
            Self::Gap(gap) => gap.from_us,
            Self::Said { at_us, .. } => *at_us,
        }
    }

    pub(crate) fn write(&self, to: &mut Vec<u8>) {
        match self {
            Self::Frame(frame) => write_frame(frame, to),
            Self::Gap(gap) => {
                to.extend_from_slice(&[GAP, code(&WHYS, &gap.why)]);
                to.extend_from_slice(&gap.from_us.to_be_bytes());
                to.extend_from_slice(&gap.to_us.to_be_bytes());
            }
            Self::Said { at_us, text } => {
                to.push(SAID);
                to.extend_from_slice(&at_us.to_be_bytes());
                write_bytes(text.as_bytes(), to);
            }
        }
    }
}

fn write_frame(frame: &Frame, to: &mut Vec<u8>) {
    let mut flags = 0;
    for (is_set, flag) in [
        (frame.is_key, IS_KEY),
        (frame.size.is_some(), HAS_SIZE),
        (frame.config.is_some(), HAS_CONFIG),
        (frame.duration_us.is_some(), HAS_DURATION),
    ] {
        if is_set {
            flags |= flag;
        }
    }
    to.extend_from_slice(&[FRAME, code(&CODECS, &frame.codec), flags]);
    to.extend_from_slice(&frame.at_us.to_be_bytes());
    if let Some((width, height)) = frame.size {
        to.extend_from_slice(&width.to_be_bytes());
        to.extend_from_slice(&height.to_be_bytes());
    }
    if let Some(duration_us) = frame.duration_us {
        to.extend_from_slice(&duration_us.to_be_bytes());
    }
    if let Some(config) = &frame.config {
        write_bytes(config, to);
    }
    write_bytes(&frame.data, to);
}

/// Reads all records of a segment.
///
/// # Errors
/// They are none of this version.
pub fn records(bytes: &[u8]) -> Result<Vec<Record>, RecordError> {
    let mut rest = Rest(bytes);
    let mut found = Vec::new();
    while !rest.0.is_empty() {
        found.push(rest.record().ok_or(RecordError)?);
    }
    Ok(found)
}

struct Rest<'a>(&'a [u8]);

impl<'a> Rest<'a> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (now, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*now)
    }

    fn long(&mut self) -> Option<u64> {
        self.take().map(u64::from_be_bytes)
    }

    fn word(&mut self) -> Option<u32> {
        self.take().map(u32::from_be_bytes)
    }

    fn bytes(&mut self) -> Option<&'a [u8]> {
        let length = usize::try_from(self.word()?).ok()?;
        let (now, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        (length <= DATA_BYTES_MAX).then_some(now)
    }

    fn record(&mut self) -> Option<Record> {
        match self.take::<1>()? {
            [FRAME] => self.frame().map(Record::Frame),
            [GAP] => {
                let [why] = self.take()?;
                Some(Record::Gap(Gap {
                    why: *WHYS.get(usize::from(why))?,
                    from_us: self.long()?,
                    to_us: self.long()?,
                }))
            }
            [SAID] => Some(Record::Said {
                at_us: self.long()?,
                text: String::from_utf8(self.bytes()?.to_vec()).ok()?,
            }),
            _ => None,
        }
    }

    fn frame(&mut self) -> Option<Frame> {
        let [codec, flags] = self.take()?;
        let has = |flag: u8| flags & flag != 0;
        if flags & !(IS_KEY | HAS_SIZE | HAS_CONFIG | HAS_DURATION) != 0 {
            return None;
        }
        Some(Frame {
            codec: *CODECS.get(usize::from(codec))?,
            is_key: has(IS_KEY),
            at_us: self.long()?,
            size: match has(HAS_SIZE) {
                true => Some((self.word()?, self.word()?)),
                false => None,
            },
            duration_us: match has(HAS_DURATION) {
                true => Some(self.long()?),
                false => None,
            },
            config: match has(HAS_CONFIG) {
                true => Some(self.bytes()?.to_vec()),
                false => None,
            },
            data: self.bytes()?.to_vec(),
        })
    }
}
