//! The thread of an edge: one socket for all clients, one towards the owner for each flow.
//!
//! A socket of its own gives every flow another address at the owner, which so needs to know nothing of edges.

use std::collections::BTreeSet;
use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::{Duration, Instant};

use metrics::{Counter, Gauge, counter, describe_counter, describe_gauge, gauge};
use mio::net::UdpSocket;
use mio::{Events, Interest, Poll, Token};
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TryRecvError;

use super::table::{Dropped, FlowKey, Inward, Permit, Table};
use crate::send_queue::SendQueue;
use crate::socket::{Left, Socket};

/// How often silent flows are looked for, and whether anybody still needs the edge.
const TICK: Duration = Duration::from_millis(250);
/// Datagrams that are read from one owner before the others have their turn. What is left is read next.
const READS_PER_TURN: usize = 64;
/// Room for one datagram.
const DATAGRAM_BYTES_MAX: usize = 2048;
/// Sockets that are told of at once; others are told of next.
const EVENTS_MAX: usize = 256;

/// The socket of clients. Tokens of flows are their keys.
const CLIENTS: Token = Token(usize::MAX - 1);
pub(super) const WAKER: Token = Token(usize::MAX);

pub(super) enum Order {
    Permit(Permit),
    Release(String),
}

/// No more orders will come: nobody needs the edge.
struct Over;

struct Meters {
    flows: Gauge,
    up: Counter,
    down: Counter,
    unknown: Counter,
    garbage: Counter,
    refused: Counter,
    over_rate: Counter,
    full: Counter,
    send_failed: Counter,
}

impl Meters {
    fn new() -> Self {
        describe_gauge!(
            "sfu_edge_flows",
            "Addresses of clients whose media this node forwards to its owner"
        );
        describe_counter!(
            "sfu_edge_datagrams_total",
            "Datagrams that the edge forwarded"
        );
        describe_counter!(
            "sfu_edge_dropped_total",
            "Datagrams that the edge dropped, by reason"
        );
        let dropped = |reason| counter!("sfu_edge_dropped_total", "reason" => reason);
        Self {
            flows: gauge!("sfu_edge_flows"),
            up: counter!("sfu_edge_datagrams_total", "way" => "up"),
            down: counter!("sfu_edge_datagrams_total", "way" => "down"),
            unknown: dropped("unknown_sender"),
            garbage: dropped("garbage"),
            refused: dropped("refused"),
            over_rate: dropped("over_rate"),
            full: dropped("full"),
            send_failed: dropped("send_failed"),
        }
    }

    fn dropped(&self, why: Dropped) {
        let counter = match why {
            Dropped::Unknown => &self.unknown,
            Dropped::Garbage => &self.garbage,
            Dropped::Refused => &self.refused,
            Dropped::OverRate => &self.over_rate,
            Dropped::Full => &self.full,
        };
        counter.increment(1);
    }
}

/// The sockets towards owners, by the keys of their flows.
struct Owners {
    poll: Poll,
    sockets: Vec<Option<UdpSocket>>,
}

impl Owners {
    fn open(&mut self, key: FlowKey, owner: SocketAddr) -> io::Result<()> {
        let any: SocketAddr = match owner {
            SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
            SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
        };
        let mut socket = UdpSocket::bind(any)?;
        // What comes from elsewhere is dropped by the system.
        socket.connect(owner)?;
        let registry = self.poll.registry();
        registry.register(&mut socket, Token(key.0), Interest::READABLE)?;
        if self.sockets.len() <= key.0 {
            self.sockets.resize_with(key.0.saturating_add(1), || None);
        }
        if let Some(place) = self.sockets.get_mut(key.0) {
            *place = Some(socket);
        }
        Ok(())
    }

    fn get(&self, key: FlowKey) -> Option<&UdpSocket> {
        self.sockets.get(key.0)?.as_ref()
    }

    /// Closing it takes it out of the poller.
    fn close(&mut self, key: FlowKey) {
        if let Some(place) = self.sockets.get_mut(key.0) {
            *place = None;
        }
    }
}

/// All that the thread has.
pub(super) struct Edge {
    table: Table,
    clients: Socket,
    owners: Owners,
    orders: mpsc::Receiver<Order>,
    queue: SendQueue,
    /// Sockets that may have more to read.
    ready: BTreeSet<Token>,
    buffer: Vec<u8>,
    meters: Meters,
}

impl Edge {
    pub(super) fn new(
        (mut clients, poll): (Socket, Poll),
        orders: mpsc::Receiver<Order>,
        flows_max: usize,
    ) -> io::Result<Self> {
        let registry = poll.registry();
        registry.register(clients.source(), CLIENTS, Interest::READABLE)?;
        Ok(Self {
            table: Table::new(flows_max),
            clients,
            owners: Owners {
                poll,
                sockets: Vec::new(),
            },
            orders,
            queue: SendQueue::default(),
            ready: BTreeSet::new(),
            buffer: vec![0; DATAGRAM_BYTES_MAX],
            meters: Meters::new(),
        })
    }

    pub(super) fn run(mut self) {
        let mut events = Events::with_capacity(EVENTS_MAX);
        let mut ticked = Instant::now();
        loop {
            let patience = if self.ready.is_empty() {
                TICK
            } else {
                Duration::ZERO
            };
            if let Err(error) = self.owners.poll.poll(&mut events, Some(patience))
                && error.kind() != ErrorKind::Interrupted
            {
                tracing::error!(%error, "the edge cannot wait for datagrams and ends");
                return;
            }
            let now = Instant::now();
            let told = events.iter().map(mio::event::Event::token);
            self.ready.extend(told.filter(|token| *token != WAKER));
            if let Err(Over) = self.take_orders(now) {
                return;
            }
            for token in core::mem::take(&mut self.ready) {
                let left = if token == CLIENTS {
                    self.read_clients(now)
                } else {
                    self.read_owner(now, FlowKey(token.0))
                };
                if left == Left::Maybe {
                    self.ready.insert(token);
                }
            }
            self.send();
            if now.saturating_duration_since(ticked) >= TICK {
                ticked = now;
                self.table.tick(now);
                let flows = u32::try_from(self.table.len()).unwrap_or(u32::MAX);
                self.meters.flows.set(flows);
            }
            for key in self.table.take_ended() {
                self.owners.close(key);
                self.ready.remove(&Token(key.0));
            }
        }
    }

    fn take_orders(&mut self, now: Instant) -> Result<(), Over> {
        loop {
            match self.orders.try_recv() {
                Ok(Order::Permit(permit)) => {
                    if let Err(why) = self.table.permit(permit) {
                        self.meters.dropped(why);
                    }
                }
                Ok(Order::Release(ufrag)) => self.table.release(now, &ufrag),
                Err(TryRecvError::Empty) => return Ok(()),
                Err(TryRecvError::Disconnected) => return Err(Over),
            }
        }
    }

    /// One batch of what clients sent.
    fn read_clients(&mut self, now: Instant) -> Left {
        let (table, owners, meters) = (&mut self.table, &mut self.owners, &self.meters);
        let read = self.clients.receive(|local, client, contents| {
            let key = match table.inward(now, (local, client), contents) {
                Inward::Forward(key) => key,
                Inward::Open(key, owner) => {
                    if let Err(error) = owners.open(key, owner) {
                        tracing::warn!(%error, "no socket for one more flow of the edge");
                        table.end(key);
                        return meters.dropped(Dropped::Full);
                    }
                    key
                }
                Inward::Drop(why) => return meters.dropped(why),
            };
            // A socket that has no room loses the datagram, as a network does.
            match owners.get(key).map(|socket| socket.send(contents)) {
                Some(Ok(_)) => meters.up.increment(1),
                Some(Err(_)) | None => meters.send_failed.increment(1),
            }
        });
        match read {
            Ok(left) => left,
            Err(error) => {
                // One refused datagram, reported by the network; the next call goes on.
                tracing::trace!(%error, "a receive call of the edge failed");
                Left::Maybe
            }
        }
    }

    /// Some of what an owner sent.
    fn read_owner(&mut self, now: Instant, key: FlowKey) -> Left {
        let segments_max = self.clients.segments_max();
        for _ in 0..READS_PER_TURN {
            let Some(socket) = self.owners.get(key) else {
                return Left::Nothing;
            };
            let length = match socket.recv(&mut self.buffer) {
                Ok(length) => length,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Left::Nothing,
                // The network says that nobody listens there: the owner restarts. The flow ends by silence.
                Err(_) => continue,
            };
            match self.table.outward(now, key, length) {
                Ok((local, client)) => {
                    let datagram = self.buffer.get(..length).unwrap_or_default().to_vec();
                    self.queue.push(local, client, datagram, segments_max);
                }
                Err(why) => self.meters.dropped(why),
            }
        }
        Left::Maybe
    }

    fn send(&mut self) {
        for batch in self.queue.drain() {
            let count = u64::try_from(batch.count).unwrap_or(u64::MAX);
            match self.clients.send(&batch) {
                Ok(()) => self.meters.down.increment(count),
                Err(_) => self.meters.send_failed.increment(count),
            }
        }
    }
}
