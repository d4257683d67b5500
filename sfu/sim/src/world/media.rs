//! What people send and what arrives at them.

use std::net::SocketAddr;

use sfu_core::Source;
use str0m::rtp::{RtpPacket, Vp8Descriptor};

use super::{Event, World};
use crate::client::Client;
use crate::identity::Identity;
use crate::media::LAYERS;
use crate::oracle::{Arrival, Fault, Violation, may_receive};
use crate::person::{Studio, index_of};
use crate::playout::Playout;
use crate::sabotage::Sabotage;

/// A page that is not connected yet, or whose source is off, looks again.
const RETRY_MS: u64 = 50;
/// The same in long calls, where most sources are off for minutes.
const RETRY_LONG_MS: u64 = 250;

impl World<'_> {
    /// Sends what is due of one source and plans the next.
    pub(super) fn publish(&mut self, index: u16, generation: u16, source: Source) {
        let (now_ms, now) = (self.now_ms, self.clock.at(self.now_ms));
        let profile = self.scenario.profile;
        let Some(person) = self.people.get_mut(usize::from(index)) else {
            return;
        };
        if person.generation != generation {
            return;
        }
        let sender = person.sender();
        let layers = person.active_layers(&profile);
        let silent = !person.on.contains(source) && person.plan.polite;
        let awake = [0, 1, 2].map(|encoding| person.sends(source, encoding));
        let floor = if profile.in_turn {
            self.floors.get_mut(usize::from(person.plan.room))
        } else {
            None
        };
        let Some(client) = &mut person.client else {
            return;
        };
        if client.closed {
            return;
        }
        let connected = client.connected_ms.is_some() && !silent;
        let studio = &mut person.studio;
        take_requests(client, studio);
        let mut sent = true;
        let mut wait_ms = if profile.in_turn {
            RETRY_LONG_MS
        } else {
            RETRY_MS
        };
        match source {
            Source::Microphone if connected && awake == [true; 3] => {
                let has_floor = floor.map(|floor| floor.is_with(now_ms, index));
                let how = (profile.speech_ms, has_floor);
                let (piece, wait) = studio.speech.next(now_ms, sender, how, &mut studio.rng);
                let talking = studio.speech.talking;
                client.send((now, now_ms), source, None, vec![piece], talking);
                wait_ms = wait;
            }
            Source::Camera if connected => {
                let all = studio.camera.iter_mut().enumerate().take(layers);
                for (n, layer) in all.filter(|(n, _)| awake.get(*n) == Some(&true)) {
                    let rate = profile
                        .layers_bps
                        .get(if person.plan.simulcast { n } else { 1 });
                    let bytes = rate.copied().unwrap_or(0) / 8 / profile.camera_fps.max(1);
                    let pieces = layer.next(now_ms, sender, bytes, &mut studio.rng);
                    let rid = LAYERS.get(n).map(|(name, _)| *name);
                    let rid = rid.filter(|_| person.plan.simulcast);
                    client.send((now, now_ms), source, rid, pieces, false);
                }
                wait_ms = 1000 / profile.camera_fps.max(1);
            }
            Source::Screen if connected && person.on.screen && awake == [true; 3] => {
                let bytes = studio.rng.between(400, 6_000);
                let pieces = studio.screen.next(now_ms, sender, bytes, &mut studio.rng);
                client.send((now, now_ms), source, None, pieces, false);
                wait_ms = 1000 / profile.screen_fps.max(1);
            }
            Source::Microphone | Source::Camera | Source::Screen => sent = false,
        }
        if sent {
            self.touch(index);
        }
        self.plan(
            now_ms.saturating_add(wait_ms),
            Event::Publish(index, generation, source),
        );
    }

    /// A datagram reaches the outer address of a person.
    pub(super) fn arrive(
        &mut self,
        index: u16,
        (from, to): (SocketAddr, SocketAddr),
        bytes: &[u8],
    ) -> Result<(), Box<Violation>> {
        let (now_ms, now) = (self.now_ms, self.clock.at(self.now_ms));
        let Some(person) = self.people.get_mut(usize::from(index)) else {
            return Ok(());
        };
        // Where a network has forgotten an address, nothing gets through any more.
        if person.outer != to {
            return Ok(());
        }
        let Some(client) = &mut person.client else {
            return Ok(());
        };
        client.receive(now, now_ms, from, bytes);
        let arrived = core::mem::take(&mut client.arrived);
        self.touch(index);
        for (slot, packet) in arrived {
            self.take(index, slot, &packet)?;
        }
        Ok(())
    }

    fn take(&mut self, index: u16, slot: usize, packet: &RtpPacket) -> Result<(), Box<Violation>> {
        let Some(identity) = Identity::read(&packet.payload) else {
            // Padding and probes carry nothing.
            return if packet.payload.is_empty() {
                Ok(())
            } else {
                Err(self.violation(index, Fault::UnknownMedia))
            };
        };
        let mut arrival = Arrival {
            seq: *packet.seq_no,
            timestamp: packet.header.timestamp,
            picture: (!identity.source.is_audio())
                .then(|| Vp8Descriptor::parse(&packet.payload).ok()?.picture_id())
                .flatten(),
            identity,
        };
        match self.sabotage {
            Sabotage::SkipKeyFrames if arrival.seq <= 1 => return Ok(()),
            Sabotage::SkipKeyFrames => arrival.seq = arrival.seq.saturating_sub(1),
            // Of sound: the number is wrong, and nothing else, also where packets overtake each other.
            Sabotage::RepeatNumbers if identity.source.is_audio() && arrival.seq == 60 => {
                arrival.seq = 59;
            }
            Sabotage::TurnTimeBack if arrival.seq == 60 => {
                arrival.timestamp = arrival.timestamp.wrapping_sub(500_000);
            }
            Sabotage::CrossRooms if arrival.seq == 60 => {
                let other = self.people.iter().find(|p| p.plan.room != identity.room);
                if let Some(other) = other {
                    self.judge_arrival(other.index, slot, &arrival)?;
                }
            }
            Sabotage::Echo if arrival.seq == 60 => {
                self.judge_arrival(identity.person, slot, &arrival)?;
            }
            _ => {}
        }
        self.judge_arrival(index, slot, &arrival)?;
        self.show(index, slot, &arrival)
    }

    /// Isolation: may this packet be here at all?
    fn judge_arrival(
        &self,
        index: u16,
        slot: usize,
        arrival: &Arrival,
    ) -> Result<(), Box<Violation>> {
        let Some(viewer) = self.person(index) else {
            return Ok(());
        };
        let mid = viewer.watched.get(slot).map_or("", |watched| &watched.mid);
        let receiver = viewer.receiver_truth();
        let sender = self.person(arrival.identity.person);
        let sender = sender.map(crate::person::Person::sender_truth);
        may_receive(
            self.now_ms,
            (&receiver, mid),
            &arrival.identity,
            sender.as_ref(),
        )
        .map_err(|fault| self.violation(index, fault))
    }

    /// Continuity, and what the person sees or hears of it.
    fn show(&mut self, index: u16, slot: usize, arrival: &Arrival) -> Result<(), Box<Violation>> {
        let now_ms = self.now_ms;
        let frozen = self.sabotage == Sabotage::Freeze && now_ms > self.scenario.length_ms / 2;
        let Some(person) = self.people.get_mut(usize::from(index)) else {
            return Ok(());
        };
        let Some(watched) = person.watched.get_mut(slot) else {
            return Ok(());
        };
        let judged = watched.continuity.judge(*arrival);
        let identity = &arrival.identity;
        let shown = match &mut watched.playout {
            Playout::Video(video) => video.take(now_ms, arrival.seq, identity),
            Playout::Audio(audio) => {
                audio.take(now_ms, arrival.seq, identity);
                1
            }
        };
        if shown > 0 && !frozen {
            let (sender, source) = (usize::from(identity.person), index_of(identity.source));
            let last = person.last_seen.get_mut(sender);
            if let Some(last) = last.and_then(|seen| seen.get_mut(source)) {
                *last = Some(now_ms);
            }
            let count = person.frames_seen.get_mut(sender);
            if let Some(count) = count.and_then(|seen| seen.get_mut(source)) {
                *count = count.saturating_add(shown as u64);
            }
        }
        judged.map_err(|fault| self.violation(index, fault))
    }
}

/// Key frames that were asked for are sent with the next picture.
fn take_requests(client: &mut Client, studio: &mut Studio) {
    let wanted: Vec<_> = client.keyframes_wanted.drain(..).collect();
    for (mid, rid) in wanted {
        if client.mid_of(Source::Screen) == Some(mid) {
            studio.screen.key_wanted = true;
            continue;
        }
        let named = |n: usize| {
            LAYERS
                .get(n)
                .is_some_and(|(name, _)| rid.is_some_and(|r| *r == **name))
        };
        for (n, layer) in studio.camera.iter_mut().enumerate() {
            layer.key_wanted |= rid.is_none() || named(n);
        }
    }
}
