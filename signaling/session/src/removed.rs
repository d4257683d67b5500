//! Whose tickets no longer say that they were let in.

use std::collections::BTreeSet;

use signaling_protocol::ParticipantId;

use crate::limits::REMOVED_MAX;

/// Who was removed in this room's life: what their tickets say of admission no longer counts.
#[derive(Debug, Default)]
pub(crate) struct Removed {
    ids: BTreeSet<ParticipantId>,
    /// More were removed than are remembered: no ticket's admission counts.
    overflowed: bool,
}

impl Removed {
    pub(crate) fn add(&mut self, id: ParticipantId) {
        if self.ids.len() < REMOVED_MAX {
            self.ids.insert(id);
        } else {
            self.overflowed = true;
        }
    }

    /// Admitted anew, a person is trusted again.
    pub(crate) fn pardon(&mut self, id: ParticipantId) {
        self.ids.remove(&id);
    }

    pub(crate) fn contains(&self, id: ParticipantId) -> bool {
        self.overflowed || self.ids.contains(&id)
    }
}
