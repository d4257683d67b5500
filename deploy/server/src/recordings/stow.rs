//! Moving finished recordings into the object store, and out of it what was deleted.
//!
//! Nothing but the folders themselves says what is to be done, so a crash forgets nothing: a finished
//! recording that has a folder is not in the store yet, and a note in `doomed` stays until nothing is
//! left there.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use metrics::gauge;
use recordings_objects::{CarryError, Objects, ObjectsError};
use recordings_segments::Role;
use tokio::fs;
use tokio::sync::watch;

use super::shelf::FolderShelf;

/// How often the folders are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(10);
/// How long a store that failed is left alone.
const AGAIN_AFTER: Duration = Duration::from_secs(20);
/// Marks a folder whose files are in the store and stay here too.
const STORED: &str = "stored";
/// What the name of a folder begins with while it is taken away.
const LEAVING: &str = "leaving-";

/// Who carries recordings to the store.
pub(super) struct Stower {
    pub(super) objects: Objects,
    pub(super) shelf: Arc<FolderShelf>,
    pub(super) keep_local: bool,
    pub(super) stopped: watch::Receiver<bool>,
}

/// A recording is where it was.
#[derive(Debug, thiserror::Error)]
enum StowError {
    #[error(transparent)]
    Local(#[from] io::Error),
    #[error(transparent)]
    Carry(#[from] CarryError),
    #[error(transparent)]
    Store(#[from] ObjectsError),
}

impl Stower {
    /// Works until the order to stop. What is under way then is begun again by the next process.
    pub(super) async fn run(mut self) {
        let mut stopped = self.stopped.clone();
        tokio::select! {
            () = self.work() => {}
            _ = stopped.wait_for(|stop| *stop) => {}
        }
    }

    async fn work(&mut self) {
        let mut is_away = false;
        loop {
            match self.round().await {
                Ok(()) => {
                    if core::mem::replace(&mut is_away, false) {
                        tracing::info!("the object store of recordings is there again");
                    }
                    tokio::time::sleep(LOOK_EVERY).await;
                }
                Err(error) => {
                    if !core::mem::replace(&mut is_away, true) {
                        tracing::warn!(
                            error = &error as &dyn core::error::Error,
                            "recordings stay on this disk until the object store takes them"
                        );
                    }
                    tokio::time::sleep(AGAIN_AFTER).await;
                }
            }
        }
    }

    async fn round(&self) -> Result<(), StowError> {
        for name in names(&self.shelf.doomed()).await? {
            self.objects.remove(&name).await?;
            fs::remove_file(self.shelf.doomed().join(&name)).await?;
        }
        let mut waiting = Vec::new();
        for name in names(self.shelf.root()).await? {
            let folder = self.shelf.root().join(&name);
            if name.starts_with(LEAVING) {
                fs::remove_dir_all(&folder).await?;
            } else if is_there(&folder.join(Role::Manifest.file_name())).await?
                && !is_there(&folder.join(STORED)).await?
            {
                waiting.push((name, folder));
            }
        }
        let count = gauge!("telehealth_recordings_waiting_for_store");
        for (done, (name, folder)) in waiting.iter().enumerate() {
            count.set(u32::try_from(waiting.len() - done).unwrap_or(u32::MAX));
            match self.objects.carry(name, folder).await {
                Ok(()) => self.let_go(name, folder).await?,
                // It was deleted meanwhile; what came of it in the store is doomed.
                Err(CarryError::Local(error)) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error.into()),
            }
        }
        count.set(0);
        Ok(())
    }

    /// The store has everything. A player that has a file open keeps it.
    async fn let_go(&self, name: &str, folder: &Path) -> io::Result<()> {
        if self.keep_local {
            return fs::write(folder.join(STORED), []).await;
        }
        // In one step, so that no half of a folder is taken for a recording.
        let leaving = self.shelf.root().join(format!("{LEAVING}{name}"));
        fs::rename(folder, &leaving).await?;
        fs::remove_dir_all(leaving).await
    }
}

/// What a folder holds; nothing if there is no folder.
async fn names(folder: &Path) -> io::Result<Vec<String>> {
    let mut entries = match fs::read_dir(folder).await {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut names = Vec::new();
    while let Some(entry) = entries.next_entry().await? {
        names.extend(entry.file_name().into_string().ok());
    }
    names.sort_unstable();
    Ok(names)
}

async fn is_there(path: &Path) -> io::Result<bool> {
    fs::try_exists(path).await
}
