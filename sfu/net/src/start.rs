//! Brings the shards up.

use std::io;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::thread;
use std::time::Instant;

use mio::{Interest, Poll, Token, Waker};
use sfu_core::{SfuEvent, Shard, ShardConfig, ShardError};
use thiserror::Error;
use tokio::sync::mpsc;

use crate::config::SfuConfig;
use crate::handle::SfuHandle;
use crate::lane::{Lane, lane};
use crate::meters::{self, Meters};
use crate::socket::{Paths, Socket};
use crate::worker::Worker;

/// Events that may wait for the signaling side. A shard never blocks on it: it keeps further events
/// in order on its own side, and media goes on.
pub(crate) const EVENTS_MAX: usize = 4096;

const SOCKET: Token = Token(0);
const WAKER: Token = Token(1);

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
    /// A shard could not be made.
    #[error("a shard cannot be made")]
    Shard(#[source] ShardError),
}

/// Binds the sockets and starts one thread per shard.
///
/// # Errors
/// Nothing is left running after an error.
pub fn start(config: SfuConfig) -> Result<(SfuHandle, mpsc::Receiver<SfuEvent>), StartError> {
    let addresses = Addresses::find(&config)?;
    let shards = match config.shards {
        0 => thread::available_parallelism().map_or(1, NonZeroUsize::get),
        shards => shards,
    };
    meters::describe();
    let (events, receiver) = mpsc::channel(EVENTS_MAX);
    // All sockets are bound before the first thread runs, so that an error leaves nothing behind.
    let mut ready = Vec::new();
    for index in 0..shards {
        ready.push(prepare(
            &config,
            (index, shards),
            &addresses,
            events.clone(),
        )?);
    }
    let mut lanes: Vec<Lane> = Vec::new();
    for (index, (lane, worker)) in ready.into_iter().enumerate() {
        let thread = thread::Builder::new().name(format!("sfu-{index}"));
        if let Err(cause) = thread.spawn(move || worker.run()) {
            for lane in lanes {
                lane.stop();
            }
            return Err(StartError::System(cause));
        }
        lanes.push(lane);
    }
    Ok((SfuHandle::new(lanes), receiver))
}

fn prepare(
    config: &SfuConfig,
    (index, shards): (usize, usize),
    addresses: &Addresses,
    events: mpsc::Sender<SfuEvent>,
) -> Result<(Lane, Worker), StartError> {
    let port = match config.udp_port {
        0 => 0,
        first => u16::try_from(index)
            .ok()
            .and_then(|index| first.checked_add(index))
            .ok_or(StartError::Ports {
                port: first,
                shards,
            })?,
    };
    let bind = |port| UdpSocket::bind(SocketAddr::new(config.bind, port));
    let socket = bind(port).map_err(|cause| StartError::Bind { port, cause })?;
    let port = socket.local_addr().map_err(StartError::System)?.port();
    let candidates: Vec<SocketAddr> = addresses
        .told
        .iter()
        .map(|ip| SocketAddr::new(*ip, port))
        .collect();
    tracing::info!(
        shard = index,
        port,
        candidates = candidates.len(),
        "media shard listens"
    );
    let shard = Shard::new(ShardConfig {
        candidates: candidates.clone(),
        connections_max: config.connections_per_shard,
    })
    .map_err(StartError::Shard)?;
    let paths = Paths {
        candidates,
        own: addresses.own.clone(),
    };
    let mut socket = Socket::new(socket, paths).map_err(StartError::System)?;
    let poll = Poll::new().map_err(StartError::System)?;
    poll.registry()
        .register(socket.source(), SOCKET, Interest::READABLE)
        .map_err(StartError::System)?;
    let waker = Waker::new(poll.registry(), WAKER).map_err(StartError::System)?;
    let (lane, end) = lane(Arc::new(waker));
    let meters = Meters::new(index, Instant::now());
    Ok((
        lane,
        Worker::new((shard, socket, poll), end, events, meters),
    ))
}

/// The addresses of this machine, and those that clients are told.
struct Addresses {
    own: Vec<IpAddr>,
    told: Vec<IpAddr>,
}

impl Addresses {
    fn find(config: &SfuConfig) -> Result<Self, StartError> {
        let own: Vec<IpAddr> = if_addrs::get_if_addrs()
            .map_err(StartError::Interfaces)?
            .into_iter()
            .map(|interface| interface.ip())
            .filter(|ip| ip.is_ipv4() == config.bind.is_ipv4())
            .collect();
        let mut told = if !config.advertise.is_empty() {
            config.advertise.clone()
        } else if config.bind.is_unspecified() {
            own.iter()
                .copied()
                .filter(|ip| !ip.is_loopback() && !is_link_local(*ip))
                .collect()
        } else {
            vec![config.bind]
        };
        if config.loopback {
            let reachable = config.bind.is_unspecified() || config.bind.is_loopback();
            told.extend(
                own.iter()
                    .copied()
                    .filter(|ip| ip.is_loopback() && reachable),
            );
        }
        let mut seen = Vec::new();
        told.retain(|ip| {
            let new = !seen.contains(ip);
            seen.push(*ip);
            new
        });
        if told.is_empty() {
            Err(StartError::NoAddress)
        } else {
            Ok(Self { own, told })
        }
    }
}

/// RFC 3927 and RFC 4291 section 2.5.6: useless to anybody on another link.
fn is_link_local(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(v4) => v4.is_link_local(),
        IpAddr::V6(v6) => v6.is_unicast_link_local(),
    }
}
