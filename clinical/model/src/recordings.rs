//! Recordings of visits: how they stand, how long they are kept, and what may be done with them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::text::Line;
use crate::{AppointmentId, Micros, PatientId, RecordingId, ServiceId, TenantId};

/// Shortest and longest time for which recordings are kept, in days: a month, so that nobody loses one
/// before they noticed; and thirty years, the longest rule for records that we know (Belgium).
pub const KEEP_DAYS: core::ops::RangeInclusive<u32> = 30..=10_958;

/// For how many days a facility keeps its new recordings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeepRules {
    /// Of every visit.
    pub days: u32,
    /// Of these kinds of visit, instead.
    pub of_services: BTreeMap<ServiceId, u32>,
    /// Counts the changes; 0 before the first one.
    pub version: u32,
}

impl KeepRules {
    /// The rules of a facility that has made none.
    #[must_use]
    pub const fn without(days: u32) -> Self {
        Self {
            days,
            of_services: BTreeMap::new(),
            version: 0,
        }
    }

    /// For how many days a recording of a visit is kept.
    #[must_use]
    pub fn days_of(&self, service: Option<ServiceId>) -> u32 {
        let own = service.and_then(|it| self.of_services.get(&it).copied());
        own.unwrap_or(self.days)
    }

    /// Whether every number of days is one that is allowed; see [`KEEP_DAYS`].
    #[must_use]
    pub fn are_allowed(&self) -> bool {
        let mut all = self.of_services.values().chain([&self.days]);
        all.all(|days| KEEP_DAYS.contains(days))
    }
}

/// How a recording stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecordingState {
    /// The visit is being recorded.
    Running,
    /// It has ended, and what can be played is being made.
    Preparing,
    /// It can be played.
    Ready,
    /// Nothing that can be played came of it.
    Failed,
    /// Its key was destroyed.
    Deleted,
}

impl RecordingState {
    /// Every state.
    pub const ALL: [Self; 5] = [
        Self::Running,
        Self::Preparing,
        Self::Ready,
        Self::Failed,
        Self::Deleted,
    ];

    /// The word in JSON and SQL.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Preparing => "preparing",
            Self::Ready => "ready",
            Self::Failed => "failed",
            Self::Deleted => "deleted",
        }
    }

    /// The state of a word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == word)
    }
}

/// What came of a recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Made {
    /// How long it plays, in milliseconds.
    pub duration_ms: u64,
    /// What it takes of the disk, in bytes.
    pub bytes: u64,
}

/// A recording of a visit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recording {
    /// Its id.
    pub id: RecordingId,
    /// The facility.
    pub tenant: TenantId,
    /// Of whom.
    pub patient: PatientId,
    /// Of which visit.
    pub appointment: AppointmentId,
    /// How it stands.
    pub state: RecordingState,
    /// When it began.
    pub started: Micros,
    /// When it ended.
    pub ended: Option<Micros>,
    /// What came of it, once it is ready.
    pub made: Option<Made>,
    /// When it is deleted by itself, unless it is held.
    pub keep_until: Micros,
    /// Whether it must not be deleted, whatever its time.
    pub held: bool,
    /// Why it is held or was deleted.
    pub reason: Option<Line>,
    /// 1 when it began; one more with each change.
    pub version: u32,
}

/// Why nothing was done with a recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RecordingRefusal {
    /// It is running, not ready yet, deleted, or not held.
    #[error("the recording is in another state")]
    State,
    /// It must not be deleted.
    #[error("the recording is held")]
    Held,
}

impl Recording {
    /// A recording begins now and is kept for some days from now on.
    #[must_use]
    pub fn begin(
        id: RecordingId,
        (tenant, patient, appointment): (TenantId, PatientId, AppointmentId),
        now: Micros,
        keep_days: u32,
    ) -> Self {
        let days = keep_days.clamp(*KEEP_DAYS.start(), *KEEP_DAYS.end());
        let kept_us = i64::from(days).saturating_mul(Micros::DAY);
        Self {
            id,
            tenant,
            patient,
            appointment,
            state: RecordingState::Running,
            started: now,
            ended: None,
            made: None,
            keep_until: Micros(now.0.saturating_add(kept_us)),
            held: false,
            reason: None,
            version: 1,
        }
    }

    const fn next(mut self) -> Self {
        self.version = self.version.saturating_add(1);
        self
    }

    /// Nothing more is recorded.
    ///
    /// # Errors
    /// [`RecordingRefusal::State`] when it was over.
    pub fn end(mut self, at: Micros) -> Result<Self, RecordingRefusal> {
        self.only(&[RecordingState::Running])?;
        self.state = RecordingState::Preparing;
        self.ended = Some(at);
        Ok(self.next())
    }

    /// It can be played; or nothing came of it.
    ///
    /// # Errors
    /// [`RecordingRefusal::State`] when it was not being prepared.
    pub fn prepared(mut self, made: Option<Made>) -> Result<Self, RecordingRefusal> {
        self.only(&[RecordingState::Preparing])?;
        self.state = match made {
            Some(_) => RecordingState::Ready,
            None => RecordingState::Failed,
        };
        self.made = made;
        Ok(self.next())
    }

    /// It must not be deleted from now on.
    ///
    /// # Errors
    /// [`RecordingRefusal::State`] when it was deleted.
    pub fn hold(mut self, reason: Line) -> Result<Self, RecordingRefusal> {
        if self.state == RecordingState::Deleted {
            return Err(RecordingRefusal::State);
        }
        self.held = true;
        self.reason = Some(reason);
        Ok(self.next())
    }

    /// It may be deleted again when its time comes.
    ///
    /// # Errors
    /// [`RecordingRefusal::State`] when it was not held.
    pub fn release(mut self) -> Result<Self, RecordingRefusal> {
        if !self.held {
            return Err(RecordingRefusal::State);
        }
        self.held = false;
        self.reason = None;
        Ok(self.next())
    }

    /// Its key is destroyed. What stays says that there was one.
    ///
    /// # Errors
    /// [`RecordingRefusal::Held`]; [`RecordingRefusal::State`] while it runs or is being prepared, and
    /// when it was deleted.
    pub fn delete(mut self, reason: Option<Line>) -> Result<Self, RecordingRefusal> {
        self.only(&[RecordingState::Ready, RecordingState::Failed])?;
        if self.held {
            return Err(RecordingRefusal::Held);
        }
        self.state = RecordingState::Deleted;
        self.reason = reason;
        Ok(self.next())
    }

    /// Whether its time is over.
    #[must_use]
    pub fn is_due(&self, now: Micros) -> bool {
        self.keep_until <= now && self.clone().delete(None).is_ok()
    }

    fn only(&self, states: &[RecordingState]) -> Result<(), RecordingRefusal> {
        if states.contains(&self.state) {
            Ok(())
        } else {
            Err(RecordingRefusal::State)
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    const DAY: i64 = Micros::DAY;

    fn running() -> Recording {
        let of = (
            TenantId::from_uuid(Uuid::from_u128(1)),
            PatientId::from_uuid(Uuid::from_u128(2)),
            AppointmentId::from_uuid(Uuid::from_u128(3)),
        );
        let id = RecordingId::from_uuid(Uuid::from_u128(4));
        Recording::begin(id, of, Micros(0), 365)
    }

    fn ready() -> Recording {
        let made = Made {
            duration_ms: 1_000,
            bytes: 2_000,
        };
        let ended = running().end(Micros(9)).unwrap();
        ended.prepared(Some(made)).unwrap()
    }

    fn because() -> Line {
        Line::try_from("complaint").unwrap()
    }

    #[test]
    fn it_is_deleted_when_its_time_comes_and_not_while_it_is_held() {
        assert!(!ready().is_due(Micros(365 * DAY - 1)));
        assert!(ready().is_due(Micros(365 * DAY)));
        let held = ready().hold(because()).unwrap();
        assert!(!held.is_due(Micros(i64::MAX)));
        assert_eq!(held.clone().delete(None), Err(RecordingRefusal::Held));
        let released = held.release().unwrap();
        assert_eq!((released.reason.clone(), released.version), (None, 5));
        assert!(released.is_due(Micros(365 * DAY)));
    }

    #[test]
    fn what_runs_or_is_being_prepared_is_not_deleted_and_nothing_twice() {
        let state = Err(RecordingRefusal::State);
        assert_eq!(running().delete(None), state);
        assert_eq!(running().end(Micros(1)).unwrap().delete(None), state);
        let gone = ready().delete(Some(because())).unwrap();
        assert_eq!(gone.clone().delete(None), state);
        assert_eq!(gone.clone().hold(because()), state);
        assert_eq!(gone.release(), state);
        assert_eq!(ready().end(Micros(1)), state);
        assert_eq!(running().prepared(None), state);
    }

    #[test]
    fn one_of_which_nothing_came_says_so() {
        let failed = running().end(Micros(1)).unwrap().prepared(None).unwrap();
        assert_eq!(failed.state, RecordingState::Failed);
        assert!(failed.is_due(Micros(365 * DAY)));
    }

    #[test]
    fn nobody_keeps_one_for_less_than_a_month() {
        let of = running();
        let of = (of.tenant, of.patient, of.appointment);
        let id = RecordingId::from_uuid(Uuid::from_u128(4));
        let short = Recording::begin(id, of, Micros(0), 1);
        assert_eq!(short.keep_until, Micros(30 * DAY));
    }

    #[test]
    fn words_lead_back_to_their_state() {
        for state in RecordingState::ALL {
            assert_eq!(RecordingState::from_word(state.as_str()), Some(state));
            let json = serde_json::to_string(&state).unwrap();
            assert_eq!(json, format!("\"{}\"", state.as_str()));
        }
    }
}
