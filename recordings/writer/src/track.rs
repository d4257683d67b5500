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
    let mut records = Records::open(folder, number)?;
    let mut found: Option<(Survey, Head)> = None;
    while let Some(record) = records.next()? {
        match (record, &mut found) {
            (Record::Frame(frame), Some((survey, head))) => {
                head.learn(&frame);
                survey.add(&frame)?;
            }
            (Record::Frame(frame), None) => {
                let mut head = Head::default();
                head.learn(&frame);
                let mut survey = Survey {
                    codec: frame.codec,
                    planner: Planner::new(head.describe(frame.codec)),
                    frames: 0,
                    from_us: frame.at_us,
                    to_us: 0,
                    gaps: Vec::new(),
                };
                survey.add(&frame)?;
                found = Some((survey, head));
            }
            (Record::Gap(gap), Some((survey, _))) if survey.gaps.len() < GAPS_MAX => {
                survey.gaps.push(gap);
            }
            (Record::Gap(_) | Record::Said { .. }, _) => {}
        }
    }
    Ok(found.map(|(mut survey, head)| {
        survey.planner.describe(head.describe(survey.codec));
        survey
    }))
}

impl Survey {
    fn add(&mut self, frame: &Frame) -> Result<(), FinishError> {
        let at_ms = frame.at_us / 1_000;
        self.planner.add(at_ms, frame.data.len(), frame.is_key)?;
        self.frames += 1;
        self.to_us = frame.at_us + frame.duration_us.unwrap_or(LAST_PICTURE_MS * 1_000);
        Ok(())
    }
}

/// What a track's file begins with: the largest picture, the decoder's configuration, stereo if any
/// packet is.
#[derive(Debug, Default)]
struct Head {
    config: Vec<u8>,
    width: u32,
    height: u32,
    is_stereo: bool,
}

impl Head {
    fn learn(&mut self, frame: &Frame) {
        if let Some((width, height)) = frame.size {
            (self.width, self.height) = (self.width.max(width), self.height.max(height));
        }
        if let (Some(config), true) = (&frame.config, self.config.is_empty()) {
            self.config.clone_from(config);
        }
        self.is_stereo |= frame.codec.is_audio() && opus_is_stereo(&frame.data);
    }

    fn describe(&self, codec: Codec) -> TrackHead {
        let (media, private) = if codec.is_audio() {
            let channels = 1 + u8::from(self.is_stereo);
            (Media::Audio { channels }, opus_head(channels, 0))
        } else {
            let media = Media::Video {
                width: self.width.max(1),
                height: self.height.max(1),
            };
            (media, self.config.clone())
        };
        TrackHead {
            codec: codec_id(codec),
            media,
            private,
            pre_skip: 0,
        }
    }
}
