//! Recordings in folders of this machine, and in the object store when the folders have moved there.

use std::collections::{HashMap, VecDeque};
use std::fs;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use clinical_app::recordings::{
    Contents, Gap, Made, MediaFile, Progress, Secret, Shelf, ShelfError, Track,
};
use clinical_app::{ParticipantUuid, RecordingId};
use recordings_objects::{Objects, ObjectsError, Remote};
use recordings_segments::{
    Manifest, OpenError, RecordingKey, Role, SealedFile, Source, TrackSum, VerifyingKey,
};
use recordings_writer::{FinishError, Folder, read_manifest, verify_manifest};
use tokio::runtime::Handle;
use uuid::Uuid;

/// Manifests that were read and verified; those that were not asked for longest are forgotten.
const KNOWN_MAX: usize = 32;
/// Files of the store that were found; those that were not asked for longest are found again.
const FOUND_MAX: usize = 128;
/// The folder of notes about recordings that must go from the store, beside those of recordings.
const DOOMED: &str = "doomed";

/// The folder of all recordings.
pub(super) struct FolderShelf {
    root: PathBuf,
    signer: VerifyingKey,
    known: Mutex<VecDeque<(RecordingId, Arc<Manifest>)>>,
    store: Option<Store>,
    preparing: Mutex<HashMap<RecordingId, Progress>>,
}

/// The object store, for threads that may block.
struct Store {
    objects: Objects,
    runtime: Handle,
    found: Mutex<VecDeque<((RecordingId, Role), Remote)>>,
}

impl Store {
    fn find(&self, id: RecordingId, role: Role) -> Result<Remote, ShelfError> {
        let found = || self.found.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, remote)) = found().iter().find(|(of, _)| *of == (id, role)) {
            return Ok(remote.clone());
        }
        let (recording, file) = (name(id).to_hex(), role.file_name());
        let find = Remote::find(&self.objects, &recording, &file);
        let remote = self.runtime.block_on(find).map_err(|error| match error {
            ObjectsError::Missing => ShelfError::Missing,
            away @ ObjectsError::Away(_) => ShelfError::Away(Box::new(away)),
        })?;
        let mut found = found();
        if found.len() >= FOUND_MAX {
            found.pop_front();
        }
        found.push_back(((id, role), remote.clone()));
        Ok(remote)
    }
}

impl core::fmt::Debug for FolderShelf {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("FolderShelf(..)")
    }
}

impl FolderShelf {
    pub(super) fn new(root: PathBuf, signer: VerifyingKey) -> Self {
        Self {
            root,
            signer,
            known: Mutex::default(),
            store: None,
            preparing: Mutex::default(),
        }
    }

    /// What is not in a folder any more is in this store. Must be called within a runtime.
    pub(super) fn with(self, objects: Objects) -> Self {
        let store = Store {
            objects,
            runtime: Handle::current(),
            found: Mutex::default(),
        };
        Self {
            store: Some(store),
            ..self
        }
    }

    /// The folder of all recordings.
    pub(super) fn root(&self) -> &std::path::Path {
        &self.root
    }

    /// The folder of notes about recordings that must go from the store.
    pub(super) fn doomed(&self) -> PathBuf {
        self.root.join(DOOMED)
    }

    fn path(&self, id: RecordingId) -> PathBuf {
        self.root.join(name(id).to_hex())
    }

    /// The folder of one recording.
    /// Whether this machine has, or had begun, the files of a recording.
    pub(super) fn is_here(&self, id: RecordingId) -> bool {
        self.path(id).exists()
    }

    pub(super) fn folder(&self, id: RecordingId, secret: &Secret) -> Folder {
        let key = RecordingKey::from_secret(*secret);
        Folder::new(self.path(id), name(id), key)
    }

    pub(super) fn is_preparing(&self, id: RecordingId, done: u32, of: u32) {
        let mut preparing = self
            .preparing
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        preparing.insert(id, Progress { done, of });
    }

    pub(super) fn is_prepared(&self, id: RecordingId) {
        let mut preparing = self
            .preparing
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        preparing.remove(&id);
    }

    /// What came of a recording; nothing if nothing in it plays.
    pub(super) fn measure(
        &self,
        id: RecordingId,
        folder: &Folder,
    ) -> Result<Option<Made>, FinishError> {
        let Some(manifest) = read_manifest(folder, &self.signer)? else {
            return Ok(None);
        };
        let plays = manifest.finished.iter().filter(|it| it.person.is_some());
        let Some(end_us) = plays.map(|it| it.to_us).max() else {
            return Ok(None);
        };
        let mut bytes = 0;
        for entry in fs::read_dir(self.path(id))? {
            bytes += entry?.metadata()?.len();
        }
        Ok(Some(Made {
            duration_ms: end_us.div_ceil(1_000),
            bytes,
        }))
    }

    /// The manifest of a recording. A remembered one was opened with the key before; who has no key
    /// does not come here.
    fn manifest(&self, id: RecordingId, folder: &Folder) -> Result<Arc<Manifest>, ShelfError> {
        let known = || self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, manifest)) = known().iter().find(|(of, _)| *of == id) {
            return Ok(Arc::clone(manifest));
        }
        let here = read_manifest(folder, &self.signer).map_err(unreadable)?;
        let manifest = match (here, &self.store) {
            (Some(manifest), _) => manifest,
            (None, Some(store)) => {
                let remote = store.find(id, Role::Manifest)?;
                let file = SealedFile::open(remote, folder.key(), name(id), Role::Manifest)
                    .map_err(refused)?;
                verify_manifest(&file, &self.signer, name(id)).map_err(|error| match error {
                    FinishError::Open(error) => refused(error),
                    other => unreadable(other),
                })?
            }
            (None, None) => return Err(ShelfError::Missing),
        };
        let manifest = Arc::new(manifest);
        let mut known = known();
        if known.len() >= KNOWN_MAX {
            known.pop_front();
        }
        known.push_back((id, Arc::clone(&manifest)));
        Ok(manifest)
    }
}

const fn name(id: RecordingId) -> recordings_segments::RecordingId {
    recordings_segments::RecordingId(id.as_uuid().into_bytes())
}

/// A store that is away is no damage.
fn refused(error: OpenError) -> ShelfError {
    let away = match &error {
        OpenError::Io(error) => error.get_ref().is_some_and(|it| it.is::<ObjectsError>()),
        _ => false,
    };
    if away {
        ShelfError::Away(Box::new(error))
    } else {
        unreadable(error)
    }
}

fn unreadable(source: impl core::error::Error + Send + Sync + 'static) -> ShelfError {
    ShelfError::Unreadable(Box::new(source))
}

impl Shelf for FolderShelf {
    fn contents(&self, id: RecordingId, secret: &Secret) -> Result<Contents, ShelfError> {
        let manifest = self.manifest(id, &self.folder(id, secret))?;
        Ok(Contents {
            recovered: manifest.is_recovered,
            tracks: manifest.finished.iter().map(track).collect(),
        })
    }

    fn open(
        &self,
        (id, file): (RecordingId, u32),
        secret: &Secret,
    ) -> Result<(Track, Box<dyn MediaFile>), ShelfError> {
        let folder = self.folder(id, secret);
        let manifest = self.manifest(id, &folder)?;
        let sum = manifest.finished(file).ok_or(ShelfError::Missing)?;
        let role = Role::Finished(file);
        let media = match (folder.open(role), &self.store) {
            (Ok(sealed), _) => media(sealed, sum)?,
            // Where the folder has moved since the manifest was read, too.
            (Err(OpenError::Io(error)), Some(store)) if error.kind() == io::ErrorKind::NotFound => {
                let remote = store.find(id, role)?;
                let sealed = SealedFile::open(remote, folder.key(), name(id), role);
                media(sealed.map_err(refused)?, sum)?
            }
            (Err(error), _) => return Err(unreadable(error)),
        };
        Ok((track(sum), media))
    }

    fn destroy(&self, id: RecordingId) -> Result<(), ShelfError> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|(of, _)| *of != id);
        drop(known);
        if let Some(store) = &self.store {
            let mut found = store.found.lock().unwrap_or_else(PoisonError::into_inner);
            found.retain(|((of, _), _)| *of != id);
            drop(found);
            // The store may be away; the note is worked off when it is there.
            fs::create_dir_all(self.doomed())
                .and_then(|()| fs::write(self.doomed().join(name(id).to_hex()), []))
                .map_err(unreadable)?;
        }
        match fs::remove_dir_all(self.path(id)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(unreadable(error)),
            _ => Ok(()),
        }
    }

    fn progress(&self, id: RecordingId) -> Option<Progress> {
        let preparing = self
            .preparing
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        preparing.get(&id).copied()
    }
}

struct Media<S>(SealedFile<S>);

impl<S: Source + Send> MediaFile for Media<S> {
    fn bytes(&self, from: u64, length: usize) -> Result<Vec<u8>, ShelfError> {
        self.0.range(from, length).map_err(refused)
    }
}

fn media<S: Source + Send + 'static>(
    sealed: SealedFile<S>,
    sum: &TrackSum,
) -> Result<Box<dyn MediaFile>, ShelfError> {
    sealed.expect(&sum.file).map_err(refused)?;
    Ok(Box::new(Media(sealed)))
}

/// As pages are told of a finished file.
fn track(sum: &TrackSum) -> Track {
    let (kind, codec) = sum.content.split_once('/').unwrap_or((&sum.content, ""));
    let is_sound = matches!(kind, "microphone" | "mixdown");
    let media_type = match (codec, is_sound) {
        ("opus", _) | (_, true) => "audio/webm; codecs=\"opus\"",
        ("vp8", _) => "video/webm; codecs=\"vp8\"",
        ("vp9", _) => "video/webm; codecs=\"vp9\"",
        ("av1", _) => "video/webm; codecs=\"av01.0.08M.08\"",
        ("h264", _) => "video/x-matroska; codecs=\"avc1.42E01F\"",
        ("vtt", _) => "text/vtt; charset=utf-8",
        _ => "application/octet-stream",
    };
    Track {
        file: sum.number,
        kind: kind.to_owned(),
        media_type: media_type.to_owned(),
        person: sum
            .person
            .map(|it| ParticipantUuid::from_uuid(Uuid::from_u128(it))),
        from_ms: sum.from_us / 1_000,
        to_ms: sum.to_us.div_ceil(1_000),
        bytes: sum.file.plain_bytes,
        gaps: sum
            .gaps
            .iter()
            .map(|gap| Gap {
                from_ms: gap.from_us / 1_000,
                to_ms: gap.to_us.div_ceil(1_000),
                why: gap.why.clone(),
            })
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use recordings_segments::SigningKey;
    use recordings_tap::{Codec, Packet, PersonKey, SourceKind, TapEvent, TrackKey};
    use recordings_writer::{MIXDOWN, finish, start};

    use super::*;

    const SECRET: Secret = [7; 32];
    /// Opus, 20 ms of silence at 48 kHz.
    const SILENCE: [u8; 3] = [0xF8, 0xFF, 0xFE];

    struct House {
        root: PathBuf,
        shelf: FolderShelf,
        signer: SigningKey,
    }

    impl Drop for House {
        fn drop(&mut self) {
            drop(fs::remove_dir_all(&self.root));
        }
    }

    impl House {
        fn open(name: &str) -> Self {
            let root = std::env::temp_dir().join(format!("shelf-{name}-{}", std::process::id()));
            let signer = SigningKey::from_text(&SigningKey::generate_text().unwrap()).unwrap();
            Self {
                shelf: FolderShelf::new(root.clone(), signer.verifying()),
                root,
                signer,
            }
        }

        /// Two seconds of somebody's microphone.
        fn record(&self, id: RecordingId) {
            let recorder = start(self.shelf.folder(id, &SECRET), 0).unwrap();
            let tap = recorder.tap();
            let track = TrackKey(1);
            tap.offer(TapEvent::Opened {
                track,
                person: PersonKey(5),
                kind: SourceKind::Microphone,
                at_us: 0,
            })
            .unwrap();
            for at in 0..100_u16 {
                tap.offer(TapEvent::Packet(Packet {
                    track,
                    layer: 0,
                    codec: Codec::Opus,
                    seq: at,
                    timestamp: u32::from(at) * 960,
                    marker: false,
                    arrival_us: u64::from(at) * 20_000,
                    payload: SILENCE.as_slice().into(),
                }))
                .unwrap();
            }
            drop(tap);
            recorder.end().unwrap();
        }

        fn prepare(&self, id: RecordingId) -> Option<Made> {
            let folder = self.shelf.folder(id, &SECRET);
            finish(&folder, &self.signer, &mut |_| true).unwrap();
            self.shelf.measure(id, &folder).unwrap()
        }
    }

    fn id(number: u128) -> RecordingId {
        RecordingId::from_uuid(Uuid::from_u128(number))
    }

    #[test]
    fn what_was_recorded_is_on_the_shelf_whole_until_it_is_destroyed() {
        let house = House::open("whole");
        house.record(id(1));
        let made = house.prepare(id(1)).unwrap();
        assert!((1_900..=2_100).contains(&made.duration_ms), "{made:?}");
        let contents = house.shelf.contents(id(1), &SECRET).unwrap();
        let mine =
            |it: &&Track| it.person.map(ParticipantUuid::as_uuid) == Some(Uuid::from_u128(5));
        let voice = contents.tracks.iter().find(mine).unwrap();
        assert_eq!(voice.kind, "microphone");
        assert_eq!(voice.media_type, "audio/webm; codecs=\"opus\"");
        let (mixdown, file) = house.shelf.open((id(1), MIXDOWN), &SECRET).unwrap();
        let whole = file
            .bytes(0, usize::try_from(mixdown.bytes).unwrap())
            .unwrap();
        assert_eq!(whole.len() as u64, mixdown.bytes);
        assert_eq!(whole[..4], [0x1A, 0x45, 0xDF, 0xA3], "EBML");
        assert_eq!(file.bytes(10, 20).unwrap(), whole[10..30]);
        let missing = house.shelf.open((id(1), 77), &SECRET).err();
        assert!(matches!(missing, Some(ShelfError::Missing)));
        house.shelf.destroy(id(1)).unwrap();
        house.shelf.destroy(id(1)).unwrap();
        let gone = house.shelf.contents(id(1), &SECRET).err();
        assert!(matches!(gone, Some(ShelfError::Missing)));
    }

    #[test]
    fn a_recording_of_nothing_plays_nothing() {
        let house = House::open("nothing");
        start(house.shelf.folder(id(1), &SECRET), 0)
            .unwrap()
            .end()
            .unwrap();
        assert_eq!(house.prepare(id(1)), None);
    }

    #[test]
    fn another_key_and_files_of_another_recording_are_refused() {
        let house = House::open("foreign");
        for number in [1, 2] {
            house.record(id(number));
            house.prepare(id(number));
        }
        let other = house.shelf.contents(id(1), &[8; 32]).err();
        assert!(
            matches!(other, Some(ShelfError::Unreadable(_))),
            "{other:?}"
        );
        let file = Role::Finished(MIXDOWN).file_name();
        let path = |number| house.shelf.path(id(number)).join(&file);
        fs::copy(path(2), path(1)).unwrap();
        let swapped = house.shelf.open((id(1), MIXDOWN), &SECRET).err();
        assert!(
            matches!(swapped, Some(ShelfError::Unreadable(_))),
            "{swapped:?}"
        );
    }
}
