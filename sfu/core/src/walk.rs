//! The walk of a packet from its publisher to every slot that carries it.

use std::time::Instant;

use str0m::rtp::RtpPacket;

use crate::forward::inspect;
use crate::ids::ParticipantKey;
use crate::room::Room;
use crate::shard::Outlet;
use crate::source::Source;
use crate::stats::Flow;
use crate::subscription::Parcel;

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
        let Some((source, parcel)) = self.admit(now, from, packet, outlet) else {
            return;
        };
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
            let before = slot.switcher.current();
            let Some(write) = slot.feed(&parcel) else {
                continue;
            };
            if !person.peer.write(slot.stream, write) {
                self.deaths_due |= person.peer.has_panicked();
                continue;
            }
            count(&mut person.forwarded, packet);
            count(&mut outlet.counters.forwarded, packet);
            if !core::mem::replace(&mut person.written, true) {
                self.written.push(*key);
            }
            let switched = before.is_some() && before != slot.switcher.current();
            let gap = match source {
                Source::Camera => slot.turn.feed(now),
                // A still screen sends nothing for long.
                Source::Microphone | Source::Screen => None,
            };
            person.note_picture(switched, gap, outlet);
        }
    }

    /// Finds out what a received packet is, counts it, and answers it only if it may be forwarded.
    fn admit<'a>(
        &mut self,
        now: Instant,
        from: ParticipantKey,
        packet: &'a RtpPacket,
        outlet: &mut Outlet,
    ) -> Option<(Source, Parcel<'a>)> {
        let (index, layer) = self.locate(now, from, packet, outlet)?;
        let person = self.people.get_mut(&from)?;
        count(&mut person.received, packet);
        count(&mut outlet.counters.received, packet);
        let publication = person.publications.get_mut(index)?;
        let codec = publication.payloads.codec_of(packet.header.payload_type)?;
        let seen = inspect(codec, &packet.payload);
        if publication.note_packet(now, layer, packet.payload.len()) {
            self.replan = true;
        }
        if let Some(height_px) = seen.height_px {
            publication.note_height(layer, height_px);
        }
        let source = publication.source;
        if !person.forwards(source) {
            return None;
        }
        if source == Source::Microphone {
            let header = &packet.header;
            let clock_rate_hz = codec.clock_rate_hz();
            person.jitter.hear(now, header.timestamp, clock_rate_hz);
            let began = person.voice.hear(now, header.ext_vals.audio_level);
            self.rebind_due |= began && self.crowded;
        }
        Some((
            source,
            Parcel {
                now,
                packet,
                layer,
                codec,
                seen,
            },
        ))
    }

    /// Publication and layer of a packet, by its SSRC.
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
        if let Some((_, index, layer)) = known {
            return Some((*index, *layer));
        }
        let (mid, rid) = self.work(from, outlet, |peer, drained| {
            peer.layer_of(now, drained, ssrc)
        })??;
        let person = self.people.get_mut(&from)?;
        let (index, layer) = person.find_layer(mid, rid)?;
        person.sources_by_ssrc.push((ssrc, index, layer));
        Some((index, layer))
    }

    /// Asks a publisher for a key frame of one layer, unless that was done a moment ago.
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
        if let Some(address) = publication.and_then(|p| p.take_request(now, layer)) {
            person.delivery.keyframes_requested += 1;
            outlet.counters.delivery.keyframes_requested += 1;
            self.work(of, outlet, |peer, drained| {
                peer.request_keyframe(now, drained, address)
            });
        }
    }
}

fn count(flow: &mut Flow, packet: &RtpPacket) {
    flow.packets += 1;
    flow.bytes += packet.payload.len() as u64;
}
