//! One shard: its rooms, and the way of every input to the room that it is for.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::SocketAddr;
use std::time::Instant;

use recordings_tap::TapEvent;
use str0m::config::DtlsCert;
use thiserror::Error;

use crate::arrival::Arrival;
use crate::command::{Command, CommandId, ConnectError, ConnectRequest, Reply};
use crate::credentials::Mint;
use crate::data::Sender;
use crate::demux::Demux;
use crate::event::SfuEvent;
use crate::ids::RoomKey;
use crate::intake::Strangers;
use crate::offer::Outline;
use crate::path::{Path, ServerCandidate, Transport};
use crate::phones::{PhoneEvent, PhonePacket};
use crate::probe::Probes;
use crate::quality::Quality;
use crate::room::{Engine, Room};
use crate::stats::{RoomStats, ShardCounters};
use crate::tap::{Tap, TapKind, TapOrder};

/// How a shard is set up.
#[derive(Clone)]
pub struct ShardConfig {
    /// Candidates that clients are told: UDP on the shard's own port, and TCP on ports of the whole
    /// server.
    pub candidates: Vec<ServerCandidate>,
    /// Most connections at a time.
    pub connections_max: usize,
    /// Which shard this is. ICE user fragments begin with it, see [`crate::shard_of_ufrag`].
    pub index: u16,
    /// From which ICE credentials are derived: random and never told, except in a replay.
    pub secret: [u8; 32],
}

impl core::fmt::Debug for ShardConfig {
    /// The secret opens every connection.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("ShardConfig")
            .field("candidates", &self.candidates.len())
            .field("connections_max", &self.connections_max)
            .field("index", &self.index)
            .finish_non_exhaustive()
    }
}

/// Why a shard could not be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ShardError {
    /// The cryptographic library made no certificate.
    #[error("the DTLS certificate could not be made")]
    Certificate,
    /// Clients could not be told where to send to.
    #[error("a shard needs a candidate")]
    NoCandidate,
}

/// Something for a shard to work on.
#[derive(Debug)]
pub enum Input<'a> {
    /// A datagram, or a frame of a TCP connection.
    Datagram {
        /// What carried it.
        transport: Transport,
        /// The candidate that it was sent to.
        local: SocketAddr,
        /// Its sender.
        remote: SocketAddr,
        /// Its bytes.
        contents: &'a [u8],
    },
    /// A packet of a telephone, from its bridge.
    Phone(PhonePacket),
    /// A command of the signaling side.
    Command(Command),
    /// The time of [`Shard::poll_timeout`] has come.
    Timeout,
}

/// Something that the shell has to do for a shard.
#[derive(Debug)]
pub enum Output {
    /// Send a datagram.
    Transmit {
        /// What carries it.
        transport: Transport,
        /// The candidate to send from.
        local: SocketAddr,
        /// The receiver.
        remote: SocketAddr,
        /// The bytes.
        contents: Vec<u8>,
    },
    /// Tell the signaling side.
    Event(SfuEvent),
    /// Answer a command.
    Reply(Reply),
    /// Tell the bridge of telephones.
    Phone(PhoneEvent),
    /// Tell the recorder or the scribe of a room.
    Tapped(RoomKey, TapKind, TapEvent),
    /// One of them gets nothing more.
    TapClosed(RoomKey, TapKind),
}

/// Where rooms put what they produce.
#[derive(Debug)]
pub(crate) struct Outlet {
    /// Holds what one batch of inputs produced; the shell empties it after every batch, so its
    /// length is bounded by the batch times the people in a room.
    pub(crate) outputs: VecDeque<Output>,
    pub(crate) counters: ShardCounters,
    pub(crate) demux: Demux,
    pub(crate) mint: Mint,
    /// Rooms with a recorder or a scribe.
    pub(crate) taps: BTreeMap<(RoomKey, TapKind), Tap>,
}

/// All rooms of one thread. See the crate's documentation for how to drive it.
#[derive(Debug)]
pub struct Shard {
    engine: Engine,
    pub(crate) connections_max: usize,
    pub(crate) rooms: BTreeMap<RoomKey, Room>,
    pub(crate) outlet: Outlet,
    pub(crate) strangers: Strangers,
    pub(crate) probes: Probes,
    /// Every room with the time at which it wants to be called.
    deadlines: BTreeSet<(Instant, RoomKey)>,
    /// Rooms that were worked on since the last [`Shard::settle`].
    pub(crate) touched: BTreeSet<RoomKey>,
}

impl Shard {
    /// An empty shard with its own DTLS certificate.
    ///
    /// # Errors
    /// [`ShardError::Certificate`] if the cryptographic library fails, and
    /// [`ShardError::NoCandidate`] if none was given.
    pub fn new(config: ShardConfig) -> Result<Self, ShardError> {
        let provider = str0m::crypto::from_feature_flags();
        let certificate: DtlsCert = provider
            .dtls_provider
            .generate_certificate()
            .ok_or(ShardError::Certificate)?;
        Ok(Self {
            engine: Engine::new(config.candidates, certificate)?,
            connections_max: config.connections_max,
            rooms: BTreeMap::new(),
            outlet: Outlet {
                outputs: VecDeque::new(),
                counters: ShardCounters::default(),
                demux: Demux::default(),
                mint: Mint::new(config.index, config.secret),
                taps: BTreeMap::new(),
            },
            strangers: Strangers::default(),
            probes: Probes::default(),
            deadlines: BTreeSet::new(),
            touched: BTreeSet::new(),
        })
    }

    /// Works on one input. Forwarded packets come out after [`Shard::settle`].
    pub fn handle(&mut self, now: Instant, input: Input<'_>) {
        match input {
            Input::Datagram {
                transport,
                local,
                remote,
                contents,
            } => {
                let path = Path {
                    transport,
                    local,
                    remote,
                };
                self.datagram(now, Arrival { path, contents });
            }
            Input::Phone(packet) => self.phone_packet(now, packet),
            Input::Command(command) => self.command(now, command),
            Input::Timeout => self.timeout(now),
        }
    }

    /// Drops everybody, saying goodbye to each client; for a shutdown.
    pub fn close(&mut self, now: Instant) {
        for (key, room) in &mut self.rooms {
            room.close(now, &mut self.outlet);
            self.touched.insert(*key);
        }
    }

    /// Ends a batch of inputs: every engine that was given packets sends them, once.
    pub fn settle(&mut self, now: Instant) {
        while self.settle_next(now) {}
    }

    /// The same for one engine, so that what it sends can leave before the next one is worked on;
    /// `false` when the batch has ended.
    pub fn settle_next(&mut self, now: Instant) -> bool {
        let Some(key) = self.touched.first().copied() else {
            return false;
        };
        let Some(room) = self.rooms.get_mut(&key) else {
            self.touched.remove(&key);
            return true;
        };
        if room.settle_next(now, &mut self.outlet) {
            return true;
        }
        self.touched.remove(&key);
        if let Some(filed) = room.filed.take() {
            self.deadlines.remove(&(filed, key));
        }
        if room.is_empty() {
            self.rooms.remove(&key);
        } else {
            let deadline = room.deadline();
            room.filed = Some(deadline);
            self.deadlines.insert((deadline, key));
        }
        true
    }

    /// The next thing to do for this shard. Empty it after every [`Shard::settle`].
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outlet.outputs.pop_front()
    }

    /// When [`Input::Timeout`] is wanted; `None` while there are no rooms.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.deadlines.first().map(|(at, _)| *at)
    }

    /// What was counted since the start.
    #[must_use]
    pub fn counters(&self) -> ShardCounters {
        self.outlet.counters
    }

    /// Rooms with at least one connection.
    #[must_use]
    pub fn room_count(&self) -> usize {
        self.rooms.len()
    }

    /// Connections, ready or not.
    #[must_use]
    pub fn connection_count(&self) -> usize {
        self.rooms.values().map(Room::len).sum()
    }

    /// Connections whose quality is in this word; those that are not ready yet have none.
    #[must_use]
    pub fn quality_count(&self, quality: Quality) -> usize {
        let people = self.rooms.values().flat_map(|room| room.people.values());
        people
            .filter(|person| person.connected && person.grade.word() == quality)
            .count()
    }

    /// Connections from which pictures are withheld for lack of bandwidth.
    #[must_use]
    pub fn audio_only_count(&self) -> usize {
        let people = self.rooms.values().flat_map(|room| room.people.values());
        people.filter(|person| person.audio_only).count()
    }

    fn timeout(&mut self, now: Instant) {
        let due: Vec<RoomKey> = self
            .deadlines
            .iter()
            .take_while(|(at, _)| *at <= now)
            .map(|(_, key)| *key)
            .collect();
        for key in due {
            if let Some(room) = self.rooms.get_mut(&key) {
                room.timeout(now, &mut self.outlet);
                self.touched.insert(key);
            }
        }
    }

    fn command(&mut self, now: Instant, command: Command) {
        match command {
            Command::Connect(id, request) => {
                let result = self.connect(now, id, &request);
                if let Err(refused) = result {
                    self.reply(Reply::Connect(id, Err(refused)));
                }
            }
            Command::SetSources {
                room,
                participant,
                on,
            } => {
                self.with_room(room, |room, outlet| {
                    room.set_sources(now, participant, on, outlet);
                });
            }
            Command::SetGrants {
                room,
                participant,
                grants,
            } => {
                self.with_room(room, |room, outlet| {
                    room.set_grants(now, participant, grants, outlet);
                });
            }
            Command::SetView {
                room,
                participant,
                slots,
                pinned,
            } => {
                self.with_room(room, |room, outlet| {
                    room.set_view(now, participant, (&slots, pinned), outlet);
                });
            }
            Command::Say {
                room,
                lane,
                service,
                message,
            } => {
                if message.len() > lane.bytes_max() {
                    self.outlet.counters.data_dropped += 1;
                    return;
                }
                self.with_room(room, |room, outlet| {
                    room.say(now, lane, (Sender::Service(service), &message), outlet);
                });
            }
            Command::Seat(request) => self.seat(now, &request),
            Command::Unseat(phone) => self.unseat(now, phone),
            Command::Tap { room, kind, order } => self.tap(now, (room, kind), order),
            Command::Disconnect { room, participant } => {
                self.with_room(room, |room, outlet| {
                    room.disconnect(now, participant, outlet);
                });
            }
            Command::CloseRoom { room } => {
                self.with_room(room, |room, outlet| room.close(now, outlet));
                for kind in TapKind::ALL {
                    self.tap(now, (room, kind), TapOrder::Close);
                }
            }
            Command::Live(id, room) => {
                let live = self.rooms.get(&room).map(Room::live).unwrap_or_default();
                self.reply(Reply::Live(id, live));
            }
            Command::Stats(id) => {
                let rooms = self.stats();
                self.reply(Reply::Stats(id, rooms));
            }
        }
    }

    fn connect(
        &mut self,
        now: Instant,
        id: CommandId,
        request: &ConnectRequest,
    ) -> Result<(), ConnectError> {
        let outline = Outline::parse(&request.offer_sdp, &request.sources)?;
        let known = self
            .rooms
            .get(&request.room)
            .is_some_and(|r| r.contains(request.participant));
        if !known && self.connection_count() >= self.connections_max {
            return Err(ConnectError::ServerFull);
        }
        let fresh = || Room::new(request.room, request.mode, now);
        let room = self.rooms.entry(request.room).or_insert_with(fresh);
        self.touched.insert(request.room);
        let answer = room.connect(now, (request, &outline), &self.engine, &mut self.outlet)?;
        self.outlet
            .outputs
            .push_back(Output::Reply(Reply::Connect(id, Ok(answer))));
        room.announce(now, &mut self.outlet);
        Ok(())
    }

    pub(crate) fn with_room(&mut self, key: RoomKey, work: impl FnOnce(&mut Room, &mut Outlet)) {
        if let Some(room) = self.rooms.get_mut(&key) {
            work(room, &mut self.outlet);
            self.touched.insert(key);
        }
    }

    fn stats(&self) -> Vec<RoomStats> {
        self.rooms.values().map(Room::stats).collect()
    }

    fn reply(&mut self, reply: Reply) {
        self.outlet.outputs.push_back(Output::Reply(reply));
    }

    #[cfg(test)]
    pub(crate) fn inject_fault(&mut self, room: RoomKey, participant: crate::ParticipantKey) {
        if let Some(room) = self.rooms.get_mut(&room) {
            room.inject_fault(participant);
        }
    }

    #[cfg(test)]
    pub(crate) fn pin_estimate(
        &mut self,
        now: Instant,
        (room, participant): (RoomKey, crate::ParticipantKey),
        bps: u64,
    ) {
        self.with_room(room, |room, outlet| {
            room.pin_estimate(now, (participant, bps), outlet);
        });
    }

    #[cfg(test)]
    pub(crate) fn unpin_estimate(&mut self, room: RoomKey, participant: crate::ParticipantKey) {
        self.with_room(room, |room, _| room.unpin_estimate(participant));
    }

    #[cfg(test)]
    pub(crate) fn set_people_max(&mut self, room: RoomKey, people_max: usize) {
        self.with_room(room, |room, _| room.people_max = people_max);
    }

    #[cfg(test)]
    pub(crate) fn want_keyframe(
        &mut self,
        now: Instant,
        room: RoomKey,
        source: (crate::ParticipantKey, crate::Source),
    ) {
        self.with_room(room, |room, outlet| {
            room.request_keyframe(now, source, 0, outlet);
            room.pump(now, outlet);
        });
    }

    #[cfg(test)]
    pub(crate) fn room_mut(&mut self, room: RoomKey) -> Option<&mut Room> {
        self.rooms.get_mut(&room)
    }

    #[cfg(test)]
    pub(crate) fn remembers_nothing(&self) -> bool {
        self.rooms.is_empty() && self.deadlines.is_empty() && self.outlet.demux.is_empty()
    }
}

impl Outlet {
    pub(crate) fn event(&mut self, event: SfuEvent) {
        self.outputs.push_back(Output::Event(event));
    }
}
