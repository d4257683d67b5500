//! What people do, what signaling carries, and what the server says.

use std::net::SocketAddr;

use sfu_core::{ConnectError, DisconnectCause, Grants, SlotView, Source, SourceSet, WantedSource};

use super::{Event, Leaving, Told, World, describe};
use crate::client::Client;
use crate::oracle::{Fault, Violation};
use crate::person::Person;
use crate::sabotage::Sabotage;
use crate::scenario::Action;
use crate::shards::{Caller, Order, Said};

/// Slots of each kind in a first offer.
const SLOTS_FIRST: usize = 2;
/// The same in consultations, which are mostly of two: whoever comes third lets pages offer again.
const SLOTS_FIRST_FEW: usize = 1;
/// Slots of each kind that fit beside three sources into the m-lines of one connection.
const SLOTS_MAX: usize = 14;
/// An offer must be answered in the same batch.
const ANSWER_MS: u64 = 10;
/// A page that was dropped waits this long before it comes back.
const COMES_BACK_MS: u64 = 500;
/// A client on a network that was good for this long is not silent.
const SILENT_MS: u64 = 16_000;

impl World<'_> {
    pub(super) fn act(&mut self, index: u16, action: Action) {
        let now_ms = self.now_ms;
        match action {
            Action::Join => {
                let absent = self.person(index).is_some_and(|person| !person.present);
                if absent {
                    self.join(index);
                }
            }
            Action::Reload => {
                if self.person(index).is_some_and(|person| person.present) {
                    self.join(index);
                }
            }
            Action::Leave => {
                if let Some(caller) = self.person(index).filter(|p| p.present).map(|p| p.caller()) {
                    self.order(index, Order::Disconnect(caller));
                }
                self.vanish(index);
            }
            Action::Vanish => self.vanish(index),
            Action::Sources(on) => {
                let Some(person) = self.person_mut(index) else {
                    return;
                };
                person.on = SourceSet {
                    screen: on.screen && person.plan.screen,
                    ..on
                };
                let (caller, on) = (person.caller(), person.on);
                if person.present {
                    self.order(index, Order::SetSources(caller, on));
                }
            }
            Action::Grants(grants) => {
                let Some(person) = self.person_mut(index) else {
                    return;
                };
                person.grants = grants;
                let caller = person.caller();
                if person.present {
                    self.order(index, Order::SetGrants(caller, grants));
                }
            }
            Action::View(height_px) => self.view(index, height_px),
            Action::Access(access) => {
                if let Some(person) = self.person_mut(index) {
                    let (up, down) = access.conditions();
                    person.up.change(now_ms, up);
                    person.down.change(now_ms, down);
                }
            }
            Action::Outage { for_ms } => {
                if let Some(person) = self.person_mut(index) {
                    person.up.cut(now_ms, for_ms);
                    person.down.cut(now_ms, for_ms);
                }
            }
            Action::Rebind { stolen_from } => self.rebind(index, stolen_from),
            Action::Restart => self.restart(index),
            Action::CloseRoom => self.close_room(index),
        }
    }

    /// A new page for somebody who had none, or instead of the one they had.
    pub(super) fn join(&mut self, index: u16) {
        let outer = self.fresh_address();
        self.move_to(index, outer);
        let (clock, now_ms) = (self.clock, self.now_ms);
        let profile = self.scenario.profile;
        let slots = if profile.in_turn {
            SLOTS_FIRST_FEW
        } else {
            SLOTS_FIRST
        };
        let page = (slots, profile.estimates);
        let Some(person) = self.person_mut(index) else {
            return;
        };
        person.close();
        person.present = true;
        person.connected_at_shard_ms = None;
        let Some(offer_sdp) = person.open(&clock, now_ms, page) else {
            return;
        };
        self.ask(index, offer_sdp);
        self.touch(index);
    }

    fn ask(&mut self, index: u16, offer_sdp: String) {
        self.numbers = self.numbers.saturating_add(1);
        let id = self.numbers;
        let Some(person) = self.person(index) else {
            return;
        };
        let Some(client) = &person.client else {
            return;
        };
        let order = Order::Connect {
            id,
            caller: person.caller(),
            offer_sdp,
            sources: client.sources.clone(),
            on: person.on,
            grants: person.grants,
        };
        let due_ms = self.now_ms + person.plan.signaling_ms + ANSWER_MS;
        self.asked.insert(id, (index, person.generation, due_ms));
        self.order(index, order);
    }

    fn order(&mut self, index: u16, order: Order) {
        if let Some(person) = self.person(index) {
            let at_ms = self.now_ms + person.plan.signaling_ms;
            self.plan(at_ms, Event::Order(Box::new(order)));
        }
    }

    pub(super) fn vanish(&mut self, index: u16) {
        if let Some(person) = self.person_mut(index) {
            person.present = false;
            person.close();
        }
    }

    fn view(&mut self, index: u16, height_px: u16) {
        let now_ms = self.now_ms;
        let Some(person) = self.person_mut(index) else {
            return;
        };
        if person.view_px == 0 && height_px > 0 {
            person.viewed_since_ms = now_ms;
        }
        person.view_px = height_px;
        let Some(client) = &person.client else {
            return;
        };
        let views: Vec<SlotView> = client
            .slots
            .iter()
            .filter(|line| !line.audio)
            .map(|line| SlotView {
                mid: line.mid.to_string(),
                height_px,
            })
            .collect();
        let order = Order::SetView(person.caller(), views);
        self.order(index, order);
    }

    fn fresh_address(&mut self) -> SocketAddr {
        self.ports += 1;
        let [_, a, b, c] = self.ports.to_be_bytes();
        SocketAddr::from(([10, a, b, c], 40_000))
    }

    fn move_to(&mut self, index: u16, outer: SocketAddr) {
        self.owners.insert(outer, index);
        if let Some(person) = self.person_mut(index) {
            person.outer = outer;
        }
    }

    fn rebind(&mut self, index: u16, stolen_from: Option<u16>) {
        let fresh = self.fresh_address();
        // Only an address that its owner has left can be given to somebody else.
        let stolen = stolen_from
            .filter(|owner| *owner != index)
            .and_then(|owner| self.person(owner))
            .map(|owner| (owner.index, owner.outer));
        let outer = match stolen {
            Some((owner, outer)) => {
                let next = self.fresh_address();
                self.move_to(owner, next);
                let now_ms = self.now_ms;
                if let Some(owner) = self.person_mut(owner) {
                    owner.moved_ms = now_ms;
                }
                outer
            }
            None => fresh,
        };
        self.move_to(index, outer);
        let now_ms = self.now_ms;
        if let Some(person) = self.person_mut(index) {
            person.moved_ms = now_ms;
        }
    }

    fn restart(&mut self, index: u16) {
        let now_ms = self.now_ms;
        let Some(person) = self.person_mut(index) else {
            return;
        };
        let Some(offer) = person.client.as_mut().and_then(Client::offer_restart) else {
            return;
        };
        person.moved_ms = now_ms;
        self.ask(index, offer);
        self.touch(index);
    }

    fn close_room(&mut self, index: u16) {
        let Some((room, number)) = self.person(index).map(|p| (p.room, p.plan.room)) else {
            return;
        };
        self.order(index, Order::CloseRoom(room));
        for person in &mut self.people {
            if person.plan.room == number {
                person.present = false;
            }
        }
    }

    /// Offers more slots when more people are there than the page has slots for.
    pub(super) fn grow(&mut self, index: u16) {
        let Some(person) = self.person(index) else {
            return;
        };
        let room = person.plan.room;
        let others = self
            .people
            .iter()
            .filter(|other| other.present && other.plan.room == room && other.index != index)
            .count();
        let screens = self
            .people
            .iter()
            .filter(|o| o.plan.room == room && o.on.screen)
            .count();
        let Some(person) = self.person_mut(index) else {
            return;
        };
        let Some(client) = &mut person.client else {
            return;
        };
        let have = |audio| {
            client
                .slots
                .iter()
                .filter(|line| line.audio == audio)
                .count()
        };
        let more = |wanted: usize, audio| wanted.min(SLOTS_MAX).saturating_sub(have(audio));
        let (audio, video) = (more(others, true), more(others + screens, false));
        if audio + video == 0 {
            return;
        }
        let Some(offer) = client.offer_more(audio, video) else {
            return;
        };
        person.watch();
        self.ask(index, offer);
        self.touch(index);
    }

    pub(super) fn note_order(&mut self, order: &Order) {
        let now_ms = self.now_ms;
        match order {
            Order::SetSources(caller, on) => {
                let (caller, on) = (*caller, *on);
                if self.sabotage == Sabotage::ForgetUnmutes && on != SourceSet::NONE {
                    return;
                }
                if let Some(person) = self.find(&caller) {
                    person.on_at_shard.note(now_ms, on);
                }
            }
            Order::Disconnect(caller) => {
                let caller = *caller;
                if let Some(person) = self.find(&caller) {
                    person.connected_at_shard_ms = None;
                }
            }
            Order::CloseRoom(room) => {
                for person in self.people.iter_mut().filter(|person| person.room == *room) {
                    person.connected_at_shard_ms = None;
                }
            }
            // What the offer carries holds, whatever the page has switched since.
            Order::Connect {
                caller, on, grants, ..
            } => {
                let (caller, on, grants) = (*caller, *on, *grants);
                if let Some(person) = self.find(&caller) {
                    person.on_at_shard.note(now_ms, on);
                    person.granted_at_shard.note(now_ms, grants);
                }
            }
            Order::SetGrants(caller, grants) => {
                let (caller, grants) = (*caller, *grants);
                if self.sabotage == Sabotage::ForgetGrants && grants == Grants::ALL {
                    return;
                }
                if let Some(person) = self.find(&caller) {
                    person.granted_at_shard.note(now_ms, grants);
                }
            }
            Order::SetView(..) => {}
        }
    }

    fn find(&mut self, caller: &Caller) -> Option<&mut Person> {
        self.people
            .iter_mut()
            .find(|person| person.room == caller.room && person.key == caller.participant)
    }

    /// The server says something.
    pub(super) fn hear(&mut self, said: Said) -> Result<(), Box<Violation>> {
        let now_ms = self.now_ms;
        match said {
            Said::Transmit { from, to, contents } => {
                if let Some(owner) = self.owners.get(&to) {
                    self.leaving.push(Leaving {
                        person: *owner,
                        packet: describe(&contents),
                        from,
                        to,
                        bytes: contents,
                    });
                }
                Ok(())
            }
            Said::Connected(caller) => {
                if let Some(person) = self.find(&caller)
                    && person.caller() == caller
                {
                    person.connected_at_shard_ms = Some(now_ms);
                }
                Ok(())
            }
            Said::Disconnected(caller, cause) => self.hear_disconnected(caller, cause),
            Said::Failed(caller) => {
                let index = self.find(&caller).map_or(0, |person| person.index);
                Err(self.violation(index, Fault::Panicked))
            }
            Said::Slots(caller, slots) => {
                if self.sabotage != Sabotage::ForgetSlots
                    && let Some(person) = self.find(&caller)
                {
                    person.bound.note(now_ms, slots);
                }
                Ok(())
            }
            Said::Wanted(caller, sources) => {
                self.hear_wanted(&caller, sources);
                Ok(())
            }
            Said::Answer { id, answer } => self.hear_answer(id, answer),
            Said::Other => Ok(()),
        }
    }

    /// Pages that obey are told what is watched.
    fn hear_wanted(&mut self, caller: &Caller, sources: Vec<WantedSource>) {
        let obeys = |person: &&mut Person| person.plan.obeys && person.caller() == *caller;
        let Some(person) = self.find(caller).filter(obeys) else {
            return;
        };
        let (index, generation) = (person.index, person.generation);
        self.tell(index, generation, Told::Wanted(sources));
    }

    fn hear_answer(
        &mut self,
        id: u64,
        answer: Result<String, ConnectError>,
    ) -> Result<(), Box<Violation>> {
        let now_ms = self.now_ms;
        let Some((index, generation, _)) = self.asked.remove(&id) else {
            return Ok(());
        };
        let told = match answer {
            Ok(answer) => {
                if let Some(person) = self.person_mut(index) {
                    person.accepted.note(now_ms, generation);
                }
                Told::Answer(answer)
            }
            Err(ConnectError::RoomFull) => {
                self.report.refused += 1;
                Told::Refused
            }
            Err(error) => {
                let why = error.to_string();
                return Err(self.violation(index, Fault::Refused { why }));
            }
        };
        self.tell(index, generation, told);
        Ok(())
    }

    fn tell(&mut self, index: u16, generation: u16, told: Told) {
        if let Some(person) = self.person(index) {
            let at_ms = self.now_ms + person.plan.signaling_ms;
            self.plan(at_ms, Event::Told(index, generation, told));
        }
    }

    fn hear_disconnected(
        &mut self,
        caller: Caller,
        cause: DisconnectCause,
    ) -> Result<(), Box<Violation>> {
        let now_ms = self.now_ms;
        let Some(person) = self.find(&caller) else {
            return Ok(());
        };
        if person.caller() != caller {
            return Ok(());
        }
        let index = person.index;
        let generation = person.generation;
        let steady_ms = person
            .up
            .steady_since_ms
            .max(person.down.steady_since_ms)
            .max(person.moved_ms)
            .max(person.accepted.since_ms());
        let healthy = person.client.as_ref().is_some_and(|client| !client.closed)
            && person.up.conditions.carries(0)
            && person.down.conditions.carries(300_000);
        person.connected_at_shard_ms = None;
        let patience_ms = match cause {
            DisconnectCause::ConsentLost => SILENT_MS,
            DisconnectCause::NeverConnected => 31_000,
            DisconnectCause::ClosedByPeer | DisconnectCause::EngineError => 0,
        };
        if healthy && now_ms.saturating_sub(steady_ms) > patience_ms {
            return Err(self.violation(index, Fault::Dropped { cause }));
        }
        self.tell(index, generation, Told::Gone);
        Ok(())
    }

    /// Signaling reaches a page.
    pub(super) fn told(
        &mut self,
        index: u16,
        generation: u16,
        told: Told,
    ) -> Result<(), Box<Violation>> {
        let now_ms = self.now_ms;
        let lets_sleep = self.sabotage == Sabotage::LetSleep;
        let wish_bps = self.scenario.profile.layers_bps.iter().sum::<u64>() * 6 / 5;
        let Some(person) = self.person_mut(index) else {
            return Ok(());
        };
        if person.generation != generation {
            return Ok(());
        }
        match told {
            Told::Answer(answer) => {
                let Some(client) = &mut person.client else {
                    return Ok(());
                };
                let first = client.connected_ms.is_none();
                if !client.accept(now_ms, &answer) {
                    return Err(self.violation(index, Fault::BadAnswer));
                }
                if first {
                    client.wish_bps(now_ms, wish_bps);
                    let screen = person.plan.screen;
                    for source in Source::ALL {
                        if source != Source::Screen || screen {
                            self.plan(now_ms, Event::Publish(index, generation, source));
                        }
                    }
                } else if let Some(view_px) = self.person(index).map(|p| p.view_px) {
                    self.view(index, view_px);
                }
                self.touch(index);
                self.roster_changed(index);
            }
            Told::Wanted(sources) => {
                let awake = |told: &[WantedSource]| {
                    told.iter()
                        .flat_map(|of| &of.encodings)
                        .filter(|on| **on)
                        .count()
                };
                let before = person.wanted.as_deref();
                let wakes = before.is_some_and(|before| awake(&sources) > awake(before));
                if !wakes || !lets_sleep {
                    person.wanted = Some(sources);
                }
            }
            Told::Refused => self.vanish(index),
            Told::Gone => {
                person.close();
                if person.present {
                    self.plan(now_ms + COMES_BACK_MS, Event::Rejoin(index, generation));
                }
            }
        }
        Ok(())
    }

    /// Everybody in the room sees whether their slots are enough.
    fn roster_changed(&mut self, index: u16) {
        let Some(room) = self.person(index).map(|person| person.plan.room) else {
            return;
        };
        let all: Vec<(u16, u64)> = self
            .people
            .iter()
            .filter(|person| person.plan.room == room && person.present)
            .map(|person| (person.index, person.plan.signaling_ms))
            .collect();
        for (person, after_ms) in all {
            self.plan(self.now_ms + after_ms, Event::Grow(person));
        }
    }
}
