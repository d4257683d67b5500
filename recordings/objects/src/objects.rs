//! The store, by recordings and files.

use std::ops::Range;
use std::sync::Arc;

use aws_lc_rs::digest::{Context, Digest, SHA256};
use futures_util::TryStreamExt as _;
use object_store::path::Path;
use object_store::prefix::PrefixStore;
use object_store::{ObjectStore, ObjectStoreExt as _};

use crate::config::{ConfigError, ObjectsConfig};

/// The store did not do what was asked. Whoever asked tries again later.
#[derive(Debug, thiserror::Error)]
pub enum ObjectsError {
    /// There is no such object.
    #[error("the object store has no such file")]
    Missing,
    /// It cannot be reached, refuses, or answers with something else.
    #[error("the object store does not answer as it should")]
    Away(#[source] object_store::Error),
}

impl From<object_store::Error> for ObjectsError {
    fn from(error: object_store::Error) -> Self {
        match error {
            object_store::Error::NotFound { .. } => Self::Missing,
            other => Self::Away(other),
        }
    }
}

/// Recordings in an object store. Clones are the same.
#[derive(Clone)]
pub struct Objects {
    pub(crate) store: Arc<dyn ObjectStore>,
}

impl core::fmt::Debug for Objects {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Objects(..)")
    }
}

impl Objects {
    /// The store of a configuration. Nothing is asked of it yet.
    ///
    /// # Errors
    /// [`ConfigError`]
    pub fn new(config: &ObjectsConfig) -> Result<Self, ConfigError> {
        let client = config.client()?;
        let prefix = Path::from(config.prefix.as_str());
        Ok(Self {
            store: Arc::new(PrefixStore::new(client, prefix)),
        })
    }

    pub(crate) fn path(recording: &str, file: &str) -> Path {
        Path::from_iter([recording, file])
    }

    /// Whether the store answers: asks for the first of its names.
    ///
    /// # Errors
    /// [`ObjectsError::Away`]
    pub async fn ping(&self) -> Result<(), ObjectsError> {
        self.store.list(None).try_next().await?;
        Ok(())
    }

    /// How long a file is, in bytes.
    ///
    /// # Errors
    /// [`ObjectsError`]
    pub async fn length(&self, recording: &str, file: &str) -> Result<u64, ObjectsError> {
        Ok(self.store.head(&Self::path(recording, file)).await?.size)
    }

    /// Bytes of a file.
    ///
    /// # Errors
    /// [`ObjectsError`]
    pub async fn range(
        &self,
        recording: &str,
        file: &str,
        range: Range<u64>,
    ) -> Result<Vec<u8>, ObjectsError> {
        let path = Self::path(recording, file);
        Ok(self.store.get_range(&path, range).await?.to_vec())
    }

    /// The SHA-256 of what the store gives for a file, read from it.
    pub(crate) async fn digest(&self, path: &Path) -> Result<Digest, ObjectsError> {
        let mut context = Context::new(&SHA256);
        let mut parts = self.store.get(path).await?.into_stream();
        while let Some(part) = parts.try_next().await? {
            context.update(&part);
        }
        Ok(context.finish())
    }

    /// Takes every file of a recording away. What is not there is no error.
    ///
    /// # Errors
    /// [`ObjectsError::Away`]; some files may be gone.
    pub async fn remove(&self, recording: &str) -> Result<(), ObjectsError> {
        let folder = Path::from(recording);
        let found: Vec<_> = self.store.list(Some(&folder)).try_collect().await?;
        for object in found {
            match self.store.delete(&object.location).await {
                Ok(()) | Err(object_store::Error::NotFound { .. }) => {}
                Err(error) => return Err(ObjectsError::Away(error)),
            }
        }
        Ok(())
    }
}
