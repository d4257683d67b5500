//! What stands in front of the frames.

use crate::ebml::{element, float, id, number};

/// How a track is coded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CodecId {
    /// RFC 6386.
    Vp8,
    /// The VP9 bitstream specification.
    Vp9,
    /// The AV1 bitstream specification.
    Av1,
    /// ITU-T H.264, with lengths in front of units.
    H264,
    /// RFC 6716.
    Opus,
}

impl CodecId {
    /// The name of RFC 9559 and the codec mappings beside it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Vp8 => "V_VP8",
            Self::Vp9 => "V_VP9",
            Self::Av1 => "V_AV1",
            Self::H264 => "V_MPEG4/ISO/AVC",
            Self::Opus => "A_OPUS",
        }
    }

    pub(crate) fn from_name(name: &[u8]) -> Option<Self> {
        [Self::Vp8, Self::Vp9, Self::Av1, Self::H264, Self::Opus]
            .into_iter()
            .find(|codec| codec.name().as_bytes() == name)
    }

    /// `webm`, which browsers play everywhere, or `matroska` for what is not allowed in it.
    #[must_use]
    pub const fn doc_type(self) -> &'static str {
        match self {
            Self::Vp8 | Self::Vp9 | Self::Av1 | Self::Opus => "webm",
            Self::H264 => "matroska",
        }
    }

    /// The media type of a file with it.
    #[must_use]
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Vp8 | Self::Vp9 | Self::Av1 => "video/webm",
            Self::H264 => "video/x-matroska",
            Self::Opus => "audio/webm",
        }
    }
}

/// What a track is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Media {
    /// Pictures; the largest size of the track, in pixels.
    Video {
        /// Pixels across.
        width: u32,
        /// Pixels down.
        height: u32,
    },
    /// Sound of 48,000 samples a second.
    Audio {
        /// 1 or 2.
        channels: u8,
    },
}

/// Describes the only track of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrackHead {
    /// How it is coded.
    pub codec: CodecId,
    /// What it is.
    pub media: Media,
    /// What a decoder needs first; empty where there is no such thing.
    pub private: Vec<u8>,
    /// Samples at 48 kHz that a decoder drops at the beginning.
    pub pre_skip: u16,
}

/// The head of Opus (RFC 7845 section 5.1) as `CodecPrivate`.
#[must_use]
pub fn opus_head(channels: u8, pre_skip: u16) -> Vec<u8> {
    let mut head = b"OpusHead\x01".to_vec();
    head.push(channels);
    head.extend_from_slice(&pre_skip.to_le_bytes());
    head.extend_from_slice(&48_000_u32.to_le_bytes());
    head.extend_from_slice(&[0, 0, 0]);
    head
}

const SAMPLES_PER_SECOND: u64 = 48_000;
/// What a decoder of Opus has to hear before it sounds right, in nanoseconds (RFC 9559 names it for
/// Opus).
const OPUS_PRE_ROLL_NS: u64 = 80_000_000;

impl TrackHead {
    /// The EBML head: what kind of file it is.
    pub(crate) fn ebml(&self) -> Vec<u8> {
        let mut content = Vec::new();
        number(id::EBML_VERSION, 1, &mut content);
        number(id::EBML_READ_VERSION, 1, &mut content);
        number(id::EBML_MAX_ID_LENGTH, 4, &mut content);
        number(id::EBML_MAX_SIZE_LENGTH, 8, &mut content);
        element(id::DOC_TYPE, self.codec.doc_type().as_bytes(), &mut content);
        number(id::DOC_TYPE_VERSION, 4, &mut content);
        number(id::DOC_TYPE_READ_VERSION, 2, &mut content);
        let mut head = Vec::new();
        element(id::EBML, &content, &mut head);
        head
    }

    pub(crate) fn tracks(&self) -> Vec<u8> {
        let mut entry = Vec::new();
        number(id::TRACK_NUMBER, 1, &mut entry);
        number(id::TRACK_UID, 1, &mut entry);
        number(id::FLAG_LACING, 0, &mut entry);
        element(id::LANGUAGE, b"und", &mut entry);
        element(id::CODEC_ID, self.codec.name().as_bytes(), &mut entry);
        if !self.private.is_empty() {
            element(id::CODEC_PRIVATE, &self.private, &mut entry);
        }
        if self.codec == CodecId::Opus {
            let delay_ns = u64::from(self.pre_skip) * 1_000_000_000 / SAMPLES_PER_SECOND;
            number(id::CODEC_DELAY, delay_ns, &mut entry);
            number(id::SEEK_PRE_ROLL, OPUS_PRE_ROLL_NS, &mut entry);
        }
        let mut media = Vec::new();
        match self.media {
            Media::Video { width, height } => {
                number(id::TRACK_TYPE, 1, &mut entry);
                number(id::PIXEL_WIDTH, width.into(), &mut media);
                number(id::PIXEL_HEIGHT, height.into(), &mut media);
                element(id::VIDEO, &media, &mut entry);
            }
            Media::Audio { channels } => {
                number(id::TRACK_TYPE, 2, &mut entry);
                float(id::SAMPLING_FREQUENCY, 48_000.0, &mut media);
                number(id::CHANNELS, channels.into(), &mut media);
                element(id::AUDIO, &media, &mut entry);
            }
        }
        let mut content = Vec::new();
        element(id::TRACK_ENTRY, &entry, &mut content);
        let mut tracks = Vec::new();
        element(id::TRACKS, &content, &mut tracks);
        tracks
    }
}

/// What is said of the whole; times are milliseconds.
pub(crate) fn info(duration_ms: Option<u64>) -> Vec<u8> {
    let mut content = Vec::new();
    number(id::TIMESTAMP_SCALE, 1_000_000, &mut content);
    if let Some(ms) = duration_ms {
        #[expect(
            clippy::cast_precision_loss,
            reason = "milliseconds of any recording are far below 2^53"
        )]
        float(id::DURATION, ms as f64, &mut content);
    }
    element(id::MUXING_APP, b"telehealth", &mut content);
    element(id::WRITING_APP, b"telehealth", &mut content);
    let mut info = Vec::new();
    element(id::INFO, &content, &mut info);
    info
}
