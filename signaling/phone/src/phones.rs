//! All telephones of a clinic.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::dialler::Dialler;
use crate::dispatch::dispatch;
use crate::health::{TrunkState, watch};
use crate::ports::Ports;
use crate::register::register;
use crate::stack::{Stack, StartError};
use crate::trunk_check::Trunks;

/// Whether something may be logged. The SIP stack prints whole messages, with numbers and keys of
/// encryption, so nothing it says is logged at any level, whatever the configured filter says.
#[must_use]
pub fn may_be_logged(metadata: &tracing::Metadata<'_>) -> bool {
    let target = metadata.target();
    target != "rsipstack" && !target.starts_with("rsipstack::")
}

/// What came so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    /// Messages that the fence let through.
    pub passed: u64,
    /// Messages that it dropped.
    pub dropped: u64,
    /// Calls that stand or are in the making.
    pub calls: usize,
    /// Connections of TCP and TLS that are open.
    pub connections: usize,
    /// Requests and their answers that the SIP stack still remembers.
    pub transactions: usize,
}

/// All telephones. Dropping it ends them.
pub struct Phones {
    stack: Arc<Stack>,
}

impl core::fmt::Debug for Phones {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Phones")
            .field("places", &self.stack.places)
            .finish_non_exhaustive()
    }
}

impl Phones {
    /// Opens the sockets and takes calls from now on.
    ///
    /// # Errors
    /// When a socket cannot be opened.
    pub async fn start(trunks: Trunks, ports: Ports) -> Result<Self, StartError> {
        let (stack, incoming) = Stack::start(trunks, ports).await?;
        tokio::spawn(dispatch(Arc::clone(&stack), incoming));
        for trunk in &stack.trunks.trunks {
            let Some(outbound) = &trunk.outbound else {
                continue;
            };
            let ours = || (Arc::clone(&stack), trunk.clone(), outbound.clone());
            if let Some(every) = outbound.ask_every {
                let (stack, trunk, outbound) = ours();
                tokio::spawn(watch(stack, trunk, outbound, every));
            }
            if let Some(wanted) = outbound.register.clone() {
                let (stack, trunk, outbound) = ours();
                tokio::spawn(register(stack, trunk, outbound, wanted));
            }
        }
        Ok(Self { stack })
    }

    /// Who places calls.
    #[must_use]
    pub fn dialler(&self) -> Dialler {
        Dialler {
            stack: Arc::clone(&self.stack),
        }
    }

    /// Where SIP is received by UDP.
    #[must_use]
    pub fn local_address(&self) -> SocketAddr {
        self.stack.places.udp
    }

    /// Where SIP is received by TCP and by TLS.
    #[must_use]
    pub fn local_streams(&self) -> (Option<SocketAddr>, Option<SocketAddr>) {
        (self.stack.places.tcp, self.stack.places.tls)
    }

    /// What is known of each trunk that we call by. Trunks without `ask_every_s` are not asked.
    #[must_use]
    pub fn health(&self) -> Vec<TrunkState> {
        let trunks = self.stack.trunks.trunks.iter();
        trunks
            .filter(|trunk| trunk.outbound.is_some())
            .map(|trunk| self.stack.health.of(&trunk.name))
            .collect()
    }

    /// What came so far.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let (passed, dropped) = self.stack.door.counts();
        let stats = self.stack.endpoint.get_stats();
        Counts {
            passed,
            dropped,
            calls: self.stack.door.calls.load(Ordering::Relaxed),
            connections: self.stack.lines.count(),
            transactions: stats
                .running_transactions
                .saturating_add(stats.finished_transactions)
                .saturating_add(stats.waiting_ack),
        }
    }
}

impl Drop for Phones {
    fn drop(&mut self) {
        self.stack.stop.cancel();
    }
}
