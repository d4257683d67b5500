//! Which source goes into which slot. Bindings are stable: nobody moves because somebody else came.

use crate::command::Mode;
use crate::event::SfuEvent;
use crate::ids::ParticipantKey;
use crate::room::Room;
use crate::shard::Outlet;
use crate::source::{SlotBinding, Source};
use crate::subscription::Slot;

impl Room {
    /// Binds sources to slots anew, tells every subscriber whose slots changed, and has layers
    /// chosen.
    pub(crate) fn rebind(&mut self, outlet: &mut Outlet) {
        let offered = self.offered_sources();
        let echo = self.mode == Mode::Echo;
        let room = self.key;
        for (key, person) in &mut self.people {
            let wanted: Vec<(ParticipantKey, Source)> = offered
                .iter()
                .filter(|(from, _)| person.grants.subscribe && (from == key) == echo)
                .copied()
                .collect();
            bind_slots(&mut person.slots, &wanted);
            let slots: Vec<SlotBinding> = person.slots.iter().filter_map(Slot::binding).collect();
            if person.told.as_ref() != Some(&slots) {
                person.told = Some(slots.clone());
                let (participant, connection) = (*key, person.connection);
                outlet.event(SfuEvent::Slots {
                    room,
                    participant,
                    connection,
                    slots,
                });
            }
        }
        self.replan = true;
    }

    /// Unbinds everything that came from a connection that is gone: what comes next under the same
    /// name is another stream.
    pub(crate) fn forget_source(&mut self, from: ParticipantKey) {
        for person in self.people.values_mut() {
            for slot in &mut person.slots {
                if slot.bound.is_some_and(|(source_of, _)| source_of == from) {
                    slot.switcher.restart();
                }
            }
        }
    }

    /// Sound, then cameras, then screens that are on. A microphone or camera keeps its slot while
    /// it is off, so that muting moves nobody.
    fn offered_sources(&self) -> Vec<(ParticipantKey, Source)> {
        let mut offered = Vec::new();
        for source in Source::ALL {
            for (key, person) in &self.people {
                let shown = person.grants.may_publish(source)
                    && (source != Source::Screen || person.on.screen);
                if shown && person.publication(source).is_some() {
                    offered.push((*key, source));
                }
            }
        }
        offered
    }
}

fn bind_slots(slots: &mut [Slot], wanted: &[(ParticipantKey, Source)]) {
    for slot in slots.iter_mut() {
        if slot.bound.is_some_and(|bound| !wanted.contains(&bound)) {
            slot.bind(None);
        }
    }
    for source in wanted {
        if slots.iter().any(|slot| slot.bound == Some(*source)) {
            continue;
        }
        let fits = |slot: &&mut Slot| slot.audio == source.1.is_audio();
        let free = slots
            .iter_mut()
            .filter(fits)
            .find(|slot| slot.bound.is_none());
        if let Some(slot) = free {
            slot.bind(Some(*source));
        } else if source.1 == Source::Camera {
            // A face goes before a screen until the client has offered one more slot.
            let screen = slots
                .iter_mut()
                .find(|slot| slot.bound.is_some_and(|(_, shown)| shown == Source::Screen));
            if let Some(slot) = screen {
                slot.bind(Some(*source));
            }
        }
    }
}
