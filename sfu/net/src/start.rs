//! Brings the shards up.

use std::io;
use std::sync::Arc;

use polling::Poller;
use sfu_core::SfuEvent;
use thiserror::Error;
use tokio::sync::mpsc;

use crate::config::SfuConfig;
use crate::handle::SfuHandle;
use crate::lane::lane;

/// Events that may wait for the signaling side. When it is full, a shard keeps its own events in
/// order until there is room and stops making new ones only for as long as that takes.
pub(crate) const EVENTS_MAX: usize = 4096;

/// Why the media server could not start.
#[derive(Debug, Error)]
pub enum StartError {
    /// The UDP port is taken or not permitted.
    #[error("UDP port {port} cannot be bound")]
    Bind {
        /// The port.
        port: u16,
        /// What the system said.
        #[source]
        cause: io::Error,
    },
    /// `udp_port + shards` goes beyond 65535.
    #[error("{shards} shards do not fit above UDP port {port}")]
    Ports {
        /// The first port.
        port: u16,
        /// Configured shards.
        shards: usize,
    },
    /// No address to tell clients was configured or found.
    #[error("no address to advertise; configure `advertise` or `loopback`")]
    NoAddress,
    /// The network interfaces could not be listed.
    #[error("the network interfaces cannot be listed")]
    Interfaces(#[source] io::Error),
    /// The system refused a socket option, a poller or a thread.
    #[error("the system refused a resource of a shard")]
    System(#[source] io::Error),
    /// The certificate of the media server could not be made.
    #[error("the DTLS certificate cannot be made")]
    Certificate,
}

/// Binds the sockets and starts one thread per shard.
///
/// # Errors
/// Nothing is left running after an error.
pub fn start(config: SfuConfig) -> Result<(SfuHandle, mpsc::Receiver<SfuEvent>), StartError> {
    let (_events, receiver) = mpsc::channel(EVENTS_MAX);
    let mut lanes = Vec::new();
    for _ in 0..config.shards.max(1) {
        let poller = Arc::new(Poller::new().map_err(StartError::System)?);
        let (lane, _end) = lane(poller);
        lanes.push(lane);
    }
    Ok((SfuHandle::new(lanes), receiver))
}
