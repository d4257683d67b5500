//! What the journals of a recording say together.

use std::collections::BTreeMap;
use std::io;

use recordings_segments::{
    FileSum, JournalEntry, Note, OpenError, ReadJournalError, Role, Span, read_entry, write_entry,
};

use crate::folder::{Folder, Growing};

/// A journal that cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// It is refused.
    #[error("a journal does not open")]
    Open(#[from] OpenError),
    /// An entry of it is of no known version.
    #[error("a journal cannot be read")]
    Entry(#[from] ReadJournalError),
    /// It cannot be read or written.
    #[error("a journal cannot be written")]
    Io(#[from] io::Error),
}

/// What is known of a file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Known {
    pub(crate) content: String,
    pub(crate) person: Option<u128>,
    /// Segments that were on the disk.
    pub(crate) synced: u32,
}

/// All journals.
#[derive(Debug, Default)]
pub(crate) struct History {
    pub(crate) tracks: BTreeMap<u32, Known>,
    pub(crate) has_ended: bool,
    pub(crate) is_recovered: bool,
    pub(crate) sums: Vec<FileSum>,
    /// When the last entry was.
    pub(crate) last_us: u64,
}

pub(crate) fn read(folder: &Folder) -> Result<History, JournalError> {
    let mut history = History::default();
    for number in folder.numbers(Role::Journal)? {
        let file = folder.open(Role::Journal(number))?;
        for segment in 0..file.segments() {
            history.learn(read_entry(&file.segment(segment)?)?);
        }
        history.sums.push(file.sum());
    }
    Ok(history)
}

impl History {
    fn learn(&mut self, entry: JournalEntry) {
        self.last_us = self.last_us.max(entry.at_us);
        match entry.note {
            Note::TrackOpened {
                track,
                content,
                person,
            } => {
                let known = self.tracks.entry(track).or_default();
                (known.content, known.person) = (content, person);
            }
            Note::Synced { tracks } => {
                for (track, segments) in tracks {
                    self.tracks.entry(track).or_default().synced = segments;
                }
            }
            Note::Ended => self.has_ended = true,
            Note::Recovered { .. } => (self.has_ended, self.is_recovered) = (true, true),
            Note::Began
            | Note::Paused
            | Note::Resumed
            | Note::TrackClosed { .. }
            | Note::Dropped { .. }
            | Note::Stopped { .. }
            | Note::Finished { .. } => {}
        }
    }
}

/// A new journal behind those that are there: none is ever continued.
pub(crate) struct NextJournal {
    journal: Growing,
    at_us: u64,
}

impl NextJournal {
    pub(crate) fn create(folder: &Folder, at_us: u64) -> Result<Self, JournalError> {
        let last = folder.numbers(Role::Journal)?.last().copied();
        let number = last.map_or(0, |last| last + 1);
        let mut next = Self {
            journal: Growing::create(folder, Role::Journal(number))?,
            at_us,
        };
        next.note(Note::Began)?;
        Ok(next)
    }

    pub(crate) fn note(&mut self, note: Note) -> Result<(), JournalError> {
        let at_us = self.at_us;
        let bytes = write_entry(&JournalEntry { at_us, note })?;
        self.journal.append(Span::at(at_us), &bytes)?;
        Ok(self.journal.sync()?)
    }

    pub(crate) fn sum(&self) -> FileSum {
        self.journal.sum()
    }
}
