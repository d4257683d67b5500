//! Media connections that outlived the room that knew them.
//!
//! When signaling fails or restarts, the media server goes on. Whoever comes back with a ticket and
//! names the connection that their page still has gets it back; what nobody claims in time is
//! dropped, as are connections of people who are not in the visit any more.

use std::collections::BTreeMap;

use signaling_protocol::{ConnectionId, ParticipantId, SlotBinding};

use crate::input::Orphan;

/// They wait until one time for all. A room has as many as it had people.
#[derive(Debug, Default)]
pub(crate) struct Orphans {
    waiting: BTreeMap<ParticipantId, (ConnectionId, Vec<SlotBinding>)>,
    until_us: i64,
}

/// What became of a person's orphan.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Claim {
    /// There was none.
    None,
    /// Theirs again, with what its slots carry.
    Theirs(ConnectionId, Vec<SlotBinding>),
    /// Of an earlier window; it must not go on.
    Stale,
}

impl Orphans {
    pub(crate) fn new(live: Vec<Orphan>, until_us: i64) -> Self {
        let waiting = live
            .into_iter()
            .map(|orphan| (orphan.participant, (orphan.connection, orphan.slots)))
            .collect();
        Self { waiting, until_us }
    }

    /// A person is here and names the connection of their page, if it has one.
    pub(crate) fn claim(&mut self, by: ParticipantId, holds: Option<ConnectionId>) -> Claim {
        match self.waiting.remove(&by) {
            None => Claim::None,
            Some((connection, slots)) if holds == Some(connection) => {
                Claim::Theirs(connection, slots)
            }
            Some(_) => Claim::Stale,
        }
    }

    /// Whose connections nobody has claimed in time.
    pub(crate) fn overdue(&mut self, now_us: i64) -> Vec<ParticipantId> {
        if now_us < self.until_us {
            return Vec::new();
        }
        let overdue = core::mem::take(&mut self.waiting);
        overdue.into_keys().collect()
    }

    pub(crate) fn due_us(&self) -> Option<i64> {
        (!self.waiting.is_empty()).then_some(self.until_us)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    pub(crate) fn clear(&mut self) {
        self.waiting.clear();
    }
}
