//! What happened while a recording was made.

use serde::{Deserialize, Serialize};

/// A longer entry is refused: it is no note about a recording.
const ENTRY_BYTES_MAX: usize = 64 * 1024;

/// One thing that happened. Each is a segment of its own in a sealed file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JournalEntry {
    /// When, in microseconds since the recording began.
    pub at_us: u64,
    /// What.
    pub note: Note,
}

/// What may happen. Content of a visit is not in here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Note {
    /// A process began to work on the recording.
    Began,
    /// Frames were held back, because somebody present has not agreed.
    Paused,
    /// Frames are taken again.
    Resumed,
    /// A track was opened.
    TrackOpened {
        /// The number of its file.
        track: u32,
        /// What is on it.
        content: String,
        /// Whose it is.
        #[serde(with = "crate::key::person_hex")]
        person: Option<u128>,
    },
    /// A track is over.
    TrackClosed {
        /// The number of its file.
        track: u32,
    },
    /// Segments are on the disk: after a crash a file with fewer was tampered with.
    Synced {
        /// Number of each track and how many segments it has now.
        tracks: Vec<(u32, u32)>,
    },
    /// The tap was faster than the disk, and packets were dropped.
    Dropped {
        /// How many since the last entry like this.
        packets: u64,
    },
    /// The recording ended as it was meant to.
    Ended,
    /// The recording ended because it could not go on.
    Stopped {
        /// A word: `disk_full`, `disk`.
        why: String,
    },
    /// A crash was mended.
    Recovered {
        /// The number of a track.
        track: u32,
        /// Bytes that were cut off.
        lost_bytes: u64,
    },
    /// A finished file is whole.
    Finished {
        /// Its number.
        file: u32,
    },
}

/// An entry that was not read.
#[derive(Debug, thiserror::Error)]
pub enum ReadJournalError {
    /// Longer than an entry may be.
    #[error("an entry of a journal has at most {ENTRY_BYTES_MAX} bytes")]
    TooLong,
    /// Not an entry of this version.
    #[error("an entry of the journal cannot be read")]
    Json(#[from] serde_json::Error),
}

/// An entry as the plain bytes of a segment.
///
/// # Errors
/// It is longer than an entry may be.
pub fn write_entry(entry: &JournalEntry) -> Result<Vec<u8>, ReadJournalError> {
    let bytes = serde_json::to_vec(entry)?;
    if bytes.len() > ENTRY_BYTES_MAX {
        return Err(ReadJournalError::TooLong);
    }
    Ok(bytes)
}

/// Reads the plain bytes of a segment of a journal.
///
/// # Errors
/// They are no entry.
pub fn read_entry(bytes: &[u8]) -> Result<JournalEntry, ReadJournalError> {
    if bytes.len() > ENTRY_BYTES_MAX {
        return Err(ReadJournalError::TooLong);
    }
    Ok(serde_json::from_slice(bytes)?)
}
