//! An appointment and how its state may change.

use core::fmt;

use super::slots::Slot;
use super::wording::Reason;
use crate::{AppointmentId, Micros, ParticipantUuid, PatientId, RoomUuid, TenantId, UserId};

/// The waiting room opens this long before the begin, in microseconds.
pub const OPENS_BEFORE_US: i64 = 30 * Micros::MINUTE;
/// A way into the visit works until this long after the end, in microseconds.
pub const LINK_LIFE_US: i64 = 12 * Micros::HOUR;

/// Where an appointment stands, without its times.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AppointmentStage {
    /// Agreed.
    Booked,
    /// The patient is in the waiting room.
    Arrived,
    /// The visit is going on.
    InProgress,
    /// The doctor ended the visit.
    Finished,
    /// Will not take place.
    Cancelled,
}

impl AppointmentStage {
    /// Every stage.
    pub const ALL: [Self; 5] = [
        Self::Booked,
        Self::Arrived,
        Self::InProgress,
        Self::Finished,
        Self::Cancelled,
    ];

    /// The word used in SQL.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Booked => "booked",
            Self::Arrived => "arrived",
            Self::InProgress => "in_progress",
            Self::Finished => "finished",
            Self::Cancelled => "cancelled",
        }
    }

    /// The stage of a word used in SQL.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|stage| stage.as_str() == word)
    }
}

impl fmt::Display for AppointmentStage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Where an appointment stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AppointmentState {
    /// Agreed.
    Booked,
    /// The patient is in the waiting room.
    Arrived {
        /// Since when.
        since: Micros,
    },
    /// The visit is going on.
    InProgress {
        /// Since when.
        since: Micros,
    },
    /// The doctor ended the visit.
    Finished {
        /// When.
        at: Micros,
    },
    /// Will not take place.
    Cancelled {
        /// When that was decided.
        at: Micros,
    },
}

impl AppointmentState {
    /// A state from its stored parts; `None` when the parts do not belong together.
    #[must_use]
    pub const fn from_parts(stage: AppointmentStage, at: Option<Micros>) -> Option<Self> {
        match (stage, at) {
            (AppointmentStage::Booked, None) => Some(Self::Booked),
            (AppointmentStage::Arrived, Some(since)) => Some(Self::Arrived { since }),
            (AppointmentStage::InProgress, Some(since)) => Some(Self::InProgress { since }),
            (AppointmentStage::Finished, Some(at)) => Some(Self::Finished { at }),
            (AppointmentStage::Cancelled, Some(at)) => Some(Self::Cancelled { at }),
            (AppointmentStage::Booked, Some(_)) | (_, None) => None,
        }
    }

    /// Without its times.
    #[must_use]
    pub const fn stage(self) -> AppointmentStage {
        match self {
            Self::Booked => AppointmentStage::Booked,
            Self::Arrived { .. } => AppointmentStage::Arrived,
            Self::InProgress { .. } => AppointmentStage::InProgress,
            Self::Finished { .. } => AppointmentStage::Finished,
            Self::Cancelled { .. } => AppointmentStage::Cancelled,
        }
    }

    /// Since when it stands there; none for an agreed appointment.
    #[must_use]
    pub const fn at(self) -> Option<Micros> {
        match self {
            Self::Booked => None,
            Self::Arrived { since } | Self::InProgress { since } => Some(since),
            Self::Finished { at } | Self::Cancelled { at } => Some(at),
        }
    }
}

/// A change of state that is not possible.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an appointment that is {from} cannot become {to}")]
pub struct TransitionError {
    /// Where it stands.
    pub from: AppointmentStage,
    /// Where it should have gone.
    pub to: AppointmentStage,
}

/// A booked time of one patient with one doctor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Appointment {
    /// Its name.
    pub id: AppointmentId,
    /// In which facility.
    pub tenant: TenantId,
    /// With whom.
    pub doctor: UserId,
    /// For whom.
    pub patient: PatientId,
    /// When.
    pub slot: Slot,
    /// In the patient's words.
    pub reason: Reason,
    /// The room of the visit.
    pub room: RoomUuid,
    /// The doctor in that room.
    pub doctor_participant: ParticipantUuid,
    /// The patient in that room.
    pub patient_participant: ParticipantUuid,
    /// Where it stands.
    pub state: AppointmentState,
    /// Counts its changes, from 1.
    pub version: u32,
}

impl Appointment {
    /// When the waiting room opens.
    #[must_use]
    pub const fn opens_at(&self) -> Micros {
        self.slot.start.plus(-OPENS_BEFORE_US)
    }

    /// When every way into the visit has stopped working.
    #[must_use]
    pub const fn closes_at(&self) -> Micros {
        self.slot.end.plus(LINK_LIFE_US)
    }

    /// The patient came into the waiting room. Coming again changes nothing.
    ///
    /// # Errors
    /// The visit is over or will not take place.
    pub fn arrive(self, now: Micros) -> Result<Self, TransitionError> {
        match self.state {
            AppointmentState::Booked => Ok(self.moved(AppointmentState::Arrived { since: now })),
            AppointmentState::Arrived { .. } | AppointmentState::InProgress { .. } => Ok(self),
            AppointmentState::Finished { .. } | AppointmentState::Cancelled { .. } => {
                Err(self.stays(AppointmentStage::Arrived))
            }
        }
    }

    /// The patient went out of the waiting room before the visit began: they no longer wait, and
    /// nobody waits behind them. In any other state nothing changes.
    #[must_use]
    pub fn stop_waiting(self) -> Self {
        match self.state {
            AppointmentState::Arrived { .. } => self.moved(AppointmentState::Booked),
            AppointmentState::Booked
            | AppointmentState::InProgress { .. }
            | AppointmentState::Finished { .. }
            | AppointmentState::Cancelled { .. } => self,
        }
    }

    /// The doctor let the patient in. Doing so again changes nothing.
    ///
    /// # Errors
    /// Only a patient who has arrived can be let in.
    pub fn start(self, now: Micros) -> Result<Self, TransitionError> {
        match self.state {
            AppointmentState::Arrived { .. } => {
                Ok(self.moved(AppointmentState::InProgress { since: now }))
            }
            AppointmentState::InProgress { .. } => Ok(self),
            AppointmentState::Booked
            | AppointmentState::Finished { .. }
            | AppointmentState::Cancelled { .. } => Err(self.stays(AppointmentStage::InProgress)),
        }
    }

    /// The doctor ended the visit.
    ///
    /// # Errors
    /// Only a visit that is going on can be ended.
    pub fn finish(self, now: Micros) -> Result<Self, TransitionError> {
        match self.state {
            AppointmentState::InProgress { .. } => {
                Ok(self.moved(AppointmentState::Finished { at: now }))
            }
            AppointmentState::Booked
            | AppointmentState::Arrived { .. }
            | AppointmentState::Finished { .. }
            | AppointmentState::Cancelled { .. } => Err(self.stays(AppointmentStage::Finished)),
        }
    }

    /// It will not take place.
    ///
    /// # Errors
    /// The visit has begun, is over, or was cancelled before.
    pub fn cancel(self, now: Micros) -> Result<Self, TransitionError> {
        match self.state {
            AppointmentState::Booked | AppointmentState::Arrived { .. } => {
                Ok(self.moved(AppointmentState::Cancelled { at: now }))
            }
            AppointmentState::InProgress { .. }
            | AppointmentState::Finished { .. }
            | AppointmentState::Cancelled { .. } => Err(self.stays(AppointmentStage::Cancelled)),
        }
    }

    /// It takes place at another time; a patient who waited waits no longer.
    ///
    /// # Errors
    /// The visit has begun, is over, or was cancelled.
    pub fn reschedule(self, slot: Slot) -> Result<Self, TransitionError> {
        match self.state {
            AppointmentState::Booked | AppointmentState::Arrived { .. } => {
                let mut moved = self.moved(AppointmentState::Booked);
                moved.slot = slot;
                Ok(moved)
            }
            AppointmentState::InProgress { .. }
            | AppointmentState::Finished { .. }
            | AppointmentState::Cancelled { .. } => Err(self.stays(AppointmentStage::Booked)),
        }
    }

    fn moved(mut self, to: AppointmentState) -> Self {
        self.state = to;
        self.version = self.version.saturating_add(1);
        self
    }

    const fn stays(&self, to: AppointmentStage) -> TransitionError {
        TransitionError {
            from: self.state.stage(),
            to,
        }
    }
}
