//! Finding interviews.

use clinical_model::triage::{Feedback, Interview, Story, Whose};
use clinical_model::{AppointmentId, InterviewId, Micros, PatientId, TenantId, TokenHash, UserId};
use uuid::Uuid;

use super::feedback::feedback_of;
use super::{key_of, story_place};
use crate::access::{Viewer, reach};
use crate::statement::{fetch_all, fetch_optional};
use crate::{Conn, StaleLook, StoreError};

/// Most interviews of one list.
pub const INTERVIEWS_MAX: i64 = 50;
/// Most finished interviews that figures are made of; the newest count.
pub const FINISHED_MAX: i64 = 20_000;

/// A finished interview as figures need it.
#[derive(Debug, Clone, PartialEq)]
pub struct Finished {
    /// The interview.
    pub interview: Interview,
    /// What clinicians said of it, oldest first.
    pub feedback: Vec<Feedback>,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    tenant: Uuid,
    patient: Option<Uuid>,
    token_hash: Option<String>,
    expires_us: Option<i64>,
    story_sealed: Vec<u8>,
    appointment: Option<Uuid>,
    noted: bool,
    started_us: i64,
    started_by: Option<Uuid>,
    finished_us: Option<i64>,
    version: i64,
}

macro_rules! select {
    ($($tail:expr),+) => {
        concat!(
            "SELECT i.id, i.tenant, i.patient, i.token_hash, i.expires_us, i.story_sealed,
                 i.appointment, i.noted, i.started_us, i.started_by, i.finished_us, i.version
             FROM interviews i ",
            $($tail),+
        )
    };
}

/// The interview of a row; none when the patient's record was erased.
async fn opened(conn: &mut Conn, row: Row) -> Result<Option<Interview>, StoreError> {
    let tenant = TenantId::from_uuid(row.tenant);
    let patient = row.patient.map(PatientId::from_uuid);
    let Some(key) = key_of(conn, tenant, patient).await? else {
        return Ok(None);
    };
    let version = u32::try_from(row.version)
        .map_err(|source| StoreError::corrupt("interviews.version", source))?;
    let place = story_place(row.id, u64::from(version));
    let text = key
        .open(place, &row.story_sealed)
        .map_err(|source| StoreError::Sealed {
            table: "interviews",
            column: "story_sealed",
            source,
        })?;
    let story: Story = serde_json::from_slice(&text)
        .map_err(|source| StoreError::corrupt("interviews.story_sealed", source))?;
    let whose = match (patient, row.token_hash, row.expires_us) {
        (Some(patient), _, _) => Whose::Patient(patient),
        (None, Some(hash), Some(until)) => Whose::Visitor {
            token: TokenHash::from_hex(hash),
            until: Micros(until),
        },
        _ => return Err(StoreError::corrupt("interviews.patient", "nobody's")),
    };
    Ok(Some(Interview {
        id: InterviewId::from_uuid(row.id),
        tenant,
        whose,
        story,
        appointment: row.appointment.map(AppointmentId::from_uuid),
        noted: row.noted,
        started: Micros(row.started_us),
        started_by: row.started_by.map(UserId::from_uuid),
        finished: row.finished_us.map(Micros),
        version,
    }))
}

async fn all(conn: &mut Conn, rows: Vec<Row>) -> Result<Vec<Interview>, StoreError> {
    let mut found = Vec::with_capacity(rows.len());
    for row in rows {
        found.extend(opened(conn, row).await?);
    }
    Ok(found)
}

/// An interview of a patient whom the viewer may see.
///
/// # Errors
/// The store failed.
pub async fn find(
    conn: &mut Conn,
    viewer: &Viewer,
    id: InterviewId,
) -> Result<Option<Interview>, StoreError> {
    let row = fetch_optional!(
        conn,
        Row,
        select!("WHERE i.id = $5 AND ", reach!("i.tenant", "i.patient")),
        viewer.tenant.as_uuid(),
        viewer.person.as_uuid(),
        viewer.role.as_str(),
        viewer.now.0,
        id.as_uuid()
    )?;
    match row {
        Some(row) => opened(conn, row).await,
        None => Ok(None),
    }
}

/// The interviews of a patient whom the viewer may see, newest first, at most [`INTERVIEWS_MAX`].
///
/// # Errors
/// The store failed.
pub async fn of_patient(
    conn: &mut Conn,
    viewer: &Viewer,
    patient: PatientId,
) -> Result<Vec<Interview>, StoreError> {
    let rows = fetch_all!(
        conn,
        Row,
        select!(
            "WHERE i.patient = $5 AND ",
            reach!("i.tenant", "i.patient"),
            " ORDER BY i.started_us DESC, i.id DESC LIMIT $6"
        ),
        viewer.tenant.as_uuid(),
        viewer.person.as_uuid(),
        viewer.role.as_str(),
        viewer.now.0,
        patient.as_uuid(),
        INTERVIEWS_MAX
    )?;
    all(conn, rows).await
}

/// The interviews that an appointment carries, of a patient whom the viewer may see, newest first.
///
/// # Errors
/// The store failed.
pub async fn of_appointment(
    conn: &mut Conn,
    viewer: &Viewer,
    appointment: AppointmentId,
) -> Result<Vec<Interview>, StoreError> {
    let rows = fetch_all!(
        conn,
        Row,
        select!(
            "WHERE i.appointment = $5 AND ",
            reach!("i.tenant", "i.patient"),
            " ORDER BY i.started_us DESC, i.id DESC LIMIT $6"
        ),
        viewer.tenant.as_uuid(),
        viewer.person.as_uuid(),
        viewer.role.as_str(),
        viewer.now.0,
        appointment.as_uuid(),
        INTERVIEWS_MAX
    )?;
    all(conn, rows).await
}

/// The interview of whoever showed a secret, as long as it is kept.
///
/// # Errors
/// The store failed.
pub async fn of_token(
    conn: &mut Conn,
    token: &TokenHash,
    now: Micros,
) -> Result<Option<Interview>, StoreError> {
    let row = fetch_optional!(
        conn,
        Row,
        select!("WHERE i.token_hash = $1 AND i.expires_us > $2"),
        token.as_str(),
        now.0
    )?;
    match row {
        Some(row) => opened(conn, row).await,
        None => Ok(None),
    }
}

/// What a facility's interviews came to that were finished since then, for figures alone. Those of
/// erased records are not there.
///
/// # Errors
/// The store failed.
pub async fn finished_since(
    conn: &mut Conn,
    tenant: TenantId,
    since: Micros,
) -> Result<Vec<Finished>, StoreError> {
    let rows = fetch_all!(
        conn,
        Row,
        select!("WHERE i.tenant = $1 AND i.finished_us >= $2 ORDER BY i.finished_us DESC LIMIT $3"),
        tenant.as_uuid(),
        since.0,
        FINISHED_MAX
    )?;
    let mut found = Vec::with_capacity(rows.len());
    for interview in all(conn, rows).await? {
        let feedback = feedback_of(conn, &interview).await?;
        found.push(Finished {
            interview,
            feedback,
        });
    }
    Ok(found)
}

/// As [`finished_since`], for figures.
///
/// # Errors
/// The store failed.
pub async fn figures_since(
    look: &mut StaleLook,
    tenant: TenantId,
    since: Micros,
) -> Result<Vec<Finished>, StoreError> {
    finished_since(look.conn(), tenant, since).await
}
