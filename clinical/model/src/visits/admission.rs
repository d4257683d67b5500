//! The door of the waiting room.

use super::link::{Link, LinkHolder};
use crate::booking::{Appointment, AppointmentState};
use crate::{Micros, RoomUuid};

/// Proof that somebody may enter the waiting room of one visit now. Only the door makes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Admission {
    room: RoomUuid,
    holder: AdmissionHolder,
}

/// Who was let through the door.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum AdmissionHolder {
    Doctor,
    ByLink(LinkHolder),
}

impl Admission {
    /// Into which room.
    #[must_use]
    pub const fn room(&self) -> RoomUuid {
        self.room
    }

    /// The holder of the link; none for the doctor, who needs no link.
    #[must_use]
    pub const fn link_holder(&self) -> Option<LinkHolder> {
        match self.holder {
            AdmissionHolder::Doctor => None,
            AdmissionHolder::ByLink(holder) => Some(holder),
        }
    }
}

/// Why somebody may not enter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum JoinRefusal {
    /// The waiting room opens later.
    #[error("the waiting room opens later")]
    TooEarly {
        /// When.
        opens_at: Micros,
    },
    /// The visit is over.
    #[error("the visit is over")]
    Ended,
    /// The appointment was cancelled.
    #[error("the appointment was cancelled")]
    Cancelled,
    /// The link was revoked or replaced, has expired, or belongs to another appointment.
    #[error("the link does not work any more")]
    LinkRevoked,
}

impl Appointment {
    /// Lets the holder of a link into the waiting room: from 30 minutes before the begin until the
    /// doctor ends the visit or the link expires.
    ///
    /// # Errors
    /// The first reason why not. Of a revoked link nothing else is said, since whoever holds it
    /// should no longer know.
    pub fn admit(&self, link: &Link, now: Micros) -> Result<Admission, JoinRefusal> {
        if link.revoked.is_some() || link.appointment != self.id {
            return Err(JoinRefusal::LinkRevoked);
        }
        self.takes_place()?;
        if now >= link.expires || now >= self.closes_at() {
            return Err(JoinRefusal::LinkRevoked);
        }
        self.is_open(now)?;
        Ok(Admission {
            room: self.room,
            holder: AdmissionHolder::ByLink(link.holder),
        })
    }

    /// Lets the patient in without a link, at the same times.
    ///
    /// # Errors
    /// The first reason why not.
    pub(super) fn admit_as_patient(&self, now: Micros) -> Result<Admission, JoinRefusal> {
        self.takes_place()?;
        if now >= self.closes_at() {
            return Err(JoinRefusal::Ended);
        }
        self.is_open(now)?;
        Ok(Admission {
            room: self.room,
            holder: AdmissionHolder::ByLink(LinkHolder::Patient),
        })
    }

    /// Lets the doctor in, at the same times.
    ///
    /// # Errors
    /// The first reason why not.
    pub fn admit_doctor(&self, now: Micros) -> Result<Admission, JoinRefusal> {
        self.takes_place()?;
        if now >= self.closes_at() {
            return Err(JoinRefusal::Ended);
        }
        self.is_open(now)?;
        Ok(Admission {
            room: self.room,
            holder: AdmissionHolder::Doctor,
        })
    }

    /// Whether the door is open to somebody who was in the visit a moment ago, at the same times.
    ///
    /// # Errors
    /// The first reason why not.
    pub fn readmits(&self, now: Micros) -> Result<(), JoinRefusal> {
        self.takes_place()?;
        if now >= self.closes_at() {
            return Err(JoinRefusal::Ended);
        }
        self.is_open(now)
    }

    const fn takes_place(&self) -> Result<(), JoinRefusal> {
        match self.state {
            AppointmentState::Cancelled { .. } => Err(JoinRefusal::Cancelled),
            AppointmentState::Finished { .. } => Err(JoinRefusal::Ended),
            AppointmentState::Booked
            | AppointmentState::Arrived { .. }
            | AppointmentState::InProgress { .. } => Ok(()),
        }
    }

    fn is_open(&self, now: Micros) -> Result<(), JoinRefusal> {
        let opens_at = self.opens_at();
        if now < opens_at {
            return Err(JoinRefusal::TooEarly { opens_at });
        }
        Ok(())
    }
}
