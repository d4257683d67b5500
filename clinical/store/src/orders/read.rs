//! Finding orders and reports.

use clinical_model::access::Label;
use clinical_model::results::{
    Department, LoincCode, Order, OrderContent, OrderStage, Priority, ReleaseRule, Report,
    ReportVersion,
};
use clinical_model::{Micros, OrderId, PatientId, TenantId, UserId};
use clinical_vault::DataKey;
use uuid::Uuid;

use super::{code_index, order_place, report_place};
use crate::access::{Viewer, own_record, proxy, reach};
use crate::statement::{fetch_all, fetch_optional};
use crate::{Conn, StoreError, keys};

/// Most orders of a list.
pub const LIST_MAX: i64 = 200;
/// Most earlier values that a new one is compared with.
const EARLIER_MAX: i64 = 20;

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    tenant: Uuid,
    patient: Uuid,
    ordered_by: Uuid,
    department: String,
    priority: i64,
    stage: String,
    label: i64,
    release_rule: String,
    release_hours: i64,
    ordered_us: i64,
    collected_us: Option<i64>,
    reported_us: Option<i64>,
    verified_us: Option<i64>,
    seen_us: Option<i64>,
    seen_by: Option<Uuid>,
    release_us: Option<i64>,
    is_critical: bool,
    report_version: i64,
    body_sealed: Vec<u8>,
    version: i64,
}

macro_rules! select {
    ($($tail:expr),+) => {
        concat!(
            "SELECT o.id, o.tenant, o.patient, o.ordered_by, o.department, o.priority, o.stage,
                 o.label, o.release_rule, o.release_hours, o.ordered_us, o.collected_us,
                 o.reported_us, o.verified_us, o.seen_us, o.seen_by, o.release_us, o.is_critical,
                 o.report_version, o.body_sealed, o.version
             FROM orders o WHERE ",
            $($tail),+
        )
    };
}

/// True where the viewer (`$1` to `$4`) may see the order up to label `$5`: by a right to the
/// patient; as the doctor who ordered it or who was told of its critical value; or as somebody of the
/// department `$6` that does it. The patient, and who acts for them, see nothing before it is
/// released, whatever else they are to the clinic.
macro_rules! shown {
    () => {
        concat!(
            "(($6 = '' AND ",
            reach!("o.tenant", "o.patient"),
            " AND (o.label <= $5 OR ",
            own_record!("o.patient"),
            ")) OR ($3 = 'doctor' AND o.tenant = $1 AND (o.ordered_by = $2
                 OR EXISTS (SELECT 1 FROM critical_told ct
                     WHERE ct.order_id = o.id AND ct.person = $2)))
              OR ($6 <> '' AND o.tenant = $1 AND o.department = $6))
             AND (o.release_us <= $4 OR NOT (",
            own_record!("o.patient"),
            " OR ",
            proxy!("o.patient"),
            "))"
        )
    };
}

fn parsed(key: &DataKey, row: &Row) -> Result<Order, StoreError> {
    let number = |column, stored| {
        u32::try_from(stored).map_err(|source| StoreError::corrupt(column, source))
    };
    let version = number("orders.version", row.version)?;
    let json = key
        .open(order_place(row.id, u64::from(version)), &row.body_sealed)
        .map_err(|source| StoreError::Sealed {
            table: "orders",
            column: "body_sealed",
            source,
        })?;
    let content: OrderContent = serde_json::from_slice(&json)
        .map_err(|source| StoreError::corrupt("orders.body_sealed", source))?;
    let hours = u16::try_from(row.release_hours)
        .map_err(|source| StoreError::corrupt("orders.release_hours", source))?;
    Ok(Order {
        id: OrderId::from_uuid(row.id),
        tenant: TenantId::from_uuid(row.tenant),
        patient: PatientId::from_uuid(row.patient),
        ordered_by: UserId::from_uuid(row.ordered_by),
        department: Department::from_word(&row.department)
            .ok_or_else(|| StoreError::corrupt("orders.department", "no such department"))?,
        priority: Priority::from_level(row.priority)
            .ok_or_else(|| StoreError::corrupt("orders.priority", "no such priority"))?,
        stage: OrderStage::from_word(&row.stage)
            .ok_or_else(|| StoreError::corrupt("orders.stage", "no such stage"))?,
        label: Label::from_level(row.label)
            .ok_or_else(|| StoreError::corrupt("orders.label", "no such label"))?,
        rule: match row.release_rule.as_str() {
            "immediate" => ReleaseRule::Immediate,
            "after_review" => ReleaseRule::AfterReview,
            "after_hours" => ReleaseRule::AfterHours(hours),
            _ => return Err(StoreError::corrupt("orders.release_rule", "no such rule")),
        },
        ordered: Micros(row.ordered_us),
        collected: row.collected_us.map(Micros),
        reported: row.reported_us.map(Micros),
        verified: row.verified_us.map(Micros),
        seen: row.seen_us.map(Micros),
        seen_by: row.seen_by.map(UserId::from_uuid),
        release: row.release_us.map(Micros),
        is_critical: row.is_critical,
        content,
        report_version: number("orders.report_version", row.report_version)?,
        version,
    })
}

async fn opened(conn: &mut Conn, row: Row) -> Result<Option<Order>, StoreError> {
    let key = keys::patient_key(conn, PatientId::from_uuid(row.patient)).await?;
    key.map(|key| parsed(&key, &row)).transpose()
}

async fn all(conn: &mut Conn, rows: Vec<Row>) -> Result<Vec<Order>, StoreError> {
    let mut found = Vec::with_capacity(rows.len());
    for row in rows {
        found.extend(opened(conn, row).await?);
    }
    Ok(found)
}

/// An order, if the viewer may see it.
///
/// # Errors
/// The store failed.
pub async fn find(
    conn: &mut Conn,
    viewer: &Viewer,
    id: OrderId,
) -> Result<Option<Order>, StoreError> {
    let row = fetch_optional!(
        conn,
        Row,
        select!(shown!(), " AND o.id = $7"),
        viewer.tenant.as_uuid(),
        viewer.person.as_uuid(),
        viewer.role.as_str(),
        viewer.now.0,
        Label::list_level(viewer.role),
        Department::of_role(viewer.role).map_or("", Department::as_str),
        id.as_uuid()
    )?;
    match row {
        Some(row) => opened(conn, row).await,
        None => Ok(None),
    }
}

/// An order for the program's own work: no right is asked for. What it finds may not be shown
/// without one.
///
/// # Errors
/// The store failed.
pub async fn record(conn: &mut Conn, id: OrderId) -> Result<Option<Order>, StoreError> {
    let row = fetch_optional!(conn, Row, select!("o.id = $1"), id.as_uuid())?;
    match row {
        Some(row) => opened(conn, row).await,
        None => Ok(None),
    }
}

/// The newest orders of a patient to the laboratory, for saying to which of them a result belongs: no
/// right is asked for.
///
/// # Errors
/// The store failed.
pub async fn of_patient(
    conn: &mut Conn,
    tenant: TenantId,
    patient: PatientId,
) -> Result<Vec<Order>, StoreError> {
    let rows = fetch_all!(
        conn,
        Row,
        select!(
            "o.tenant = $1 AND o.patient = $2 AND o.department = 'laboratory'
             ORDER BY o.ordered_us DESC, o.id DESC LIMIT $3"
        ),
        tenant.as_uuid(),
        patient.as_uuid(),
        EARLIER_MAX
    )?;
    all(conn, rows).await
}

/// Which orders of a list.
#[derive(Debug, Clone, Copy, Default)]
pub struct Shown<'a> {
    /// Of this patient.
    pub patient: Option<PatientId>,
    /// With a value of this test; only with a patient, whose key the index is under.
    pub code: Option<&'a LoincCode>,
    /// Only those that the viewer ordered or was told of.
    pub is_mine: bool,
    /// Only those with a report.
    pub is_reported: bool,
}

/// The orders that the viewer may see: critical ones that nobody read first, then unread ones, then
/// the newest; at most [`LIST_MAX`].
///
/// # Errors
/// The store failed.
pub async fn list(
    conn: &mut Conn,
    viewer: &Viewer,
    which: Shown<'_>,
) -> Result<Vec<Order>, StoreError> {
    let index = match (which.patient, which.code) {
        (Some(patient), Some(code)) => match keys::patient_key(conn, patient).await? {
            Some(key) => Some(code_index(&key, code)?),
            None => return Ok(Vec::new()),
        },
        (_, None) => None,
        (None, Some(_)) => return Ok(Vec::new()),
    };
    let rows = fetch_all!(
        conn,
        Row,
        select!(
            shown!(),
            " AND (CAST($7 AS UUID) IS NULL OR o.patient = $7)
              AND (CAST($8 AS BYTEA) IS NULL OR EXISTS (SELECT 1 FROM result_values rv
                  WHERE rv.order_id = o.id AND rv.code_index = $8))
              AND (NOT $9 OR o.reported_us IS NOT NULL)
              AND (NOT $10 OR o.ordered_by = $2 OR EXISTS (SELECT 1 FROM critical_told ct
                  WHERE ct.order_id = o.id AND ct.person = $2))
              ORDER BY CASE WHEN o.reported_us IS NULL OR o.seen_us IS NOT NULL THEN 2
                            WHEN o.is_critical THEN 0 ELSE 1 END,
                  COALESCE(o.reported_us, o.ordered_us) DESC, o.id DESC LIMIT $11"
        ),
        viewer.tenant.as_uuid(),
        viewer.person.as_uuid(),
        viewer.role.as_str(),
        viewer.now.0,
        Label::list_level(viewer.role),
        Department::of_role(viewer.role).map_or("", Department::as_str),
        which.patient.map(PatientId::as_uuid),
        index,
        which.is_reported,
        which.is_mine,
        LIST_MAX
    )?;
    all(conn, rows).await
}

/// What the viewer's department has to do, most urgent and oldest first, and then what it did last;
/// at most [`LIST_MAX`]. Empty for people of no department.
///
/// # Errors
/// The store failed.
pub async fn worklist(
    conn: &mut Conn,
    viewer: &Viewer,
    is_open: bool,
) -> Result<Vec<Order>, StoreError> {
    let Some(department) = Department::of_role(viewer.role) else {
        return Ok(Vec::new());
    };
    let rows = if is_open {
        fetch_all!(
            conn,
            Row,
            select!(
                "o.tenant = $1 AND o.department = $2
                 AND o.stage IN ('active', 'collected', 'preliminary')
                 ORDER BY o.priority, o.ordered_us, o.id LIMIT $3"
            ),
            viewer.tenant.as_uuid(),
            department.as_str(),
            LIST_MAX
        )?
    } else {
        fetch_all!(
            conn,
            Row,
            select!(
                "o.tenant = $1 AND o.department = $2 AND o.stage IN ('final', 'amended')
                 ORDER BY o.verified_us DESC, o.id DESC LIMIT $3"
            ),
            viewer.tenant.as_uuid(),
            department.as_str(),
            LIST_MAX
        )?
    };
    all(conn, rows).await
}

#[derive(sqlx::FromRow)]
struct ReportRow {
    version: i64,
    stage: String,
    author: Uuid,
    at_us: i64,
    body_sealed: Vec<u8>,
}

fn parsed_report(key: &DataKey, id: OrderId, row: ReportRow) -> Result<ReportVersion, StoreError> {
    let version = u32::try_from(row.version)
        .map_err(|source| StoreError::corrupt("order_reports.version", source))?;
    let json = key
        .open(
            report_place(id.as_uuid(), u64::from(version)),
            &row.body_sealed,
        )
        .map_err(|source| StoreError::Sealed {
            table: "order_reports",
            column: "body_sealed",
            source,
        })?;
    let report: Report = serde_json::from_slice(&json)
        .map_err(|source| StoreError::corrupt("order_reports.body_sealed", source))?;
    Ok(ReportVersion {
        version,
        stage: OrderStage::from_word(&row.stage)
            .ok_or_else(|| StoreError::corrupt("order_reports.stage", "no such stage"))?,
        author: UserId::from_uuid(row.author),
        at: Micros(row.at_us),
        report,
    })
}

/// The newest report of an order that was found.
///
/// # Errors
/// The store failed.
pub async fn report(conn: &mut Conn, it: &Order) -> Result<Option<ReportVersion>, StoreError> {
    if it.report_version == 0 {
        return Ok(None);
    }
    let Some(key) = keys::patient_key(conn, it.patient).await? else {
        return Ok(None);
    };
    let row = fetch_optional!(
        conn,
        ReportRow,
        "SELECT version, stage, author, at_us, body_sealed FROM order_reports
         WHERE order_id = $1 AND version = $2",
        it.id.as_uuid(),
        i64::from(it.report_version)
    )?;
    row.map(|row| parsed_report(&key, it.id, row)).transpose()
}

/// Every report of an order that was found, oldest first.
///
/// # Errors
/// The store failed.
pub async fn reports(conn: &mut Conn, it: &Order) -> Result<Vec<ReportVersion>, StoreError> {
    let Some(key) = keys::patient_key(conn, it.patient).await? else {
        return Ok(Vec::new());
    };
    let rows = fetch_all!(
        conn,
        ReportRow,
        "SELECT version, stage, author, at_us, body_sealed FROM order_reports
         WHERE order_id = $1 ORDER BY version LIMIT 1000",
        it.id.as_uuid()
    )?;
    rows.into_iter()
        .map(|row| parsed_report(&key, it.id, row))
        .collect()
}

/// The verified orders of a patient with a value of a test, newest first, for judging a new value: no
/// right is asked for.
///
/// # Errors
/// The store failed.
pub async fn earlier(
    conn: &mut Conn,
    it: &Order,
    code: &LoincCode,
) -> Result<Vec<Order>, StoreError> {
    let Some(key) = keys::patient_key(conn, it.patient).await? else {
        return Ok(Vec::new());
    };
    let rows = fetch_all!(
        conn,
        Row,
        select!(
            "o.patient = $1 AND o.id <> $2 AND o.verified_us IS NOT NULL
             AND EXISTS (SELECT 1 FROM result_values rv
                 WHERE rv.order_id = o.id AND rv.code_index = $3)
             ORDER BY o.ordered_us DESC, o.id DESC LIMIT $4"
        ),
        it.patient.as_uuid(),
        it.id.as_uuid(),
        code_index(&key, code)?,
        EARLIER_MAX
    )?;
    rows.iter().map(|row| parsed(&key, row)).collect()
}
