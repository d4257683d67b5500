//! What a patient asks for about their record, and what becomes of it.

use core::fmt;

use super::retention::{Law, Retention};
use crate::text::Prose;
use crate::{EntryId, Micros, PatientId, RequestId, TenantId, UserId};

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RequestKind {
    /// That something in the record is put right; who treats the patient decides.
    Correction,
    /// That somebody looks into an access that seems wrong; an administrator answers.
    Access,
    /// That the record is erased; an administrator decides by the law.
    Erasure,
}

impl RequestKind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Correction, Self::Access, Self::Erasure];

    /// The word in SQL and on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Correction => "correction",
            Self::Access => "access",
            Self::Erasure => "erasure",
        }
    }

    /// The kind of a word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == word)
    }
}

/// Who decided, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decided {
    /// Who.
    pub by: UserId,
    /// When.
    pub at: Micros,
}

/// Where a request stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequestState {
    /// Nobody has decided.
    Open,
    /// It was done: put right, looked into, erased.
    Accepted(Decided),
    /// It was not done; the answer says why.
    Declined(Decided),
    /// The law says that the record is kept.
    Retained {
        /// Who decided.
        decided: Decided,
        /// Which law.
        law: Law,
        /// Until when.
        until: Micros,
    },
}

impl RequestState {
    /// The word in SQL and on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Accepted(_) => "accepted",
            Self::Declined(_) => "declined",
            Self::Retained { .. } => "retained",
        }
    }

    /// Who decided, once somebody has.
    #[must_use]
    pub const fn decided(self) -> Option<Decided> {
        match self {
            Self::Open => None,
            Self::Accepted(decided) | Self::Declined(decided) | Self::Retained { decided, .. } => {
                Some(decided)
            }
        }
    }
}

/// Why a decision was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RequestRefusal {
    /// Another version than the one that was read.
    #[error("the request has changed")]
    Changed,
    /// Somebody has decided before.
    #[error("the request is decided")]
    Decided,
    /// Nobody is refused without a reason.
    #[error("a reason is missing")]
    Reason,
    /// Only an erasure is stopped by the law.
    #[error("no law is about this")]
    Kind,
}

/// Something a patient asked for.
#[derive(Clone, PartialEq, Eq)]
pub struct Request {
    /// Its name.
    pub id: RequestId,
    /// In which facility.
    pub tenant: TenantId,
    /// About whose record.
    pub patient: PatientId,
    /// What is asked for.
    pub kind: RequestKind,
    /// The fact of the chart that it is about.
    pub entry: Option<EntryId>,
    /// The access that it is about, by its number in the audit chain.
    pub look: Option<i64>,
    /// What the patient said; none for an erasure, and after one.
    pub text: Option<Prose>,
    /// Who asked: the patient, or who acts for them.
    pub asked_by: UserId,
    /// When.
    pub asked: Micros,
    /// Where it stands.
    pub state: RequestState,
    /// What was answered.
    pub answer: Option<Prose>,
    /// Counts the changes, from 1.
    pub version: u32,
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Request({}, {:?})", self.id, self.kind)
    }
}

impl Request {
    /// It is done.
    ///
    /// # Errors
    /// [`RequestRefusal::Changed`] and [`RequestRefusal::Decided`]
    pub fn accept(
        self,
        read: u32,
        decided: Decided,
        answer: Option<Prose>,
    ) -> Result<Self, RequestRefusal> {
        let next = self.next(read)?;
        Ok(Self {
            state: RequestState::Accepted(decided),
            answer,
            ..next
        })
    }

    /// It is not done, for a reason.
    ///
    /// # Errors
    /// [`RequestRefusal`]
    pub fn decline(
        self,
        read: u32,
        decided: Decided,
        reason: Option<Prose>,
    ) -> Result<Self, RequestRefusal> {
        let next = self.next(read)?;
        let reason = reason.ok_or(RequestRefusal::Reason)?;
        Ok(Self {
            state: RequestState::Declined(decided),
            answer: Some(reason),
            ..next
        })
    }

    /// The law says that the record is kept.
    ///
    /// # Errors
    /// [`RequestRefusal::Changed`], [`RequestRefusal::Decided`] and [`RequestRefusal::Kind`]
    pub fn retain(
        self,
        read: u32,
        decided: Decided,
        (retention, answer): (Retention, Option<Prose>),
    ) -> Result<Self, RequestRefusal> {
        let next = self.next(read)?;
        if next.kind != RequestKind::Erasure {
            return Err(RequestRefusal::Kind);
        }
        Ok(Self {
            state: RequestState::Retained {
                decided,
                law: retention.law,
                until: retention.until,
            },
            answer,
            ..next
        })
    }

    fn next(self, read: u32) -> Result<Self, RequestRefusal> {
        if self.version != read {
            return Err(RequestRefusal::Changed);
        }
        match self.state {
            RequestState::Open => Ok(Self {
                version: self.version.saturating_add(1),
                ..self
            }),
            RequestState::Accepted(_)
            | RequestState::Declined(_)
            | RequestState::Retained { .. } => Err(RequestRefusal::Decided),
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn request(kind: RequestKind) -> Request {
        Request {
            id: RequestId::from_uuid(Uuid::from_u128(1)),
            tenant: TenantId::from_uuid(Uuid::from_u128(2)),
            patient: PatientId::from_uuid(Uuid::from_u128(3)),
            kind,
            entry: None,
            look: None,
            text: None,
            asked_by: UserId::from_uuid(Uuid::from_u128(4)),
            asked: Micros(0),
            state: RequestState::Open,
            answer: None,
            version: 1,
        }
    }

    fn decided() -> Decided {
        Decided {
            by: UserId::from_uuid(Uuid::from_u128(5)),
            at: Micros(9),
        }
    }

    fn reason() -> Option<Prose> {
        Prose::try_from("Measured twice").ok()
    }

    #[test]
    fn a_request_is_decided_once_and_on_the_version_that_was_read() {
        let done = request(RequestKind::Correction)
            .accept(1, decided(), None)
            .unwrap();
        assert_eq!((done.version, done.state.as_str()), (2, "accepted"));
        assert_eq!(done.state.decided(), Some(decided()));
        let twice = done.decline(2, decided(), reason());
        assert_eq!(twice, Err(RequestRefusal::Decided));
        let stale = request(RequestKind::Correction).accept(2, decided(), None);
        assert_eq!(stale, Err(RequestRefusal::Changed));
    }

    #[test]
    fn nobody_is_declined_without_a_reason() {
        let silent = request(RequestKind::Access).decline(1, decided(), None);
        assert_eq!(silent, Err(RequestRefusal::Reason));
        let told = request(RequestKind::Access).decline(1, decided(), reason());
        assert_eq!(told.unwrap().answer, reason());
    }

    #[test]
    fn the_law_stops_erasures_and_nothing_else() {
        let retention = Retention {
            law: Law::House,
            until: Micros(99),
        };
        let kept = request(RequestKind::Erasure)
            .retain(1, decided(), (retention, None))
            .unwrap();
        assert!(matches!(
            kept.state,
            RequestState::Retained {
                until: Micros(99),
                ..
            }
        ));
        let other = request(RequestKind::Correction).retain(1, decided(), (retention, None));
        assert_eq!(other, Err(RequestRefusal::Kind));
    }
}
