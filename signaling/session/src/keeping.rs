//! What the clinic keeps of a room, so that whoever opens it anew finds it as it was: whether people encrypt for
//! each other, and whom a clinician has restricted.
//!
//! People encrypt from when that is kept; a room that promised it and was forgotten would open without it.
//! Everything else takes effect at once and is kept as soon as the clinic can.

use signaling_protocol::{ErrorCode, ParticipantId};

use crate::input::{RequestId, StoreFailed};
use crate::limits::KEEP_AGAIN_US;
use crate::moving::Legacy;
use crate::output::Output;
use crate::room::{Kind, Room};

/// What the clinic has, and what it is asked to have.
#[derive(Debug)]
pub(crate) struct Keeping {
    /// `None` after a failure: it may have come after the deed.
    kept: Option<Legacy>,
    running: Option<(RequestId, Legacy)>,
    /// After a failure, when it is tried again.
    again_us: Option<i64>,
    /// Who wants people to encrypt from when that is kept.
    wish: Option<ParticipantId>,
}

impl Keeping {
    pub(crate) fn new(kept: Legacy) -> Self {
        Self {
            kept: Some(kept),
            running: None,
            again_us: None,
            wish: None,
        }
    }
}

impl Room {
    /// Has people encrypt as soon as the clinic keeps it.
    pub(crate) fn wish_encryption(&mut self, by: ParticipantId) {
        self.keeping.wish.get_or_insert(by);
    }

    /// Nobody wants it any more.
    pub(crate) fn drop_wish(&mut self) {
        self.keeping.wish = None;
    }

    /// The clinic has answered.
    pub(crate) fn kept(&mut self, request: RequestId, result: Result<(), StoreFailed>) {
        let asked = self.keeping.running.take_if(|(it, _)| *it == request);
        let Some((_, legacy)) = asked else {
            return;
        };
        if result.is_err() {
            self.keeping.kept = None;
            self.keeping.again_us = Some(self.now_us.saturating_add(KEEP_AGAIN_US));
            if let Some(by) = self.keeping.wish.take() {
                self.refuse(by, ErrorCode::Unavailable, "not recorded; try again");
            }
            return;
        }
        let encrypts = legacy.encrypted;
        self.keeping.kept = Some(legacy);
        self.keeping.again_us = None;
        if !encrypts || self.over().is_some() {
            return;
        }
        let Some(by) = self.keeping.wish.take() else {
            return;
        };
        // Somebody may have come while the clinic wrote.
        match self.obstacle() {
            Some(detail) => self.refuse(by, ErrorCode::OutOfOrder, detail),
            None if self.encrypted => {}
            None => self.switch_encryption(true),
        }
    }

    /// Asks the clinic to keep what it does not have yet, one after the other.
    pub(crate) fn settle_keeping(&mut self) {
        let is_early = self.keeping.again_us.is_some_and(|at| at > self.now_us);
        if self.keeping.running.is_some() || is_early || !self.has_to_keep() {
            return;
        }
        let mut legacy = self.legacy();
        legacy.encrypted |= self.keeping.wish.is_some();
        let request = self.request();
        self.keeping.running = Some((request, legacy.clone()));
        self.push(Output::Keep { request, legacy });
    }

    /// Whether the clinic is writing, or has to.
    pub(crate) fn is_keeping(&self) -> bool {
        self.keeping.running.is_some() || self.has_to_keep()
    }

    pub(crate) fn keep_due_us(&self) -> Option<i64> {
        let waits = self.keeping.running.is_none() && self.has_to_keep();
        self.keeping.again_us.filter(|_| waits)
    }

    /// Whether the clinic has something else, or may have. What a room does that goes to another node is its
    /// heir's to keep.
    fn has_to_keep(&self) -> bool {
        if self.kind == Kind::Test || self.over().is_some() || self.moving.is_some() {
            return false;
        }
        let encrypted = self.encrypted || self.keeping.wish.is_some();
        !self.keeping.kept.as_ref().is_some_and(|kept| {
            let curbed = kept.curbed.iter().map(|(id, grants)| (id, grants));
            kept.encrypted == encrypted && curbed.eq(self.curbed.iter())
        })
    }
}
