//! What a crash has left of a file.

use crate::head::{HEAD_BYTES, Role};
use crate::key::{RecordingId, RecordingKey};
use crate::manifest::FileSum;
use crate::read::SealedFile;
use crate::seal::{CHUNK_BYTES, HEADER_BYTES, SEGMENT_BYTES_MAX, TAG_BYTES, TRAILER_BYTES};
use crate::source::{OpenError, Source};

/// A crash tears one segment. If more than this does not open, something else has happened.
const TORN_BYTES_MAX: u64 = (HEADER_BYTES
    + SEGMENT_BYTES_MAX
    + SEGMENT_BYTES_MAX / CHUNK_BYTES * TAG_BYTES
    + TRAILER_BYTES) as u64;

/// What a file is worth after a crash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recovered {
    /// What is whole.
    pub sum: FileSum,
    /// Where the file is to be cut: everything before is whole.
    pub keep_bytes: u64,
    /// How much is cut off: the segment that was being written.
    pub lost_bytes: u64,
    /// The end of the last whole segment, in microseconds since the recording began.
    pub until_us: u64,
}

/// Opens every segment of a file and says where the whole ones end. A file that ends before its head
/// is worth nothing and is kept empty.
///
/// # Errors
/// The file is of another place, cannot be read, or is damaged before its last segment: that was no
/// crash, and nothing should be cut.
pub fn recover<S: Source>(
    source: S,
    key: &RecordingKey,
    recording: RecordingId,
    role: Role,
) -> Result<Recovered, OpenError> {
    let length = source.length()?;
    if length < HEAD_BYTES as u64 {
        return Ok(Recovered {
            sum: FileSum::default(),
            keep_bytes: 0,
            lost_bytes: length,
            until_us: 0,
        });
    }
    let mut file = SealedFile::begin(source, key, recording, role)?;
    let mut until_us = 0;
    while file.end() < length {
        match file.look(length) {
            Ok(place) => match file.open_whole(place) {
                Ok(_plain) => {
                    until_us = place.span().to_us;
                    file.append(place);
                }
                // Blocks of the file system may be written in any order before they are synced.
                Err(OpenError::Broken { .. }) if place.end_at() == length => break,
                Err(other) => return Err(other),
            },
            Err(OpenError::CutOff { .. }) => break,
            // A length that was synced before its bytes shows zeros.
            Err(OpenError::Order { .. }) if rest_is_empty(&file, length)? => break,
            Err(other) => return Err(other),
        }
    }
    let keep_bytes = file.end();
    Ok(Recovered {
        sum: file.sum(),
        keep_bytes,
        lost_bytes: length - keep_bytes,
        until_us,
    })
}

/// Whether there are only zeros behind the last whole segment, and not too many.
fn rest_is_empty<S: Source>(file: &SealedFile<S>, length: u64) -> Result<bool, OpenError> {
    let mut at = file.end();
    if length - at > TORN_BYTES_MAX {
        return Ok(false);
    }
    let mut buffer = vec![0; CHUNK_BYTES];
    while at < length {
        let now = usize::try_from(length - at)
            .unwrap_or(CHUNK_BYTES)
            .min(CHUNK_BYTES);
        let part = buffer.get_mut(..now).unwrap_or_default();
        file.read_raw(at, part)?;
        if part.iter().any(|byte| *byte != 0) {
            return Ok(false);
        }
        at += now as u64;
    }
    Ok(true)
}
