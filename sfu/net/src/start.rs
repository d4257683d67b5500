//! Brings the shards up.

use std::io;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::thread;
use std::time::Instant;

use mio::{Interest, Poll, Token, Waker};
use sfu_core::{ServerCandidate, SfuEvent, Shard, ShardConfig, ShardError, Transport};
use thiserror::Error;
use tokio::sync::mpsc;

use crate::config::SfuConfig;
use crate::door::{Door, Limits};
use crate::handle::SfuHandle;
use crate::lane::{Lane, lane};
use crate::meters::{self, Meters};
use crate::phones::{PhoneLane, phone_lane};
use crate::port::{FrameLane, frame_lane};
use crate::socket::{Paths, Socket};
use crate::turn::{Auth, NoRandomness, random};
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
    /// No secrets could be made.
    #[error("no secrets can be made")]
    Secrets(#[source] NoRandomness),
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
    let auth = Auth::new().map_err(StartError::Secrets)?;
    let mut lanes: Vec<Lane> = Vec::new();
    let mut phone_lanes = Vec::new();
    let mut shard_doors = Vec::new();
    for (index, prepared) in ready.into_iter().enumerate() {
        let Prepared {
            lane,
            phones,
            frames,
            worker,
            udp,
        } = prepared;
        let thread = thread::Builder::new().name(format!("sfu-{index}"));
        if let Err(cause) = thread.spawn(move || worker.run()) {
            for lane in lanes {
                lane.stop();
            }
            return Err(StartError::System(cause));
        }
        lanes.push(lane);
        phone_lanes.push(phones);
        shard_doors.push((frames, udp));
    }
    let limits = Limits {
        connections_max: config.tcp_connections_max,
        per_address_max: config.tcp_connections_per_address_max,
    };
    let door = Door::new(shard_doors, auth, config.turn_urls, limits);
    Ok((SfuHandle::new((lanes, phone_lanes), door), receiver))
}

/// A shard that only waits for its thread.
struct Prepared {
    lane: Lane,
    phones: PhoneLane,
    frames: FrameLane,
    worker: Worker,
    udp: Vec<SocketAddr>,
}

fn prepare(
    config: &SfuConfig,
    (index, shards): (usize, usize),
    addresses: &Addresses,
    events: mpsc::Sender<SfuEvent>,
) -> Result<Prepared, StartError> {
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
    let udp: Vec<SocketAddr> = addresses
        .told
        .iter()
        .map(|ip| SocketAddr::new(*ip, port))
        .collect();
    tracing::info!(
        shard = index,
        port,
        addresses = udp.len(),
        "media shard listens"
    );
    let shard = Shard::new(ShardConfig {
        candidates: candidates(&udp, &addresses.tcp),
        connections_max: config.connections_per_shard,
        index: u16::try_from(index).unwrap_or(u16::MAX),
        secret: random().map_err(StartError::Secrets)?,
    })
    .map_err(StartError::Shard)?;
    // What comes to an inner address is answered from there. It stands last: what comes to an address that
    // nobody knows, behind a NAT, is as before meant for the first one.
    let inner = config.inner.iter().map(|ip| SocketAddr::new(*ip, port));
    let inner = inner.filter(|it| !udp.contains(it));
    let paths = Paths {
        candidates: udp.iter().copied().chain(inner).collect(),
        own: addresses.own.clone(),
    };
    let mut socket = Socket::new(socket, paths).map_err(StartError::System)?;
    let poll = Poll::new().map_err(StartError::System)?;
    poll.registry()
        .register(socket.source(), SOCKET, Interest::READABLE)
        .map_err(StartError::System)?;
    let waker = Waker::new(poll.registry(), WAKER).map_err(StartError::System)?;
    let waker = Arc::new(waker);
    let (lane, end) = lane(Arc::clone(&waker));
    let (phones, phone_end) = phone_lane(Arc::clone(&waker));
    let (frames, frame_end) = frame_lane(waker);
    let meters = Meters::new(index, Instant::now());
    let ends = (end, frame_end, phone_end);
    let worker = Worker::new((shard, socket, poll), ends, events, meters);
    Ok(Prepared {
        lane,
        phones,
        frames,
        worker,
        udp,
    })
}

/// UDP first: it is the better way, and the one that the relay leads to.
fn candidates(udp: &[SocketAddr], tcp: &[SocketAddr]) -> Vec<ServerCandidate> {
    let of = |transport| {
        move |address: &SocketAddr| ServerCandidate {
            transport,
            address: *address,
        }
    };
    let udp = udp.iter().map(of(Transport::Udp));
    udp.chain(tcp.iter().map(of(Transport::Tcp))).collect()
}

/// The addresses of this machine, and those that clients are told.
struct Addresses {
    own: Vec<IpAddr>,
    told: Vec<IpAddr>,
    /// Where clients are told to connect to.
    tcp: Vec<SocketAddr>,
}

impl Addresses {
    /// An address that clients are told leads to a door if the door is open on all addresses, or on
    /// this one, or if only the operator can know what leads where.
    fn doors(config: &SfuConfig, told: &[IpAddr]) -> Vec<SocketAddr> {
        let mut doors = Vec::new();
        for door in &config.tcp_doors {
            let advertised = !config.advertise.is_empty() && !door.ip().is_loopback();
            for ip in told {
                let leads = door.ip().is_unspecified() || door.ip() == *ip || advertised;
                let candidate = SocketAddr::new(*ip, door.port());
                let same_family = ip.is_ipv4() == door.is_ipv4();
                if config.tcp && leads && same_family && !doors.contains(&candidate) {
                    doors.push(candidate);
                }
            }
        }
        doors
    }

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
            let tcp = Self::doors(config, &told);
            Ok(Self { own, told, tcp })
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
