//! Times that are kept for a patient for some minutes.

use clinical_model::booking::Slot;
use clinical_model::{HoldId, Micros, PatientId, ServiceId, TenantId, UserId};
use uuid::Uuid;

use super::occupancies::{Seat, keep};
use super::{AppointmentWriteError, Claim};
use crate::statement::{execute, execute_one, fetch_all, fetch_optional};
use crate::tx::Conn;
use crate::{StoreError, Tx};

/// A time that is kept for a patient.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hold {
    /// The hold.
    pub id: HoldId,
    /// The facility.
    pub tenant: TenantId,
    /// For whom.
    pub patient: PatientId,
    /// What for.
    pub service: Option<ServiceId>,
    /// Whose time.
    pub doctor: UserId,
    /// The visit.
    pub slot: Slot,
    /// Until when.
    pub expires: Micros,
    /// It is offered from the waiting list; else the patient chose it.
    pub offered: bool,
}

#[derive(sqlx::FromRow)]
struct HoldRow {
    id: Uuid,
    tenant: Uuid,
    patient: Uuid,
    service: Option<Uuid>,
    doctor: Uuid,
    start_us: i64,
    end_us: i64,
    expires_us: i64,
    offered: bool,
}

/// Keeps a time with all that it needs, or nothing. An earlier one that the patient chose gives way
/// to a new one.
///
/// # Errors
/// It is kept for somebody else, or the store failed.
pub async fn insert_hold(
    tx: &mut Tx,
    hold: &Hold,
    (span, seats): (Slot, &[Seat]),
    now: Micros,
) -> Result<(), AppointmentWriteError> {
    if !hold.offered {
        drop_chosen(tx, hold.patient).await?;
    }
    execute_one!(
        tx,
        "INSERT INTO holds (id, tenant, patient, service, doctor, start_us, end_us, expires_us, offered)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        hold.id.as_uuid(),
        hold.tenant.as_uuid(),
        hold.patient.as_uuid(),
        hold.service.map(|it| it.as_uuid()),
        hold.doctor.as_uuid(),
        hold.slot.start.0,
        hold.slot.end.0,
        hold.expires.0,
        hold.offered
    )?;
    keep(tx, hold, (span, seats), now).await?;
    Ok(())
}

/// The patient's hold with that id, unless it has expired.
///
/// # Errors
/// The store failed.
pub async fn hold(
    conn: &mut Conn,
    patient: PatientId,
    id: HoldId,
    now: Micros,
) -> Result<Option<Hold>, StoreError> {
    let row = fetch_optional!(
        conn,
        HoldRow,
        "SELECT id, tenant, patient, service, doctor, start_us, end_us, expires_us, offered
         FROM holds WHERE id = $1 AND patient = $2 AND expires_us > $3",
        id.as_uuid(),
        patient.as_uuid(),
        now.0
    )?;
    Ok(row.map(Hold::from))
}

/// Holds that patients chose and let expire, at most 200.
///
/// # Errors
/// The store failed.
pub async fn expired_holds(conn: &mut Conn, now: Micros) -> Result<Vec<Hold>, StoreError> {
    let rows = fetch_all!(
        conn,
        HoldRow,
        "SELECT id, tenant, patient, service, doctor, start_us, end_us, expires_us, offered
         FROM holds WHERE offered = FALSE AND expires_us <= $1 ORDER BY expires_us LIMIT 200",
        now.0
    )?;
    Ok(rows.into_iter().map(Hold::from).collect())
}

/// Gives back what a patient chose before.
///
/// # Errors
/// The store failed.
pub async fn drop_chosen(tx: &mut Tx, patient: PatientId) -> Result<(), StoreError> {
    execute!(
        tx,
        "DELETE FROM holds WHERE patient = $1 AND offered = FALSE",
        patient.as_uuid()
    )?;
    Ok(())
}

/// Gives a hold back; false if there is none.
///
/// # Errors
/// The store failed.
pub async fn delete_hold(tx: &mut Tx, patient: PatientId, id: HoldId) -> Result<bool, StoreError> {
    let gone = execute!(
        tx,
        "DELETE FROM holds WHERE id = $1 AND patient = $2",
        id.as_uuid(),
        patient.as_uuid()
    )?;
    Ok(gone == 1)
}

impl Hold {
    /// What an appointment takes that is made of it.
    #[must_use]
    pub const fn claim(&self) -> Claim {
        Claim::Held {
            hold: self.id,
            service: self.service,
        }
    }
}

impl From<HoldRow> for Hold {
    fn from(row: HoldRow) -> Self {
        Self {
            id: HoldId::from_uuid(row.id),
            tenant: TenantId::from_uuid(row.tenant),
            patient: PatientId::from_uuid(row.patient),
            service: row.service.map(ServiceId::from_uuid),
            doctor: UserId::from_uuid(row.doctor),
            slot: Slot {
                start: Micros(row.start_us),
                end: Micros(row.end_us),
            },
            expires: Micros(row.expires_us),
            offered: row.offered,
        }
    }
}
