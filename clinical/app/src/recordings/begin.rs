//! What the recorder asks of the clinic.

use clinical_model::recordings::{Made, Recording, RecordingState};
use clinical_model::{RecordingId, RoomUuid};
use clinical_store::recordings as store;
use signaling_protocol::RoomId;

use super::rules::rules_of;
use super::shelf::Secret;
use super::{RecordingsError, system_entry};
use crate::{Clinic, Desk};

/// A recording that begins.
pub struct Begun {
    /// Its id.
    pub id: RecordingId,
    /// What opens it.
    pub secret: Secret,
}

impl core::fmt::Debug for Begun {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Begun({})", self.id)
    }
}

/// A recording that still has to be ended or prepared.
#[derive(Debug)]
pub struct Unfinished {
    /// Which one.
    pub begun: Begun,
    /// Whether it still counts as running.
    pub is_running: bool,
}

/// Puts on record that a visit is recorded from now on, and makes the recording's key. It is kept for
/// `keep_days`, if the facility has no rules of its own.
///
/// # Errors
/// [`RecordingsError::NotFound`] and [`RecordingsError::Store`]
pub async fn begin(desk: &Desk, room: RoomId, keep_days: u32) -> Result<Begun, RecordingsError> {
    let now = desk.now();
    let room = RoomUuid::from_uuid(room.as_uuid());
    let mut tx = desk.db().begin().await?;
    let found = clinical_store::booking::find_by_room(&mut tx, room)
        .await?
        .ok_or(RecordingsError::NotFound)?;
    let visit = found.appointment;
    let id = RecordingId::from_uuid(desk.id(now));
    let of = (visit.tenant, visit.patient, visit.id);
    let service = found.service.map(|it| it.id);
    let rules = rules_of(&mut tx, visit.tenant, keep_days).await?;
    let recording = Recording::begin(id, of, now, rules.days_of(service));
    let secret: Secret = desk.clinic().entropy.bytes();
    store::insert(&mut tx, &recording, &secret).await?;
    tx.commit(system_entry("recordings.begin", &recording, now))
        .await?;
    Ok(Begun { id, secret })
}

async fn change(
    clinic: &Clinic,
    id: RecordingId,
    action: &'static str,
    next: impl FnOnce(Recording) -> Result<Recording, RecordingsError>,
) -> Result<(), RecordingsError> {
    let now = clinic.clock.now();
    let mut tx = clinic.db.begin().await?;
    let found = store::by_id(&mut tx, id).await?;
    let next = next(found.ok_or(RecordingsError::NotFound)?)?;
    store::update(&mut tx, &next).await?;
    tx.commit(system_entry(action, &next, now)).await?;
    Ok(())
}

/// Nothing more comes from the visit.
///
/// # Errors
/// [`RecordingsError`]; [`RecordingsError::WrongState`] when it had ended.
pub async fn ended(clinic: &Clinic, id: RecordingId) -> Result<(), RecordingsError> {
    let now = clinic.clock.now();
    change(clinic, id, "recordings.end", |it| Ok(it.end(now)?)).await
}

/// It can be played, or nothing came of it.
///
/// # Errors
/// [`RecordingsError`]
pub async fn prepared(
    clinic: &Clinic,
    id: RecordingId,
    made: Option<Made>,
) -> Result<(), RecordingsError> {
    let action = match made {
        Some(_) => "recordings.prepare",
        None => "recordings.fail",
    };
    change(clinic, id, action, |it| Ok(it.prepared(made)?)).await
}

/// What an earlier process has left, the oldest first. Those of erased records have no key any more and
/// are left out.
///
/// # Errors
/// [`RecordingsError::Store`]
pub async fn unfinished(clinic: &Clinic) -> Result<Vec<Unfinished>, RecordingsError> {
    let mut conn = clinic.db.read().await?;
    let mut left = Vec::new();
    for recording in store::unfinished(&mut conn).await? {
        if let Some(secret) = store::secret(&mut conn, &recording).await? {
            left.push(Unfinished {
                is_running: recording.state == RecordingState::Running,
                begun: Begun {
                    id: recording.id,
                    secret,
                },
            });
        }
    }
    Ok(left)
}
