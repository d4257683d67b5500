//! Secure messages: threads about a patient that only their members read.

use crate::access::Grant;
use crate::text::{Line, MessageText};
use crate::{Micros, PatientId, PrescriptionId, Role, TenantId, ThreadId, UserId};

/// Most members of a thread; more people read no conversation.
pub const MEMBERS_MAX: usize = 20;

/// Who closed a thread, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Closed {
    /// Since when.
    pub at: Micros,
    /// A doctor.
    pub by: UserId,
}

/// A conversation about a patient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Thread {
    /// Its id.
    pub id: ThreadId,
    /// The facility.
    pub tenant: TenantId,
    /// Whom it is about.
    pub patient: PatientId,
    /// What it is about.
    pub subject: Line,
    /// The refused prescription that it is about.
    pub prescription: Option<PrescriptionId>,
    /// When it was begun.
    pub created: Micros,
    /// Who began it.
    pub created_by: UserId,
    /// The number of the newest message.
    pub last_seq: u32,
    /// When that was written.
    pub last: Micros,
    /// A closed thread takes no message.
    pub closed: Option<Closed>,
}

/// Somebody who reads and writes in a thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Member {
    /// Who.
    pub person: UserId,
    /// The patient and the first doctor stay as long as the thread does.
    pub stays: bool,
    /// Since when.
    pub joined: Micros,
    /// Since when they do not read it any more.
    pub left: Option<Micros>,
    /// The number of the newest message that they have read.
    pub read: u32,
}

/// What somebody wrote; it does not change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// 1, 2, 3 ... in one thread.
    pub seq: u32,
    /// Who wrote it.
    pub author: UserId,
    /// When.
    pub at: Micros,
    /// What.
    pub text: MessageText,
}

/// Why nothing was done with a thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ThreadRefusal {
    /// It is closed, or it is not.
    #[error("the thread is in another state")]
    State,
    /// Only a doctor.
    #[error("only a doctor does that")]
    NoDoctor,
    /// The patient and the first doctor stay.
    #[error("the patient and the first doctor stay")]
    Stays,
}

impl Thread {
    /// A doctor ends the conversation.
    ///
    /// # Errors
    /// [`ThreadRefusal::NoDoctor`] and [`ThreadRefusal::State`]
    pub fn close(self, (role, by): (Role, UserId), at: Micros) -> Result<Self, ThreadRefusal> {
        doctor(role)?;
        if self.closed.is_some() {
            return Err(ThreadRefusal::State);
        }
        Ok(Self {
            closed: Some(Closed { at, by }),
            ..self
        })
    }

    /// A doctor lets it go on.
    ///
    /// # Errors
    /// [`ThreadRefusal::NoDoctor`] and [`ThreadRefusal::State`]
    pub fn reopen(self, role: Role) -> Result<Self, ThreadRefusal> {
        doctor(role)?;
        if self.closed.is_none() {
            return Err(ThreadRefusal::State);
        }
        Ok(Self {
            closed: None,
            ..self
        })
    }

    /// A message may be written.
    ///
    /// # Errors
    /// [`ThreadRefusal::State`] when it is closed.
    pub const fn takes_messages(&self) -> Result<(), ThreadRefusal> {
        match self.closed {
            Some(_) => Err(ThreadRefusal::State),
            None => Ok(()),
        }
    }
}

impl Member {
    /// A new member, who has read nothing.
    #[must_use]
    pub const fn new(person: UserId, stays: bool, joined: Micros) -> Self {
        Self {
            person,
            stays,
            joined,
            left: None,
            read: 0,
        }
    }

    /// They read it no more.
    ///
    /// # Errors
    /// [`ThreadRefusal::Stays`]
    pub const fn leave(self, at: Micros) -> Result<Self, ThreadRefusal> {
        if self.stays {
            return Err(ThreadRefusal::Stays);
        }
        Ok(Self {
            left: Some(at),
            ..self
        })
    }
}

const fn doctor(role: Role) -> Result<(), ThreadRefusal> {
    match role {
        Role::Doctor => Ok(()),
        _ => Err(ThreadRefusal::NoDoctor),
    }
}

/// Whether people of this role are written to as colleagues.
#[must_use]
pub const fn is_colleague(role: Role) -> bool {
    matches!(
        role,
        Role::Doctor | Role::Nurse | Role::Pharmacist | Role::LabTechnician
    )
}

/// Whether a right to a patient is that of somebody who treats them: it lets doctors and nurses begin
/// a thread about them. Duty alone, a consent or an emergency does not.
#[must_use]
pub const fn treats(grant: Grant) -> bool {
    matches!(grant, Grant::CareRelation | Grant::AppointmentWindow)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    const DOCTOR: UserId = UserId::from_uuid(Uuid::from_u128(1));

    fn thread() -> Thread {
        Thread {
            id: ThreadId::from_uuid(Uuid::from_u128(9)),
            tenant: TenantId::from_uuid(Uuid::from_u128(8)),
            patient: PatientId::from_uuid(Uuid::from_u128(7)),
            subject: Line::try_from("Question").unwrap(),
            prescription: None,
            created: Micros(1),
            created_by: DOCTOR,
            last_seq: 1,
            last: Micros(1),
            closed: None,
        }
    }

    #[test]
    fn only_a_doctor_closes_and_a_closed_thread_is_silent() {
        let nurse = thread().close((Role::Nurse, DOCTOR), Micros(2));
        assert_eq!(nurse, Err(ThreadRefusal::NoDoctor));
        let closed = thread().close((Role::Doctor, DOCTOR), Micros(2)).unwrap();
        assert_eq!(closed.takes_messages(), Err(ThreadRefusal::State));
        let twice = closed.clone().close((Role::Doctor, DOCTOR), Micros(3));
        assert_eq!(twice, Err(ThreadRefusal::State));
        let patient = closed.clone().reopen(Role::Patient);
        assert_eq!(patient, Err(ThreadRefusal::NoDoctor));
        let open = closed.reopen(Role::Doctor).unwrap();
        assert_eq!((open.takes_messages(), open), (Ok(()), thread()));
    }

    #[test]
    fn who_stays_does_not_leave() {
        let stays = Member::new(DOCTOR, true, Micros(1)).leave(Micros(2));
        assert_eq!(stays, Err(ThreadRefusal::Stays));
        let leaves = Member::new(DOCTOR, false, Micros(1)).leave(Micros(2));
        assert_eq!(leaves.unwrap().left, Some(Micros(2)));
    }

    #[test]
    fn duty_alone_begins_no_thread() {
        let may: Vec<Grant> = Grant::ALL.into_iter().filter(|it| treats(*it)).collect();
        assert_eq!(may, [Grant::CareRelation, Grant::AppointmentWindow]);
    }
}
