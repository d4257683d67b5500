//! Making what can be played, in the background.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use clinical_app::Clinic;
use clinical_app::recordings::{self, Begun, RecordingsError};
use recordings_segments::SigningKey;
use recordings_writer::{FinishError, Folder};
use tokio::sync::{mpsc, watch};

use super::shelf::FolderShelf;

/// A recording that could not be finished, such as on a full disk, is tried again after this time.
const AGAIN_AFTER: Duration = Duration::from_secs(20);
/// A recording to be finished.
pub(super) struct Job {
    pub(super) begun: Begun,
    /// Whether the clinic still counts it as running.
    pub(super) is_running: bool,
}

/// Finishes recordings one after the other: a visit that goes on needs the machine more.
pub(super) struct Finisher {
    pub(super) clinic: Clinic,
    pub(super) shelf: Arc<FolderShelf>,
    pub(super) signer: Arc<SigningKey>,
    pub(super) stopped: watch::Receiver<bool>,
}

impl Finisher {
    /// Finishes what is left, and then what comes, until the order to stop.
    pub(super) async fn run(mut self, left: Vec<Job>, mut inbox: mpsc::Receiver<Job>) {
        let mut waiting: VecDeque<Job> = left.into();
        loop {
            while let Ok(job) = inbox.try_recv() {
                waiting.push_back(job);
            }
            let again = match waiting.pop_front() {
                Some(job) => self.finish(job).await,
                None => None,
            };
            if *self.stopped.borrow() {
                return;
            }
            let has_failed = again.is_some();
            waiting.extend(again);
            if !waiting.is_empty() && !has_failed {
                continue;
            }
            let later = async {
                match waiting.is_empty() {
                    true => core::future::pending().await,
                    false => tokio::time::sleep(AGAIN_AFTER).await,
                }
            };
            tokio::select! {
                job = inbox.recv() => match job {
                    Some(job) => waiting.push_front(job),
                    None => return,
                },
                () = later => {}
                _ = self.stopped.wait_for(|stop| *stop) => return,
            }
        }
    }

    /// Answers with the job if it must be tried again.
    async fn finish(&self, job: Job) -> Option<Job> {
        let id = job.begun.id;
        if job.is_running
            && let Err(error) = recordings::ended(&self.clinic, id).await
            && !matches!(error, RecordingsError::WrongState)
        {
            tracing::warn!(recording = %id, %error, "the end of a recording is not on record");
            return Some(job);
        }
        let folder = self.shelf.folder(id, &job.begun.secret);
        let (shelf, signer) = (Arc::clone(&self.shelf), Arc::clone(&self.signer));
        let stopped = self.stopped.clone();
        let made = tokio::task::spawn_blocking(move || {
            let made = make(&folder, &signer, &mut |done, of| {
                shelf.is_preparing(id, done, of);
                !*stopped.borrow()
            });
            let made = made.and_then(|()| shelf.measure(id, &folder));
            shelf.is_prepared(id);
            made
        });
        let made = match made.await {
            Ok(Ok(made)) => made,
            Ok(Err(FinishError::Cancelled)) => return None,
            Ok(Err(error)) if may_pass(&error) => {
                tracing::warn!(recording = %id, %error, "a recording will be finished later");
                return Some(Job {
                    is_running: false,
                    ..job
                });
            }
            Ok(Err(error)) => {
                tracing::error!(recording = %id, %error, "nothing came of a recording");
                None
            }
            Err(error) => {
                tracing::error!(recording = %id, %error, "finishing a recording failed");
                None
            }
        };
        if let Err(error) = recordings::prepared(&self.clinic, id, made).await {
            tracing::warn!(recording = %id, %error, "a finished recording is not on record");
        }
        None
    }
}

/// Whether the same may go well later: what a disk refuses, however deep, is no fault of the recording.
fn may_pass(error: &FinishError) -> bool {
    if let FinishError::Io(error) = error {
        return error.kind() != io::ErrorKind::NotFound;
    }
    let mut cause: Option<&(dyn core::error::Error + 'static)> = Some(error);
    while let Some(found) = cause {
        if let Some(refused) = found.downcast_ref::<io::Error>() {
            return matches!(
                refused.kind(),
                io::ErrorKind::StorageFull
                    | io::ErrorKind::QuotaExceeded
                    | io::ErrorKind::ReadOnlyFilesystem
            );
        }
        cause = found.source();
    }
    false
}

fn make(
    folder: &Folder,
    signer: &SigningKey,
    report: &mut dyn FnMut(u32, u32) -> bool,
) -> Result<(), FinishError> {
    let report = &mut |progress: recordings_writer::Progress| report(progress.done, progress.of);
    recordings_writer::finish(folder, signer, report).map(|_| ())
}
