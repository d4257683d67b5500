//! Brings an edge up, and the way to it.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::thread;

use mio::{Poll, Waker};
use serde::Deserialize;
use thiserror::Error;
use tokio::sync::mpsc;

use super::table::Permit;
use super::thread::{Edge, Order, WAKER};
use crate::socket::{Paths, Socket};

/// Permits that may wait for the edge. Further ones are refused, and clients are not told of it: they reach
/// the owner without. It empties them on every turn.
const PERMITS_WAITING_MAX: usize = 256;
/// Orders of both kinds that may wait. A release that is lost would leave a permit for ever, so there is room
/// for those of everybody whom a node carries, at a time.
const ORDERS_MAX: usize = 16_384;

/// Where an edge listens.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EdgeConfig {
    /// Address to bind the UDP socket to. Default `0.0.0.0`.
    #[serde(default = "everywhere")]
    pub bind: IpAddr,
    /// UDP port, not one of the media ports. 0 lets the system choose.
    #[serde(default = "port")]
    pub udp_port: u16,
    /// Addresses that clients are told to send to; at least one.
    pub advertise: Vec<IpAddr>,
    /// Most flows at a time, each with a socket; clients beyond it go to the owner without this node.
    #[serde(default = "flows_max")]
    pub flows_max: usize,
}

const fn everywhere() -> IpAddr {
    IpAddr::V4(Ipv4Addr::UNSPECIFIED)
}

const fn port() -> u16 {
    3577
}

const fn flows_max() -> usize {
    512
}

/// Why an edge could not start.
#[derive(Debug, Error)]
pub enum EdgeError {
    /// The UDP port is taken or not permitted.
    #[error("UDP port {port} of the edge cannot be bound")]
    Bind {
        /// The port.
        port: u16,
        /// What the system said.
        #[source]
        cause: io::Error,
    },
    /// No address to tell clients.
    #[error("the edge has no address to tell clients")]
    NoAddress,
    /// The system refused a socket option, a poller, the list of interfaces or a thread.
    #[error("the system refused a resource of the edge")]
    System(#[source] io::Error),
}

/// The way to an edge. It ends when the last clone is dropped.
#[derive(Clone)]
pub struct EdgeHandle {
    orders: mpsc::Sender<Order>,
    waker: Arc<Waker>,
    told: Arc<[SocketAddr]>,
}

impl core::fmt::Debug for EdgeHandle {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("EdgeHandle")
    }
}

/// The edge takes no orders: it is overwhelmed, or gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the edge takes no orders")]
pub struct Overwhelmed;

impl EdgeHandle {
    /// Where clients reach it.
    #[must_use]
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.told
    }

    /// Lets a connection come by the edge until it is released.
    ///
    /// # Errors
    /// [`Overwhelmed`]: then clients need not be told of the edge.
    pub fn permit(&self, permit: Permit) -> Result<(), Overwhelmed> {
        let waiting = ORDERS_MAX.saturating_sub(self.orders.capacity());
        if waiting >= PERMITS_WAITING_MAX {
            return Err(Overwhelmed);
        }
        self.order(Order::Permit(permit))
    }

    /// Its messages are not carried by this node any more.
    ///
    /// # Errors
    /// [`Overwhelmed`]: the edge is gone, or thousands wait; the permit stays then.
    pub fn release(&self, ufrag: String) -> Result<(), Overwhelmed> {
        self.order(Order::Release(ufrag))
    }

    fn order(&self, order: Order) -> Result<(), Overwhelmed> {
        self.orders.try_send(order).or(Err(Overwhelmed))?;
        // One that is not woken looks by itself a little later.
        let _ = self.waker.wake();
        Ok(())
    }
}

/// Binds the socket and starts the thread.
///
/// # Errors
/// Nothing is left running after an error.
pub fn start_edge(config: &EdgeConfig) -> Result<EdgeHandle, EdgeError> {
    if config.advertise.is_empty() {
        return Err(EdgeError::NoAddress);
    }
    let port = config.udp_port;
    let socket = UdpSocket::bind(SocketAddr::new(config.bind, port));
    let socket = socket.map_err(|cause| EdgeError::Bind { port, cause })?;
    let port = socket.local_addr().map_err(EdgeError::System)?.port();
    let told = config.advertise.iter().map(|ip| SocketAddr::new(*ip, port));
    let told: Vec<_> = told.collect();
    let own = if_addrs::get_if_addrs().map_err(EdgeError::System)?;
    let paths = Paths {
        candidates: told.clone(),
        own: own.into_iter().map(|it| it.ip()).collect(),
    };
    let socket = Socket::new(socket, paths).map_err(EdgeError::System)?;
    let poll = Poll::new().map_err(EdgeError::System)?;
    let waker = Waker::new(poll.registry(), WAKER).map_err(EdgeError::System)?;
    let (orders, waiting) = mpsc::channel(ORDERS_MAX);
    let edge = Edge::new((socket, poll), waiting, config.flows_max).map_err(EdgeError::System)?;
    let thread = thread::Builder::new().name("edge".to_owned());
    thread
        .spawn(move || edge.run())
        .map_err(EdgeError::System)?;
    tracing::info!(port, addresses = told.len(), "the edge listens");
    Ok(EdgeHandle {
        orders,
        waker: Arc::new(waker),
        told: told.into(),
    })
}
