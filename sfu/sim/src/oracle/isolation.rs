//! Nobody receives what is not for them.

use sfu_core::{Grants, ParticipantKey, SourceSet};

use crate::identity::Identity;
use crate::oracle::Fault;
use crate::shards::Bound;

/// What is true of a sender, as the shard was told it.
#[derive(Debug)]
pub(crate) struct SenderTruth<'a> {
    pub(crate) room: u16,
    pub(crate) key: ParticipantKey,
    /// When which sources went on or off.
    pub(crate) on: &'a [(u64, SourceSet)],
    /// When what was granted.
    pub(crate) granted: &'a [(u64, Grants)],
    /// When which connection was accepted.
    pub(crate) accepted: &'a [(u64, u16)],
}

/// What is true of a receiver.
#[derive(Debug)]
pub(crate) struct ReceiverTruth<'a> {
    pub(crate) room: u16,
    pub(crate) person: u16,
    /// When which slots were bound to what.
    pub(crate) bound: &'a [(u64, Vec<Bound>)],
    /// When what was granted.
    pub(crate) granted: &'a [(u64, Grants)],
}

/// Whether `identity` may arrive on `mid` now: since it was sent, its source must have been on and
/// bound to this slot at some time. How late it is, is not judged: engines pad with old packets.
pub(crate) fn may_receive(
    now_ms: u64,
    (viewer, mid): (&ReceiverTruth<'_>, &str),
    identity: &Identity,
    sender: Option<&SenderTruth<'_>>,
) -> Result<(), Fault> {
    let Some(sender) = sender else {
        return Err(Fault::UnknownMedia);
    };
    let (from, source_kind) = (identity.person, identity.source);
    if identity.room != viewer.room || sender.room != viewer.room {
        return Err(Fault::CrossedRooms {
            from: identity.room,
        });
    }
    if from == viewer.person {
        return Err(Fault::OwnMedia);
    }
    let sent_ms = u64::from(identity.sent_ms);
    let bound = during(viewer.bound, sent_ms, now_ms).any(|slots| {
        slots.iter().any(|slot| {
            slot.mid == mid && slot.participant == sender.key && slot.source == source_kind
        })
    });
    if !bound {
        return Err(Fault::NotBound { from, source_kind });
    }
    let on = during(sender.on, sent_ms, now_ms).any(|on| on.contains(source_kind));
    if !on {
        return Err(Fault::WasOff {
            from,
            source_kind,
            sent_ms: identity.sent_ms,
        });
    }
    let may_send = during(sender.granted, sent_ms, now_ms).any(|of| of.may_publish(source_kind));
    let may_hear = during(viewer.granted, sent_ms, now_ms).any(|of| of.subscribe);
    if !may_send || !may_hear {
        return Err(Fault::NotGranted { from, source_kind });
    }
    let current = during(sender.accepted, sent_ms, now_ms).any(|of| *of == identity.generation);
    if !current {
        return Err(Fault::Outdated { from });
    }
    Ok(())
}

/// Everything that held at some time between two times, by a list of changes.
fn during<T>(changes: &[(u64, T)], from_ms: u64, until_ms: u64) -> impl Iterator<Item = &T> {
    let first = changes
        .iter()
        .rposition(|(at, _)| *at <= from_ms)
        .unwrap_or(0);
    changes
        .get(first..)
        .unwrap_or_default()
        .iter()
        .take_while(move |(at, _)| *at <= until_ms)
        .map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_held_at_some_time_is_found() {
        let changes = [(10, 'a'), (20, 'b'), (30, 'c')];
        let held = |from, until| during(&changes, from, until).collect::<String>();
        assert_eq!(held(12, 18), "a");
        assert_eq!(held(12, 20), "ab");
        assert_eq!(held(25, 99), "bc");
        assert_eq!(held(0, 5), "");
    }
}
