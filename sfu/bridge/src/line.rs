//! One telephone: its leg, its seat, and what it is played.

use std::net::SocketAddr;
use std::sync::Arc;

use sfu_net::{PhoneKey, PhonePacket, SeatRequest, Unseatable};
use sfu_phone::{Leg, LegConfig, LegEvent as Told, LegStats, Rate, Speech, open_for_room};

use crate::hall::Converter;
use crate::handle::LegId;
use crate::order::{
    AgreeError, Agreed, Flow, LegEvent, LegSummary, Playing, ReportPath, Seat, Unseated,
};
use crate::player::Player;
use crate::srtp::Srtp;
use crate::switchboard::{Datagram, Now, Out, Rooms};

/// Nothing was heard yet for this long, in microseconds, and somebody should look after the call.
const SILENT_BEFORE_US: i64 = 30_000_000;
/// The same after the first packet.
const SILENT_AFTER_US: i64 = 20_000_000;
/// Ticks of a room's clock in 20 ms (RFC 7587).
const ROOM_TICKS: u32 = 960;
/// While something is played, the room is so many bits quieter: 12 dB.
const BELOW_PROMPT: u32 = 2;

/// See the module.
#[derive(Debug)]
pub(crate) struct Line {
    id: LegId,
    seed: u64,
    agreed: Option<Agreed>,
    leg: Option<Leg>,
    /// Theirs and ours.
    keys: Option<(Srtp, Srtp)>,
    /// What codes its sound for the room.
    voice: Option<Box<dyn Speech>>,
    flow: Flow,
    player: Player,
    muted: bool,
    wanted: Option<Seat>,
    /// The seat that the room was told of, and whether it has said yes.
    seat: Option<(Seat, bool)>,
    /// Others in the room may hear it; it may hear them.
    rights: (bool, bool),
    converter: Converter,
    room_seq: u64,
    room_time: u32,
    was_heard: bool,
    /// Since when something should be heard, and whether was told that it was not.
    watch: (i64, bool),
    summary: LegSummary,
    #[cfg(test)]
    trip: Option<Trip>,
}

/// Where a line is made to panic, for tests.
#[cfg(test)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trip {
    Agree,
    Datagram,
    Hear,
    Say,
    Close,
}

/// A line has moved from a room to another one, or to none.
pub(crate) struct Moved {
    pub(crate) from: Option<PhoneKey>,
    pub(crate) to: Option<PhoneKey>,
}

fn key_of(seat: &Seat) -> PhoneKey {
    PhoneKey {
        room: seat.room,
        participant: seat.participant,
        connection: seat.connection,
    }
}

impl Line {
    pub(crate) fn new(id: LegId, seed: u64, now_us: i64) -> Self {
        Self {
            id,
            seed,
            agreed: None,
            leg: None,
            keys: None,
            voice: None,
            flow: Flow::NONE,
            player: Player::default(),
            muted: false,
            wanted: None,
            seat: None,
            rights: (false, false),
            converter: Converter::default(),
            room_seq: 0,
            room_time: 0,
            was_heard: false,
            watch: (now_us, false),
            summary: LegSummary::default(),
            #[cfg(test)]
            trip: None,
        }
    }

    #[cfg(test)]
    pub(crate) const fn break_at(&mut self, at: Trip) {
        self.trip = Some(at);
    }

    #[cfg(test)]
    fn trip(&self, here: Trip) {
        assert_ne!(self.trip, Some(here), "broken by a test");
    }

    /// What has happened on it until now.
    pub(crate) const fn summary(&self) -> LegSummary {
        self.summary
    }

    /// Sound may flow, or flows otherwise.
    pub(crate) fn agree(&mut self, now_us: i64, agreed: Agreed) -> Result<(), AgreeError> {
        #[cfg(test)]
        self.trip(Trip::Agree);
        let before = self.agreed.as_ref();
        let same_codec = before.is_some_and(|before| {
            before.codec == agreed.codec
                && before.payload_types == agreed.payload_types
                && before.latch == agreed.latch
        });
        let same_keys = before.is_some_and(|before| before.keys == agreed.keys);
        let fresh_keys = match &agreed.keys {
            Some(keys) if !same_keys => {
                let theirs = Srtp::new(&keys.theirs).map_err(|_why| AgreeError::Keys)?;
                let ours = Srtp::new(&keys.ours).map_err(|_why| AgreeError::Keys)?;
                Some((theirs, ours))
            }
            Some(_) | None => None,
        };
        if !same_codec {
            self.open(now_us, &agreed)?;
        } else if let Some(leg) = &mut self.leg {
            leg.resignal(agreed.remote, now_us);
        }
        if !same_keys {
            self.keys = fresh_keys;
        }
        let flow = agreed.flow;
        self.agreed = Some(agreed);
        self.set_flow(now_us, flow);
        Ok(())
    }

    fn open(&mut self, now_us: i64, agreed: &Agreed) -> Result<(), AgreeError> {
        // A second stream of the same call has other numbers than the first.
        let seed = self.seed.rotate_left(7);
        let config = LegConfig {
            codec: agreed.codec,
            payload_types: agreed.payload_types,
            remote: agreed.remote,
            latch: agreed.latch,
            seed,
            cname: "bridge".to_owned(),
        };
        let leg = Leg::new(config, now_us).map_err(|_why| AgreeError::Codec)?;
        let rate = leg.rate();
        if self.rate() != Some(rate) {
            let voice = open_for_room(rate);
            self.voice = Some(voice.map_err(|_why| AgreeError::Codec)?);
        }
        self.seed = seed;
        self.keep_stats();
        self.leg = Some(leg);
        Ok(())
    }

    /// Adds up what an earlier leg of this call has seen.
    fn keep_stats(&mut self) {
        let Some(leg) = &self.leg else {
            return;
        };
        self.summary.heard = sum(self.summary.heard, leg.stats());
    }

    pub(crate) fn set_flow(&mut self, now_us: i64, flow: Flow) {
        if flow.from_phone && !self.flow.from_phone {
            self.watch = (now_us, false);
        }
        self.flow = flow;
    }

    pub(crate) fn play(&mut self, playing: Playing) {
        self.player.play(playing);
    }

    pub(crate) fn stop(&mut self) {
        self.player.stop();
    }

    pub(crate) const fn mute(&mut self, muted: bool) {
        self.muted = muted;
    }

    pub(crate) fn press(&mut self, digit: sfu_phone::Digit) {
        if let Some(leg) = &mut self.leg {
            // More than the queue holds nobody presses; the rest is lost as on a telephone.
            let _ = leg.press(digit);
        }
    }

    pub(crate) fn join(&mut self, seat: Option<Seat>) {
        self.wanted = seat;
    }

    pub(crate) fn rate(&self) -> Option<Rate> {
        self.leg.as_ref().map(Leg::rate)
    }

    /// Brings the seat in the room to what is wanted, as far as the room takes orders now.
    pub(crate) fn sit(&mut self, rooms: &mut dyn Rooms, out: &mut Out) -> Option<Moved> {
        let had = self.seat.as_ref().map(|(seat, _)| key_of(seat));
        let wants = self.wanted.as_ref().map(key_of);
        if had.is_some() && had != wants {
            let from = had?;
            if rooms.unseat(from) == Err(Unseatable::Busy) {
                return None;
            }
            self.seat = None;
            self.rights = (false, false);
            let moved = Some(Moved {
                from: had,
                to: None,
            });
            return moved;
        }
        let wanted = self.wanted.as_ref()?;
        if self.seat.as_ref().is_some_and(|(seat, _)| seat == wanted) {
            return None;
        }
        let asked = rooms.seat(SeatRequest {
            room: wanted.room,
            participant: wanted.participant,
            connection: wanted.connection,
            on: wanted.on,
            rank: wanted.rank,
            grants: wanted.grants,
        });
        match asked {
            Ok(()) => {
                let said_yes = self.seat.as_ref().is_some_and(|(_, yes)| *yes);
                self.seat = Some((wanted.clone(), said_yes));
                let moved = Moved {
                    from: None,
                    to: wants,
                };
                had.is_none().then_some(moved)
            }
            Err(Unseatable::Busy) => None,
            Err(Unseatable::Stopped) => {
                self.wanted = None;
                out.tell(self.id, LegEvent::Left(Unseated::Stopped));
                None
            }
        }
    }

    /// Where it sits, or is about to.
    pub(crate) fn place(&self) -> Option<PhoneKey> {
        self.seat.as_ref().map(|(seat, _)| key_of(seat))
    }

    pub(crate) fn seated(&mut self, out: &mut Out) {
        if let Some((_, yes)) = &mut self.seat
            && !core::mem::replace(yes, true)
        {
            out.tell(self.id, LegEvent::Joined);
        }
    }

    pub(crate) fn unseated(&mut self, why: Unseated, out: &mut Out) {
        let place = self.place();
        self.seat = None;
        self.rights = (false, false);
        if self.wanted.as_ref().map(key_of) == place {
            self.wanted = None;
            out.tell(self.id, LegEvent::Left(why));
        }
    }

    pub(crate) const fn set_rights(&mut self, is_heard: bool, hears: bool) {
        self.rights = (is_heard, hears);
    }

    /// Whether it listens to its room, now.
    pub(crate) const fn listens(&self) -> bool {
        self.rights.1 && self.flow.to_phone
    }

    /// Whether its room hears it, now.
    const fn speaks(&self) -> bool {
        self.rights.0 && self.flow.from_phone && !self.muted
    }

    pub(crate) fn datagram(&mut self, now_us: i64, from: SocketAddr, bytes: &[u8]) {
        #[cfg(test)]
        self.trip(Trip::Datagram);
        let Some(leg) = &mut self.leg else {
            return;
        };
        match &mut self.keys {
            None => leg.handle(now_us, from, bytes),
            Some((theirs, _)) => match theirs.open(bytes) {
                Ok(clear) => leg.handle(now_us, from, &clear),
                Err(_forged) => self.summary.forged += 1,
            },
        }
    }

    /// What it says in these 20 ms. The answer is its sound, if others in its room may hear it.
    pub(crate) fn hear(
        &mut self,
        now: Now,
        rooms: &mut dyn Rooms,
        out: &mut Out,
    ) -> Option<Vec<i16>> {
        #[cfg(test)]
        self.trip(Trip::Hear);
        self.room_time = self.room_time.wrapping_add(ROOM_TICKS);
        let leg = self.leg.as_mut()?;
        let frame = leg.hear(now.us);
        while let Some(event) = leg.poll_event() {
            match event {
                Told::Pressed(digit) => out.tell(self.id, LegEvent::Pressed(digit)),
                Told::Heard if self.was_heard => {}
                Told::Heard => {
                    self.was_heard = true;
                    out.tell(self.id, LegEvent::Heard);
                }
                Told::Gone => out.tell(self.id, LegEvent::Gone),
            }
        }
        self.watch(now.us, out);
        if !self.speaks() {
            return None;
        }
        self.speak(&frame, rooms);
        Some(frame)
    }

    fn watch(&mut self, now_us: i64, out: &mut Out) {
        let Some(leg) = self.leg.as_ref().filter(|_| self.flow.from_phone) else {
            return;
        };
        let (since, told) = self.watch;
        let last = leg.stats().heard_us.unwrap_or(since).max(since);
        let patience = if self.was_heard {
            SILENT_AFTER_US
        } else {
            SILENT_BEFORE_US
        };
        let is_silent = now_us.saturating_sub(last) >= patience;
        if is_silent && !told {
            out.tell(self.id, LegEvent::Silent);
        }
        self.watch.1 = is_silent;
    }

    /// Gives the room these 20 ms.
    fn speak(&mut self, frame: &[i16], rooms: &mut dyn Rooms) {
        let (Some(place), Some(voice)) = (self.place(), &mut self.voice) else {
            return;
        };
        let mut payload = Vec::new();
        if voice.encode(frame, &mut payload).is_err() {
            return;
        }
        self.room_seq += 1;
        let taken = rooms.speak(PhonePacket {
            room: place.room,
            participant: place.participant,
            connection: place.connection,
            seq: self.room_seq,
            timestamp: self.room_time,
            level_dbov: level_dbov(frame),
            payload: Arc::from(payload),
        });
        self.summary.spoken += u64::from(taken);
        self.summary.unspoken += u64::from(!taken);
    }

    pub(crate) const fn converter(&mut self) -> &mut Converter {
        &mut self.converter
    }

    /// Sends it the next 20 ms: what the room says, and what is played.
    pub(crate) fn say(&mut self, now: Now, room: Option<Vec<i16>>, out: &mut Out) {
        #[cfg(test)]
        self.trip(Trip::Say);
        let Some(leg) = &mut self.leg else {
            return;
        };
        let rate = leg.rate();
        let mut frame = room.unwrap_or_default();
        frame.resize(rate.frame(), 0);
        if let Some(played) = self.player.next(rate) {
            for (sample, prompt) in frame.iter_mut().zip(&played.frame) {
                *sample = (*sample >> BELOW_PROMPT).saturating_add(*prompt);
            }
            if let Some(ticket) = played.ended {
                out.tell(self.id, LegEvent::Played(ticket));
            }
        }
        let to = leg.destination();
        if !self.flow.to_phone || to.ip().is_unspecified() || to.port() == 0 {
            leg.pass();
        } else if let Some(packet) = leg.say(&frame) {
            self.send(to, &packet, out);
        }
        self.report(now, out);
    }

    fn report(&mut self, now: Now, out: &mut Out) {
        let Some(leg) = &mut self.leg else {
            return;
        };
        if let Some(report) = leg.report(now.us, now.wall_us) {
            self.send_report(&report, out);
        }
    }

    fn send_report(&mut self, report: &[u8], out: &mut Out) {
        let (Some(leg), Some(agreed)) = (&self.leg, &self.agreed) else {
            return;
        };
        let to = leg.destination();
        let port = match agreed.reports {
            ReportPath::Muxed => Some(to.port()),
            ReportPath::Beside => to.port().checked_add(1),
            ReportPath::Nowhere => None,
        };
        let Some(port) = port.filter(|_| !to.ip().is_unspecified() && to.port() != 0) else {
            return;
        };
        self.send(SocketAddr::new(to.ip(), port), report, out);
    }

    fn send(&mut self, to: SocketAddr, packet: &[u8], out: &mut Out) {
        let bytes = match &mut self.keys {
            None => packet.to_vec(),
            Some((_, ours)) => match ours.seal(packet) {
                Ok(sealed) => sealed,
                Err(_spent) => {
                    self.summary.unsent += 1;
                    return;
                }
            },
        };
        self.summary.sent += 1;
        let leg = self.id;
        out.datagrams.push(Datagram { leg, to, bytes });
    }

    /// Notes that the system did not take a packet.
    pub(crate) const fn unsent(&mut self) {
        self.summary.unsent += 1;
        self.summary.sent = self.summary.sent.saturating_sub(1);
    }

    /// Says goodbye.
    pub(crate) fn close(mut self, now: Now, out: &mut Out) {
        #[cfg(test)]
        self.trip(Trip::Close);
        let farewell = self
            .leg
            .as_mut()
            .map(|leg| leg.farewell(now.us, now.wall_us));
        if let Some(farewell) = farewell {
            self.send_report(&farewell, out);
        }
        self.keep_stats();
        out.tell(self.id, LegEvent::Closed(Box::new(self.summary)));
    }
}

/// Loudness as RFC 6464 wants it: -127 to 0 dBov of the mean square.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    reason = "a frame has hundreds of samples, and the result is clamped"
)]
fn level_dbov(frame: &[i16]) -> i8 {
    let sum: f32 = frame.iter().map(|&s| f32::from(s) * f32::from(s)).sum();
    let mean = sum / frame.len().max(1) as f32;
    let db = 10.0 * (mean / (32_768.0 * 32_768.0)).max(1e-13).log10();
    db.round().clamp(-127.0, 0.0) as i8
}

fn sum(a: LegStats, b: LegStats) -> LegStats {
    let mut all = b;
    all.taken += a.taken;
    all.refused += a.refused;
    all.heard_us = b.heard_us.or(a.heard_us);
    all.playout.late += a.playout.late;
    all.playout.doubles += a.playout.doubles;
    all.playout.broken += a.playout.broken;
    all.playout.concealed += a.playout.concealed;
    all.playout.shortened += a.playout.shortened;
    all.playout.lengthened += a.playout.lengthened;
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loudness_is_told_as_packets_tell_it() {
        assert_eq!(level_dbov(&[0; 160]), -127);
        assert_eq!(level_dbov(&[i16::MIN; 160]), 0);
        assert_eq!(level_dbov(&[3_277; 160]), -20);
        assert_eq!(level_dbov(&[]), -127);
    }
}
