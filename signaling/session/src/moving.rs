//! A room goes to another node while people talk: their pages begin there, and only then end here.

use std::collections::BTreeSet;

use signaling_protocol::{Bye, Grants, ParticipantId, ServerMessage};

use crate::member::{Client, Member};
use crate::room::{Kind, Room};

/// From the last page that says it is there until this room closes: what was sent to both ends a moment
/// ago is heard there by then, and a picture has begun.
pub const MOVE_SETTLE_US: i64 = 500_000;

/// What a room leaves to whoever opens it anew, on another node or after everybody was away. The clinic keeps it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Legacy {
    /// People encrypt what they send for each other.
    pub encrypted: bool,
    /// Grants that are not everything, in the order of people.
    pub curbed: Vec<(ParticipantId, Grants)>,
}

/// How far a move is.
#[derive(Debug)]
pub(crate) struct Moving {
    /// Who has not moved by then is sent on as after a restart.
    until_us: i64,
    /// Everybody is there; this room closes.
    close_us: Option<i64>,
    moved: BTreeSet<ParticipantId>,
}

impl Moving {
    fn due_us(&self) -> i64 {
        self.close_us
            .map_or(self.until_us, |close| close.min(self.until_us))
    }
}

impl Room {
    /// What another node has to know when it opens this room.
    #[must_use]
    pub fn legacy(&self) -> Legacy {
        Legacy {
            encrypted: self.encrypted,
            curbed: self.curbed.iter().map(|(id, it)| (*id, *it)).collect(),
        }
    }

    /// What this room was elsewhere. Nobody's grants become more by it.
    pub(crate) fn inherit(&mut self, legacy: Legacy) {
        for (id, grants) in legacy.curbed {
            let is_host = self.members.get(&id).is_some_and(Member::is_host);
            if !is_host && !self.curbed.contains_key(&id) {
                // As many as there are have had place on the other node.
                self.curb(id, grants);
            }
        }
        if legacy.encrypted && !self.encrypted {
            self.switch_encryption(true);
        }
    }

    /// Asks every page to begin on the node that has the room from here on, for `patience_us` at most.
    ///
    /// Where people encrypt for each other this room closes at once: one page has one key, and not two
    /// sessions. A connection test goes on; it ends by itself.
    pub(crate) fn begin_move(&mut self, patience_us: i64) {
        if self.kind == Kind::Test || self.moving.is_some() || self.over().is_some() {
            return;
        }
        let patience_us = if self.encrypted { 0 } else { patience_us };
        self.moving = Some(Moving {
            until_us: self.now_us.saturating_add(patience_us),
            close_us: None,
            moved: BTreeSet::new(),
        });
        let pages: Vec<_> = self.pages().map(|member| member.id).collect();
        if patience_us > 0 {
            for page in pages {
                self.say(page, ServerMessage::Move);
            }
        }
        self.expire_move();
    }

    /// A page has a session on the other node, and in the visit its media flows there.
    pub(crate) fn moved(&mut self, who: ParticipantId) {
        if let Some(moving) = &mut self.moving {
            moving.moved.insert(who);
        }
    }

    /// Whether this room goes to another node.
    #[must_use]
    pub fn is_moving(&self) -> bool {
        self.moving.is_some()
    }

    pub(crate) fn move_due_us(&self) -> Option<i64> {
        self.moving.as_ref().map(Moving::due_us)
    }

    /// Closes the room once its time is over.
    pub(crate) fn expire_move(&mut self) {
        if self.move_due_us().is_some_and(|due| due <= self.now_us) {
            self.close(Bye::Restarting);
        }
    }

    /// Looks whether anybody is waited for.
    pub(crate) fn settle_move(&mut self) {
        let Some(moving) = &self.moving else {
            return;
        };
        let is_there = |member: &Member| moving.moved.contains(&member.id);
        let all = self.pages().all(is_there);
        let now_us = self.now_us;
        let Some(moving) = &mut self.moving else {
            return;
        };
        moving.close_us = match moving.close_us {
            Some(close_us) if all => Some(close_us),
            None if all => Some(now_us.saturating_add(MOVE_SETTLE_US)),
            Some(_) | None => None,
        };
    }

    /// Who is here with a page of ours.
    fn pages(&self) -> impl Iterator<Item = &Member> {
        self.members
            .values()
            .filter(|member| member.client == Client::Page && member.socket().is_some())
    }
}
