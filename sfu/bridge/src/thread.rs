//! The thread: time, orders, datagrams, what rooms tell, and every 20 ms a tick of everybody.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant, SystemTime};

use metrics::{counter, gauge};
use mio::net::UdpSocket;
use mio::{Events, Interest, Poll, Token, Waker};
use sfu_net::{
    PhoneEvent, PhoneEvents, PhoneKey, PhonePacket, RoomKey, SeatRequest, SfuHandle, Unseatable,
};
use sfu_phone::FRAME_US;
use thiserror::Error;
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;

use crate::config::BridgeConfig;
use crate::handle::{Bell, BridgeHandle, LegId, ORDERS_MAX, Order};
use crate::order::LegEvent;
use crate::ports::{Ports, Resting};
use crate::switchboard::{Now, Out, Rooms, Switchboard};

/// What rooms tell that may wait here: half a second of a hundred speakers. It is taken four times a
/// tick; what finds no room is dropped and counted by the media server.
const ROOM_EVENTS_MAX: usize = 4096;
/// Sockets are read so often, in microseconds. Packets are counted as coming then, which is as much
/// as their jitter; being woken for each would cost more than their sound.
const LOOK_US: i64 = 5_000;
/// Datagrams of one socket that are read at a time: a telephone sends one or two in 20 ms, and who
/// sends more waits.
const READS_MAX: usize = 8;
/// Orders of one look.
const TAKEN_ORDERS_MAX: usize = 512;
/// The longest datagram that is read, in bytes; sound needs a fifth.
const DATAGRAM_BYTES_MAX: usize = 1_500;
/// Ticks that are made up for when the thread was late. What is more is left out: telephones hear a
/// gap, and nobody a burst.
const LATE_TICKS_MAX: i64 = 3;
/// Longest sleep while there is no call, so that sockets that have rested are let go.
const IDLE: Duration = Duration::from_secs(5);

const BELL: Token = Token(0);

/// Why the bridge could not start.
#[derive(Debug, Error)]
pub enum StartError {
    /// Telephones could not be told where to send to.
    #[error("no address to tell telephones: configure `bind` or `advertise`")]
    NoAddress,
    /// The system refused a poller or a thread.
    #[error("the system refused a resource of the telephone bridge")]
    System(#[source] io::Error),
    /// The system has no random numbers.
    #[error("no random numbers")]
    Randomness,
}

/// The running bridge. Dropping it ends all calls and waits for the thread.
#[derive(Debug)]
pub struct Bridge {
    handle: BridgeHandle,
    bell: Arc<Bell>,
    thread: Option<JoinHandle<()>>,
}

impl Bridge {
    /// The way to it.
    #[must_use]
    pub fn handle(&self) -> BridgeHandle {
        self.handle.clone()
    }

    /// Says goodbye to all telephones and waits until the thread has ended.
    pub fn shutdown(mut self) {
        self.end();
    }

    fn end(&mut self) {
        self.bell.stop();
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the telephone bridge had panicked");
        }
    }
}

impl Drop for Bridge {
    fn drop(&mut self) {
        self.end();
    }
}

/// Starts the thread of all telephones of this media server.
///
/// # Errors
/// Nothing is left running after an error.
pub fn start(config: BridgeConfig, sfu: SfuHandle) -> Result<Bridge, StartError> {
    let advertise = config.advertise.unwrap_or(config.bind);
    if advertise.is_unspecified() {
        return Err(StartError::NoAddress);
    }
    let ports = Arc::new(Ports::new(
        (config.bind, advertise),
        config.ports,
        config.legs_max,
    ));
    let sleeper = Poll::new().map_err(StartError::System)?;
    let sockets = Poll::new().map_err(StartError::System)?;
    let waker = Waker::new(sleeper.registry(), BELL).map_err(StartError::System)?;
    let bell = Arc::new(Bell::new(waker));
    let (orders, order_end) = mpsc::channel(ORDERS_MAX);
    let (room_events, room_end) = mpsc::channel(ROOM_EVENTS_MAX);
    let seed = random_seed().ok_or(StartError::Randomness)?;
    let shell = Shell {
        sleeper,
        sockets,
        bell: Arc::clone(&bell),
        orders: order_end,
        room_events: room_end,
        rooms: SfuRooms {
            sfu,
            events: room_events,
            spoken_in: BTreeSet::new(),
        },
        ports: Arc::clone(&ports),
        board: Switchboard::default(),
        wires: BTreeMap::new(),
        unread: BTreeSet::new(),
        resting: Resting::new(config.legs_max),
        out: Out::default(),
        origin: Instant::now(),
        next_tick_us: 0,
        seed,
    };
    let thread = thread::Builder::new()
        .name("phones".to_owned())
        .spawn(move || shell.run())
        .map_err(StartError::System)?;
    Ok(Bridge {
        handle: BridgeHandle::new(orders, Arc::clone(&bell), ports),
        bell,
        thread: Some(thread),
    })
}

fn random_seed() -> Option<u64> {
    let mut bytes = [0; 8];
    aws_lc_rs::rand::fill(&mut bytes).ok()?;
    Some(u64::from_le_bytes(bytes))
}

/// The sockets and channels of one leg.
struct Wire {
    socket: UdpSocket,
    events: mpsc::Sender<LegEvent>,
}

struct Shell {
    /// Wakes by orders and by time alone.
    sleeper: Poll,
    /// Is asked which sockets have something, and never waits.
    sockets: Poll,
    bell: Arc<Bell>,
    orders: mpsc::Receiver<Order>,
    room_events: mpsc::Receiver<PhoneEvent>,
    rooms: SfuRooms,
    ports: Arc<Ports>,
    board: Switchboard,
    wires: BTreeMap<LegId, Wire>,
    /// Sockets that were not read to their end: they report only once.
    unread: BTreeSet<LegId>,
    resting: Resting<UdpSocket>,
    out: Out,
    origin: Instant,
    next_tick_us: i64,
    seed: u64,
}

/// The media server behind its handle.
struct SfuRooms {
    sfu: SfuHandle,
    events: PhoneEvents,
    spoken_in: BTreeSet<RoomKey>,
}

impl Rooms for SfuRooms {
    fn seat(&mut self, request: SeatRequest) -> Result<(), Unseatable> {
        self.sfu.try_seat(request, self.events.clone())
    }

    fn unseat(&mut self, phone: PhoneKey) -> Result<(), Unseatable> {
        self.sfu.try_unseat(phone)
    }

    fn speak(&mut self, packet: PhonePacket) -> bool {
        self.spoken_in.insert(packet.room);
        self.sfu.speak(packet)
    }
}

impl Shell {
    fn run(mut self) {
        let mut rung = Events::with_capacity(2);
        let mut ready = Events::with_capacity(256);
        while !self.bell.stops() {
            if let Err(error) = self.sleeper.poll(&mut rung, Some(self.sleep()))
                && error.kind() != io::ErrorKind::Interrupted
            {
                tracing::error!(%error, "the telephone bridge cannot sleep and stops");
                break;
            }
            self.bell.heard();
            self.take_orders();
            self.read(&mut ready);
            self.hear_rooms();
            self.tick_if_due();
            self.deliver();
            self.resting.wake(self.us(Instant::now()));
        }
        self.close_all();
    }

    fn us(&self, at: Instant) -> i64 {
        let since = at.saturating_duration_since(self.origin);
        i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
    }

    fn now(&self) -> Now {
        let wall = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let wall = wall.unwrap_or_default().as_micros();
        Now {
            us: self.us(Instant::now()),
            wall_us: i64::try_from(wall).unwrap_or(i64::MAX),
        }
    }

    /// Until the next look or tick, whichever comes first.
    fn sleep(&self) -> Duration {
        if self.wires.is_empty() && self.board.is_empty() {
            return IDLE;
        }
        let left = self
            .next_tick_us
            .saturating_sub(self.us(Instant::now()))
            .clamp(0, LOOK_US);
        Duration::from_micros(u64::try_from(left).unwrap_or(0))
    }

    fn take_orders(&mut self) {
        let now = self.now();
        for _ in 0..TAKEN_ORDERS_MAX {
            let Ok(order) = self.orders.try_recv() else {
                return;
            };
            match order {
                Order::Open(leg, socket, events) => self.open(now, leg, socket, events),
                Order::Leg(leg, order) => {
                    self.board.order(now, leg, order, &mut self.out);
                    self.forget_closed(now, leg);
                }
            }
        }
    }

    fn open(
        &mut self,
        now: Now,
        leg: LegId,
        socket: std::net::UdpSocket,
        events: mpsc::Sender<LegEvent>,
    ) {
        let mut socket = UdpSocket::from_std(socket);
        let token = Token(usize::try_from(leg.0).unwrap_or(usize::MAX));
        let registered = self
            .sockets
            .registry()
            .register(&mut socket, token, Interest::READABLE);
        if let Err(error) = registered {
            tracing::error!(%error, "a telephone's socket cannot be watched");
            self.ports.give_back();
            return;
        }
        if self.wires.is_empty() {
            self.next_tick_us = now.us.saturating_add(FRAME_US);
        }
        // The system's numbers, or what follows from the first of them.
        self.seed = random_seed().unwrap_or_else(|| self.seed.rotate_left(13) ^ leg.0);
        self.board.open(now, leg, self.seed);
        self.wires.insert(leg, Wire { socket, events });
        gauge!("phone_calls").set(small(self.wires.len()));
    }

    /// Lets the socket rest of a leg that the board has closed.
    fn forget_closed(&mut self, now: Now, leg: LegId) {
        if self.board.is_open(leg) || !self.wires.contains_key(&leg) {
            return;
        }
        // Its goodbye leaves by its own socket.
        self.deliver();
        let Some(mut wire) = self.wires.remove(&leg) else {
            return;
        };
        self.unread.remove(&leg);
        if let Err(error) = self.sockets.registry().deregister(&mut wire.socket) {
            tracing::debug!(%error, "a telephone's socket was not watched");
        }
        self.resting.rest(now.us, wire.socket);
        self.ports.give_back();
        gauge!("phone_calls").set(small(self.wires.len()));
    }

    fn read(&mut self, ready: &mut Events) {
        if let Err(error) = self.sockets.poll(ready, Some(Duration::ZERO)) {
            tracing::debug!(%error, "sockets could not be asked");
        }
        let tokens = ready
            .iter()
            .filter_map(|event| event.token().0.try_into().ok());
        self.unread.extend(tokens.map(LegId));
        let now = self.now();
        let mut buffer = [0; DATAGRAM_BYTES_MAX];
        let Self {
            unread,
            wires,
            board,
            ..
        } = self;
        unread.retain(|leg| {
            let Some(wire) = wires.get(leg) else {
                return false;
            };
            for _ in 0..READS_MAX {
                match wire.socket.recv_from(&mut buffer) {
                    Ok((bytes, from)) => {
                        let datagram = buffer.get(..bytes).unwrap_or_default();
                        board.datagram(now, *leg, from, datagram);
                    }
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => return false,
                    // One refused datagram, reported by the network; the next call goes on.
                    Err(error) => tracing::trace!(%error, "a receive call failed"),
                }
            }
            true
        });
    }

    fn hear_rooms(&mut self) {
        let now_us = self.us(Instant::now());
        for _ in 0..ROOM_EVENTS_MAX {
            let Ok(event) = self.room_events.try_recv() else {
                return;
            };
            let at_us = match &event {
                PhoneEvent::Sound { at, .. } => self.us(*at),
                _ => now_us,
            };
            self.board.hear_room(at_us, event, &mut self.out);
        }
    }

    fn tick_if_due(&mut self) {
        if self.wires.is_empty() && self.board.is_empty() {
            return;
        }
        let now = self.now();
        let behind = now.us.saturating_sub(self.next_tick_us) / FRAME_US;
        if behind > LATE_TICKS_MAX {
            let left_out = behind - LATE_TICKS_MAX;
            counter!("phone_ticks_left_out_total").increment(left_out.unsigned_abs());
            self.next_tick_us = self.next_tick_us.saturating_add(left_out * FRAME_US);
        }
        while self.next_tick_us <= now.us {
            // The time for which it is, so that sound is steady where the thread is not.
            let at = Now {
                us: self.next_tick_us,
                ..now
            };
            self.next_tick_us = self.next_tick_us.saturating_add(FRAME_US);
            self.board.tick(at, &mut self.rooms, &mut self.out);
            self.deliver();
            self.count_faults(now);
        }
        let spoken_in = core::mem::take(&mut self.rooms.spoken_in);
        self.rooms.sfu.wake_for_phones(spoken_in);
        self.close_abandoned(now);
    }

    /// Whoever dropped the events has forgotten the call.
    fn close_abandoned(&mut self, now: Now) {
        let abandoned: Vec<LegId> = self
            .wires
            .iter()
            .filter(|(_, wire)| wire.events.is_closed())
            .map(|(leg, _)| *leg)
            .collect();
        for leg in abandoned {
            self.board.close(now, leg, &mut self.out);
            self.forget_closed(now, leg);
        }
    }

    /// A panic in the sound of a line has cost that line. The others go on; somebody should look for it.
    fn count_faults(&mut self, now: Now) {
        let unheard = core::mem::take(&mut self.out.unheard);
        if unheard > 0 {
            tracing::error!(
                unheard,
                "the sound of speakers could not be decoded without a fault"
            );
            counter!("phone_speakers_failed_total").increment(unheard);
        }
        for leg in core::mem::take(&mut self.out.failed) {
            tracing::error!(%leg, "a telephone's line had a fault and was closed");
            counter!("phone_lines_failed_total").increment(1);
            self.forget_closed(now, leg);
        }
    }

    /// Sends what is to be sent, and tells what is to be told.
    fn deliver(&mut self) {
        let mut lost = 0;
        for datagram in self.out.datagrams.drain(..) {
            let Some(wire) = self.wires.get(&datagram.leg) else {
                continue;
            };
            if let Err(error) = wire.socket.send_to(&datagram.bytes, datagram.to) {
                // UDP may lose.
                tracing::trace!(%error, "a packet was not sent");
                self.board.unsent(datagram.leg);
                lost += 1;
            }
        }
        if lost > 0 {
            counter!("phone_packets_unsent_total").increment(lost);
        }
        for (leg, event) in self.out.events.drain(..) {
            let Some(wire) = self.wires.get(&leg) else {
                continue;
            };
            if let Err(TrySendError::Full(_)) = wire.events.try_send(event) {
                counter!("phone_leg_events_lost_total").increment(1);
            }
        }
    }

    fn close_all(&mut self) {
        let now = self.now();
        let legs: Vec<LegId> = self.wires.keys().copied().collect();
        for leg in legs {
            self.board.close(now, leg, &mut self.out);
            self.forget_closed(now, leg);
        }
        self.board.tick(now, &mut self.rooms, &mut self.out);
    }
}

fn small(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}
