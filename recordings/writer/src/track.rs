//! Reading a recorded track again, a segment at a time.

use std::collections::VecDeque;

use recordings_matroska::{CodecId, Media, Planner, TrackHead, opus_head};
use recordings_segments::{Role, SealedFile};
use recordings_tap::Codec;
use recordings_tracks::{Frame, Gap, opus_is_stereo};

use crate::finish::FinishError;
use crate::folder::{FileSource, Folder};
use crate::record::{Record, records};

/// Gaps that a manifest lists of one track; more are in the track alone.
const GAPS_MAX: usize = 1_000;
/// How long a last picture is shown, in milliseconds.
const LAST_PICTURE_MS: u64 = 100;

/// The records of a track from its beginning, with one segment in memory.
pub(crate) struct Records {
    file: SealedFile<FileSource>,
    next_segment: u32,
    ready: VecDeque<Record>,
}

impl Records {
    pub(crate) fn open(folder: &Folder, number: u32) -> Result<Self, FinishError> {
        Ok(Self {
            file: folder.open(Role::Track(number))?,
            next_segment: 0,
            ready: VecDeque::new(),
        })
    }

    pub(crate) const fn file(&self) -> &SealedFile<FileSource> {
        &self.file
    }

    pub(crate) fn next(&mut self) -> Result<Option<Record>, FinishError> {
        while self.ready.is_empty() {
            if self.next_segment >= self.file.segments() {
                return Ok(None);
            }
            self.ready = records(&self.file.segment(self.next_segment)?)?.into();
            self.next_segment += 1;
        }
        Ok(self.ready.pop_front())
    }

    pub(crate) fn next_frame(&mut self) -> Result<Option<Frame>, FinishError> {
        while let Some(record) = self.next()? {
            if let Record::Frame(frame) = record {
                return Ok(Some(frame));
            }
        }
        Ok(None)
    }
}

/// What a first walk through a track finds out.
pub(crate) struct Survey {
    pub(crate) codec: Codec,
    pub(crate) planner: Planner,
    pub(crate) frames: u64,
    pub(crate) from_us: u64,
    pub(crate) to_us: u64,
    pub(crate) gaps: Vec<Gap>,
}

fn codec_id(codec: Codec) -> CodecId {
    match codec {
        Codec::Opus | Codec::Red => CodecId::Opus,
        Codec::Vp8 => CodecId::Vp8,
        Codec::Vp9 => CodecId::Vp9,
        Codec::H264 => CodecId::H264,
        Codec::Av1 => CodecId::Av1,
    }
}

/// Walks through a track; `None` if it has no frame.
pub(crate) fn survey(folder: &Folder, number: u32) -> Result<Option<Survey>, FinishError> {
    let Some(head) = head(folder, number)? else {
        return Ok(None);
    };
    let mut records = Records::open(folder, number)?;
    let mut survey = Survey {
        codec: head.1,
        planner: Planner::new(head.0),
        frames: 0,
        from_us: u64::MAX,
        to_us: 0,
        gaps: Vec::new(),
    };
    while let Some(record) = records.next()? {
        match record {
            Record::Frame(frame) => {
                let at_ms = frame.at_us / 1_000;
                survey.planner.add(at_ms, frame.data.len(), frame.is_key)?;
                survey.frames += 1;
                survey.from_us = survey.from_us.min(frame.at_us);
                let lasts_us = frame.duration_us.unwrap_or(LAST_PICTURE_MS * 1_000);
                survey.to_us = frame.at_us + lasts_us;
            }
            Record::Gap(gap) if survey.gaps.len() < GAPS_MAX => survey.gaps.push(gap),
            Record::Gap(_) | Record::Said { .. } => {}
        }
    }
    Ok(Some(survey))
}

/// What a track's file begins with: the largest picture, the decoder's configuration, stereo if any
/// packet is.
fn head(folder: &Folder, number: u32) -> Result<Option<(TrackHead, Codec)>, FinishError> {
    let mut records = Records::open(folder, number)?;
    let Some(first) = records.next_frame()? else {
        return Ok(None);
    };
    let codec = first.codec;
    let config = first.config.clone().unwrap_or_default();
    let (mut width, mut height) = first.size.unwrap_or((1, 1));
    let mut channels = 1 + u8::from(opus_is_stereo(&first.data));
    while let Some(frame) = records.next_frame()? {
        if let Some((across, down)) = frame.size {
            (width, height) = (width.max(across), height.max(down));
        }
        if codec == Codec::Opus && opus_is_stereo(&frame.data) {
            channels = 2;
        }
    }
    let (media, private) = if codec.is_audio() {
        (Media::Audio { channels }, opus_head(channels, 0))
    } else {
        (Media::Video { width, height }, config)
    };
    let head = TrackHead {
        codec: codec_id(codec),
        media,
        private,
        pre_skip: 0,
    };
    Ok(Some((head, codec)))
}
