//! Who did what to what, and under which right: the entry that every change leaves behind.

use core::fmt;

use uuid::Uuid;

use crate::{Micros, UserId};

/// Who acted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuditActor {
    /// A signed-in person.
    User(UserId),
    /// Somebody who showed the secret of a join link; the link's id.
    Link(Uuid),
    /// A participant of a live visit, as signaling knows them.
    Participant(Uuid),
    /// Nobody that is known: a failed sign-in.
    Nobody,
    /// The installation itself: migration, seeding, expiry.
    System,
}

impl AuditActor {
    /// The word for the kind of actor, as stored.
    #[must_use]
    pub const fn kind(self) -> &'static str {
        match self {
            Self::User(_) => "user",
            Self::Link(_) => "link",
            Self::Participant(_) => "participant",
            Self::Nobody => "nobody",
            Self::System => "system",
        }
    }

    /// The id of the actor, where there is one.
    #[must_use]
    pub const fn id(self) -> Option<Uuid> {
        match self {
            Self::User(id) => Some(id.as_uuid()),
            Self::Link(id) | Self::Participant(id) => Some(id),
            Self::Nobody | Self::System => None,
        }
    }
}

/// How an act ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuditOutcome {
    /// It was done.
    Done,
    /// It was refused; what was stored is the refusal.
    Refused,
}

impl AuditOutcome {
    /// The word as stored.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Refused => "refused",
        }
    }
}

/// One act. It holds ids and words of the program, never names or clinical content.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct AuditEntry {
    actor: AuditActor,
    action: &'static str,
    subject: Option<(&'static str, Uuid)>,
    grant: Option<&'static str>,
    outcome: AuditOutcome,
    at: Micros,
}

impl AuditEntry {
    /// An act that was done. `action` is `domain.verb`: `booking.cancel`.
    #[must_use]
    pub const fn done(actor: AuditActor, action: &'static str, at: Micros) -> Self {
        Self {
            actor,
            action,
            subject: None,
            grant: None,
            outcome: AuditOutcome::Done,
            at,
        }
    }

    /// An act that was refused.
    #[must_use]
    pub const fn refused(actor: AuditActor, action: &'static str, at: Micros) -> Self {
        Self {
            outcome: AuditOutcome::Refused,
            ..Self::done(actor, action, at)
        }
    }

    /// What it was done to: the kind (`appointment`) and the id.
    #[must_use]
    pub const fn about(mut self, kind: &'static str, id: Uuid) -> Self {
        self.subject = Some((kind, id));
        self
    }

    /// The right under which it was done: `own_appointment`, `join_link`.
    #[must_use]
    pub const fn under(mut self, grant: &'static str) -> Self {
        self.grant = Some(grant);
        self
    }

    /// Who acted.
    #[must_use]
    pub const fn actor(&self) -> AuditActor {
        self.actor
    }

    /// What was done.
    #[must_use]
    pub const fn action(&self) -> &'static str {
        self.action
    }

    /// What it was done to.
    #[must_use]
    pub const fn subject(&self) -> Option<(&'static str, Uuid)> {
        self.subject
    }

    /// The right under which it was done.
    #[must_use]
    pub const fn grant(&self) -> Option<&'static str> {
        self.grant
    }

    /// How it ended.
    #[must_use]
    pub const fn outcome(&self) -> AuditOutcome {
        self.outcome
    }

    /// When.
    #[must_use]
    pub const fn at(&self) -> Micros {
        self.at
    }
}

impl fmt::Debug for AuditEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AuditEntry({} {})", self.action, self.outcome.as_str())
    }
}
