//! One room: its people, and the one place where engines are worked and their reports heard.

use core::time::Duration;
use std::collections::{BTreeMap, VecDeque};
use std::time::Instant;

use str0m::config::DtlsCert;
use str0m::net::TcpType;
use str0m::{Candidate, Rtc};

use crate::arrival::outgoing;
use crate::binding::Routes;
use crate::command::{ConnectError, ConnectRequest, LiveConnection, Mode};
use crate::demux::Place;
use crate::event::{DisconnectCause, SfuEvent};
use crate::forward::configure;
use crate::ids::{ParticipantKey, RoomKey};
use crate::limits::PARTICIPANTS_MAX;
use crate::negotiate;
use crate::offer::Outline;
use crate::participant::Participant;
use crate::path::{Inner, Path, ServerCandidate, Transport};
use crate::peer::{Drained, Peer, PeerError, PeerEvent};
use crate::shard::{Outlet, ShardError};
use crate::speaker::Speakers;
use crate::stats::RoomStats;
use crate::subscription::Slot;

/// How often layers are chosen anew, lost key frames asked for again and silent people noticed.
const TICK: Duration = Duration::from_millis(250);
/// Bandwidth towards a client is taken for this until it was measured.
const INITIAL_ESTIMATE_BPS: u64 = 1_500_000;
/// How often an engine measures loss and round trip.
const STATS_INTERVAL: Duration = Duration::from_secs(1);

/// How engines are made: the same certificate and candidates for all of a shard.
#[derive(Debug)]
pub(crate) struct Engine {
    candidates: Vec<ServerCandidate>,
    inner: Inner,
    certificate: DtlsCert,
}

impl Engine {
    pub(crate) fn new(
        candidates: Vec<ServerCandidate>,
        certificate: DtlsCert,
    ) -> Result<Self, ShardError> {
        let first = candidates.first().ok_or(ShardError::NoCandidate)?;
        Ok(Self {
            inner: Inner::towards(*first),
            candidates,
            certificate,
        })
    }

    /// An engine for one connection: ICE-lite, RTP mode, DTLS 1.2.
    fn build(&self, now: Instant, outline: &Outline) -> Rtc {
        let config = Rtc::builder()
            .set_rtp_mode(true)
            .set_ice_lite(true)
            .set_dtls_cert(self.certificate.clone())
            .set_stats_interval(Some(STATS_INTERVAL))
            .enable_bwe(Some(INITIAL_ESTIMATE_BPS.into()));
        let mut rtc = configure(config, outline.plain_h264).build(now);
        for candidate in &self.candidates {
            let built = match candidate.transport {
                Transport::Udp => Candidate::host(candidate.address, "udp"),
                Transport::Tcp => Candidate::builder()
                    .tcp()
                    .host(candidate.address)
                    .tcptype(TcpType::Passive)
                    .build(),
            };
            match built {
                Ok(candidate) => {
                    rtc.add_local_candidate(candidate);
                }
                Err(error) => tracing::warn!(%error, "an advertised address is not usable"),
            }
        }
        rtc
    }
}

/// A room and everybody in it.
#[derive(Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each says that something is due, apart from the others"
)]
pub(crate) struct Room {
    pub(crate) key: RoomKey,
    pub(crate) mode: Mode,
    pub(crate) people: BTreeMap<ParticipantKey, Participant>,
    /// Reports that were not heard yet. Every one comes from a drained engine and is heard before
    /// the room is left, so the queue is as short as one drain.
    pub(crate) pending: VecDeque<(ParticipantKey, PeerEvent)>,
    /// Layers have to be chosen anew for everybody.
    pub(crate) replan: bool,
    /// Layers have to be chosen anew for those whose plan is due.
    pub(crate) replan_some: bool,
    /// Somebody wants to be heard who has no slot.
    pub(crate) rebind_due: bool,
    /// Somebody has fewer slots than there are sources.
    pub(crate) crowded: bool,
    /// Which slots carry a source: for each subscriber, the slot's place in their list.
    pub(crate) routes: Routes,
    /// Slots may have changed their places.
    pub(crate) routes_stale: bool,
    /// Whose engines have packets to send.
    pub(crate) written: Vec<ParticipantKey>,
    /// A connection has ended.
    pub(crate) deaths_due: bool,
    pub(crate) speakers: Speakers,
    /// Ticks so far.
    pub(crate) ticks: u64,
    pub(crate) arrivals: u64,
    /// How many of the people are telephones.
    pub(crate) phones: usize,
    /// Most people; smaller only in tests, where every engine costs time.
    pub(crate) people_max: usize,
    scratch: Drained,
    next_tick: Instant,
    /// The time under which the shard has filed this room.
    pub(crate) filed: Option<Instant>,
}

impl Room {
    pub(crate) fn new(key: RoomKey, mode: Mode, now: Instant) -> Self {
        Self {
            key,
            mode,
            people: BTreeMap::new(),
            pending: VecDeque::new(),
            replan: false,
            replan_some: false,
            rebind_due: false,
            crowded: false,
            routes: Routes::new(),
            routes_stale: false,
            written: Vec::new(),
            deaths_due: false,
            speakers: Speakers::default(),
            ticks: 0,
            arrivals: 0,
            phones: 0,
            people_max: PARTICIPANTS_MAX,
            scratch: Drained::default(),
            next_tick: now + TICK,
            filed: None,
        }
    }

    /// Answers an offer. On an error everybody, the person included, is as before.
    pub(crate) fn connect(
        &mut self,
        now: Instant,
        (request, outline): (&ConnectRequest, &Outline),
        engine: &Engine,
        outlet: &mut Outlet,
    ) -> Result<String, ConnectError> {
        if self.mode != request.mode {
            return Err(ConnectError::ModeMismatch);
        }
        let key = request.participant;
        let known = self.people.get(&key).map(|person| person.connection);
        if known.is_none() && self.people.len() >= self.people_max {
            return Err(ConnectError::RoomFull);
        }
        let place = Place {
            room: self.key,
            participant: key,
            connection: request.connection,
        };
        let by_phone = self.people.get(&key).is_some_and(|it| it.phone.is_some());
        let renegotiates = known == Some(request.connection) && !by_phone;
        let mut person = match self.people.remove(&key) {
            Some(person) if renegotiates => person,
            other => {
                let peer = Peer::new(engine.build(now, outline), engine.inner, now);
                let mut fresh = Participant::new(now, request.connection, peer);
                self.arrivals += 1;
                fresh.granted_since = other.as_ref().and_then(|before| before.granted_since);
                fresh.came = other.as_ref().map_or(self.arrivals, |before| before.came);
                if let Some(before) = other {
                    self.people.insert(key, before);
                }
                fresh
            }
        };
        let mut drained = core::mem::take(&mut self.scratch);
        let tools = (&mut outlet.mint, &mut drained);
        let accepted = negotiate::accept(now, &mut person, (request, outline), tools);
        if accepted.is_err() && !renegotiates {
            // What a refused engine said must not be taken for the earlier connection's words.
            drained = Drained::default();
        }
        let way = person.access.chosen.path();
        self.collect((key, way), &mut drained, outlet);
        self.scratch = drained;
        self.routes_stale = true;
        match accepted {
            Ok(answer) => {
                person.hush();
                if !renegotiates {
                    self.drop_person(now, key, outlet);
                }
                outlet
                    .demux
                    .claim_ufrag(&mut person.claim, answer.ufrag, place);
                self.people.insert(key, person);
                Ok(answer.sdp)
            }
            Err(error) => {
                if renegotiates {
                    self.people.insert(key, person);
                    self.deaths_due = true;
                    self.pump(now, outlet);
                }
                Err(error)
            }
        }
    }

    /// After an answered offer: binds slots, tells about them and chooses layers.
    pub(crate) fn announce(&mut self, now: Instant, outlet: &mut Outlet) {
        self.rebind(now, outlet);
        self.follow_taps(now, outlet);
        self.follow_phones(outlet);
        self.pump(now, outlet);
    }

    pub(crate) fn disconnect(&mut self, now: Instant, key: ParticipantKey, outlet: &mut Outlet) {
        self.drop_person(now, key, outlet);
        self.announce(now, outlet);
    }

    pub(crate) fn close(&mut self, now: Instant, outlet: &mut Outlet) {
        while let Some(key) = self.people.keys().next().copied() {
            self.drop_person(now, key, outlet);
        }
    }

    pub(crate) fn timeout(&mut self, now: Instant, outlet: &mut Outlet) {
        let due: Vec<ParticipantKey> = self
            .people
            .iter()
            .filter(|(_, person)| person.peer.timeout().is_some_and(|at| at <= now))
            .map(|(key, _)| *key)
            .collect();
        for key in due {
            self.work(key, outlet, |peer, drained| peer.run_timeout(now, drained));
        }
        if now >= self.next_tick {
            self.next_tick = now + TICK;
            self.tick(now, outlet);
        }
        self.pump(now, outlet);
    }

    /// Sends what was written to one person since the last time; `false` when nobody is left.
    pub(crate) fn settle_next(&mut self, now: Instant, outlet: &mut Outlet) -> bool {
        let Some(key) = self.written.pop() else {
            self.pump(now, outlet);
            return false;
        };
        if let Some(person) = self.people.get_mut(&key) {
            person.written = false;
        }
        self.work(key, outlet, |peer, drained| peer.settle(now, drained));
        true
    }

    /// When this room wants to be called.
    pub(crate) fn deadline(&self) -> Instant {
        self.people
            .values()
            .filter_map(|person| person.peer.timeout())
            .fold(self.next_tick, Ord::min)
    }

    /// Connections over which media can flow.
    pub(crate) fn live(&self) -> Vec<LiveConnection> {
        let connected = self.people.iter().filter(|(_, person)| person.connected);
        connected
            .map(|(key, person)| LiveConnection {
                participant: *key,
                connection: person.connection,
                slots: person.slots.iter().filter_map(Slot::binding).collect(),
            })
            .collect()
    }

    pub(crate) fn stats(&self) -> RoomStats {
        RoomStats {
            room: self.key,
            participants: self
                .people
                .iter()
                .map(|(key, person)| person.stats(*key))
                .collect(),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.people.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.people.is_empty()
    }

    pub(crate) fn contains(&self, key: ParticipantKey) -> bool {
        self.people.contains_key(&key)
    }

    /// Works one engine and keeps what it has to say. `None`: it is not there or refused.
    pub(crate) fn work<R>(
        &mut self,
        key: ParticipantKey,
        outlet: &mut Outlet,
        task: impl FnOnce(&mut Peer, &mut Drained) -> Result<R, PeerError>,
    ) -> Option<R> {
        let person = self.people.get_mut(&key)?;
        let mut drained = core::mem::take(&mut self.scratch);
        let result = task(&mut person.peer, &mut drained);
        self.deaths_due |= !person.peer.is_alive();
        let way = person.access.chosen.path();
        self.collect((key, way), &mut drained, outlet);
        self.scratch = drained;
        match result {
            Ok(value) => Some(value),
            Err(PeerError::Engine(error)) => {
                outlet.counters.dropped_refused += 1;
                tracing::trace!(%error, "the engine refused an input");
                None
            }
            Err(PeerError::Panicked | PeerError::Absent) => None,
        }
    }

    fn collect(
        &mut self,
        (key, way): (ParticipantKey, Option<Path>),
        drained: &mut Drained,
        outlet: &mut Outlet,
    ) {
        let leaving = drained
            .transmits
            .drain(..)
            .filter_map(|transmit| outgoing(way, transmit.contents.into()));
        outlet.outputs.extend(leaving);
        self.pending
            .extend(drained.events.drain(..).map(|event| (key, event)));
    }

    /// Hears every report, chooses layers if something changed, and buries the dead.
    pub(crate) fn pump(&mut self, now: Instant, outlet: &mut Outlet) {
        loop {
            while let Some((key, event)) = self.pending.pop_front() {
                self.hear(now, key, event, outlet);
            }
            let dead = core::mem::take(&mut self.deaths_due) && self.reap(outlet);
            if dead || core::mem::take(&mut self.rebind_due) {
                self.rebind(now, outlet);
            } else if self.replan || self.replan_some {
                self.allocate(now, outlet);
            } else {
                return;
            }
        }
    }

    fn hear(&mut self, now: Instant, key: ParticipantKey, event: PeerEvent, outlet: &mut Outlet) {
        if let PeerEvent::Rtp(packet) = event {
            self.forward(now, key, &packet, outlet);
            return;
        }
        let Some(person) = self.people.get_mut(&key) else {
            return;
        };
        match event {
            PeerEvent::Connected => {
                if !core::mem::replace(&mut person.connected, true) {
                    outlet.event(SfuEvent::Connected {
                        room: self.key,
                        participant: key,
                        connection: person.connection,
                    });
                    self.replan = true;
                }
            }
            PeerEvent::Closed => {
                person.death = Some(DisconnectCause::ClosedByPeer);
                self.deaths_due = true;
            }
            PeerEvent::KeyframeWanted(mid) => {
                person.delivery.keyframes_wanted += 1;
                outlet.counters.delivery.keyframes_wanted += 1;
                let slot = person.slots.iter().find(|slot| slot.mid == mid);
                if let Some(slot) = slot
                    && let Some(source) = slot.bound
                    && let Some(layer) = slot.switcher.current().or(slot.switcher.target())
                {
                    self.request_keyframe(now, source, layer, outlet);
                }
            }
            PeerEvent::Estimate(bps) => {
                #[cfg(test)]
                let bps = person.pinned_estimate_bps.unwrap_or(bps);
                let known_bps = person.estimate_bps.unwrap_or(0);
                if person.back.is_settling(now) && bps < known_bps {
                    return;
                }
                person.estimate_bps = Some(bps);
                if bps < person.granted_bps {
                    person.plan_due = true;
                    self.replan_some = true;
                }
            }
            PeerEvent::Stats(stats) => person.note_stats(now, stats),
            PeerEvent::Loss(mid, share) => person.note_loss(mid, share),
            PeerEvent::ChannelOpen(channel, label) => person.lanes.opened(channel, &label),
            PeerEvent::ChannelClosed(channel) => person.lanes.closed(channel),
            PeerEvent::Data(channel, message) => {
                self.relay(now, key, (channel, &message), outlet);
            }
            // Handled above.
            PeerEvent::Rtp(_) => {}
        }
    }

    #[cfg(test)]
    pub(crate) fn pin_estimate(
        &mut self,
        now: Instant,
        (key, bps): (ParticipantKey, u64),
        outlet: &mut Outlet,
    ) {
        if let Some(person) = self.people.get_mut(&key) {
            person.pinned_estimate_bps = Some(bps);
            person.floor = crate::floor::Floor::absent(now);
        }
        self.hear(now, key, PeerEvent::Estimate(bps), outlet);
    }

    #[cfg(test)]
    pub(crate) fn unpin_estimate(&mut self, key: ParticipantKey) {
        if let Some(person) = self.people.get_mut(&key) {
            person.pinned_estimate_bps = None;
            person.floor = crate::floor::Floor::default();
        }
    }

    #[cfg(test)]
    pub(crate) fn inject_fault(&mut self, key: ParticipantKey) {
        if let Some(person) = self.people.get_mut(&key) {
            person.peer.fault = true;
        }
    }
}
