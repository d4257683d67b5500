//! What must hold of what lies in a recording's folder. For the fuzz targets only.

use crate::head::{HEAD_BYTES, Role};
use crate::journal::{read_entry, write_entry};
use crate::key::{RecordingId, RecordingKey};
use crate::manifest::Manifest;
use crate::read::SealedFile;
use crate::recover::recover;
use crate::seal::{FileSealer, Span};

/// A file of any bytes. Then the same bytes as edits of a whole file: each four say where a byte is
/// changed, or where the file is cut. What still opens must be what was sealed there.
pub fn sealed_file(bytes: &[u8]) {
    let key = RecordingKey::from_secret([7; 32]);
    let recording = RecordingId([9; 16]);
    look(bytes, &RecordingKey::from_secret([8; 32]), recording);
    let Ok((mut sealer, head)) = FileSealer::new(&key, recording, Role::Track(1)) else {
        return;
    };
    let plain: Vec<Vec<u8>> = (0..4_u8).map(|n| vec![n; usize::from(n) * 9_000]).collect();
    let mut file = head.to_vec();
    for (at, part) in plain.iter().enumerate() {
        if let Ok(sealed) = sealer.seal(Span::at(at as u64), part) {
            file.extend_from_slice(&sealed);
        }
    }
    let whole = file.clone();
    for edit in bytes.chunks_exact(4) {
        let [high, low, mask, act] = edit else { return };
        let at = usize::from(u16::from_be_bytes([*high, *low])) * 7 % file.len().max(1);
        if act % 8 == 0 {
            file.truncate(at);
        } else if let Some(byte) = file.get_mut(at) {
            *byte ^= mask;
        }
    }
    let Ok(opened) = SealedFile::open(file.as_slice(), &key, recording, Role::Track(1)) else {
        let _ = recover(file.as_slice(), &key, recording, Role::Track(1));
        return;
    };
    assert!(file == whole || opened.sum() != sealer.sum() || any_refused(&opened));
    for (segment, expected) in (0..opened.segments()).zip(&plain) {
        if let Ok(found) = opened.segment(segment) {
            assert_eq!(&found, expected, "something else was opened");
        }
    }
}

fn any_refused(file: &SealedFile<&[u8]>) -> bool {
    (0..file.segments()).any(|segment| file.segment(segment).is_err())
}

fn look(bytes: &[u8], key: &RecordingKey, recording: RecordingId) {
    for role in [Role::Track(1), Role::Manifest] {
        if let Ok(file) = SealedFile::open(bytes, key, recording, role) {
            assert!(bytes.len() >= HEAD_BYTES);
            for segment in 0..file.segments() {
                assert!(file.segment(segment).is_err(), "a forged segment opened");
            }
        }
        if let Ok(recovered) = recover(bytes, key, recording, role) {
            assert!(recovered.keep_bytes + recovered.lost_bytes == bytes.len() as u64);
        }
    }
}

/// The JSON of a manifest.
pub fn manifest(bytes: &[u8]) {
    let Ok(manifest) = Manifest::parse(bytes) else {
        return;
    };
    let again = serde_json::to_vec(&manifest).unwrap_or_default();
    assert!(
        Manifest::parse(&again).is_ok_and(|again| again == manifest),
        "a manifest changed on its way"
    );
}

/// An entry of a journal.
pub fn journal_entry(bytes: &[u8]) {
    let Ok(entry) = read_entry(bytes) else { return };
    let again = write_entry(&entry).unwrap_or_default();
    assert!(
        read_entry(&again).is_ok_and(|again| again == entry),
        "an entry changed on its way"
    );
}
