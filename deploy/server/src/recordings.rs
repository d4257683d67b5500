//! Where visits, the clinic and the recorder meet: a recorder for each recorded room, files that are
//! finished in the background, and the shelf from which they are played.

mod carry;
mod finish;
mod shelf;
mod stow;

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use anyhow::Context as _;
use clinical_app::recordings::{self, Archive, RecordingsError};
use clinical_app::{AccessKey, Clinic, Desk};
use recordings_objects::{Objects, ObjectsConfig};
use recordings_segments::SigningKey;
use recordings_writer::{RecorderEvent, StopReason};
use serde::Deserialize;
use sfu_net::TapEvent;
use signaling_protocol::{RecordingEnd, RoomId};
use signaling_server::SignalingHandle;
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::task::JoinHandle;

use self::finish::{Finisher, Job};
use self::shelf::FolderShelf;
use self::stow::Stower;
use crate::config::Config;
use crate::keys;

/// Visits that are recorded at once; another one hears that it cannot be. Each has two threads.
const RUNNING_MAX: usize = 200;
/// Events between a shard and a recorder: one second of a visit of four. Drops what comes when it is
/// full, and the recorder marks a gap.
const TAP_MAX: usize = 2_048;
/// Recordings that wait to be finished. Waits: they lie on the disk, and a restart finds them again.
const JOBS_MAX: usize = 1_024;
/// News of recorders for their rooms. Waits, because a room must hear that its recording is over.
const NEWS_MAX: usize = 256;
/// How often recordings are looked for whose time is over.
const CLEAN_EVERY: Duration = Duration::from_hours(1);

/// Recordings of visits.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RecordingsConfig {
    /// Whether visits can be recorded at all. Those that were stay and can be played.
    pub(crate) enabled: bool,
    /// Their folder; without it, `recordings` in the data directory.
    pub(crate) dir: Option<PathBuf>,
    /// For how many days new ones are kept, 30 to 10958.
    pub(crate) keep_days: u32,
    /// Where finished ones go; without it they stay in the folder.
    pub(crate) objects: Option<ObjectsConfig>,
}

impl Default for RecordingsConfig {
    fn default() -> Self {
        Self {
            enabled: true,
            dir: None,
            keep_days: 365,
            objects: None,
        }
    }
}

impl RecordingsConfig {
    /// Where they lie.
    pub(crate) fn folder(&self, config: &Config) -> PathBuf {
        let default = || config.data_dir.join("recordings");
        self.dir.clone().unwrap_or_else(default)
    }
}

/// The recorders of this process.
#[derive(Clone)]
pub(crate) struct Recorders {
    desk: Desk,
    archive: Archive,
    shelf: Arc<FolderShelf>,
    enabled: bool,
    running: Arc<Semaphore>,
    jobs: mpsc::Sender<Job>,
    signaling: Arc<OnceLock<SignalingHandle>>,
}

/// What runs beside the recorders, and what ends it.
pub(crate) struct Background {
    tasks: Vec<JoinHandle<()>>,
}

/// A visit could not be recorded.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OpenRecorderError {
    #[error("this installation records nothing")]
    Off,
    #[error("as many visits are recorded as can be")]
    Busy,
    #[error(transparent)]
    Clinic(#[from] RecordingsError),
    #[error(transparent)]
    Start(#[from] recordings_writer::StartError),
    #[error("a thread of the recorder failed")]
    Thread(#[from] tokio::task::JoinError),
}

impl Recorders {
    /// Opens the folder, finishes what an earlier process has left, and cleans up. Where nothing is
    /// recorded, only what others have recorded is read.
    pub(crate) async fn open(
        config: &Config,
        (desk, access): (&Desk, &AccessKey),
        records: bool,
        stopped: watch::Receiver<bool>,
    ) -> anyhow::Result<(Self, Option<Background>)> {
        let root = config.recordings.folder(config);
        keys::make_private_dir(&root)?;
        let text = keys::load_or_create(&config.data_dir, "recordings", || {
            Ok(SigningKey::generate_text()?)
        })?;
        let signer = SigningKey::from_text(&text).context("the key of recordings")?;
        let shelf = FolderShelf::new(root, signer.verifying());
        let objects = config.recordings.objects.as_ref();
        let store = objects.map(Objects::new).transpose();
        let store = store.context("the object store of recordings")?;
        let shelf = Arc::new(match &store {
            Some(store) => shelf.with(store.clone()),
            None => shelf,
        });
        let archive = Archive::new(shelf.clone(), access, config.recordings.keep_days);
        let (jobs, inbox) = mpsc::channel(JOBS_MAX);
        let recorders = Self {
            desk: desk.clone(),
            archive: archive.clone(),
            shelf: Arc::clone(&shelf),
            enabled: config.recordings.enabled && records,
            running: Arc::new(Semaphore::new(RUNNING_MAX)),
            jobs,
            signaling: Arc::default(),
        };
        if !records {
            return Ok((recorders, None));
        }
        let mut left = recordings::unfinished(desk.clinic()).await?;
        if config.cluster.is_some() {
            // What is not on this disk is another node's, which may be writing it now.
            left.retain(|it| shelf.is_here(it.begun.id));
        }
        let finisher = Finisher {
            clinic: desk.clinic().clone(),
            shelf: Arc::clone(&shelf),
            signer: Arc::new(signer),
            stopped: stopped.clone(),
        };
        let left = left.into_iter().map(|it| Job {
            begun: it.begun,
            is_running: it.is_running,
        });
        let mut tasks = vec![
            tokio::spawn(finisher.run(left.collect(), inbox)),
            tokio::spawn(clean(desk.clinic().clone(), archive, stopped.clone())),
        ];
        if let Some(objects) = store {
            let stower = Stower {
                objects,
                shelf,
                keep_local: config
                    .recordings
                    .objects
                    .as_ref()
                    .is_some_and(|it| it.keep_local),
                stopped,
            };
            tasks.push(tokio::spawn(stower.run()));
        }
        Ok((recorders, Some(Background { tasks })))
    }

    /// Where recordings are listed and played.
    pub(crate) const fn archive(&self) -> &Archive {
        &self.archive
    }

    /// Whom rooms are told by; without it nothing is recorded.
    pub(crate) fn meet(&self, signaling: SignalingHandle) {
        // A second one would be a mistake of the wiring, and changes nothing.
        let _ = self.signaling.set(signaling);
    }

    /// Begins to record a room. The recording is over when the sender is dropped.
    pub(crate) async fn begin(
        &self,
        room: RoomId,
    ) -> Result<mpsc::Sender<TapEvent>, OpenRecorderError> {
        let signaling = self.signaling.get().filter(|_| self.enabled);
        let signaling = signaling.ok_or(OpenRecorderError::Off)?.clone();
        let running = Arc::clone(&self.running);
        let place = running.try_acquire_owned();
        let place = place.or(Err(OpenRecorderError::Busy))?;
        let begun = recordings::begin(&self.desk, room, self.archive.keep_days()).await?;
        let (sender, events) = mpsc::channel(TAP_MAX);
        let (news, heard) = mpsc::channel(NEWS_MAX);
        let folder = self.shelf.folder(begun.id, &begun.secret);
        let started = tokio::task::spawn_blocking(move || recordings_writer::start(folder, 0));
        let job = Job {
            begun,
            is_running: true,
        };
        let recorder = match started.await? {
            Ok(recorder) => recorder,
            Err(error) => {
                self.finish_later(job).await;
                return Err(error.into());
            }
        };
        tokio::spawn(tell_room(signaling, room, heard));
        let this = self.clone();
        tokio::spawn(async move {
            let carried =
                tokio::task::spawn_blocking(move || carry::carry(events, recorder, &news));
            if let Ok(Err(why)) = carried.await {
                tracing::warn!(recording = %job.begun.id, %why, "a recording ended early");
            }
            this.finish_later(job).await;
            drop(place);
        });
        Ok(sender)
    }

    async fn finish_later(&self, job: Job) {
        // When the process stops, the next one finds the recording by its row.
        let _ = self.jobs.send(job).await;
    }
}

impl Background {
    /// Waits until every recorder has written its last part, for which rooms must be closed before, and
    /// ends after the order to stop. What takes longer than `patience` is mended by the next process.
    pub(crate) async fn end(self, recorders: &Recorders, patience: Duration) {
        let all = u32::try_from(RUNNING_MAX).unwrap_or(u32::MAX);
        let written = recorders.running.acquire_many(all);
        drop(tokio::time::timeout(patience, written).await);
        for task in self.tasks {
            drop(tokio::time::timeout(patience, task).await);
        }
    }
}

/// Tells a room what its recorder wants, until the recorder has ended.
async fn tell_room(
    signaling: SignalingHandle,
    room: RoomId,
    mut news: mpsc::Receiver<RecorderEvent>,
) {
    while let Some(news) = news.recv().await {
        match news {
            RecorderEvent::KeyFrame(wanted) => {
                let (track, layer) = (wanted.track, wanted.layer);
                signaling.recorder_wants(room, track, layer).await;
            }
            RecorderEvent::Stopped(why) => {
                let why = match why {
                    StopReason::DiskFull => RecordingEnd::NoSpace,
                    StopReason::Disk(_) => RecordingEnd::Failed,
                };
                signaling.recorder_failed(room, why).await;
            }
        }
    }
}

async fn clean(clinic: Clinic, archive: Archive, mut stopped: watch::Receiver<bool>) {
    loop {
        match recordings::delete_due(&clinic, &archive).await {
            Ok(0) => {}
            Ok(count) => tracing::info!(count, "recordings were deleted whose time was over"),
            Err(error) => tracing::warn!(%error, "recordings whose time is over were not deleted"),
        }
        tokio::select! {
            () = tokio::time::sleep(CLEAN_EVERY) => {}
            _ = stopped.wait_for(|stop| *stop) => return,
        }
    }
}
