//! How a process ends: it says so, gives its rooms away, and lets open requests finish.

use std::time::Duration;

use signaling_server::SignalingHandle;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::DRAIN_MAX;
use crate::config::Config;

/// How long a node of a cluster may take to stop, notice included.
const STOP_MAX: Duration = Duration::from_secs(90);

/// In a cluster, a node that is to stop says so first and goes on for a moment: the load balancer sends
/// nobody here any more, and the other nodes no rooms. Then its rooms go to the others while people talk
/// on. A second signal is the end of both.
pub(super) async fn hand_over(config: &Config, signaling: &SignalingHandle) {
    let Some(cluster) = &config.cluster else {
        return;
    };
    signaling.drain().await;
    let go = async {
        tokio::time::sleep(cluster.drain_notice()).await;
        signaling.move_rooms().await;
    };
    tokio::select! {
        () = go => {}
        _ = stop_signal() => {}
    }
}

/// Ends a process whose shutdown hangs.
pub(super) fn overdue(in_cluster: bool) -> Option<JoinHandle<()>> {
    in_cluster.then(|| {
        tokio::spawn(async {
            tokio::time::sleep(STOP_MAX).await;
            tracing::error!("the shutdown takes too long; whatever still runs is given up");
            std::process::abort();
        })
    })
}

/// Until SIGTERM or SIGINT.
pub(super) async fn stop_signal() -> anyhow::Result<()> {
    let mut term = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::select! {
        _ = term.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}

/// Says goodbye to every page first, so that they come back to the next process at once.
pub(super) async fn shut_down(
    signaling: &SignalingHandle,
    stop: watch::Sender<bool>,
    server: JoinHandle<()>,
    ops: Option<JoinHandle<()>>,
) {
    stop.send_replace(true);
    signaling.shutdown().await;
    let servers = async {
        drop(server.await);
        if let Some(ops) = ops {
            drop(ops.await);
        }
    };
    if tokio::time::timeout(DRAIN_MAX, servers).await.is_err() {
        tracing::warn!("some requests did not finish in time");
    }
}
