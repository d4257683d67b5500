//! One shard: its rooms, and the way of every input to the room that it is for.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::SocketAddr;
use std::time::Instant;

use str0m::config::DtlsCert;
use str0m::ice::StunMessage;
use str0m::net::{Protocol, Receive};
use thiserror::Error;

use crate::command::{Command, CommandId, ConnectError, ConnectRequest, Reply};
use crate::data::Sender;
use crate::demux::Demux;
use crate::event::SfuEvent;
use crate::ids::RoomKey;
use crate::offer::Outline;
use crate::quality::Quality;
use crate::room::{Engine, Room};
use crate::stats::{RoomStats, ShardCounters};

/// How a shard is set up.
#[derive(Debug, Clone)]
pub struct ShardConfig {
    /// Host candidates that clients are told, all on the shard's own port.
    pub candidates: Vec<SocketAddr>,
    /// Most connections at a time.
    pub connections_max: usize,
}

/// Why a shard could not be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ShardError {
    /// The cryptographic library made no certificate.
    #[error("the DTLS certificate could not be made")]
    Certificate,
}

/// Something for a shard to work on.
#[derive(Debug)]
pub enum Input<'a> {
    /// A UDP datagram.
    Datagram {
        /// The candidate that it was sent to.
        local: SocketAddr,
        /// Its sender.
        remote: SocketAddr,
        /// Its bytes.
        contents: &'a [u8],
    },
    /// A command of the signaling side.
    Command(Command),
    /// The time of [`Shard::poll_timeout`] has come.
    Timeout,
}

/// Something that the shell has to do for a shard.
#[derive(Debug)]
pub enum Output {
    /// Send a UDP datagram.
    Transmit {
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
}

/// Where rooms put what they produce.
#[derive(Debug, Default)]
pub(crate) struct Outlet {
    /// Holds what one batch of inputs produced; the shell empties it after every batch, so its
    /// length is bounded by the batch times the people in a room.
    pub(crate) outputs: VecDeque<Output>,
    pub(crate) counters: ShardCounters,
    pub(crate) demux: Demux,
}

/// All rooms of one thread. See the crate's documentation for how to drive it.
#[derive(Debug)]
pub struct Shard {
    engine: Engine,
    connections_max: usize,
    rooms: BTreeMap<RoomKey, Room>,
    outlet: Outlet,
    /// Every room with the time at which it wants to be called.
    deadlines: BTreeSet<(Instant, RoomKey)>,
    /// Rooms that were worked on since the last [`Shard::settle`].
    touched: BTreeSet<RoomKey>,
}

impl Shard {
    /// An empty shard with its own DTLS certificate.
    ///
    /// # Errors
    /// [`ShardError::Certificate`] if the cryptographic library fails.
    pub fn new(config: ShardConfig) -> Result<Self, ShardError> {
        let provider = str0m::crypto::from_feature_flags();
        let certificate: DtlsCert = provider
            .dtls_provider
            .generate_certificate()
            .ok_or(ShardError::Certificate)?;
        Ok(Self {
            engine: Engine::new(config.candidates, certificate),
            connections_max: config.connections_max,
            rooms: BTreeMap::new(),
            outlet: Outlet::default(),
            deadlines: BTreeSet::new(),
            touched: BTreeSet::new(),
        })
    }

    /// Works on one input. Forwarded packets come out after [`Shard::settle`].
    pub fn handle(&mut self, now: Instant, input: Input<'_>) {
        match input {
            Input::Datagram {
                local,
                remote,
                contents,
            } => {
                self.datagram(now, (local, remote), contents);
            }
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
        while let Some(key) = self.touched.pop_first() {
            let Some(room) = self.rooms.get_mut(&key) else {
                continue;
            };
            room.settle(now, &mut self.outlet);
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
        }
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

    fn datagram(&mut self, now: Instant, path: (SocketAddr, SocketAddr), contents: &[u8]) {
        let (local, remote) = path;
        let is_stun = contents.first().is_some_and(|byte| *byte < 2);
        let place = if is_stun {
            StunMessage::parse(contents)
                .ok()
                .and_then(|stun| self.outlet.demux.by_ufrag(stun.split_username()?.0))
        } else {
            self.outlet.demux.by_address(&remote)
        };
        let Some(place) = place else {
            self.outlet.counters.dropped_unknown += 1;
            return;
        };
        let Ok(datagram) = Receive::new(Protocol::Udp, remote, local, contents) else {
            self.outlet.counters.dropped_garbage += 1;
            return;
        };
        let Some(room) = self.rooms.get_mut(&place.room) else {
            self.outlet.counters.dropped_unknown += 1;
            return;
        };
        self.touched.insert(place.room);
        room.receive(now, place, datagram, is_stun, &mut self.outlet);
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
            Command::Disconnect { room, participant } => {
                self.with_room(room, |room, outlet| {
                    room.disconnect(now, participant, outlet);
                });
            }
            Command::CloseRoom { room } => {
                self.with_room(room, |room, outlet| room.close(now, outlet));
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

    fn with_room(&mut self, key: RoomKey, work: impl FnOnce(&mut Room, &mut Outlet)) {
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
        self.with_room(room, |room, _| room.pin_estimate(now, participant, bps));
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
