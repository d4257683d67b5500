//! Against the store in memory that comes with the client. `tests/run-recordings store` is against a
//! server that speaks S3.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use object_store::ObjectStoreExt as _;
use object_store::memory::InMemory;
use recordings_segments::{
    FINISHED_SEGMENT_BYTES, FileSealer, RecordingId, RecordingKey, Role, SealedFile, Span,
};

use crate::{CarryError, Objects, ObjectsError, Remote};

const NAME: &str = "0123456789abcdef0123456789abcdef";

struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.0));
    }
}

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("objects-{name}-{}", std::process::id()));
        drop(fs::remove_dir_all(&path));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn put(&self, role: Role, bytes: &[u8]) {
        fs::write(self.0.join(role.file_name()), bytes).unwrap();
    }
}

fn objects() -> (Arc<InMemory>, Objects) {
    let memory = Arc::new(InMemory::new());
    let store: Arc<dyn object_store::ObjectStore> = memory.clone();
    (memory, Objects { store })
}

fn key() -> RecordingKey {
    RecordingKey::from_secret([3; 32])
}

/// A finished file of several parts and many segments, and what is in it.
fn finished() -> (Vec<u8>, Vec<u8>) {
    let plain: Vec<u8> = (0..10 * FINISHED_SEGMENT_BYTES + 777)
        .map(|at| u8::try_from(at % 251).unwrap())
        .collect();
    let (mut sealer, head) =
        FileSealer::new(&key(), RecordingId([9; 16]), Role::Finished(1)).unwrap();
    let mut sealed = head.to_vec();
    for part in plain.chunks(FINISHED_SEGMENT_BYTES) {
        sealed.extend(sealer.seal(Span::default(), part).unwrap());
    }
    (sealed, plain)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_carried_is_read_as_it_was() {
    let folder = Folder::new("read");
    let (sealed, plain) = finished();
    folder.put(Role::Finished(1), &sealed);
    folder.put(Role::Manifest, b"last");
    let (_, objects) = objects();
    objects.carry(NAME, &folder.0).await.unwrap();
    let file = Role::Finished(1).file_name();
    assert_eq!(
        objects.length(NAME, &file).await.unwrap(),
        sealed.len() as u64
    );
    let remote = Remote::find(&objects, NAME, &file).await.unwrap();
    let read = tokio::task::spawn_blocking(move || {
        let opened =
            SealedFile::open(remote, &key(), RecordingId([9; 16]), Role::Finished(1)).unwrap();
        assert_eq!(opened.plain_bytes(), plain.len() as u64);
        for (from, length) in [
            (0, 10),
            (plain.len() - 5, 5),
            (1_048_570, 70_000),
            (0, plain.len()),
        ] {
            let read = opened.range(from as u64, length).unwrap();
            assert_eq!(read, plain[from..from + length], "{from}");
        }
    });
    read.await.unwrap();
    objects.remove(NAME).await.unwrap();
    objects.remove(NAME).await.unwrap();
    let gone = Remote::find(&objects, NAME, &file).await;
    assert!(matches!(gone, Err(ObjectsError::Missing)));
}

#[tokio::test]
async fn the_manifest_comes_last_and_carrying_goes_on_where_it_stopped() {
    let folder = Folder::new("resume");
    folder.put(Role::Track(1), b"track");
    folder.put(Role::Manifest, b"manifest");
    fs::create_dir(folder.0.join("track-2.sealed")).unwrap();
    let (memory, objects) = objects();
    let stopped = objects.carry(NAME, &folder.0).await;
    assert!(matches!(stopped, Err(CarryError::Local(_))), "{stopped:?}");
    let there = |role: Role| {
        let path = Objects::path(NAME, &role.file_name());
        let memory = Arc::clone(&memory);
        async move { memory.get(&path).await?.bytes().await }
    };
    assert_eq!(there(Role::Track(1)).await.unwrap(), "track");
    assert!(there(Role::Manifest).await.is_err());
    fs::remove_dir(folder.0.join("track-2.sealed")).unwrap();
    // Somebody else's bytes of the same length are not taken for ours.
    let path = Objects::path(NAME, &Role::Track(1).file_name());
    memory.put(&path, "crate".into()).await.unwrap();
    objects.carry(NAME, &folder.0).await.unwrap();
    assert_eq!(there(Role::Track(1)).await.unwrap(), "track");
    assert_eq!(there(Role::Manifest).await.unwrap(), "manifest");
}
