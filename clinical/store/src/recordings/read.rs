//! Finding recordings.

use clinical_model::recordings::{Made, Recording, RecordingState};
use clinical_model::text::Line;
use clinical_model::{AppointmentId, Micros, PatientId, RecordingId, TenantId};
use uuid::Uuid;

use super::{SECRET_BYTES, key_place, reason_place};
use crate::access::{Viewer, own_record, reach};
use crate::statement::{fetch_all, fetch_one, fetch_optional};
use crate::{Conn, StoreError, keys};

/// Most recordings of one page, and of one round of a job.
pub const RECORDINGS_MAX: u32 = 50;

/// Where a page goes on: behind this one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct After {
    /// When it began.
    pub started: Micros,
    /// Its id.
    pub id: RecordingId,
}

/// Which recordings.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Filter {
    /// Of this patient only.
    pub patient: Option<PatientId>,
    /// Of this visit only.
    pub appointment: Option<AppointmentId>,
    /// That stand so only.
    pub state: Option<RecordingState>,
    /// Held or not held only.
    pub held: Option<bool>,
}

/// What recordings a facility has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Figures {
    /// How many are not deleted.
    pub count: u64,
    /// How many of them are held.
    pub held: u64,
    /// Bytes on the disk.
    pub bytes: u64,
    /// When the oldest began.
    pub oldest: Option<Micros>,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    tenant: Uuid,
    patient: Uuid,
    appointment: Uuid,
    state: String,
    started_us: i64,
    ended_us: Option<i64>,
    duration_ms: Option<i64>,
    bytes: Option<i64>,
    keep_until_us: i64,
    held: bool,
    reason_sealed: Option<Vec<u8>>,
    version: i64,
}

macro_rules! select {
    ($($tail:expr),+) => {
        concat!(
            "SELECT r.id, r.tenant, r.patient, r.appointment, r.state, r.started_us, r.ended_us,
                 r.duration_ms, r.bytes, r.keep_until_us, r.held, r.reason_sealed, r.version
             FROM recordings r ",
            $($tail),+
        )
    };
}

/// True where the viewer may know of a recording: administrators of those of the facility, patients of
/// their own, nobody who only acts for them, and clinicians as of everything of the patient. Those of
/// an erased record are nowhere.
macro_rules! visible {
    () => {
        concat!(
            "(r.tenant = $1 AND ($3 = 'admin' OR (($3 <> 'patient' OR ",
            own_record!("r.patient"),
            ") AND ",
            reach!("r.tenant", "r.patient"),
            ")) AND EXISTS (SELECT 1 FROM patient_keys pk
                  WHERE pk.patient = r.patient AND pk.wrapped IS NOT NULL))"
        )
    };
}

async fn opened(conn: &mut Conn, row: Row) -> Result<Recording, StoreError> {
    let tenant = TenantId::from_uuid(row.tenant);
    let reason = match &row.reason_sealed {
        Some(sealed) => {
            let key = keys::tenant_key(conn, tenant).await?;
            let text = keys::open(&key, reason_place(row.id), sealed)?;
            let line = Line::try_from(text);
            Some(line.map_err(|source| StoreError::corrupt("recordings.reason_sealed", source))?)
        }
        None => None,
    };
    let made = row.duration_ms.zip(row.bytes);
    let made = made.map(|(duration_ms, bytes)| {
        Ok::<_, StoreError>(Made {
            duration_ms: number("recordings.duration_ms", duration_ms)?,
            bytes: number("recordings.bytes", bytes)?,
        })
    });
    Ok(Recording {
        id: RecordingId::from_uuid(row.id),
        tenant,
        patient: PatientId::from_uuid(row.patient),
        appointment: AppointmentId::from_uuid(row.appointment),
        state: RecordingState::from_word(&row.state)
            .ok_or_else(|| StoreError::corrupt("recordings.state", "no such state"))?,
        started: Micros(row.started_us),
        ended: row.ended_us.map(Micros),
        made: made.transpose()?,
        keep_until: Micros(row.keep_until_us),
        held: row.held,
        reason,
        version: u32::try_from(row.version)
            .map_err(|source| StoreError::corrupt("recordings.version", source))?,
    })
}

fn number(column: &'static str, stored: i64) -> Result<u64, StoreError> {
    u64::try_from(stored).map_err(|source| StoreError::corrupt(column, source))
}

async fn all(conn: &mut Conn, rows: Vec<Row>) -> Result<Vec<Recording>, StoreError> {
    let mut found = Vec::with_capacity(rows.len());
    for row in rows {
        found.push(opened(conn, row).await?);
    }
    Ok(found)
}

/// A recording of which the viewer may know.
///
/// # Errors
/// The store failed.
pub async fn find(
    conn: &mut Conn,
    viewer: &Viewer,
    id: RecordingId,
) -> Result<Option<Recording>, StoreError> {
    let row = fetch_optional!(
        conn,
        Row,
        select!("WHERE ", visible!(), " AND r.id = $5"),
        viewer.tenant.as_uuid(),
        viewer.person.as_uuid(),
        viewer.role.as_str(),
        viewer.now.0,
        id.as_uuid()
    )?;
    match row {
        Some(row) => opened(conn, row).await.map(Some),
        None => Ok(None),
    }
}

/// A recording, for the recorder and for whoever holds a ticket.
///
/// # Errors
/// The store failed.
pub async fn by_id(conn: &mut Conn, id: RecordingId) -> Result<Option<Recording>, StoreError> {
    let row = fetch_optional!(conn, Row, select!("WHERE r.id = $1"), id.as_uuid())?;
    match row {
        Some(row) => opened(conn, row).await.map(Some),
        None => Ok(None),
    }
}

/// Recordings of which the viewer may know, the newest first.
///
/// # Errors
/// The store failed.
pub async fn list(
    conn: &mut Conn,
    viewer: &Viewer,
    filter: &Filter,
    after: Option<After>,
) -> Result<Vec<Recording>, StoreError> {
    let (before_us, before_id) = match after {
        Some(after) => (after.started.0, after.id.as_uuid()),
        None => (i64::MAX, Uuid::max()),
    };
    let rows = fetch_all!(
        conn,
        Row,
        select!(
            "WHERE ",
            visible!(),
            " AND (r.started_us < $5 OR (r.started_us = $5 AND r.id < $6))
              AND ($7 IS NULL OR r.patient = $7) AND ($8 IS NULL OR r.appointment = $8)
              AND ($9 IS NULL OR r.state = $9) AND ($10 IS NULL OR r.held = $10)
             ORDER BY r.started_us DESC, r.id DESC LIMIT $11"
        ),
        viewer.tenant.as_uuid(),
        viewer.person.as_uuid(),
        viewer.role.as_str(),
        viewer.now.0,
        before_us,
        before_id,
        filter.patient.map(Uuid::from),
        filter.appointment.map(Uuid::from),
        filter.state.map(RecordingState::as_str),
        filter.held,
        i64::from(RECORDINGS_MAX)
    )?;
    all(conn, rows).await
}

/// Recordings that run or are being prepared, of all facilities, the oldest first.
///
/// # Errors
/// The store failed.
pub async fn unfinished(conn: &mut Conn) -> Result<Vec<Recording>, StoreError> {
    let rows = fetch_all!(
        conn,
        Row,
        select!("WHERE r.state IN ('running', 'preparing') ORDER BY r.started_us, r.id")
    )?;
    all(conn, rows).await
}

/// Recordings whose time is over and that nobody holds, and those of erased records.
///
/// # Errors
/// The store failed.
pub async fn due(conn: &mut Conn, now: Micros) -> Result<Vec<Recording>, StoreError> {
    let rows = fetch_all!(
        conn,
        Row,
        select!(
            "WHERE r.state IN ('ready', 'failed') AND NOT r.held AND (r.keep_until_us <= $1
                 OR EXISTS (SELECT 1 FROM patient_keys pk
                      WHERE pk.patient = r.patient AND pk.wrapped IS NULL))
             ORDER BY r.keep_until_us, r.id LIMIT $2"
        ),
        now.0,
        i64::from(RECORDINGS_MAX)
    )?;
    all(conn, rows).await
}

/// Whether a recording of a patient must not be deleted, so that the record is not erased either.
///
/// # Errors
/// The store failed.
pub async fn is_held(conn: &mut Conn, patient: PatientId) -> Result<bool, StoreError> {
    let (count,) = fetch_one!(
        conn,
        (i64,),
        "SELECT count(*) FROM recordings WHERE patient = $1 AND held",
        patient.as_uuid()
    )?;
    Ok(count > 0)
}

/// What recordings a facility has.
///
/// # Errors
/// The store failed.
pub async fn figures(conn: &mut Conn, tenant: TenantId) -> Result<Figures, StoreError> {
    let (count, held, bytes, oldest) = fetch_one!(
        conn,
        (i64, i64, i64, Option<i64>),
        "SELECT count(*), CAST(COALESCE(SUM(CASE WHEN held THEN 1 ELSE 0 END), 0) AS BIGINT),
             CAST(COALESCE(SUM(bytes), 0) AS BIGINT), MIN(started_us)
         FROM recordings WHERE tenant = $1 AND state <> 'deleted'",
        tenant.as_uuid()
    )?;
    Ok(Figures {
        count: number("recordings", count)?,
        held: number("recordings.held", held)?,
        bytes: number("recordings.bytes", bytes)?,
        oldest: oldest.map(Micros),
    })
}

/// What opens a recording; none when it was deleted or the record erased.
///
/// # Errors
/// The store failed.
pub async fn secret(
    conn: &mut Conn,
    it: &Recording,
) -> Result<Option<[u8; SECRET_BYTES]>, StoreError> {
    let row = fetch_optional!(
        conn,
        (Option<Vec<u8>>,),
        "SELECT key_sealed FROM recordings WHERE id = $1",
        it.id.as_uuid()
    )?;
    let Some((Some(sealed),)) = row else {
        return Ok(None);
    };
    let Some(key) = keys::patient_key(conn, it.patient).await? else {
        return Ok(None);
    };
    let opened = key
        .open(key_place(it.id.as_uuid()), &sealed)
        .map_err(|source| StoreError::Sealed {
            table: "recordings",
            column: "key_sealed",
            source,
        })?;
    let secret = <[u8; SECRET_BYTES]>::try_from(opened);
    let secret = secret.or(Err("not the length of a key"));
    secret
        .map(Some)
        .map_err(|source| StoreError::corrupt("recordings.key_sealed", source))
}
