//! All telephones and the rooms that they are in: a machine without socket and clock.
//!
//! Its driver gives it datagrams, orders and what rooms tell, and calls [`Switchboard::tick`] every
//! 20 ms. What it wants of the media server it asks through [`Rooms`]; what leaves it is in [`Out`].

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use sfu_net::{
    ParticipantKey, PhoneEvent, PhoneKey, PhonePacket, RoomKey, SeatError, SeatRequest, Unseatable,
};

use crate::hall::{Hall, RATES};
use crate::handle::LegId;
use crate::line::{Line, Moved};
use crate::order::{LegEvent, LegOrder, Unseated};

/// Seats of calls that are over and that a busy room was not told of yet. More than these are
/// given up; the signaling side ends what it knows of.
const LEAVING_MAX: usize = 4096;

/// The time, by both clocks, in microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Now {
    /// Since the start; never goes back.
    pub(crate) us: i64,
    /// Since 1970, for reports.
    pub(crate) wall_us: i64,
}

/// A packet to a telephone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Datagram {
    pub(crate) leg: LegId,
    pub(crate) to: SocketAddr,
    pub(crate) bytes: Vec<u8>,
}

/// What the driver has to do. It empties it after every call.
#[derive(Debug, Default)]
pub(crate) struct Out {
    pub(crate) datagrams: Vec<Datagram>,
    pub(crate) events: Vec<(LegId, LegEvent)>,
    /// Lines that were closed because of a fault in their sound.
    pub(crate) failed: Vec<LegId>,
    /// Speakers who were forgotten because of a fault in their sound.
    pub(crate) unheard: u64,
}

/// Runs what works on the sound of one line or one speaker. A panic in there costs that one alone:
/// `None`, and what was worked on is forgotten, whatever state it was left in.
pub(crate) fn guarded<R>(work: impl FnOnce() -> R) -> Option<R> {
    catch_unwind(AssertUnwindSafe(work)).ok()
}

impl Out {
    pub(crate) fn tell(&mut self, leg: LegId, event: LegEvent) {
        self.events.push((leg, event));
    }
}

/// The media server, which never makes anybody wait.
pub(crate) trait Rooms {
    fn seat(&mut self, request: SeatRequest) -> Result<(), Unseatable>;
    fn unseat(&mut self, phone: PhoneKey) -> Result<(), Unseatable>;
    /// `false`: there is no room for it.
    fn speak(&mut self, packet: PhonePacket) -> bool;
}

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Switchboard {
    lines: BTreeMap<LegId, Line>,
    halls: BTreeMap<RoomKey, Hall>,
    leaving: Vec<PhoneKey>,
    /// Lines with a fault, until they are closed with the next tick. Nobody touches them any more.
    faulty: BTreeSet<LegId>,
}

impl Switchboard {
    pub(crate) fn open(&mut self, now: Now, leg: LegId, seed: u64) {
        self.lines.insert(leg, Line::new(leg, seed, now.us));
    }

    pub(crate) fn is_open(&self, leg: LegId) -> bool {
        self.lines.contains_key(&leg)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.lines.is_empty() && self.leaving.is_empty()
    }

    pub(crate) fn order(&mut self, now: Now, leg: LegId, order: LegOrder, out: &mut Out) {
        if matches!(order, LegOrder::Close) {
            return self.close(now, leg, out);
        }
        self.on_line(leg, |line| match order {
            LegOrder::Agree(agreed) => {
                if let Err(why) = line.agree(now.us, *agreed) {
                    out.tell(leg, LegEvent::NotAgreed(why));
                }
            }
            LegOrder::Flow(flow) => line.set_flow(now.us, flow),
            LegOrder::Play(playing) => line.play(playing),
            LegOrder::Stop => line.stop(),
            LegOrder::Press(digit) => line.press(digit),
            LegOrder::Join(seat) => line.join(Some(*seat)),
            LegOrder::Leave => line.join(None),
            LegOrder::Mute(muted) => line.mute(muted),
            LegOrder::Close => {}
        });
    }

    /// Does something with a line that has no fault, and notes when that gives it one.
    fn on_line(&mut self, leg: LegId, work: impl FnOnce(&mut Line)) {
        if self.faulty.contains(&leg) {
            return;
        }
        let Some(line) = self.lines.get_mut(&leg) else {
            return;
        };
        if guarded(|| work(line)).is_none() {
            self.faulty.insert(leg);
        }
    }

    /// Ends the calls of lines with a fault: whoever drives them is told as of any other end.
    fn end_faulty(&mut self, out: &mut Out) {
        for leg in core::mem::take(&mut self.faulty) {
            let Some(line) = self.lines.remove(&leg) else {
                continue;
            };
            let (place, summary) = (line.place(), line.summary());
            // What is broken may break once more when it is let go of.
            guarded(|| drop(line));
            out.tell(leg, LegEvent::Closed(Box::new(summary)));
            out.failed.push(leg);
            if let Some(place) = place {
                self.give_up(leg, place);
            }
        }
    }

    /// Forgets a line; its seat is given up with the next tick.
    pub(crate) fn close(&mut self, now: Now, leg: LegId, out: &mut Out) {
        let Some(line) = self.lines.remove(&leg) else {
            return;
        };
        let place = line.place();
        if guarded(|| line.close(now, out)).is_none() {
            out.failed.push(leg);
        }
        if let Some(place) = place {
            self.give_up(leg, place);
        }
    }

    fn give_up(&mut self, leg: LegId, place: PhoneKey) {
        self.leave(leg, place.room);
        if self.leaving.len() < LEAVING_MAX {
            self.leaving.push(place);
        } else {
            tracing::error!("a telephone's seat could not be given up");
        }
    }

    pub(crate) fn datagram(&mut self, now: Now, leg: LegId, from: SocketAddr, bytes: &[u8]) {
        self.on_line(leg, |line| line.datagram(now.us, from, bytes));
    }

    pub(crate) fn unsent(&mut self, leg: LegId) {
        if let Some(line) = self.lines.get_mut(&leg) {
            line.unsent();
        }
    }

    /// Takes what a room tells. `at_us`: when the sound came, if it is sound.
    pub(crate) fn hear_room(&mut self, at_us: i64, event: PhoneEvent, out: &mut Out) {
        match event {
            PhoneEvent::Sound {
                room,
                from,
                timestamp,
                payload,
                ..
            } => self.sound(at_us, (room, from), (timestamp, &payload), out),
            PhoneEvent::Seated(phone) => {
                if let Some((_, line)) = self.line_at(phone) {
                    line.seated(out);
                }
            }
            PhoneEvent::Refused(phone, why) => {
                let why = match why {
                    SeatError::RoomFull | SeatError::ServerFull => Unseated::Full,
                    SeatError::ModeMismatch => Unseated::WrongRoom,
                };
                self.unseated(phone, why, out);
            }
            PhoneEvent::Unseated(phone) => self.unseated(phone, Unseated::Dropped, out),
            PhoneEvent::Rights {
                phone,
                is_heard,
                hears,
            } => {
                if let Some((_, line)) = self.line_at(phone) {
                    line.set_rights(is_heard, hears);
                }
            }
        }
    }

    fn sound(
        &mut self,
        at_us: i64,
        (room, from): (RoomKey, ParticipantKey),
        packet: (u32, &Arc<[u8]>),
        out: &mut Out,
    ) {
        if let Some(hall) = self.halls.get_mut(&room)
            && guarded(|| hall.sound(at_us, from, packet)).is_none()
        {
            hall.forget(from);
            out.unheard += 1;
        }
    }

    fn unseated(&mut self, phone: PhoneKey, why: Unseated, out: &mut Out) {
        if let Some((leg, line)) = self.line_at(phone) {
            line.unseated(why, out);
            self.leave(leg, phone.room);
        }
    }

    fn line_at(&mut self, phone: PhoneKey) -> Option<(LegId, &mut Line)> {
        let hall = self.halls.get(&phone.room)?;
        let sits = |leg: &&LegId| {
            let line = self.lines.get(*leg);
            line.and_then(Line::place) == Some(phone)
        };
        let leg = *hall.lines.iter().find(sits)?;
        Some((leg, self.lines.get_mut(&leg)?))
    }

    fn leave(&mut self, leg: LegId, room: RoomKey) {
        if let Some(hall) = self.halls.get_mut(&room) {
            hall.leave(leg);
            if hall.lines.is_empty() {
                self.halls.remove(&room);
            }
        }
    }

    /// Every 20 ms: everybody says and hears a frame.
    pub(crate) fn tick(&mut self, now: Now, rooms: &mut dyn Rooms, out: &mut Out) {
        self.leaving
            .retain(|phone| rooms.unseat(*phone) == Err(Unseatable::Busy));
        self.sit(rooms, out);
        out.unheard += self.begin(now.us);
        let Self {
            lines,
            halls,
            faulty,
            ..
        } = self;
        for (leg, line) in lines.iter_mut() {
            if faulty.contains(leg) {
                continue;
            }
            let heard = guarded(|| {
                let frame = line.hear(now, rooms, out);
                let hall = line.place().and_then(|at| halls.get_mut(&at.room));
                if let (Some(frame), Some(rate), Some(hall)) = (frame, line.rate(), hall) {
                    hall.say(*leg, (rate, &frame), line.converter());
                }
            });
            if heard.is_none() {
                faulty.insert(*leg);
            }
        }
        for (leg, line) in lines.iter_mut() {
            if faulty.contains(leg) {
                continue;
            }
            let said = guarded(|| {
                let hall = line.place().and_then(|at| halls.get_mut(&at.room));
                let heard = match (hall, line.rate()) {
                    (Some(hall), Some(rate)) if line.listens() => Some(hall.heard_by(*leg, rate)),
                    _ => None,
                };
                line.say(now, heard, out);
            });
            if said.is_none() {
                faulty.insert(*leg);
            }
        }
        self.end_faulty(out);
    }

    fn sit(&mut self, rooms: &mut dyn Rooms, out: &mut Out) {
        let mut moves: Vec<(LegId, Moved)> = Vec::new();
        for (leg, line) in &mut self.lines {
            // One to leave a room and one to enter the next.
            for _ in 0..2 {
                moves.extend(line.sit(rooms, out).map(|moved| (*leg, moved)));
            }
        }
        for (leg, Moved { from, to }) in moves {
            if let Some(from) = from {
                self.leave(leg, from.room);
            }
            if let Some(to) = to {
                self.halls.entry(to.room).or_default().lines.insert(leg);
            }
        }
    }

    /// Answers how many speakers were forgotten because of a fault.
    fn begin(&mut self, now_us: i64) -> u64 {
        let mut unheard = 0;
        for hall in self.halls.values_mut() {
            let listening = hall.lines.iter().filter_map(|leg| self.lines.get(leg));
            let mut needed = [false; 2];
            for line in listening.filter(|line| line.listens()) {
                for (needed, rate) in needed.iter_mut().zip(RATES) {
                    *needed |= line.rate() == Some(rate);
                }
            }
            unheard += hall.begin(now_us, needed);
        }
        unheard
    }

    #[cfg(test)]
    pub(crate) fn break_line(&mut self, leg: LegId, at: crate::line::Trip) {
        if let Some(line) = self.lines.get_mut(&leg) {
            line.break_at(at);
        }
    }

    #[cfg(test)]
    pub(crate) fn break_speakers(&mut self, broken: fn() -> Box<dyn sfu_phone::Speech>) {
        for hall in self.halls.values_mut() {
            hall.break_speakers(broken);
        }
    }
}
