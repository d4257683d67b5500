//! Finding prescriptions.

use clinical_model::access::Label;
use clinical_model::prescribing::{Content, Prescription, Stage};
use clinical_model::{Micros, PatientId, PrescriptionId, TenantId, UserId};
use uuid::Uuid;

use super::{code_index, place};
use crate::access::{Viewer, own_record, reach};
use crate::statement::{fetch_all, fetch_one, fetch_optional};
use crate::{Conn, StoreError, keys};

/// Most prescriptions of a list, newest first.
pub const LIST_MAX: i64 = 200;
/// Most running prescriptions that a screening takes in: far more than anybody has.
const ACTIVE_MAX: i64 = 500;

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    tenant: Uuid,
    patient: Uuid,
    prescriber: Uuid,
    stage: String,
    label: i64,
    prior: Option<Uuid>,
    created_us: i64,
    signed_us: Option<i64>,
    expires_us: Option<i64>,
    sent_us: Option<i64>,
    refused_us: Option<i64>,
    seen_us: Option<i64>,
    replaced_us: Option<i64>,
    cleared_chart: Option<i64>,
    body_sealed: Vec<u8>,
    version: i64,
}

macro_rules! select {
    ($($tail:expr),+) => {
        concat!(
            "SELECT r.id, r.tenant, r.patient, r.prescriber, r.stage, r.label, r.prior,
                 r.created_us, r.signed_us, r.expires_us, r.sent_us, r.refused_us, r.seen_us,
                 r.replaced_us, r.cleared_chart, r.body_sealed, r.version
             FROM prescriptions r WHERE ",
            $($tail),+
        )
    };
}

/// True where the viewer (`$1` to `$4`) may see the prescription up to label `$5`: by a right to the
/// patient, or as a pharmacist of the facility it was transmitted to. Drafts are for doctors. The
/// patient sees all that was signed for them.
macro_rules! shown {
    () => {
        concat!(
            "((",
            reach!("r.tenant", "r.patient"),
            " AND $3 <> 'pharmacist' AND (r.label <= $5 OR ",
            own_record!("r.patient"),
            ") AND (r.signed_us IS NOT NULL OR $3 = 'doctor'))
              OR ($3 = 'pharmacist' AND r.tenant = $1 AND r.label <= $5
                  AND r.stage NOT IN ('draft', 'signed', 'cancelled')))"
        )
    };
}

async fn opened(conn: &mut Conn, row: Row) -> Result<Option<Prescription>, StoreError> {
    let patient = PatientId::from_uuid(row.patient);
    let Some(key) = keys::patient_key(conn, patient).await? else {
        return Ok(None);
    };
    let version = u32::try_from(row.version)
        .map_err(|source| StoreError::corrupt("prescriptions.version", source))?;
    let json = key
        .open(place(row.id, u64::from(version)), &row.body_sealed)
        .map_err(|source| StoreError::Sealed {
            table: "prescriptions",
            column: "body_sealed",
            source,
        })?;
    let content: Content = serde_json::from_slice(&json)
        .map_err(|source| StoreError::corrupt("prescriptions.body_sealed", source))?;
    let lines = fetch_all!(
        conn,
        (i64,),
        "SELECT dispensed FROM prescription_lines WHERE prescription = $1 ORDER BY line",
        row.id
    )?;
    let dispensed = lines
        .into_iter()
        .map(|(gone,)| {
            u32::try_from(gone)
                .map_err(|source| StoreError::corrupt("prescription_lines.dispensed", source))
        })
        .collect::<Result<Vec<u32>, StoreError>>()?;
    Ok(Some(Prescription {
        id: PrescriptionId::from_uuid(row.id),
        tenant: TenantId::from_uuid(row.tenant),
        patient,
        prescriber: UserId::from_uuid(row.prescriber),
        stage: Stage::from_word(&row.stage)
            .ok_or_else(|| StoreError::corrupt("prescriptions.stage", "no such stage"))?,
        label: Label::from_level(row.label)
            .ok_or_else(|| StoreError::corrupt("prescriptions.label", "no such label"))?,
        prior: row.prior.map(PrescriptionId::from_uuid),
        created: Micros(row.created_us),
        signed: row.signed_us.map(Micros),
        expires: row.expires_us.map(Micros),
        sent: row.sent_us.map(Micros),
        refused: row.refused_us.map(Micros),
        seen: row.seen_us.map(Micros),
        replaced: row.replaced_us.map(Micros),
        cleared_chart: row.cleared_chart.and_then(|at| u64::try_from(at).ok()),
        content,
        dispensed,
        version,
    }))
}

async fn all(conn: &mut Conn, rows: Vec<Row>) -> Result<Vec<Prescription>, StoreError> {
    let mut found = Vec::with_capacity(rows.len());
    for row in rows {
        found.extend(opened(conn, row).await?);
    }
    Ok(found)
}

/// A prescription, if the viewer may see it.
///
/// # Errors
/// The store failed.
pub async fn find(
    conn: &mut Conn,
    viewer: &Viewer,
    id: PrescriptionId,
) -> Result<Option<Prescription>, StoreError> {
    let row = fetch_optional!(
        conn,
        Row,
        select!("r.id = $6 AND ", shown!()),
        viewer.tenant.as_uuid(),
        viewer.person.as_uuid(),
        viewer.role.as_str(),
        viewer.now.0,
        Label::list_level(viewer.role),
        id.as_uuid()
    )?;
    match row {
        Some(row) => opened(conn, row).await,
        None => Ok(None),
    }
}

/// A prescription for the program's own work: no right is asked for. What it finds may not be shown
/// without one.
///
/// # Errors
/// The store failed.
pub async fn record(
    conn: &mut Conn,
    id: PrescriptionId,
) -> Result<Option<Prescription>, StoreError> {
    let row = fetch_optional!(conn, Row, select!("r.id = $1"), id.as_uuid())?;
    match row {
        Some(row) => opened(conn, row).await,
        None => Ok(None),
    }
}

/// The prescription of a code on paper.
///
/// # Errors
/// The store failed.
pub async fn by_code(conn: &mut Conn, code: &str) -> Result<Option<Prescription>, StoreError> {
    let index = code_index(conn, code).await?;
    let row = fetch_optional!(conn, Row, select!("r.code_index = $1"), index)?;
    match row {
        Some(row) => opened(conn, row).await,
        None => Ok(None),
    }
}

/// The prescriptions that the viewer may see, newest first, at most [`LIST_MAX`]; of one patient,
/// in one stage.
///
/// # Errors
/// The store failed.
pub async fn list(
    conn: &mut Conn,
    viewer: &Viewer,
    patient: Option<PatientId>,
    stage: Option<Stage>,
) -> Result<Vec<Prescription>, StoreError> {
    let rows = fetch_all!(
        conn,
        Row,
        select!(
            shown!(),
            " AND (CAST($6 AS UUID) IS NULL OR r.patient = $6)
              AND ($7 = '' OR r.stage = $7)
              ORDER BY r.created_us DESC, r.id DESC LIMIT $8"
        ),
        viewer.tenant.as_uuid(),
        viewer.person.as_uuid(),
        viewer.role.as_str(),
        viewer.now.0,
        Label::list_level(viewer.role),
        patient.map(PatientId::as_uuid),
        stage.map_or("", Stage::as_str),
        LIST_MAX
    )?;
    all(conn, rows).await
}

/// The prescriptions of a patient that are taken from and that the viewer may see, newest first, as a
/// screening takes them in.
///
/// # Errors
/// The store failed.
pub async fn running(
    conn: &mut Conn,
    viewer: &Viewer,
    patient: PatientId,
) -> Result<Vec<Prescription>, StoreError> {
    let rows = fetch_all!(
        conn,
        Row,
        select!(
            shown!(),
            " AND r.patient = $6
              AND r.stage IN ('signed', 'transmitted', 'dispensed_part', 'completed')
              ORDER BY r.created_us DESC, r.id DESC LIMIT $7"
        ),
        viewer.tenant.as_uuid(),
        viewer.person.as_uuid(),
        viewer.role.as_str(),
        viewer.now.0,
        Label::list_level(viewer.role),
        patient.as_uuid(),
        ACTIVE_MAX
    )?;
    all(conn, rows).await
}

/// How many refusals the prescriber has not seen yet, and when the last of them was.
///
/// # Errors
/// The store failed.
pub async fn unseen_refusals(
    conn: &mut Conn,
    viewer: &Viewer,
) -> Result<(i64, Option<Micros>), StoreError> {
    let (count, last) = fetch_one!(
        conn,
        (i64, Option<i64>),
        concat!(
            "SELECT count(*), max(r.refused_us) FROM prescriptions r
             WHERE r.prescriber = $2 AND r.stage = 'refused' AND r.seen_us IS NULL AND ",
            shown!()
        ),
        viewer.tenant.as_uuid(),
        viewer.person.as_uuid(),
        viewer.role.as_str(),
        viewer.now.0,
        Label::list_level(viewer.role)
    )?;
    Ok((count, last.map(Micros)))
}

/// Everything that was signed for a patient up to a label, newest first. Who may see it was decided
/// before.
///
/// # Errors
/// The store failed.
pub async fn signed_for(
    conn: &mut Conn,
    patient: PatientId,
    label_max: Label,
) -> Result<Vec<Prescription>, StoreError> {
    let rows = fetch_all!(
        conn,
        Row,
        select!(
            "r.patient = $1 AND r.label <= $2 AND r.signed_us IS NOT NULL
             ORDER BY r.created_us DESC, r.id DESC"
        ),
        patient.as_uuid(),
        label_max.level()
    )?;
    all(conn, rows).await
}

/// The running prescriptions of a patient whatever their label: a screening must know them.
///
/// # Errors
/// The store failed.
pub async fn active_of(
    conn: &mut Conn,
    patient: PatientId,
    now: Micros,
) -> Result<Vec<Prescription>, StoreError> {
    let rows = fetch_all!(
        conn,
        Row,
        select!(
            "r.patient = $1 AND r.expires_us > $2
             AND r.stage IN ('signed', 'transmitted', 'dispensed_part', 'completed')
             ORDER BY r.created_us DESC, r.id DESC LIMIT $3"
        ),
        patient.as_uuid(),
        now.0,
        ACTIVE_MAX
    )?;
    all(conn, rows).await
}

/// How long the loop from refusal to replacement takes in a facility.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RefusalTimes {
    /// Prescriptions that were refused.
    pub refused: i64,
    /// Of these, seen by the doctor.
    pub seen: i64,
    /// Of these, replaced.
    pub replaced: i64,
    /// Longest time until one was seen, in microseconds.
    pub seen_us_max: i64,
    /// Mean time until they were seen, in microseconds.
    pub seen_us_mean: i64,
    /// Longest time until one was replaced, in microseconds.
    pub replaced_us_max: i64,
    /// Mean time until they were replaced, in microseconds.
    pub replaced_us_mean: i64,
}

/// Measures the loop over refusals since `from`.
///
/// # Errors
/// The store failed.
pub async fn refusal_times(
    conn: &mut Conn,
    tenant: TenantId,
    from: Micros,
) -> Result<RefusalTimes, StoreError> {
    let row = fetch_one!(
        conn,
        (i64, i64, i64, i64, i64, i64, i64),
        "SELECT count(*), count(seen_us), count(replaced_us),
             COALESCE(max(seen_us - refused_us), 0),
             CAST(COALESCE(avg(seen_us - refused_us), 0) AS BIGINT),
             COALESCE(max(replaced_us - refused_us), 0),
             CAST(COALESCE(avg(replaced_us - refused_us), 0) AS BIGINT)
         FROM prescriptions WHERE tenant = $1 AND refused_us >= $2",
        tenant.as_uuid(),
        from.0
    )?;
    let (refused, seen, replaced, seen_us_max, seen_us_mean, replaced_us_max, replaced_us_mean) =
        row;
    Ok(RefusalTimes {
        refused,
        seen,
        replaced,
        seen_us_max,
        seen_us_mean,
        replaced_us_max,
        replaced_us_mean,
    })
}
