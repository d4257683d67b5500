//! What a room is told about one person, and how it forgets somebody.

use std::time::Instant;

use crate::event::{DisconnectCause, SfuEvent};
use crate::grants::Grants;
use crate::ids::ParticipantKey;
use crate::room::Room;
use crate::shard::Outlet;
use crate::source::{SlotView, SourceSet};

impl Room {
    pub(crate) fn set_sources(
        &mut self,
        now: Instant,
        key: ParticipantKey,
        on: SourceSet,
        outlet: &mut Outlet,
    ) {
        let Some(person) = self.people.get_mut(&key) else {
            return;
        };
        if person.on != on {
            person.on = on;
            person.hush();
            person.forget_pictures();
            self.replan = true;
            self.announce(now, outlet);
        }
    }

    pub(crate) fn set_grants(
        &mut self,
        now: Instant,
        key: ParticipantKey,
        grants: Grants,
        outlet: &mut Outlet,
    ) {
        let Some(person) = self.people.get_mut(&key) else {
            return;
        };
        if person.grants != grants {
            if grants.subscribe && !person.grants.subscribe {
                person.granted_since = Some(now);
            }
            person.grants = grants;
            person.hush();
            person.forget_pictures();
            self.replan = true;
            self.announce(now, outlet);
        }
    }

    pub(crate) fn set_view(
        &mut self,
        now: Instant,
        key: ParticipantKey,
        (views, pinned): (&[SlotView], Option<ParticipantKey>),
        outlet: &mut Outlet,
    ) {
        let Some(person) = self.people.get_mut(&key) else {
            return;
        };
        let repinned = core::mem::replace(&mut person.pinned, pinned) != pinned;
        for view in views {
            if let Some(slot) = person.slots.iter_mut().find(|slot| slot.name == view.mid) {
                if view.height_px > slot.view_height_px {
                    slot.turn.refresh();
                }
                slot.view_height_px = view.height_px;
            }
        }
        person.plan_due = true;
        self.replan_some = true;
        self.rebind_due |= repinned && self.crowded;
        self.pump(now, outlet);
    }

    /// Forgets everybody whose connection has ended; answers whether there was anybody.
    pub(crate) fn reap(&mut self, outlet: &mut Outlet) -> bool {
        let dead: Vec<ParticipantKey> = self
            .people
            .iter()
            .filter(|(_, person)| person.death.is_some() || !person.peer.is_alive())
            .map(|(key, _)| *key)
            .collect();
        for key in &dead {
            let Some(person) = self.people.remove(key) else {
                continue;
            };
            outlet.demux.release(&person.claim, person.connection);
            let (room, participant, connection) = (self.key, *key, person.connection);
            let event = if person.peer.has_panicked() {
                outlet.counters.peer_panics += 1;
                tracing::error!(%room, "the engine of one connection panicked; it was dropped");
                SfuEvent::PeerFailed {
                    room,
                    participant,
                    connection,
                }
            } else {
                let cause = person.death.unwrap_or(DisconnectCause::EngineError);
                SfuEvent::Disconnected {
                    room,
                    participant,
                    connection,
                    cause,
                }
            };
            outlet.event(event);
        }
        !dead.is_empty()
    }

    /// Drops a connection on command: the client is told goodbye, the signaling side knows.
    pub(crate) fn drop_person(&mut self, now: Instant, key: ParticipantKey, outlet: &mut Outlet) {
        self.work(key, outlet, |peer, drained| {
            peer.close(now, drained);
            Ok(())
        });
        self.pending.retain(|(from, _)| *from != key);
        if let Some(person) = self.people.remove(&key) {
            outlet.demux.release(&person.claim, person.connection);
            self.left(key, &person, outlet);
            self.forget_source(key);
        }
    }
}
