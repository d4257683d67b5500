//! Putting the payloads of one picture together.

use recordings_tap::Codec;

use crate::av1::Av1;
use crate::h264::H264;
use crate::vp8::Vp8;
use crate::vp9::Vp9;

/// A longer picture is not kept: a key frame of a 4K screen is a quarter of it.
pub(crate) const PICTURE_BYTES_MAX: usize = 4 * 1024 * 1024;

/// A payload that does not say what its specification asks for. The picture it belongs to is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PayloadError {
    /// Shorter than it says.
    #[error("a payload is cut off")]
    CutOff,
    /// A kind of packet that was not negotiated, or a reserved one.
    #[error("a payload of an unknown kind")]
    Unknown,
    /// The continuation of something whose beginning is not there.
    #[error("a payload continues what did not begin")]
    Orphan,
    /// More bytes than a picture may have.
    #[error("a picture has at most {PICTURE_BYTES_MAX} bytes")]
    TooLong,
    /// Nothing to be shown.
    #[error("a picture is empty")]
    Empty,
}

/// A picture that was put together.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Picture {
    /// The bytes, as a Matroska block holds them.
    pub(crate) data: Vec<u8>,
    /// Whether a decoder can begin here.
    pub(crate) is_key: bool,
    /// Width and height in pixels, where the picture says them.
    pub(crate) size: Option<(u32, u32)>,
    /// What a decoder must be given first, where the picture says it: `CodecPrivate` of Matroska.
    pub(crate) config: Option<Vec<u8>>,
}

/// Puts together pictures of one codec. All payloads between `begin` and `finish` have one RTP
/// timestamp and follow one another without a hole.
#[derive(Debug)]
pub(crate) enum Assembler {
    Vp8(Vp8),
    Vp9(Vp9),
    H264(H264),
    Av1(Av1),
}

impl Assembler {
    /// `None` for sound, which is not put together.
    pub(crate) fn of(codec: Codec) -> Option<Self> {
        match codec {
            Codec::Opus | Codec::Red => None,
            Codec::Vp8 => Some(Self::Vp8(Vp8::default())),
            Codec::Vp9 => Some(Self::Vp9(Vp9::default())),
            Codec::H264 => Some(Self::H264(H264::default())),
            Codec::Av1 => Some(Self::Av1(Av1::default())),
        }
    }

    /// Forgets what was begun.
    pub(crate) fn reset(&mut self) {
        match self {
            Self::Vp8(it) => *it = Vp8::default(),
            Self::Vp9(it) => *it = Vp9::default(),
            Self::H264(it) => it.reset(),
            Self::Av1(it) => it.reset(),
        }
    }

    /// Whether a payload may begin a picture, when the one before has ended.
    pub(crate) fn begins(&self, payload: &[u8]) -> bool {
        match self {
            Self::Vp8(_) => crate::vp8::begins(payload),
            Self::Vp9(_) => crate::vp9::begins(payload),
            Self::H264(_) => crate::h264::begins(payload),
            Self::Av1(_) => crate::av1::begins(payload),
        }
    }

    /// Whether a payload is surely the first one of a picture in which a decoder may begin, whatever
    /// was lost before it.
    pub(crate) fn begins_key(&self, payload: &[u8]) -> bool {
        match self {
            // These mark the first packet of every picture.
            Self::Vp8(_) => crate::vp8::begins(payload),
            Self::Vp9(_) => crate::vp9::begins(payload),
            Self::H264(_) => crate::h264::begins_key(payload),
            Self::Av1(_) => crate::av1::begins_key(payload),
        }
    }

    /// Takes the next payload.
    pub(crate) fn push(&mut self, payload: &[u8]) -> Result<(), PayloadError> {
        match self {
            Self::Vp8(it) => it.push(payload),
            Self::Vp9(it) => it.push(payload),
            Self::H264(it) => it.push(payload),
            Self::Av1(it) => it.push(payload),
        }
    }

    /// Ends a picture.
    pub(crate) fn finish(&mut self) -> Result<Picture, PayloadError> {
        let picture = match self {
            Self::Vp8(it) => it.finish(),
            Self::Vp9(it) => it.finish(),
            Self::H264(it) => it.finish(),
            Self::Av1(it) => it.finish(),
        };
        if picture.is_err() {
            self.reset();
        }
        picture
    }
}

/// Appends to a picture within its bound.
pub(crate) fn append(to: &mut Vec<u8>, bytes: &[u8]) -> Result<(), PayloadError> {
    if to.len() + bytes.len() > PICTURE_BYTES_MAX {
        return Err(PayloadError::TooLong);
    }
    to.extend_from_slice(bytes);
    Ok(())
}
