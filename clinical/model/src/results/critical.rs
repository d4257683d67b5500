//! A value that needs a clinician now: who is told, and who next while nobody answers.

use crate::{Micros, UserId};

/// How long each level has to answer before the next is told, in microseconds. The last wait
/// repeats until somebody answers: a critical value is never given up.
pub const ESCALATE_AFTER_US: [i64; 3] = [
    15 * Micros::MINUTE,
    15 * Micros::MINUTE,
    30 * Micros::MINUTE,
];

/// Who is told at a level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Audience {
    /// The doctor who ordered it.
    OrderingDoctor,
    /// Every doctor of the facility who is on duty.
    DutyDoctors,
    /// Every doctor and administrator of the facility.
    Everybody,
}

/// The next people to tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Escalation {
    /// 0 for the first page; rises with every escalation and keeps messages apart.
    pub level: u32,
    /// Who.
    pub audience: Audience,
}

/// Where the page of a critical value stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CriticalPage {
    /// Somebody was told and has not answered.
    Paging {
        /// Which level was told last.
        level: u32,
        /// When that level was told.
        since: Micros,
    },
    /// A clinician has taken it.
    Acknowledged {
        /// Who.
        by: UserId,
        /// When.
        at: Micros,
    },
}

/// Somebody else has taken the value before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("acknowledged before")]
pub struct AcknowledgeError {
    /// Who.
    pub by: UserId,
    /// When.
    pub at: Micros,
}

impl CriticalPage {
    /// The page of a value that was found at `now`, and whom to tell.
    #[must_use]
    pub const fn raise(now: Micros) -> (Self, Escalation) {
        (
            Self::Paging {
                level: 0,
                since: now,
            },
            escalation(0),
        )
    }

    /// When to look again; `None` once somebody has answered.
    #[must_use]
    pub fn next_at(self) -> Option<Micros> {
        match self {
            Self::Paging { level, since } => Some(since.plus(wait_us(level))),
            Self::Acknowledged { .. } => None,
        }
    }

    /// The page at `now`, with the next people to tell when the last had their time. One level at
    /// a time, also after a long stop of the service, so that nobody is left out.
    #[must_use]
    pub fn at(self, now: Micros) -> (Self, Option<Escalation>) {
        match self {
            Self::Paging { level, since } if since.plus(wait_us(level)) <= now => {
                let level = level.saturating_add(1);
                (Self::Paging { level, since: now }, Some(escalation(level)))
            }
            Self::Paging { .. } | Self::Acknowledged { .. } => (self, None),
        }
    }

    /// A clinician takes it. Taking it again changes nothing.
    ///
    /// # Errors
    /// [`AcknowledgeError`] when somebody else has it.
    pub fn acknowledge(self, who: UserId, now: Micros) -> Result<Self, AcknowledgeError> {
        match self {
            Self::Paging { .. } => Ok(Self::Acknowledged { by: who, at: now }),
            Self::Acknowledged { by, .. } if by == who => Ok(self),
            Self::Acknowledged { by, at } => Err(AcknowledgeError { by, at }),
        }
    }
}

const fn escalation(level: u32) -> Escalation {
    let audience = match level {
        0 => Audience::OrderingDoctor,
        1 => Audience::DutyDoctors,
        _ => Audience::Everybody,
    };
    Escalation { level, audience }
}

fn wait_us(level: u32) -> i64 {
    let index = usize::try_from(level).unwrap_or(usize::MAX);
    let [.., last] = ESCALATE_AFTER_US;
    ESCALATE_AFTER_US.get(index).copied().unwrap_or(last)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    const NOW: Micros = Micros(1_800_000_000_000_000);
    const MIN: i64 = Micros::MINUTE;

    fn doctor(number: u128) -> UserId {
        UserId::from_uuid(Uuid::from_u128(number))
    }

    #[test]
    fn an_unread_page_reaches_more_people_and_never_ends() {
        let (mut page, first) = CriticalPage::raise(NOW);
        let mut told = vec![(0, first.audience)];
        for minute in 1..=120 {
            let (next, escalation) = page.at(NOW.plus(minute * MIN));
            page = next;
            told.extend(escalation.map(|e| (minute, e.audience)));
        }
        assert_eq!(
            told,
            [
                (0, Audience::OrderingDoctor),
                (15, Audience::DutyDoctors),
                (30, Audience::Everybody),
                (60, Audience::Everybody),
                (90, Audience::Everybody),
                (120, Audience::Everybody),
            ]
        );
    }

    #[test]
    fn an_answer_stops_the_escalation() {
        let (page, _) = CriticalPage::raise(NOW);
        let taken = page.acknowledge(doctor(1), NOW.plus(MIN)).unwrap();
        assert_eq!(taken.at(NOW.plus(600 * MIN)), (taken, None));
        assert_eq!(taken.next_at(), None);
    }

    #[test]
    fn a_second_answer_is_told_who_has_it() {
        let (page, _) = CriticalPage::raise(NOW);
        let taken = page.acknowledge(doctor(1), NOW).unwrap();
        assert_eq!(taken.acknowledge(doctor(1), NOW.plus(MIN)), Ok(taken));
        assert_eq!(
            taken.acknowledge(doctor(2), NOW.plus(MIN)),
            Err(AcknowledgeError {
                by: doctor(1),
                at: NOW
            })
        );
    }

    #[test]
    fn a_long_stop_skips_no_level() {
        let (page, _) = CriticalPage::raise(NOW);
        let (page, escalation) = page.at(NOW.plus(Micros::DAY));
        assert_eq!(escalation.map(|e| e.audience), Some(Audience::DutyDoctors));
        assert_eq!(page.next_at(), Some(NOW.plus(Micros::DAY + 15 * MIN)));
    }
}
