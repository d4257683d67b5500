//! The oracles that look around from time to time, and at the end.

use sfu_core::Source;

use super::{AFTERWARDS_MS, Event, LOOK_MS, World};
use crate::client::Client;
use crate::oracle::{
    BOUND_MS, Fault, GRACE_MS, IsolationReceiver, IsolationSender, Violation, bound_ms,
};
use crate::person::{Person, index_of};
use crate::playout::Playout;
use crate::sabotage::Sabotage;
use crate::scenario::Action;
use crate::shards::Order;

/// A picture layer is sent within this many bits per second of sound, resends and feedback.
const BESIDE_BPS: u64 = 80_000;

impl Person {
    pub(super) fn receiver_truth(&self) -> IsolationReceiver<'_> {
        IsolationReceiver {
            room: self.plan.room,
            person: self.index,
            bound: &self.bound.entries,
            granted: &self.granted_at_shard.entries,
        }
    }

    pub(super) fn sender_truth(&self) -> IsolationSender<'_> {
        IsolationSender {
            room: self.plan.room,
            key: self.key,
            on: &self.on_at_shard.entries,
            granted: &self.granted_at_shard.entries,
            accepted: &self.accepted.entries,
        }
    }
}

impl World<'_> {
    pub(super) fn look(&mut self) -> Result<(), Box<Violation>> {
        self.ask_for_keyframes();
        self.count_time();
        if let Some((_, (index, _, _))) =
            self.asked.iter().find(|(_, (.., due))| *due < self.now_ms)
        {
            return Err(self.violation(*index, Fault::NoAnswer));
        }
        if !self.ended {
            let [two, more] = self.judge_viewers()?;
            let worst = &mut self.report.longest_wait_ms;
            *worst = (worst.0.max(two), worst.1.max(more));
        }
        if self.now_ms >= self.scenario.length_ms && !self.ended {
            self.end();
        }
        // Pages that grew while an offer was under way look again.
        for index in 0..u16::try_from(self.people.len()).unwrap_or(0) {
            if self.now_ms % 2_000 < LOOK_MS {
                self.grow(index);
            }
        }
        self.plan(self.now_ms + LOOK_MS, Event::Look);
        Ok(())
    }

    /// Counts the time of everybody who is connected and not alone: an empty room proves nothing.
    fn count_time(&mut self) {
        let connected =
            |person: &&Person| person.connected_at_shard_ms.is_some() && person.client.is_some();
        let rooms: Vec<u16> = self
            .people
            .iter()
            .filter(connected)
            .map(|p| p.plan.room)
            .collect();
        let company = |room: &u16| rooms.iter().filter(|other| *other == room).count() > 1;
        let together = rooms.iter().filter(|room| company(room)).count() as u64;
        self.report.connected_ms += LOOK_MS * together;
    }

    fn ask_for_keyframes(&mut self) {
        let (now_ms, now) = (self.now_ms, self.clock.at(self.now_ms));
        for person in &mut self.people {
            let Some(client) = &mut person.client else {
                continue;
            };
            let mut asked = false;
            for (slot, watched) in person.watched.iter_mut().enumerate() {
                if let Playout::Video(video) = &mut watched.playout
                    && video.asks(now_ms)
                {
                    client.request_keyframe(now, now_ms, slot);
                    asked = true;
                }
            }
            if asked {
                self.touched.push(person.index);
            }
        }
    }

    /// Answers for how long a picture of a camera was waited for at most, in rooms of two and larger ones.
    fn judge_viewers(&self) -> Result<[u64; 2], Box<Violation>> {
        let mut worst = [0; 2];
        for viewer in self.people.iter().filter(|person| person.present) {
            let Some(viewer_ms) = viewer.steady_since_ms() else {
                continue;
            };
            if self.now_ms < viewer_ms + GRACE_MS {
                continue;
            }
            for sender in self.people.iter().filter(|person| person.present) {
                let same = sender.plan.room == viewer.plan.room && sender.index != viewer.index;
                let Some(sender_ms) = sender.steady_since_ms().filter(|_| same) else {
                    continue;
                };
                let since_ms = viewer_ms
                    .max(sender_ms)
                    .max(sender.on_at_shard.since_ms())
                    .max(sender.granted_at_shard.since_ms())
                    .max(viewer.granted_at_shard.since_ms());
                for source in Source::ALL {
                    let (people, gap_ms) = self
                        .judge_pair(viewer, sender, source, since_ms)
                        .map_err(|fault| self.violation(viewer.index, fault))?;
                    if source == Source::Camera {
                        let [two, more] = &mut worst;
                        let worst = if people > 2 { more } else { two };
                        *worst = gap_ms.max(*worst);
                    }
                }
            }
        }
        Ok(worst)
    }

    /// Answers how many people are in the room and for how long nothing was seen or heard.
    fn judge_pair(
        &self,
        viewer: &Person,
        sender: &Person,
        source: Source,
        since_ms: u64,
    ) -> Result<(usize, u64), Fault> {
        let on = sender
            .on_at_shard
            .now()
            .is_some_and(|on| on.contains(source));
        let sends = sender
            .granted_at_shard
            .now()
            .is_some_and(|of| of.may_publish(source));
        let hears = viewer.granted_at_shard.now().is_some_and(|of| of.subscribe);
        let granted = sends && hears;
        if !on || !granted || (source == Source::Screen && !sender.plan.screen) {
            return Ok((0, 0));
        }
        let (from, source_kind) = (sender.index, source);
        let slots = viewer.bound.now().map_or(&[][..], Vec::as_slice);
        let is_bound = |key, of| {
            slots
                .iter()
                .any(|slot| slot.participant == key && slot.source == of)
        };
        let kind = |audio| {
            viewer.client.as_ref().map_or(0, |c| {
                c.slots.iter().filter(|line| line.audio == audio).count()
            })
        };
        let used = slots
            .iter()
            .filter(|s| s.source.is_audio() == source.is_audio())
            .count();
        if !is_bound(sender.key, source) {
            // Slots that are being offered are not there yet.
            let grows = viewer.client.as_ref().is_some_and(Client::is_offering);
            return if !grows && self.now_ms >= since_ms + GRACE_MS && used < kind(source.is_audio())
            {
                Err(Fault::NotSeen { from, source_kind })
            } else {
                Ok((0, 0))
            };
        }
        let since_ms = since_ms
            .max(viewer.viewed_since_ms)
            .max(viewer.bound.since_ms());
        let hidden = !source.is_audio() && viewer.view_px == 0;
        if hidden || self.now_ms < since_ms + GRACE_MS || !self.carries(viewer, sender) {
            return Ok((0, 0));
        }
        let seen = viewer
            .last_seen
            .get(usize::from(from))
            .and_then(|seen| seen.get(index_of(source)).copied().flatten());
        let last_ms = seen.unwrap_or(0).max(since_ms + GRACE_MS - BOUND_MS);
        let gap_ms = self.now_ms.saturating_sub(last_ms);
        let here = |person: &&Person| person.present && person.plan.room == viewer.plan.room;
        let people = self.people.iter().filter(here).count();
        if gap_ms > bound_ms(source, people, self.scenario.profile.camera_fps) {
            return Err(Fault::Frozen {
                from,
                source_kind,
                gap_ms,
            });
        }
        Ok((people, gap_ms))
    }

    /// Whether both networks carry what everybody in the room sends at least.
    fn carries(&self, viewer: &Person, sender: &Person) -> bool {
        let rates = self.scenario.profile.layers_bps;
        let of = |person: &Person| {
            let [low, middle, _] = rates;
            BESIDE_BPS + if person.plan.simulcast { low } else { middle }
        };
        let screen = |person: &Person| if person.on.screen { 300_000 } else { 0 };
        let down: u64 = self
            .people
            .iter()
            .filter(|person| person.plan.room == viewer.plan.room && person.present)
            .map(|person| of(person) + screen(person))
            .sum();
        sender
            .up
            .conditions
            .carries((of(sender) + screen(sender)) * 2)
            && sender.down.conditions.carries(300_000)
            && viewer.up.conditions.carries(100_000)
            && viewer.down.conditions.carries(down * 2)
    }

    /// The call is over: every second person says goodbye, the others are just gone.
    fn end(&mut self) {
        self.note_what_was_served();
        for index in 0..u16::try_from(self.people.len()).unwrap_or(0) {
            let polite = index % 2 == 0;
            if polite && let Some(caller) = self.person(index).map(Person::caller) {
                self.plan(
                    self.now_ms + 1,
                    Event::Order(Box::new(Order::Disconnect(caller))),
                );
            }
            self.act(index, Action::Vanish);
        }
        self.ended = true;
    }

    fn note_what_was_served(&mut self) {
        let differs =
            self.sabotage == Sabotage::ServeDifferently && self.shards.counters().count() > 1;
        for viewer in &self.people {
            for watched in &viewer.watched {
                match &watched.playout {
                    Playout::Video(video) => {
                        self.report.frames += video.frames;
                        self.report.longest_gap_ms =
                            self.report.longest_gap_ms.max(video.longest_gap_ms);
                    }
                    Playout::Audio(audio) => {
                        self.report.speech.0 += audio.expected;
                        self.report.speech.1 += audio.concealed;
                    }
                }
            }
            for (sender, counts) in (0_u16..).zip(&viewer.frames_seen) {
                for source in Source::ALL {
                    let count = counts.get(index_of(source)).copied().unwrap_or(0);
                    if count > 0 && !(differs && sender == 1) {
                        self.report.served.insert((viewer.index, sender, source));
                    }
                }
            }
        }
    }

    pub(super) fn judge_end(&mut self) -> Result<(), Box<Violation>> {
        debug_assert!(self.now_ms <= self.scenario.length_ms + AFTERWARDS_MS);
        let (mut rooms, mut connections, timer) = self.shards.remembered();
        if self.sabotage == Sabotage::LeaveBehind {
            (rooms, connections) = (rooms + 1, connections + 1);
        }
        if rooms + connections > 0 || timer {
            return Err(self.violation(
                0,
                Fault::Remembered {
                    rooms,
                    connections,
                    timer,
                },
            ));
        }
        let panics: u64 = self
            .shards
            .counters()
            .map(|counters| counters.peer_panics)
            .sum();
        if panics > 0 || self.sabotage == Sabotage::Panic {
            return Err(self.violation(0, Fault::Panicked));
        }
        Ok(())
    }
}
