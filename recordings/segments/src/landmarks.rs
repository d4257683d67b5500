//! Where a finished file must be read to be opened, known before any of it is.

use std::ops::Range;

use crate::head::HEAD_BYTES;
use crate::seal::{CHUNK_BYTES, HEADER_BYTES, TAG_BYTES, TRAILER_BYTES};

/// Plain bytes of each segment of a finished file but the last: a player that seeks has to read one
/// header each.
pub const FINISHED_SEGMENT_BYTES: usize = 1024 * 1024;

/// The places of heads and hashes in a finished file of a length, in bytes. Who fetches them together
/// opens the file without asking for each. It is a guess: a file of other segments has them elsewhere,
/// and is opened as well.
#[must_use]
pub fn landmarks(length: u64) -> Vec<Range<u64>> {
    let chunks = FINISHED_SEGMENT_BYTES.div_ceil(CHUNK_BYTES);
    let body = (FINISHED_SEGMENT_BYTES + chunks * TAG_BYTES) as u64;
    let (header, trailer) = (HEADER_BYTES as u64, TRAILER_BYTES as u64);
    let first = (HEAD_BYTES as u64 + header).min(length);
    let mut marks: Vec<_> = core::iter::once(0..first).collect();
    let mut end = HEAD_BYTES as u64 + header + body + trailer;
    while end < length {
        marks.push(end - trailer..(end + header).min(length));
        end += header + body + trailer;
    }
    if length > first {
        marks.push(length.saturating_sub(trailer).max(first)..length);
    }
    marks
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::Mutex;

    use super::*;
    use crate::{FileSealer, RecordingId, RecordingKey, Role, SealedFile, Source, Span};

    /// Remembers what was read of it.
    struct Watched(Vec<u8>, Mutex<Vec<Range<u64>>>);

    impl Source for Watched {
        fn length(&self) -> io::Result<u64> {
            self.0.as_slice().length()
        }

        fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
            let read = offset..offset + buffer.len() as u64;
            self.1.lock().unwrap().push(read);
            self.0.as_slice().read_at(offset, buffer)
        }
    }

    #[test]
    fn opening_a_finished_file_reads_nothing_else() {
        let (key, id) = (RecordingKey::from_secret([3; 32]), RecordingId([4; 16]));
        let role = Role::Finished(7);
        for lengths in [
            vec![],
            vec![1],
            vec![FINISHED_SEGMENT_BYTES],
            vec![FINISHED_SEGMENT_BYTES, 1],
            vec![FINISHED_SEGMENT_BYTES, FINISHED_SEGMENT_BYTES, 70_000],
        ] {
            let (mut sealer, mut bytes) = FileSealer::new(&key, id, role)
                .map(|(sealer, head)| (sealer, head.to_vec()))
                .unwrap();
            for length in &lengths {
                bytes.extend(sealer.seal(Span::default(), &vec![5; *length]).unwrap());
            }
            let marks = landmarks(bytes.len() as u64);
            let file = Watched(bytes, Mutex::default());
            let opened = SealedFile::open(&file, &key, id, role).unwrap();
            assert_eq!(opened.segments() as usize, lengths.len());
            let read = file.1.lock().unwrap();
            let known = |it: &Range<u64>| {
                let within = |mark: &Range<u64>| mark.start <= it.start && it.end <= mark.end;
                marks.iter().any(within)
            };
            assert!(read.iter().all(known), "{read:?} of {marks:?}");
        }
    }
}
