//! The walk of a packet from its publisher to every slot that carries it.

use core::time::Duration;
use std::time::Instant;

use str0m::rtp::RtpPacket;
use str0m::rtp::rtcp::SenderInfo;

use crate::forward::{Codec, Gop, Unit};
use crate::ids::ParticipantKey;
use crate::limits::PAYLOAD_BYTES_MAX;
use crate::participant::Participant;
use crate::room::Room;
use crate::shard::Outlet;
use crate::source::Source;
use crate::subscription::Fed;

/// Taken for the bandwidth towards a client that was not measured yet, in bit/s.
const UNKNOWN_ESTIMATE_BPS: u64 = 1_500_000;

/// Kept pictures that are older than this when an offer is answered may be gone, or too many, when its
/// sender is connected.
const HANDSHAKE_PICTURES: Duration = Duration::from_secs(2);

/// A slot: its subscriber, and its index there.
type SlotKey = (ParticipantKey, usize);

impl Room {
    /// Forwards one packet. Nothing is sent yet: the subscribers' engines are settled together at
    /// the end of the batch.
    pub(crate) fn forward(
        &mut self,
        now: Instant,
        from: ParticipantKey,
        packet: &RtpPacket,
        outlet: &mut Outlet,
    ) {
        let Some((source, unit)) = self.admit(now, from, packet, outlet) else {
            return;
        };
        self.tell_phones(now, (from, source), &unit, outlet);
        let report = packet.last_sender_info;
        self.hand_out(now, (from, source), (&unit, report), outlet);
    }

    /// Gives one packet that may be forwarded to the recorder and to every slot that carries it.
    pub(crate) fn hand_out(
        &mut self,
        now: Instant,
        (from, source): (ParticipantKey, Source),
        (unit, report): (&Unit, Option<SenderInfo>),
        outlet: &mut Outlet,
    ) {
        self.record(now, (from, source), (unit, report), outlet);
        // What belongs behind the first packet of a key frame and came before it.
        let early = self.early(from, source, unit);
        let Some(route) = self.routes.get(&(from, source)) else {
            return;
        };
        for (key, index) in route {
            let Some(person) = self.people.get_mut(key).filter(|p| p.connected) else {
                continue;
            };
            let Some(slot) = person.slots.get_mut(*index) else {
                continue;
            };
            // Routes follow the bindings; the binding itself has the last word.
            if slot.bound != Some((from, source)) {
                continue;
            }
            if give(now, (person, *index), unit, outlet) {
                for early in &early {
                    give(now, (person, *index), early, outlet);
                }
            }
            self.deaths_due |= person.peer.has_panicked();
            if person.peer.is_unsettled() && !core::mem::replace(&mut person.written, true) {
                self.written.push(*key);
            }
        }
    }

    fn early(&self, from: ParticipantKey, source: Source, unit: &Unit) -> Vec<Unit> {
        if source.is_audio() || !unit.seen.starts_decoding {
            return Vec::new();
        }
        let publisher = self.people.get(&from);
        let publication = publisher.and_then(|person| person.publication(source));
        publication.map_or_else(Vec::new, |publication| publication.early(unit))
    }

    /// Finds out what a received packet is, counts it, and answers it only if it may be forwarded.
    fn admit(
        &mut self,
        now: Instant,
        from: ParticipantKey,
        packet: &RtpPacket,
        outlet: &mut Outlet,
    ) -> Option<(Source, Unit)> {
        let (index, stream) = self.locate(now, from, packet, outlet)?;
        let person = self.people.get_mut(&from)?;
        person.received.count(packet.payload.len());
        outlet.counters.received.count(packet.payload.len());
        if packet.payload.len() > PAYLOAD_BYTES_MAX {
            outlet.counters.dropped_refused += 1;
            return None;
        }
        let publication = person.publications.get_mut(index)?;
        let (unit, changed) = publication.read(now, stream, packet)?;
        self.replan |= changed;
        let source = publication.source;
        if !person.on.contains(source) || !person.grants.may_publish(source) {
            publication.forget_pictures();
            return None;
        }
        publication.keep(now, &unit);
        if source == Source::Microphone {
            let header = &packet.header;
            let clock_rate_hz = unit.codec.clock_rate_hz();
            person.jitter.hear(now, header.timestamp, clock_rate_hz);
            let began = person.voice.hear(now, header.ext_vals.audio_level);
            self.rebind_due |= began && self.crowded;
        }
        Some((source, unit))
    }

    /// After slots were aimed: starts those that wait for a picture from what is kept of it, and
    /// asks for the key frames of the others. For who is about to connect it is asked once, so that
    /// the key frame is there when the handshake is over.
    pub(crate) fn start_layers(&mut self, now: Instant, outlet: &mut Outlet) {
        let mut published: Vec<((ParticipantKey, Source), bool, Option<Codec>)> = Vec::new();
        for (from, person) in &self.people {
            published.extend(person.publications.iter().map(|publication| {
                let name = (*from, publication.source);
                (name, publication.is_scalable(), publication.codec())
            }));
        }
        let mut waiting: Vec<(SlotKey, (ParticipantKey, Source), usize)> = Vec::new();
        for (key, person) in &mut self.people {
            if !person.connected && core::mem::replace(&mut person.foreseen, true) {
                continue;
            }
            for (index, slot) in person.slots.iter_mut().enumerate() {
                let found = published
                    .iter()
                    .find(|(name, ..)| slot.bound == Some(*name));
                let Some((name, scalable, codec)) = found else {
                    continue;
                };
                slot.switcher.fit(*scalable);
                if let Some(layer) = slot.switcher.waits_for()
                    && codec.is_none_or(|codec| slot.plays(codec))
                {
                    waiting.push(((*key, index), *name, layer));
                }
            }
        }
        for (slot, source, layer) in waiting {
            let connected = self.people.get(&slot.0).is_some_and(|to| to.connected);
            let served = if connected {
                self.replay(now, slot, (source, layer), outlet)
            } else {
                self.has_fresh(now, source, layer)
            };
            if !served {
                self.request_keyframe(now, source, layer, outlet);
            }
        }
    }

    /// Whether a key frame is kept, and will still be when a handshake is over.
    fn has_fresh(
        &self,
        now: Instant,
        (from, source): (ParticipantKey, Source),
        layer: usize,
    ) -> bool {
        let publisher = self.people.get(&from);
        let pictures = publisher
            .and_then(|person| person.publication(source))
            .and_then(|publication| publication.pictures(layer));
        let began = pictures.and_then(Gop::began);
        began.is_some_and(|at| now.saturating_duration_since(at) < HANDSHAKE_PICTURES)
    }

    /// Gives a slot that shows nothing yet the pictures since the last key frame. Its engine paces
    /// them. `false`: there are none, or a new key frame would be there sooner.
    fn replay(
        &mut self,
        now: Instant,
        (to, index): SlotKey,
        ((from, source), layer): ((ParticipantKey, Source), usize),
        outlet: &mut Outlet,
    ) -> bool {
        let shows = |person: &Participant| {
            let slot = person.slots.get(index);
            slot.is_none_or(|slot| slot.switcher.current().is_some())
        };
        let publisher = self.people.get(&from);
        let publication = publisher.and_then(|person| person.publication(source));
        let pictures = publication.and_then(|published| published.pictures(layer));
        let (Some(pictures), Some(person)) = (pictures, self.people.get(&to)) else {
            return false;
        };
        // More than the path carries in a second would hold up what comes after it.
        let bits_max = person.estimate_bps.unwrap_or(UNKNOWN_ESTIMATE_BPS);
        let granted = person.granted_since;
        let hidden = granted.is_some_and(|since| pictures.began().is_none_or(|at| at < since));
        if hidden || shows(person) || pictures.bytes() as u64 * 8 > bits_max {
            return false;
        }
        let units = pictures.replay();
        let Some(person) = self.people.get_mut(&to) else {
            return false;
        };
        for unit in &units {
            give(now, (person, index), unit, outlet);
        }
        self.deaths_due |= person.peer.has_panicked();
        if person.peer.is_unsettled() && !core::mem::replace(&mut person.written, true) {
            self.written.push(to);
        }
        !units.is_empty() && shows(person)
    }

    /// Publication and stream of a packet, by its SSRC.
    fn locate(
        &mut self,
        now: Instant,
        from: ParticipantKey,
        packet: &RtpPacket,
        outlet: &mut Outlet,
    ) -> Option<(usize, usize)> {
        let ssrc = packet.header.ssrc;
        let person = self.people.get(&from)?;
        let known = person
            .sources_by_ssrc
            .iter()
            .find(|(known, ..)| *known == ssrc);
        if let Some((_, index, stream)) = known {
            return Some((*index, *stream));
        }
        let (mid, rid) = self.work(from, outlet, |peer, drained| {
            peer.layer_of(now, drained, ssrc)
        })??;
        let person = self.people.get_mut(&from)?;
        let (index, stream) = person.find_stream(mid, rid)?;
        person.sources_by_ssrc.push((ssrc, index, stream));
        Some((index, stream))
    }

    /// Asks a publisher for a key frame of one layer, now or as soon as it may be asked again.
    pub(crate) fn request_keyframe(
        &mut self,
        now: Instant,
        (of, source): (ParticipantKey, Source),
        layer: usize,
        outlet: &mut Outlet,
    ) {
        let Some(person) = self.people.get_mut(&of) else {
            return;
        };
        if source.is_audio() || !person.connected {
            return;
        }
        let publication = person.publications.iter_mut().find(|p| p.source == source);
        if let Some(address) = publication.and_then(|p| p.want_keyframe(now, layer)) {
            person.delivery.keyframes_requested += 1;
            outlet.counters.delivery.keyframes_requested += 1;
            self.work(of, outlet, |peer, drained| {
                peer.request_keyframe(now, drained, address)
            });
        }
    }

    /// Repeats requests for key frames that were not answered.
    pub(crate) fn repeat_requests(&mut self, now: Instant, outlet: &mut Outlet) {
        let mut requests = Vec::new();
        for (key, person) in self
            .people
            .iter_mut()
            .filter(|(_, person)| person.connected)
        {
            let (on, grants) = (person.on, person.grants);
            for publication in &mut person.publications {
                let source = publication.source;
                if !source.is_audio() && on.contains(source) && grants.may_publish(source) {
                    let addresses = publication.unanswered(now);
                    requests.extend(addresses.into_iter().map(|address| (*key, address)));
                }
            }
        }
        for (key, address) in requests {
            self.work(key, outlet, |peer, drained| {
                peer.request_keyframe(now, drained, address)
            });
        }
    }
}

/// Gives one packet to one slot. Answers whether the slot begins another stream with it.
fn give(
    now: Instant,
    (person, index): (&mut Participant, usize),
    unit: &Unit,
    outlet: &mut Outlet,
) -> bool {
    let Some(slot) = person.slots.get_mut(index) else {
        return false;
    };
    let before = slot.switcher.current();
    match slot.feed(now, unit) {
        Fed::Write(write, bytes) => {
            if !person.peer.write(slot.stream, write) {
                return false;
            }
            person.forwarded.count(bytes);
            outlet.counters.forwarded.count(bytes);
            let begins = before != slot.switcher.current();
            let switched = before.is_some() && begins;
            // A still screen sends nothing for long.
            let is_camera = slot
                .bound
                .is_some_and(|(_, source)| source == Source::Camera);
            let gap = if is_camera { slot.turn.feed(now) } else { None };
            person.note_picture(switched, gap, outlet);
            return begins;
        }
        Fed::Unplayable => outlet.counters.unplayable += 1,
        Fed::Nothing => {}
    }
    false
}
