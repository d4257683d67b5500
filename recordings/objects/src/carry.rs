//! Carrying a folder into the store.

use std::io;
use std::path::Path as FilePath;

use aws_lc_rs::digest::{Context, Digest, SHA256};
use object_store::{ObjectStoreExt as _, WriteMultipart};
use recordings_segments::Role;
use tokio::fs::{self, File};
use tokio::io::AsyncReadExt as _;

use crate::objects::{Objects, ObjectsError};

/// Bytes of a part; S3 takes none below 5 MiB but the last.
const PART_BYTES: usize = 8 * 1024 * 1024;
/// Parts on their way at once: this much memory is used, and the sender waits.
const PARTS_MAX: usize = 2;

/// A folder was not carried, or not all of it. Doing it again goes on with the file that is missing.
#[derive(Debug, thiserror::Error)]
pub enum CarryError {
    /// A local file cannot be read.
    #[error("a file of the recording cannot be read")]
    Local(#[from] io::Error),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] ObjectsError),
    /// What the store gives back is something else than what it was given.
    #[error("the object store gives back another file than it was given")]
    Differs,
}

impl From<object_store::Error> for CarryError {
    fn from(error: object_store::Error) -> Self {
        Self::Store(error.into())
    }
}

impl Objects {
    /// Carries every sealed file of a folder into the store, the manifest last: where it is, everything
    /// is. Each file is read back and compared. Files that are there and the same are not sent again.
    ///
    /// # Errors
    /// [`CarryError`]
    pub async fn carry(&self, recording: &str, folder: &FilePath) -> Result<(), CarryError> {
        let manifest = Role::Manifest.file_name();
        let mut names = Vec::new();
        let mut entries = fs::read_dir(folder).await?;
        while let Some(entry) = entries.next_entry().await? {
            let name = entry.file_name();
            let Some(name) = name.to_str() else { continue };
            if name.ends_with(".sealed") && name != manifest {
                names.push(name.to_owned());
            }
        }
        names.sort_unstable();
        names.push(manifest);
        for name in names {
            self.carry_file(recording, &name, &folder.join(&name))
                .await?;
        }
        Ok(())
    }

    async fn carry_file(
        &self,
        recording: &str,
        name: &str,
        local: &FilePath,
    ) -> Result<(), CarryError> {
        let length = fs::metadata(local).await?.len();
        let digest = digest(local).await?;
        let is_there = match self.length(recording, name).await {
            Ok(there) => there == length,
            Err(ObjectsError::Missing) => false,
            Err(error) => return Err(error.into()),
        };
        let path = Self::path(recording, name);
        if is_there && self.digest(&path).await?.as_ref() == digest.as_ref() {
            return Ok(());
        }
        self.send(&path, local, length).await?;
        if self.digest(&path).await?.as_ref() != digest.as_ref() {
            return Err(CarryError::Differs);
        }
        Ok(())
    }

    async fn send(
        &self,
        path: &object_store::path::Path,
        local: &FilePath,
        length: u64,
    ) -> Result<(), CarryError> {
        if length <= PART_BYTES as u64 {
            self.store.put(path, fs::read(local).await?.into()).await?;
            return Ok(());
        }
        let upload = self.store.put_multipart(path).await?;
        let mut parts = WriteMultipart::new_with_chunk_size(upload, PART_BYTES);
        match feed(local, &mut parts).await {
            Ok(()) => {
                parts.finish().await?;
                Ok(())
            }
            Err(error) => {
                // A store that is away keeps the parts; a rule of the bucket should end such uploads.
                drop(parts.abort().await);
                Err(error)
            }
        }
    }
}

async fn feed(local: &FilePath, parts: &mut WriteMultipart) -> Result<(), CarryError> {
    let mut file = File::open(local).await?;
    let mut buffer = vec![0; PART_BYTES];
    loop {
        let read = file.read(&mut buffer).await?;
        let Some(bytes) = buffer.get(..read).filter(|bytes| !bytes.is_empty()) else {
            return Ok(());
        };
        parts.wait_for_capacity(PARTS_MAX).await?;
        parts.write(bytes);
    }
}

async fn digest(local: &FilePath) -> io::Result<Digest> {
    let mut context = Context::new(&SHA256);
    let mut file = File::open(local).await?;
    let mut buffer = vec![0; 256 * 1024];
    loop {
        match file.read(&mut buffer).await? {
            0 => return Ok(context.finish()),
            read => context.update(buffer.get(..read).unwrap_or_default()),
        }
    }
}
