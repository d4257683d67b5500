//! Making a recording that can be played: a job that goes on where it was interrupted.

use std::io::{self, Write as _};

use recordings_matroska::{Caption, FinishedWriter, PlanError, WriteError, web_vtt};
use recordings_segments::{
    FileSum, Gap, Manifest, ManifestError, Note, OpenError, RecordingId, Role, SealedFile,
    SigningKey, Source, TrackSum, VerifyingKey,
};

use crate::capture::{SAID_FILE, codec_word};
use crate::folder::{Finishing, Folder};
use crate::journals::{self, History, JournalError, NextJournal};
use crate::mend::{MendError, mend};
use crate::record::{Record, RecordError};
use crate::track::{Records, Survey, survey};
use crate::voices;

/// The finished file with all voices together. Numbers of tracks are lower.
pub const MIXDOWN: u32 = 10_000;
/// The finished file with the loudness of the mixdown.
pub const PEAKS: u32 = 10_001;
/// The finished file with what was said, as WebVTT.
pub const CAPTIONS: u32 = 10_002;

/// How long a text is shown.
const CAPTION_MS: u64 = 5_000;

/// A recording that was not finished. Doing it again goes on with the file that is missing.
#[derive(Debug, thiserror::Error)]
pub enum FinishError {
    /// A file cannot be read or written.
    #[error("a recording cannot be finished")]
    Io(#[from] io::Error),
    /// What a crash has left cannot be mended.
    #[error("a recording cannot be mended")]
    Mend(#[from] MendError),
    /// A file is refused.
    #[error("a file of the recording is refused")]
    Open(#[from] OpenError),
    /// A journal is refused.
    #[error("a journal of the recording is refused")]
    Journal(#[from] JournalError),
    /// A track holds something else.
    #[error("a track of the recording cannot be read")]
    Record(#[from] RecordError),
    /// A track makes no file.
    #[error("a track of the recording makes no file")]
    Plan(#[from] PlanError),
    /// A finished file was not written.
    #[error("a finished file cannot be written")]
    Write(#[from] WriteError),
    /// The manifest is refused, or was not written.
    #[error("the manifest of the recording")]
    Manifest(#[from] ManifestError),
    /// The voices could not be mixed.
    #[error("the voices cannot be mixed")]
    Voices(#[from] opus::Error),
    /// Whoever asked does not want it any more.
    #[error("the job was cancelled")]
    Cancelled,
}

/// How far a job is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Finished files that are whole.
    pub done: u32,
    /// How many there will be.
    pub of: u32,
}

/// Reads the manifest of a finished recording; `None` if it is not finished.
///
/// # Errors
/// The manifest is there and refused.
pub fn read_manifest(folder: &Folder, key: &VerifyingKey) -> Result<Option<Manifest>, FinishError> {
    if !folder.path_of(Role::Manifest).try_exists()? {
        return Ok(None);
    }
    let file = folder.open(Role::Manifest)?;
    Ok(Some(verify_manifest(&file, key, folder.recording())?))
}

/// Reads the manifest out of its sealed file, wherever that lies.
///
/// # Errors
/// It is refused.
pub fn verify_manifest<S: Source>(
    file: &SealedFile<S>,
    key: &VerifyingKey,
    recording: RecordingId,
) -> Result<Manifest, FinishError> {
    let length = usize::try_from(file.plain_bytes()).map_err(io::Error::other)?;
    let bytes = file.range(0, length)?;
    Ok(Manifest::verify(&bytes, key, recording)?)
}

/// Mends a recording if it must be, makes all finished files that are not there yet, and signs the
/// manifest. `report` is told after each file and answers whether to go on.
///
/// # Errors
/// See [`FinishError`].
pub fn finish(
    folder: &Folder,
    signer: &SigningKey,
    report: &mut dyn FnMut(Progress) -> bool,
) -> Result<Manifest, FinishError> {
    if let Some(manifest) = read_manifest(folder, &signer.verifying())? {
        return Ok(manifest);
    }
    mend(folder)?;
    let history = journals::read(folder)?;
    let mut job = Job {
        folder,
        journal: NextJournal::create(folder, history.last_us)?,
        manifest: Manifest::new(folder.recording()),
        progress: Progress {
            done: 0,
            of: u32::try_from(history.tracks.len())
                .unwrap_or(u32::MAX)
                .saturating_add(2),
        },
        report,
    };
    job.manifest.is_recovered = history.is_recovered;
    let voices = job.tracks(&history)?;
    job.mix(&voices)?;
    job.captions()?;
    job.sign(history, signer)
}

struct Job<'a> {
    folder: &'a Folder,
    journal: NextJournal,
    manifest: Manifest,
    progress: Progress,
    report: &'a mut dyn FnMut(Progress) -> bool,
}

impl<'a> Job<'a> {
    /// Every track as a file of its own; answers the numbers of those that are voices.
    fn tracks(&mut self, history: &History) -> Result<Vec<u32>, FinishError> {
        let mut voices = Vec::new();
        for (&number, known) in &history.tracks {
            if !self.folder.path_of(Role::Track(number)).try_exists()? || number == SAID_FILE {
                continue;
            }
            let file = self.folder.open(Role::Track(number))?.sum();
            let Some(survey) = survey(self.folder, number)? else {
                continue;
            };
            if survey.codec.is_audio() {
                voices.push(number);
            }
            let sum = sum_up(number, &known.content, known.person, &survey, file);
            let finished = match self.is_there(number)? {
                Some(finished) => finished,
                None => self.remux(number, survey)?,
            };
            self.manifest.finished.push(TrackSum {
                file: finished,
                ..sum.clone()
            });
            self.manifest.tracks.push(sum);
            self.step(number)?;
        }
        Ok(voices)
    }

    /// A finished file of an earlier attempt, if it is whole.
    fn is_there(&self, number: u32) -> Result<Option<FileSum>, FinishError> {
        let role = Role::Finished(number);
        if !self.folder.path_of(role).try_exists()? {
            return Ok(None);
        }
        Ok(Some(self.folder.open(role)?.sum()))
    }

    fn step(&mut self, file: u32) -> Result<(), FinishError> {
        self.journal.note(Note::Finished { file })?;
        self.progress.done += 1;
        if (self.report)(self.progress) {
            Ok(())
        } else {
            Err(FinishError::Cancelled)
        }
    }

    fn remux(&mut self, number: u32, survey: Survey) -> Result<FileSum, FinishError> {
        let out = Finishing::create(self.folder, Role::Finished(number))?;
        let plan = survey.planner.finish(survey.to_us.div_ceil(1_000));
        let mut writer = FinishedWriter::new(out, plan)?;
        let mut records = Records::open(self.folder, number)?;
        while let Some(frame) = records.next_frame()? {
            writer.write(frame.at_us / 1_000, frame.is_key, &frame.data)?;
        }
        Ok(writer.finish()?.finish()?)
    }

    fn mix(&mut self, voices: &[u32]) -> Result<(), FinishError> {
        let end_us = self.manifest.tracks.iter().map(|it| it.to_us).max();
        let Some(end_us) = end_us.filter(|_| !voices.is_empty()) else {
            return Ok(());
        };
        let (mixdown, peaks) = match (self.is_there(MIXDOWN)?, self.is_there(PEAKS)?) {
            (Some(mixdown), Some(peaks)) => (mixdown, peaks),
            _ => voices::mix(self.folder, voices, end_us)?,
        };
        let blocks = voices::blocks(end_us);
        for (number, content, frames, file) in [
            (MIXDOWN, "mixdown/opus", blocks, mixdown),
            (PEAKS, "peaks", 1, peaks),
        ] {
            self.manifest.finished.push(TrackSum {
                number,
                content: content.to_owned(),
                person: None,
                frames,
                from_us: 0,
                to_us: end_us,
                gaps: Vec::new(),
                file,
            });
        }
        self.step(MIXDOWN)
    }

    fn captions(&mut self) -> Result<(), FinishError> {
        if !self.folder.path_of(Role::Track(SAID_FILE)).try_exists()? {
            return Ok(());
        }
        let mut records = Records::open(self.folder, SAID_FILE)?;
        let mut captions = Vec::new();
        while let Some(record) = records.next()? {
            if let Record::Said { at_us, text } = record {
                let from_ms = at_us / 1_000;
                captions.push(Caption {
                    from_ms,
                    to_ms: from_ms + CAPTION_MS,
                    text,
                });
            }
        }
        let to_us = captions.last().map_or(0, |it| it.to_ms * 1_000);
        let sum = TrackSum {
            number: SAID_FILE,
            content: "said".to_owned(),
            person: None,
            frames: captions.len() as u64,
            from_us: captions.first().map_or(0, |it| it.from_ms * 1_000),
            to_us,
            gaps: Vec::new(),
            file: records.file().sum(),
        };
        let file = match self.is_there(CAPTIONS)? {
            Some(file) => file,
            None => {
                let mut out = Finishing::create(self.folder, Role::Finished(CAPTIONS))?;
                out.write_all(web_vtt(&captions).as_bytes())?;
                out.finish()?
            }
        };
        self.manifest.finished.push(TrackSum {
            number: CAPTIONS,
            content: "captions/vtt".to_owned(),
            file,
            ..sum.clone()
        });
        self.manifest.tracks.push(sum);
        self.step(CAPTIONS)
    }

    fn sign(mut self, history: History, signer: &SigningKey) -> Result<Manifest, FinishError> {
        self.manifest.journals = history.sums;
        self.manifest.journals.push(self.journal.sum());
        let bytes = self.manifest.sign(signer)?;
        let mut out = Finishing::create(self.folder, Role::Manifest)?;
        out.write_all(&bytes)?;
        out.finish()?;
        Ok(self.manifest)
    }
}

fn sum_up(
    number: u32,
    content: &str,
    person: Option<u128>,
    survey: &Survey,
    file: FileSum,
) -> TrackSum {
    let content = if content.is_empty() {
        codec_word(survey.codec).to_owned()
    } else {
        content.to_owned()
    };
    let gaps = survey.gaps.iter().map(|gap| Gap {
        from_us: gap.from_us,
        to_us: gap.to_us,
        why: gap.why.word().to_owned(),
    });
    TrackSum {
        number,
        content,
        person,
        frames: survey.frames,
        from_us: survey.from_us,
        to_us: survey.to_us,
        gaps: gaps.collect(),
        file,
    }
}
