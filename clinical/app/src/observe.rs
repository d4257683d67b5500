//! Watching live visits: a doctor her own ones of these days, an admin all, without content.

use clinical_model::{Micros, Role};
use clinical_store::StoreError;
use signaling_protocol::RoomId;
use signaling_ticket::{MintError, OBSERVED_ROOMS_MAX, Observed, Purpose};

use crate::{Actor, Desk};

/// How far back a doctor's own rooms are watched, in microseconds: as long as links work.
const BACK_US: i64 = 12 * Micros::HOUR;
/// How far ahead a doctor's own rooms are watched, in microseconds.
const AHEAD_US: i64 = 24 * Micros::HOUR;

/// Why nobody may watch.
#[derive(Debug, thiserror::Error)]
pub enum ObserveError {
    /// Only doctors and admins watch.
    #[error("this role does not watch visits")]
    Forbidden,
    /// The pass could not be signed.
    #[error("the pass could not be made")]
    Pass(#[from] MintError),
    /// The store failed.
    #[error("the visits could not be read")]
    Store(#[from] StoreError),
}

/// A one-use pass to watch live visits.
///
/// # Errors
/// [`ObserveError`]
pub async fn observe(desk: &Desk, actor: &Actor) -> Result<String, ObserveError> {
    let now = desk.now();
    let mut tx = desk.db().look().await?;
    let rooms = match actor.role {
        Role::Admin => Observed::All,
        Role::Doctor => {
            let range = (now.plus(-BACK_US), now, now.plus(AHEAD_US));
            let max = u32::try_from(OBSERVED_ROOMS_MAX).unwrap_or(u32::MAX);
            let near = clinical_store::booking::rooms_near(&mut tx, actor.user, range, max).await?;
            let ids = near
                .into_iter()
                .map(|room| RoomId::from_uuid(room.as_uuid()));
            Observed::Rooms(ids.collect())
        }
        Role::Patient
        | Role::Nurse
        | Role::Pharmacist
        | Role::LabTechnician
        | Role::Radiologist
        | Role::Pathologist
        | Role::HealthAuthority => return Err(ObserveError::Forbidden),
    };
    let ticket = desk.mint(&Purpose::Observe { rooms }, now)?;
    let entry = actor.did("observe.watch", now);
    tx.commit(entry).await?;
    Ok(ticket)
}
