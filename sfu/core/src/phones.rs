//! Telephones in a room: people whose engine is somebody else's.
//!
//! The bridge owns their sockets, codecs and clock. Here a telephone is a participant without an
//! engine and without slots: it takes no part in what engines need, and in everything else it is a
//! person. Its packets come by [`crate::Input::Phone`] and walk as those of a browser do. What others
//! say in the room goes to the bridge as values, once for all telephones.

use std::sync::Arc;
use std::time::Instant;

use thiserror::Error;

use crate::command::Mode;
use crate::event::SfuEvent;
use crate::forward::{Carried, Codec, Inspected, Unit, primary};
use crate::grants::{Grants, Rank};
use crate::ids::{ConnectionKey, ParticipantKey, RoomKey};
use crate::intake::{Expense, PeerBudget};
use crate::limits::{PAYLOAD_BYTES_MAX, PHONES_MAX};
use crate::participant::Participant;
use crate::peer::Peer;
use crate::publication::Publication;
use crate::room::Room;
use crate::shard::{Outlet, Output, Shard};
use crate::source::{Source, SourceSet};
use crate::speaker::SILENCE_DBOV;

/// A telephone that sits down in a room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeatRequest {
    /// The room; it is made by its first participant.
    pub room: RoomKey,
    /// The person.
    pub participant: ParticipantKey,
    /// The same as before: what follows is said anew. Another: the earlier connection is dropped.
    pub connection: ConnectionKey,
    /// Whether it is forwarded from the first packet on; a telephone has a microphone.
    pub on: SourceSet,
    /// How much the person matters to the others.
    pub rank: Rank,
    /// What the person may send and receive.
    pub grants: Grants,
}

/// Why a telephone got no seat. Nothing of the room was changed by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum SeatError {
    /// The room already holds [`crate::limits::PARTICIPANTS_MAX`] people, or
    /// [`crate::limits::PHONES_MAX`] telephones.
    #[error("the room is full")]
    RoomFull,
    /// The shard already holds its configured number of connections.
    #[error("the server is full")]
    ServerFull,
    /// A connection test is no place for a telephone.
    #[error("the room has another mode")]
    ModeMismatch,
}

/// 20 ms of a telephone.
#[derive(Debug, Clone)]
pub struct PhonePacket {
    /// Its room.
    pub room: RoomKey,
    /// The person.
    pub participant: ParticipantKey,
    /// Its call.
    pub connection: ConnectionKey,
    /// Counts packets of this call without a gap.
    pub seq: u64,
    /// When the sound was, in ticks of 48 kHz (RFC 7587); wraps.
    pub timestamp: u32,
    /// Loudness, -127 to 0 dBov (RFC 6464).
    pub level_dbov: i8,
    /// One packet of Opus.
    pub payload: Arc<[u8]>,
}

/// What the bridge is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PhoneEvent {
    /// A telephone sits in its room.
    Seated(PhoneKey),
    /// It got no seat.
    Refused(PhoneKey, SeatError),
    /// It does not sit there any more.
    Unseated(PhoneKey),
    /// What holds for it from here on.
    Rights {
        /// Which.
        phone: PhoneKey,
        /// Others hear it: it is switched on and granted.
        is_heard: bool,
        /// It may hear the others.
        hears: bool,
    },
    /// Somebody in a room with telephones said something that is forwarded.
    Sound {
        /// The room.
        room: RoomKey,
        /// Who; never a telephone.
        from: ParticipantKey,
        /// When it came.
        at: Instant,
        /// RTP timestamp, 48 kHz.
        timestamp: u32,
        /// One packet of Opus.
        payload: Arc<[u8]>,
    },
}

/// One telephone's call in a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PhoneKey {
    /// The room.
    pub room: RoomKey,
    /// The person.
    pub participant: ParticipantKey,
    /// The call.
    pub connection: ConnectionKey,
}

/// What a participant is besides, if it is a telephone.
#[derive(Debug)]
pub(crate) struct Phone {
    budget: PeerBudget,
    /// Whether it is heard and hears, as last told to the bridge.
    told: Option<(bool, bool)>,
}

impl Shard {
    pub(crate) fn seat(&mut self, now: Instant, request: &SeatRequest) {
        let phone = PhoneKey {
            room: request.room,
            participant: request.participant,
            connection: request.connection,
        };
        let room = self.rooms.get(&request.room);
        let known = room.is_some_and(|room| room.contains(request.participant));
        if !known && self.connection_count() >= self.connections_max {
            let refused = PhoneEvent::Refused(phone, SeatError::ServerFull);
            self.outlet.outputs.push_back(Output::Phone(refused));
            return;
        }
        let fresh = || Room::new(request.room, Mode::Room, now);
        let room = self.rooms.entry(request.room).or_insert_with(fresh);
        self.touched.insert(request.room);
        match room.seat(now, request, &mut self.outlet) {
            Ok(()) => room.announce(now, &mut self.outlet),
            Err(refused) => {
                let refused = PhoneEvent::Refused(phone, refused);
                self.outlet.outputs.push_back(Output::Phone(refused));
            }
        }
    }

    pub(crate) fn unseat(&mut self, now: Instant, phone: PhoneKey) {
        self.with_room(phone.room, |room, outlet| {
            let person = room.people.get(&phone.participant);
            if person.is_some_and(|person| person.is_call(phone.connection)) {
                room.disconnect(now, phone.participant, outlet);
            }
        });
    }

    pub(crate) fn phone_packet(&mut self, now: Instant, packet: PhonePacket) {
        let Some(room) = self.rooms.get_mut(&packet.room) else {
            self.outlet.counters.dropped_unknown += 1;
            return;
        };
        self.touched.insert(packet.room);
        room.phone_packet(now, packet, &mut self.outlet);
    }
}

impl Room {
    fn seat(
        &mut self,
        now: Instant,
        request: &SeatRequest,
        outlet: &mut Outlet,
    ) -> Result<(), SeatError> {
        if self.mode != Mode::Room {
            return Err(SeatError::ModeMismatch);
        }
        let key = request.participant;
        let before = self.people.get(&key);
        let is_full = before.is_none() && self.people.len() >= self.people_max;
        let was_phone = before.is_some_and(|person| person.phone.is_some());
        if is_full || (!was_phone && self.phones >= PHONES_MAX) {
            return Err(SeatError::RoomFull);
        }
        let again = before.is_some_and(|person| person.is_call(request.connection));
        if !again {
            let mut fresh = Participant::new(now, request.connection, Peer::absent(now));
            let came = before.map(|person| person.came);
            if came.is_none() {
                self.arrivals += 1;
            }
            fresh.came = came.unwrap_or(self.arrivals);
            fresh.publications = vec![Publication::of_phone()];
            fresh.connected = true;
            // It has no slots to be told of.
            fresh.told = Some(Vec::new());
            fresh.phone = Some(Phone {
                budget: PeerBudget::new(now),
                told: None,
            });
            self.drop_person(now, key, outlet);
            self.people.insert(key, fresh);
            self.phones += 1;
            self.routes_stale = true;
            self.replan = true;
        }
        let Some(person) = self.people.get_mut(&key) else {
            return Ok(());
        };
        person.on = request.on;
        person.rank = request.rank;
        person.grants = request.grants;
        person.hush();
        let (room, participant, connection) = (self.key, key, request.connection);
        if !again {
            outlet.event(SfuEvent::Connected {
                room,
                participant,
                connection,
            });
        }
        let seated = PhoneEvent::Seated(PhoneKey {
            room,
            participant,
            connection,
        });
        outlet.outputs.push_back(Output::Phone(seated));
        Ok(())
    }

    /// Notes that somebody has been forgotten, who may have been a telephone.
    pub(crate) fn left(&mut self, key: ParticipantKey, person: &Participant, outlet: &mut Outlet) {
        if person.phone.is_some() {
            self.phones = self.phones.saturating_sub(1);
            let unseated = PhoneEvent::Unseated(PhoneKey {
                room: self.key,
                participant: key,
                connection: person.connection,
            });
            outlet.outputs.push_back(Output::Phone(unseated));
        }
    }

    /// Tells the bridge what holds for each telephone, where that has changed.
    pub(crate) fn follow_phones(&mut self, outlet: &mut Outlet) {
        if self.phones == 0 {
            return;
        }
        for (key, person) in &mut self.people {
            let is_heard = person.forwards(Source::Microphone);
            let hears = person.grants.subscribe;
            let Some(phone) = &mut person.phone else {
                continue;
            };
            if phone.told.replace((is_heard, hears)) != Some((is_heard, hears)) {
                let phone = PhoneKey {
                    room: self.key,
                    participant: *key,
                    connection: person.connection,
                };
                outlet.outputs.push_back(Output::Phone(PhoneEvent::Rights {
                    phone,
                    is_heard,
                    hears,
                }));
            }
        }
    }

    /// Gives the bridge what somebody said, for the telephones of this room.
    pub(crate) fn tell_phones(
        &self,
        now: Instant,
        (from, source): (ParticipantKey, Source),
        unit: &Unit,
        outlet: &mut Outlet,
    ) {
        let person = self.people.get(&from);
        let is_phone = person.is_some_and(|person| person.phone.is_some());
        if self.phones == 0 || is_phone || source != Source::Microphone {
            return;
        }
        let payload = match unit.codec {
            Codec::Opus => Some(Arc::clone(&unit.payload)),
            Codec::Red => primary(&unit.payload).map(Arc::from),
            Codec::Vp8 | Codec::Vp9 | Codec::Av1 | Codec::H264 => None,
        };
        if let Some(payload) = payload {
            outlet.outputs.push_back(Output::Phone(PhoneEvent::Sound {
                room: self.key,
                from,
                at: now,
                timestamp: unit.timestamp,
                payload,
            }));
        }
    }

    fn phone_packet(&mut self, now: Instant, packet: PhonePacket, outlet: &mut Outlet) {
        let bytes = packet.payload.len();
        let from = packet.participant;
        let person = self.people.get_mut(&from);
        let Some(person) = person.filter(|person| person.is_call(packet.connection)) else {
            outlet.counters.dropped_unknown += 1;
            return;
        };
        let Some(phone) = &mut person.phone else {
            return;
        };
        if !phone.budget.admits(now, Expense::Packet, bytes) {
            outlet.counters.dropped_over_budget += 1;
            return;
        }
        person.received.count(bytes);
        outlet.counters.received.count(bytes);
        if bytes > PAYLOAD_BYTES_MAX || bytes == 0 {
            outlet.counters.dropped_refused += 1;
            return;
        }
        let mut unit = Unit {
            stream: 0,
            codec: Codec::Opus,
            seq: packet.seq,
            timestamp: packet.timestamp,
            marker: false,
            payload: packet.payload,
            seen: Inspected::sound(),
            carried: Carried::default(),
        };
        unit.carried.audio_level = Some(packet.level_dbov);
        // The engine writes the extension only with both (RFC 6464 section 3).
        unit.carried.voice_activity = Some(i32::from(packet.level_dbov) > SILENCE_DBOV);
        let Some(publication) = person.publications.first_mut() else {
            return;
        };
        self.replan |= publication.count(now, &unit);
        if !person.forwards(Source::Microphone) {
            return;
        }
        let began = person.voice.hear(now, Some(packet.level_dbov));
        self.rebind_due |= began && self.crowded;
        self.hand_out(now, (from, Source::Microphone), (&unit, None), outlet);
    }
}

impl Participant {
    /// Whether this is a telephone with this call.
    fn is_call(&self, connection: ConnectionKey) -> bool {
        self.phone.is_some() && self.connection == connection
    }
}
