//! Where sound and picture lie.

use core::fmt;

use clinical_model::{ParticipantUuid, RecordingId};
use clinical_store::recordings::SECRET_BYTES;

/// What opens a recording.
pub type Secret = [u8; SECRET_BYTES];

/// A stretch without sound or picture, in milliseconds of the recording.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gap {
    /// Its beginning.
    pub from_ms: u64,
    /// Its end.
    pub to_ms: u64,
    /// Why.
    pub why: String,
}

/// A file that can be played.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Track {
    /// Its number.
    pub file: u32,
    /// Such as `camera` or `mixdown`.
    pub kind: String,
    /// Such as `video/webm; codecs="vp8"`.
    pub media_type: String,
    /// Whose it is.
    pub person: Option<ParticipantUuid>,
    /// When it begins, in milliseconds of the recording.
    pub from_ms: u64,
    /// When it ends.
    pub to_ms: u64,
    /// How long it is, in bytes.
    pub bytes: u64,
    /// Where it has nothing.
    pub gaps: Vec<Gap>,
}

/// What a recording consists of, once it is ready.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Contents {
    /// Whether a crash interrupted it.
    pub recovered: bool,
    /// Its files.
    pub tracks: Vec<Track>,
}

/// How far the preparation of a recording is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Files that are ready.
    pub done: u32,
    /// How many there will be.
    pub of: u32,
}

/// Why the shelf gives nothing.
#[derive(Debug, thiserror::Error)]
pub enum ShelfError {
    /// There is no such recording or file.
    #[error("no such file of a recording")]
    Missing,
    /// Damaged, changed, or not to be read.
    #[error("a file of a recording cannot be read")]
    Unreadable(#[source] Box<dyn core::error::Error + Send + Sync>),
    /// Where the file lies is not to be reached now; later it may be.
    #[error("the store of recordings cannot be reached")]
    Away(#[source] Box<dyn core::error::Error + Send + Sync>),
}

/// A file of a recording that is open. The calls block.
pub trait MediaFile: Send {
    /// Plain bytes from a place on: `length`, fewer only at the end of the file.
    ///
    /// # Errors
    /// [`ShelfError`]
    fn bytes(&self, from: u64, length: usize) -> Result<Vec<u8>, ShelfError>;
}

/// Where the files of recordings lie. The calls block; callers are on threads that may.
pub trait Shelf: fmt::Debug + Send + Sync {
    /// What a recording that is ready consists of.
    ///
    /// # Errors
    /// [`ShelfError`]
    fn contents(&self, id: RecordingId, secret: &Secret) -> Result<Contents, ShelfError>;

    /// Opens a file of a recording that is ready, by its number.
    ///
    /// # Errors
    /// [`ShelfError`]
    fn open(
        &self,
        place: (RecordingId, u32),
        secret: &Secret,
    ) -> Result<(Track, Box<dyn MediaFile>), ShelfError>;

    /// Takes the files of a recording away for good. What is not there is no error.
    ///
    /// # Errors
    /// [`ShelfError`]
    fn destroy(&self, id: RecordingId) -> Result<(), ShelfError>;

    /// How far the preparation of a recording is, if it is being prepared here.
    fn progress(&self, id: RecordingId) -> Option<Progress>;
}
