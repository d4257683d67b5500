//! Signs where every audit chain stands, again and again, into a file outside the database.

mod file;

use std::path::PathBuf;
use std::time::Duration;

use clinical_app::{Clock, Db, SystemClock};
use clinical_store::trail;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::MissedTickBehavior;

use file::CheckpointFile;
pub(crate) use file::{Files, PUBLIC_KEY, each_line};

/// How often the chains are looked at. A chain that has grown much is signed at once.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// What the task needs.
pub(crate) struct Plan {
    /// The store whose chains are signed.
    pub(crate) db: Db,
    /// Where the files lie.
    pub(crate) folder: PathBuf,
    /// The private key, as PEM.
    pub(crate) key: String,
    /// A chain that has grown is signed after this time at the latest.
    pub(crate) every: Duration,
}

/// The running task.
#[derive(Debug)]
pub(crate) struct Signing {
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

/// Starts signing.
pub(crate) fn start(plan: Plan) -> Signing {
    let (stop, stopped) = watch::channel(false);
    Signing {
        stop,
        task: tokio::spawn(run(plan, stopped)),
    }
}

impl Signing {
    /// Signs a last time and ends. Whatever is committed later is not signed.
    pub(crate) async fn stop(self) {
        self.stop.send_replace(true);
        if let Err(error) = self.task.await {
            tracing::error!(%error, "the task that signs checkpoints has failed");
        }
    }
}

async fn run(plan: Plan, mut stopped: watch::Receiver<bool>) {
    let mut look = tokio::time::interval(LOOK_EVERY);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut state = State {
        plan,
        file: None,
        is_failing: false,
    };
    loop {
        let is_last = tokio::select! {
            _ = look.tick() => false,
            // A dropped sender means stop as well.
            _ = stopped.wait_for(|stop| *stop) => true,
        };
        let every = if is_last {
            Duration::ZERO
        } else {
            state.plan.every
        };
        state.sign(every).await;
        if is_last {
            return;
        }
    }
}

struct State {
    plan: Plan,
    /// Opened when it is needed: another process may still hold it, or its disk may be full.
    file: Option<CheckpointFile>,
    /// The last attempt failed: a log says so once, not every second.
    is_failing: bool,
}

impl State {
    async fn sign(&mut self, every: Duration) {
        match self.try_sign(every).await {
            Ok(signed) => {
                metrics::counter!("audit_checkpoints_total").increment(signed);
                if core::mem::take(&mut self.is_failing) {
                    tracing::info!("checkpoints of the audit are signed again");
                }
            }
            Err(error) => {
                metrics::counter!("audit_checkpoint_failures_total").increment(1);
                if !core::mem::replace(&mut self.is_failing, true) {
                    tracing::warn!(
                        error = format!("{error:#}"),
                        "no checkpoint of the audit was signed; it is tried again every second"
                    );
                }
            }
        }
    }

    async fn try_sign(&mut self, every: Duration) -> anyhow::Result<u64> {
        let heads = {
            let mut tx = self.plan.db.read().await?;
            trail::heads(&mut tx).await?
        };
        let file = self.file.take();
        let (folder, key) = (self.plan.folder.clone(), self.plan.key.clone());
        let now = SystemClock.now();
        let every_us = i64::try_from(every.as_micros()).unwrap_or(i64::MAX);
        let (file, signed) = tokio::task::spawn_blocking(move || {
            let mut file = match file {
                Some(file) => file,
                None => match CheckpointFile::open(&folder, &key) {
                    Ok(file) => file,
                    Err(error) => return (None, Err(error)),
                },
            };
            let signed = file.sign(&heads, now.0, every_us);
            (Some(file), signed)
        })
        .await?;
        self.file = file;
        signed
    }
}
