//! A thread: orders, datagrams, and whoever wants to be woken, in turns.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use loadtest_core::{Media, VideoCodec};
use mio::{Events, Poll, Token, Waker};
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TryRecvError;

use super::client::{Client, Counters, Hands, Lines};
use super::order::{Offered, Order};
use super::sockets::Sockets;
use super::{ClientId, EngineError, Live, Tally, Ways};

const WAKER: Token = Token(0);
/// Sockets that the kernel names at a time.
const EVENTS: usize = 256;
/// Receive calls of one turn, so that nobody's beat waits for a flood.
const RECEIVES_PER_TURN: usize = 32;
/// Orders of one turn: a connection takes about a millisecond to make.
const ORDERS_PER_TURN: usize = 4;
const SLEEP_MAX: Duration = Duration::from_millis(500);

/// Everything that a thread owns.
pub(crate) struct Worker {
    thread: usize,
    media: Media,
    random: fastrand::Rng,
    lose_per_million: u32,
    orders: mpsc::Receiver<Order>,
    live: Arc<Live>,
    poll: Poll,
    waker: Arc<Waker>,
    sockets: Sockets,
    clients: HashMap<u32, Client>,
    next_index: u32,
    counters: Counters,
    alarms: Alarms,
    stopped: bool,
}

/// Who wants to be woken when. A connection may stand here more than once; the first time that is
/// not over counts.
#[derive(Debug, Default)]
struct Alarms {
    heap: BinaryHeap<Reverse<(Instant, u32)>>,
    set: HashMap<u32, Instant>,
}

impl Alarms {
    fn set(&mut self, index: u32, at: Instant) {
        let earlier = self.set.get(&index).is_some_and(|known| *known <= at);
        if !earlier {
            self.set.insert(index, at);
            self.heap.push(Reverse((at, index)));
        }
    }

    fn next(&self) -> Option<Instant> {
        self.heap.peek().map(|Reverse((at, _))| *at)
    }

    /// The next one whose time has come.
    fn ring(&mut self, now: Instant) -> Option<u32> {
        while let Some(Reverse((at, index))) = self.heap.peek().copied() {
            if at > now {
                return None;
            }
            self.heap.pop();
            if self.set.get(&index) == Some(&at) {
                self.set.remove(&index);
                return Some(index);
            }
        }
        None
    }
}

impl Worker {
    pub(crate) fn new(
        (thread, media): (usize, Media),
        (random, ways): (fastrand::Rng, Ways),
        orders: mpsc::Receiver<Order>,
        live: Arc<Live>,
    ) -> io::Result<Self> {
        let poll = Poll::new()?;
        let sockets = Sockets::new(ways.own, poll.registry().try_clone()?)?;
        let waker = Arc::new(Waker::new(poll.registry(), WAKER)?);
        Ok(Self {
            thread,
            media,
            random,
            lose_per_million: ways.lose_per_million,
            orders,
            live,
            poll,
            waker,
            sockets,
            clients: HashMap::new(),
            next_index: 0,
            counters: Counters::default(),
            alarms: Alarms::default(),
            stopped: false,
        })
    }

    pub(crate) fn waker(&self) -> Arc<Waker> {
        Arc::clone(&self.waker)
    }

    /// Works until nobody can give orders any more.
    pub(crate) fn run(mut self) {
        let mut ready = Events::with_capacity(EVENTS);
        let mut busy = false;
        while !self.stopped {
            let sleep = if busy { Duration::ZERO } else { self.sleep() };
            match self.poll.poll(&mut ready, Some(sleep)) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => return,
            }
            for event in &ready {
                if event.token() != WAKER {
                    self.sockets.note(event.token());
                }
            }
            busy = self.take_orders();
            self.ring();
            busy |= self.take_datagrams();
            self.ring();
        }
    }

    fn sleep(&self) -> Duration {
        let now = Instant::now();
        let due = self
            .alarms
            .next()
            .map(|at| at.saturating_duration_since(now));
        due.unwrap_or(SLEEP_MAX).min(SLEEP_MAX)
    }

    fn ring(&mut self) {
        let now = Instant::now();
        while let Some(index) = self.alarms.ring(now) {
            self.with(index, now, Client::wake);
        }
    }

    /// Does something with a connection, and notes when it wants to be woken.
    fn with(&mut self, index: u32, now: Instant, act: impl FnOnce(&mut Client, &mut Hands<'_>)) {
        let (Some(client), Some(socket)) = (self.clients.get_mut(&index), self.sockets.of(index))
        else {
            return;
        };
        let mut hands = Hands {
            now,
            socket,
            counters: &mut self.counters,
            live: &self.live,
            random: &mut self.random,
        };
        act(client, &mut hands);
        if !client.is_closed() {
            self.alarms.set(index, client.due());
        }
    }

    /// Answers whether more may wait.
    fn take_datagrams(&mut self) -> bool {
        let now = Instant::now();
        for _ in 0..RECEIVES_PER_TURN {
            let Some(inbox) = self.sockets.receive() else {
                return false;
            };
            for came in inbox.datagrams() {
                if self.lose_per_million > 0 && self.loses(came.bytes) {
                    continue;
                }
                self.with(came.index, now, |client, hands| client.receive(came, hands));
            }
            self.sockets.give_back(inbox);
        }
        self.sockets.is_ready()
    }

    /// Whether this datagram is one of those that are to be lost; only media is (RFC 7983).
    fn loses(&mut self, bytes: &[u8]) -> bool {
        let is_media = bytes
            .first()
            .is_some_and(|first| (128..192).contains(first));
        is_media && self.random.u32(..1_000_000) < self.lose_per_million
    }

    /// Answers whether more may wait.
    fn take_orders(&mut self) -> bool {
        for _ in 0..ORDERS_PER_TURN {
            match self.orders.try_recv() {
                Ok(order) => self.carry_out(order),
                Err(TryRecvError::Empty) => return false,
                Err(TryRecvError::Disconnected) => {
                    self.stopped = true;
                    return false;
                }
            }
        }
        true
    }

    fn carry_out(&mut self, order: Order) {
        let now = Instant::now();
        // Whoever gave an order may have gone; then nobody needs the answer.
        match order {
            Order::Offer { plan, reply } => {
                let media = self.media;
                let made = self.make(now).and_then(|(index, client)| {
                    let lines = client.offer(plan, media);
                    let lines =
                        lines.ok_or(EngineError::Description("nothing to offer".to_owned()))?;
                    Ok((index, lines))
                });
                let _ = reply.send(made.map(|(index, lines)| self.offered(index, lines)));
            }
            Order::Camera {
                index,
                source,
                reply,
            } => {
                let media = self.media;
                let mut lines = None;
                self.with(index, now, |client, _| {
                    lines = client.offer_camera(source, media);
                });
                let lines = lines.ok_or(EngineError::Description("nothing to offer".to_owned()));
                let _ = reply.send(lines.map(|lines| self.offered(index, lines)));
            }
            Order::Answer { index, sdp, reply } => {
                self.with(index, now, |client, hands| {
                    client.answer(&sdp, reply, hands);
                });
            }
            Order::Accept { sdp, reply, ready } => {
                let made = self.make(now).map(|(index, _)| index);
                let _ = match made {
                    Ok(index) => {
                        let mut lines = Err(EngineError::Stopped);
                        self.with(index, now, |client, hands| {
                            lines = client.accept(&sdp, ready, hands);
                        });
                        reply.send(lines.map(|lines| self.offered(index, lines)))
                    }
                    Err(error) => reply.send(Err(error)),
                };
            }
            Order::Close { index } => {
                if let Some(mut client) = self.clients.remove(&index) {
                    client.lose(&self.live);
                    self.sockets.close(index);
                }
            }
            Order::Measure(on) => self.counters.measured = on,
            Order::Tally(reply) => {
                let _ = reply.send(self.tally());
            }
        }
    }

    fn make(&mut self, now: Instant) -> Result<(u32, &mut Client), EngineError> {
        let index = self.next_index;
        let local = self.sockets.open(index).map_err(EngineError::System)?;
        self.next_index += 1;
        let codec = self
            .media
            .video
            .map_or(VideoCodec::default(), |it| it.codec);
        let client = Client::new(now, local, codec);
        Ok((index, self.clients.entry(index).or_insert(client)))
    }

    fn offered(&self, index: u32, lines: Lines) -> Offered {
        Offered {
            client: self.id(index),
            sdp: lines.sdp,
            microphone: lines.microphone,
            camera: lines.camera,
        }
    }

    const fn id(&self, index: u32) -> ClientId {
        ClientId::Light {
            thread: self.thread,
            index,
        }
    }

    fn tally(&self) -> Tally {
        Tally {
            received: self
                .clients
                .iter()
                .map(|(index, client)| (self.id(*index), client.received()))
                .collect(),
            sent: self.counters.sent.clone(),
            latencies: self.counters.latencies.clone(),
            speech: self.counters.speech.clone(),
            voices: self
                .clients
                .iter()
                .map(|(index, client)| (self.id(*index), client.voices()))
                .collect(),
        }
    }
}
