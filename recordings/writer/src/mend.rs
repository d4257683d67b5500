//! Mending what a crash has left.

use std::fs::{self, OpenOptions};
use std::io;

use recordings_segments::{Note, OpenError, Recovered, Role, recover};

use crate::folder::Folder;
use crate::journals::{self, JournalError, NextJournal};

/// What was mended.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Mended {
    /// Number of each track and what is left of it.
    pub tracks: Vec<(u32, Recovered)>,
    /// Bytes that were cut off, of all files.
    pub lost_bytes: u64,
    /// The end of what is left, in microseconds since the recording began.
    pub until_us: u64,
}

/// A recording that was not mended; nothing of it was changed that was whole.
#[derive(Debug, thiserror::Error)]
pub enum MendError {
    /// A file cannot be read or cut.
    #[error("a recording cannot be mended")]
    Io(#[from] io::Error),
    /// A file was damaged by something else than a crash.
    #[error("a file of the recording is damaged")]
    Damaged(#[from] OpenError),
    /// The journal is damaged.
    #[error("the journal of the recording is damaged")]
    Journal(#[from] JournalError),
    /// Segments that were on the disk are not there any more: that was no crash.
    #[error("track {track} has lost {missing} segments that were on the disk")]
    Missing {
        /// The number of its file.
        track: u32,
        /// How many.
        missing: u32,
    },
}

/// Cuts every file where its whole segments end, and compares with the journal. Doing it twice is
/// the same as once. What was not ended by itself has ended then.
///
/// # Errors
/// See [`MendError`].
pub fn mend(folder: &Folder) -> Result<Mended, MendError> {
    let mut mended = Mended::default();
    for number in folder.numbers(Role::Journal)? {
        let role = Role::Journal(number);
        let left = cut(folder, role)?;
        mended.lost_bytes += left.lost_bytes;
        // A crash before the head was written: it never was a journal.
        if left.keep_bytes == 0 {
            fs::remove_file(folder.path_of(role))?;
            folder.sync()?;
        }
    }
    let history = journals::read(folder)?;
    let numbers = folder.numbers(Role::Track)?;
    for number in &numbers {
        let role = Role::Track(*number);
        let left = cut(folder, role)?;
        if left.keep_bytes == 0 {
            fs::remove_file(folder.path_of(role))?;
            folder.sync()?;
            continue;
        }
        mended.lost_bytes += left.lost_bytes;
        mended.until_us = mended.until_us.max(left.until_us);
        mended.tracks.push((*number, left));
    }
    for (track, known) in &history.tracks {
        let left = mended.tracks.iter().find(|(number, _)| number == track);
        let segments = left.map_or(0, |(_, left)| left.sum.segments);
        if segments < known.synced {
            return Err(MendError::Missing {
                track: *track,
                missing: known.synced - segments,
            });
        }
    }
    if !history.has_ended {
        let mut journal = NextJournal::create(folder, history.last_us)?;
        for (track, left) in &mended.tracks {
            journal.note(Note::Recovered {
                track: *track,
                lost_bytes: left.lost_bytes,
            })?;
        }
        if mended.tracks.is_empty() {
            journal.note(Note::Ended)?;
        }
    }
    Ok(mended)
}

fn cut(folder: &Folder, role: Role) -> Result<Recovered, MendError> {
    let left = recover(folder.source(role)?, folder.key(), folder.recording(), role)?;
    if left.lost_bytes > 0 {
        let file = OpenOptions::new().write(true).open(folder.path_of(role))?;
        file.set_len(left.keep_bytes)?;
        file.sync_all()?;
    }
    Ok(left)
}
