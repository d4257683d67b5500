//! Many participants on few threads: WebRTC engines (str0m) whose media is made and counted here.
//!
//! Participants have a UDP socket each, or all of a thread share one and are told apart by addresses
//! in 127.0.0.0/8, so that thousands of them need one system call for a batch of datagrams, and a
//! server on the same machine sees as many addresses as there are people.

mod client;
mod foreign;
mod order;
mod socket;
mod sockets;
mod voices;
mod worker;

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use loadtest_core::{Counts, Latencies, Media};
use mio::Waker;
use thiserror::Error;
use tokio::sync::{mpsc, oneshot};

use foreign::Foreign;
pub(crate) use order::{Offered, Order, Plan, SlotPlan, Stack};
pub(crate) use voices::Voice;
use worker::Worker;

/// Orders that may wait for a thread. Whoever gives more waits: joining is slower then, nothing is lost.
const ORDERS_MAX: usize = 1024;

/// One connection of one participant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum ClientId {
    /// On a thread of light ones.
    Light { thread: usize, index: u32 },
    /// On the independent stack.
    Foreign(u32),
}

/// Why a connection was not made.
#[derive(Debug, Error)]
pub(crate) enum EngineError {
    /// The thread has stopped.
    #[error("the generator has stopped")]
    Stopped,
    /// The WebRTC engine refused a description.
    #[error("the engine refused a description: {0}")]
    Description(String),
    /// The independent stack refused something.
    #[error(transparent)]
    Foreign(#[from] loadtest_independent::Refusal),
    /// The connection was lost before it was ready.
    #[error("the connection was lost before it was ready")]
    Lost,
    /// The system refused a socket, a poller or a thread.
    #[error("the system refused a socket or a thread")]
    System(#[source] std::io::Error),
}

/// What a thread has counted.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    /// Of each connection: source, and what came of it. Closed connections are left out.
    pub(crate) received: HashMap<ClientId, Vec<(u32, Counts)>>,
    /// Measured packets of each source.
    pub(crate) sent: HashMap<u32, u64>,
    /// Of measured packets.
    pub(crate) latencies: Latencies,
    /// Of measured packets with speech.
    pub(crate) speech: Latencies,
    /// Of each connection: the telephones that it has heard.
    pub(crate) voices: HashMap<ClientId, Vec<Voice>>,
}

/// Live numbers of all threads; only for showing.
#[derive(Debug, Default)]
pub(crate) struct Live {
    /// Packets that came, since the beginning.
    pub(crate) packets: AtomicU64,
    /// Connections that are ready.
    pub(crate) connected: AtomicU64,
}

/// How participants reach the server.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Ways {
    /// Everybody gets a port of this address; otherwise an address of 127.0.0.0/8.
    pub(crate) own: Option<IpAddr>,
    /// Of a million datagrams with media that come, so many are thrown away as if the server had not
    /// sent them.
    pub(crate) lose_per_million: u32,
}

/// The way to the threads.
#[derive(Debug)]
pub(crate) struct Engine {
    lanes: Vec<Lane>,
    next: AtomicU64,
    live: Arc<Live>,
    foreign: Foreign,
}

#[derive(Debug)]
struct Lane {
    orders: mpsc::Sender<Order>,
    waker: Arc<Waker>,
}

impl Engine {
    /// Starts so many threads.
    pub(crate) fn start(
        threads: usize,
        media: Media,
        (seed, how): (u64, Ways),
    ) -> Result<Self, EngineError> {
        let live = Arc::new(Live::default());
        let mut lanes = Vec::new();
        for thread in 0..threads.max(1) {
            let (orders, waiting) = mpsc::channel(ORDERS_MAX);
            let random = fastrand::Rng::with_seed(seed.wrapping_add(thread as u64));
            let worker = Worker::new((thread, media), (random, how), waiting, Arc::clone(&live))
                .map_err(EngineError::System)?;
            let waker = worker.waker();
            let name = format!("media-{thread}");
            thread::Builder::new()
                .name(name)
                .spawn(move || worker.run())
                .map_err(EngineError::System)?;
            lanes.push(Lane { orders, waker });
        }
        Ok(Self {
            lanes,
            next: AtomicU64::new(0),
            foreign: Foreign::new(how.own, media, Arc::clone(&live)),
            live,
        })
    }

    pub(crate) fn live(&self) -> &Live {
        &self.live
    }

    /// A new connection that makes an offer.
    pub(crate) async fn offer(&self, plan: Plan) -> Result<Offered, EngineError> {
        if plan.stack == Stack::Independent {
            return self.foreign.offer(plan).await;
        }
        let thread = self.some_thread();
        let (reply, answer) = oneshot::channel();
        self.order(thread, Order::Offer { plan, reply }).await?;
        answer.await.map_err(|_closed| EngineError::Stopped)?
    }

    /// A connection that is there offers once more, with a camera.
    pub(crate) async fn offer_camera(
        &self,
        client: ClientId,
        source: u32,
    ) -> Result<Offered, EngineError> {
        let (thread, index) = match client {
            ClientId::Light { thread, index } => (thread, index),
            ClientId::Foreign(index) => return self.foreign.offer_camera(index, source).await,
        };
        let (reply, answer) = oneshot::channel();
        let order = Order::Camera {
            index,
            source,
            reply,
        };
        self.order(thread, order).await?;
        answer.await.map_err(|_closed| EngineError::Lost)?
    }

    /// Takes the answer to an offer, and waits until media can flow.
    pub(crate) async fn connect(&self, client: ClientId, sdp: String) -> Result<(), EngineError> {
        let (thread, index) = match client {
            ClientId::Light { thread, index } => (thread, index),
            ClientId::Foreign(index) => return self.foreign.connect(index, sdp).await,
        };
        let (reply, connected) = oneshot::channel();
        let order = Order::Answer { index, sdp, reply };
        self.order(thread, order).await?;
        connected.await.map_err(|_closed| EngineError::Lost)?
    }

    /// A new connection that answers an offer; the receiver hears when media can flow.
    pub(crate) async fn accept(
        &self,
        sdp: String,
    ) -> Result<(Offered, oneshot::Receiver<Result<(), EngineError>>), EngineError> {
        let thread = self.some_thread();
        let (reply, answer) = oneshot::channel();
        let (ready, connected) = oneshot::channel();
        let order = Order::Accept { sdp, reply, ready };
        self.order(thread, order).await?;
        let offered = answer.await.map_err(|_closed| EngineError::Stopped)??;
        Ok((offered, connected))
    }

    /// Forgets a connection without a word to the server, as a browser that crashed.
    pub(crate) async fn close(&self, client: ClientId) -> Result<(), EngineError> {
        match client {
            ClientId::Light { thread, index } => self.order(thread, Order::Close { index }).await,
            ClientId::Foreign(index) => self.foreign.close(index).await,
        }
    }

    /// From here on packets are measured, or no longer.
    pub(crate) async fn measure(&self, on: bool) -> Result<(), EngineError> {
        self.foreign.measure(on);
        for thread in 0..self.lanes.len() {
            self.order(thread, Order::Measure(on)).await?;
        }
        Ok(())
    }

    /// What has been counted so far.
    pub(crate) async fn tally(&self) -> Result<Tally, EngineError> {
        let mut all = Tally::default();
        self.foreign.tally(&mut all).await;
        for thread in 0..self.lanes.len() {
            let (reply, answer) = oneshot::channel();
            self.order(thread, Order::Tally(reply)).await?;
            let tally = answer.await.map_err(|_closed| EngineError::Stopped)?;
            all.received.extend(tally.received);
            all.sent.extend(tally.sent);
            all.latencies.merge(&tally.latencies);
            all.speech.merge(&tally.speech);
            all.voices.extend(tally.voices);
        }
        Ok(all)
    }

    fn some_thread(&self) -> usize {
        let next = self.next.fetch_add(1, Ordering::Relaxed);
        usize::try_from(next).unwrap_or(0) % self.lanes.len()
    }

    async fn order(&self, thread: usize, order: Order) -> Result<(), EngineError> {
        let lane = self.lanes.get(thread).ok_or(EngineError::Stopped)?;
        lane.orders
            .send(order)
            .await
            .map_err(|_stopped| EngineError::Stopped)?;
        lane.waker.wake().map_err(EngineError::System)
    }
}

/// Unix time in microseconds.
pub(crate) fn unix_us() -> u64 {
    socket::unix_ns() / 1000
}
