//! One shard's thread: time, orders, datagrams, then everything that comes out, in that order.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use mio::{Events, Poll};
use sfu_core::{
    Command, CommandId, ConnectError, Input, LiveConnection, Output, PhoneEvent, Reply, RoomKey,
    RoomStats, SfuEvent, Shard, TapEvent, TapKind, Transport,
};
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, oneshot};

use crate::lane::{LaneEnd, Order};
use crate::meters::{Datagrams, Meters};
use crate::phones::{PhoneEnd, PhoneEvents, PhoneOrder};
use crate::port::{Frame, FrameEnd, Handed, Outgoing, PortKey, Ports, RELAY_IP};
use crate::send_queue::SendQueue;
use crate::socket::{Left, Socket};

/// Receive calls of one turn. Each brings up to 32 coalesced batches; after this many the shard
/// looks after its timers and orders before it reads on.
const RECEIVES_PER_TURN: usize = 4;
/// Datagrams of TCP connections of one turn, as many as a few receive calls bring.
const FRAMES_PER_TURN: usize = 512;
/// Orders of one turn; an offer is the dearest and takes about a millisecond.
const ORDERS_PER_TURN: usize = 16;
/// Events that wait here while the signaling side does not take them. Beyond it they are dropped
/// and counted: a signaling side that far behind has to start anew anyway, and media goes on.
const BACKLOG_MAX: usize = 4096;
/// Longest sleep, so that numbers are told even when nothing happens.
const SLEEP_MAX: Duration = Duration::from_secs(1);
/// Sleep while events wait to be taken.
const SLEEP_BACKLOG: Duration = Duration::from_millis(10);

/// Everything a shard's thread owns.
pub(crate) struct Worker {
    pub(crate) shard: Shard,
    pub(crate) socket: Socket,
    pub(crate) poll: Poll,
    pub(crate) lane: LaneEnd,
    pub(crate) frames: FrameEnd,
    pub(crate) phones: PhoneEnd,
    pub(crate) events: mpsc::Sender<SfuEvent>,
    pub(crate) meters: Meters,
    turn: Turn,
}

/// What goes from turn to turn.
#[derive(Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each says that one lane was not emptied"
)]
struct Turn {
    backlog: VecDeque<SfuEvent>,
    connects: HashMap<CommandId, oneshot::Sender<Result<String, ConnectError>>>,
    stats: HashMap<CommandId, oneshot::Sender<Vec<RoomStats>>>,
    live: HashMap<CommandId, oneshot::Sender<Vec<LiveConnection>>>,
    commands: u64,
    /// Where recorders and scribes of rooms get what they are told.
    recorders: HashMap<(RoomKey, TapKind), mpsc::Sender<TapEvent>>,
    queue: SendQueue,
    ports: Ports,
    datagrams: Datagrams,
    reads_on: bool,
    orders_on: bool,
    frames_on: bool,
    phones_on: bool,
    /// Where the bridge of telephones gets what it is told.
    bridge: Option<PhoneEvents>,
}

impl Worker {
    pub(crate) fn new(
        (shard, socket, poll): (Shard, Socket, Poll),
        (lane, frames, phones): (LaneEnd, FrameEnd, PhoneEnd),
        events: mpsc::Sender<SfuEvent>,
        meters: Meters,
    ) -> Self {
        Self {
            shard,
            socket,
            poll,
            lane,
            frames,
            phones,
            events,
            meters,
            turn: Turn::default(),
        }
    }

    /// Works until the server is stopped.
    pub(crate) fn run(mut self) {
        let mut ready = Events::with_capacity(8);
        while !self.lane.stopped() {
            if let Err(error) = self.poll.poll(&mut ready, Some(self.sleep()))
                && error.kind() != io::ErrorKind::Interrupted
            {
                tracing::error!(%error, "a media shard cannot wait for its socket and stops");
                break;
            }
            // The socket reports only once per arrival, so whatever woke us, it is read.
            self.turn();
        }
        let now = Instant::now();
        self.shard.close(now);
        self.shard.settle(now);
        self.deliver();
        self.meters.tell(&self.shard, self.turn.datagrams);
    }

    fn sleep(&self) -> Duration {
        if self.turn.reads_on || self.turn.orders_on || self.turn.frames_on || self.turn.phones_on {
            return Duration::ZERO;
        }
        let longest = if self.turn.backlog.is_empty() {
            SLEEP_MAX
        } else {
            SLEEP_BACKLOG
        };
        match self.shard.poll_timeout() {
            Some(at) => at.saturating_duration_since(Instant::now()).min(longest),
            None => longest,
        }
    }

    fn turn(&mut self) {
        let now = Instant::now();
        if self.shard.poll_timeout().is_some_and(|at| at <= now) {
            self.shard.handle(now, Input::Timeout);
        }
        self.take_orders(now);
        self.take_datagrams(now);
        self.take_frames(now);
        self.take_phones(now);
        // What one engine sends leaves before the next one is worked on: nobody waits for all others,
        // and the time that bandwidth estimators take for that of sending is that of sending.
        while self.shard.settle_next(Instant::now()) {
            self.deliver();
        }
        self.deliver();
        self.hand_over_events();
        self.meters
            .tell_if_due(now, &self.shard, self.turn.datagrams);
    }

    fn take_orders(&mut self, now: Instant) {
        self.turn.orders_on = true;
        for _ in 0..ORDERS_PER_TURN {
            let Ok(order) = self.lane.orders.try_recv() else {
                self.turn.orders_on = false;
                return;
            };
            let command = self.turn.command(order);
            self.shard.handle(now, Input::Command(command));
        }
    }

    fn take_datagrams(&mut self, now: Instant) {
        let Self {
            shard,
            socket,
            turn,
            ..
        } = self;
        turn.reads_on = true;
        for _ in 0..RECEIVES_PER_TURN {
            let received = socket.receive(|local, remote, contents| {
                turn.datagrams.received += 1;
                if remote.ip() == RELAY_IP {
                    // Only the relay gives datagrams this address, and not by the network.
                    turn.datagrams.forged += 1;
                    return;
                }
                shard.handle(
                    now,
                    Input::Datagram {
                        transport: Transport::Udp,
                        local,
                        remote,
                        contents,
                    },
                );
            });
            match received {
                Ok(Left::Maybe) => {}
                Ok(Left::Nothing) => {
                    turn.reads_on = false;
                    return;
                }
                Err(error) => {
                    // One refused datagram, reported by the network; the next call goes on.
                    tracing::trace!(%error, "a receive call failed");
                }
            }
        }
    }

    fn take_frames(&mut self, now: Instant) {
        self.frames.awake();
        self.turn.frames_on = true;
        for _ in 0..FRAMES_PER_TURN {
            let Some(frame) = self.frames.take() else {
                self.turn.frames_on = false;
                return;
            };
            match frame {
                Frame::Open(key, number, queue) => self.turn.ports.open(key, number, queue),
                Frame::Close(key, number) => self.turn.ports.close(key, number),
                Frame::Datagram {
                    key,
                    local,
                    contents,
                } => {
                    self.turn.datagrams.received += 1;
                    self.shard.handle(
                        now,
                        Input::Datagram {
                            transport: key.transport,
                            local,
                            remote: key.remote,
                            contents: &contents,
                        },
                    );
                }
            }
        }
    }

    /// Telephones are as many as their bridge bounds, and each says one packet in 20 ms.
    fn take_phones(&mut self, now: Instant) {
        self.phones.awake();
        self.turn.phones_on = true;
        for _ in 0..FRAMES_PER_TURN {
            let Some(packet) = self.phones.take() else {
                self.turn.phones_on = false;
                return;
            };
            self.shard.handle(now, Input::Phone(packet));
        }
    }

    /// Does what the shard says until it says nothing.
    fn deliver(&mut self) {
        let segments_max = self.socket.segments_max();
        while let Some(output) = self.shard.poll_output() {
            match output {
                Output::Transmit {
                    transport,
                    local,
                    remote,
                    contents,
                } => {
                    if transport == Transport::Tcp || remote.ip() == RELAY_IP {
                        let key = PortKey { transport, remote };
                        self.turn.hand(key, local, contents);
                    } else {
                        self.turn.queue.push(local, remote, contents, segments_max);
                    }
                }
                Output::Event(event) => {
                    if self.turn.backlog.len() < BACKLOG_MAX {
                        self.turn.backlog.push_back(event);
                    } else {
                        self.turn.datagrams.events_lost += 1;
                    }
                }
                Output::Reply(reply) => self.turn.reply(reply),
                Output::Phone(event) => self.turn.tell_bridge(event),
                Output::Tapped(room, kind, event) => self.turn.record((room, kind), event),
                Output::TapClosed(room, kind) => {
                    self.turn.recorders.remove(&(room, kind));
                }
            }
        }
        for batch in self.turn.queue.drain() {
            let sent = self.socket.send(&batch);
            let count = batch.count as u64;
            match sent {
                Ok(()) => self.turn.datagrams.sent += count,
                Err(error) => {
                    // UDP may lose; clients ask again for what matters.
                    tracing::trace!(%error, "a batch was not sent");
                    self.turn.datagrams.unsent += count;
                }
            }
        }
    }

    fn hand_over_events(&mut self) {
        while let Some(event) = self.turn.backlog.pop_front() {
            match self.events.try_send(event) {
                Ok(()) => {}
                Err(TrySendError::Full(event)) => {
                    self.turn.backlog.push_front(event);
                    return;
                }
                Err(TrySendError::Closed(_)) => {
                    self.turn.backlog.clear();
                    return;
                }
            }
        }
    }
}

impl Turn {
    fn hand(&mut self, key: PortKey, local: SocketAddr, contents: Vec<u8>) {
        match self.ports.send(key, Outgoing { local, contents }) {
            Handed::Taken => self.datagrams.sent += 1,
            Handed::Dropped => self.datagrams.slow_reader += 1,
        }
    }

    /// A recorder that is too slow misses something; the call goes on. So does a scribe.
    fn record(&mut self, of: (RoomKey, TapKind), event: TapEvent) {
        if let Some(recorder) = self.recorders.get(&of)
            && recorder.try_send(event).is_err()
        {
            match of.1 {
                TapKind::Recorder => self.datagrams.unrecorded += 1,
                TapKind::Scribe => self.datagrams.unscribed += 1,
            }
        }
    }

    /// A bridge that is too slow misses something; its telephones hear a gap.
    fn tell_bridge(&mut self, event: PhoneEvent) {
        if let Some(bridge) = &self.bridge
            && bridge.try_send(event).is_err()
        {
            self.datagrams.unbridged += 1;
        }
    }

    fn command(&mut self, order: Order) -> Command {
        self.commands += 1;
        let id = CommandId(self.commands);
        match order {
            Order::Connect(request, reply) => {
                self.connects.insert(id, reply);
                Command::Connect(id, request)
            }
            Order::SetSources(room, participant, on) => Command::SetSources {
                room,
                participant,
                on,
            },
            Order::SetGrants(room, participant, grants) => Command::SetGrants {
                room,
                participant,
                grants,
            },
            Order::SetView(room, participant, slots, pinned) => Command::SetView {
                room,
                participant,
                slots,
                pinned,
            },
            Order::Say(room, lane, service, message) => Command::Say {
                room,
                lane,
                service,
                message,
            },
            Order::Tap((room, kind), order, recorder) => {
                if let Some(recorder) = recorder {
                    self.recorders.insert((room, kind), recorder);
                }
                Command::Tap { room, kind, order }
            }
            Order::Phone(PhoneOrder::Seat(request, events)) => {
                self.bridge = Some(events);
                Command::Seat(request)
            }
            Order::Phone(PhoneOrder::Unseat(phone)) => Command::Unseat(phone),
            Order::Disconnect(room, participant) => Command::Disconnect { room, participant },
            Order::CloseRoom(room) => Command::CloseRoom { room },
            Order::Live(room, reply) => {
                self.live.insert(id, reply);
                Command::Live(id, room)
            }
            Order::Stats(reply) => {
                self.stats.insert(id, reply);
                Command::Stats(id)
            }
        }
    }

    /// Whoever asked may have gone; then nobody needs the answer.
    fn reply(&mut self, reply: Reply) {
        match reply {
            Reply::Connect(id, result) => {
                if let Some(asker) = self.connects.remove(&id) {
                    drop(asker.send(result));
                }
            }
            Reply::Live(id, live) => {
                if let Some(asker) = self.live.remove(&id) {
                    drop(asker.send(live));
                }
            }
            Reply::Stats(id, rooms) => {
                if let Some(asker) = self.stats.remove(&id) {
                    drop(asker.send(rooms));
                }
            }
        }
    }
}
