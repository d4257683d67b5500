//! Emergency accesses and their reviews.

use clinical_model::access::{BreakGlass, BreakGlassReason, ReviewVerdict};
use clinical_model::{GrantId, Micros, PatientId, Phi, TenantId, UserId};
use uuid::Uuid;

use crate::statement::{execute, execute_one, fetch_all, fetch_optional};
use crate::tx::Conn;
use crate::{StoreError, Tx, identity, keys, patients};

/// Most reviews in one list.
const REVIEWS_MAX: i64 = 200;

const fn place(id: Uuid) -> (&'static str, &'static str, Uuid) {
    ("break_glass", "reason_sealed", id)
}

/// Writes an emergency access. The words are sealed with the facility's key: they are about who
/// looked, and outlive the record.
///
/// # Errors
/// Another facility's patient or person, or the store failed.
pub async fn insert_break_glass(
    tx: &mut Tx,
    emergency: &BreakGlass,
    words: &str,
) -> Result<(), StoreError> {
    let key = keys::tenant_key(tx, emergency.tenant).await?;
    let id = emergency.id.as_uuid();
    execute_one!(
        tx,
        "INSERT INTO break_glass
             (id, tenant, patient, person, reason_code, reason_sealed, from_us, until_us)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        id,
        emergency.tenant.as_uuid(),
        emergency.patient.as_uuid(),
        emergency.person.as_uuid(),
        emergency.reason.as_str(),
        keys::seal(&key, place(id), words)?,
        emergency.from.0,
        emergency.until.0
    )
}

/// An emergency access as its reviewer sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Emergency {
    /// The access.
    pub access: BreakGlass,
    /// Who took it.
    pub person_name: String,
    /// Whose record it was; none when it was erased since.
    pub patient_name: Option<String>,
    /// Why, in words.
    pub words: Phi<String>,
}

#[derive(sqlx::FromRow)]
struct EmergencyRow {
    id: Uuid,
    tenant: Uuid,
    patient: Uuid,
    person: Uuid,
    reason_code: String,
    reason_sealed: Vec<u8>,
    from_us: i64,
    until_us: i64,
    review: Option<String>,
    name_sealed: Vec<u8>,
}

macro_rules! select_emergencies {
    ($tail:literal) => {
        concat!(
            "SELECT b.id, b.tenant, b.patient, b.person, b.reason_code, b.reason_sealed, b.from_us,
                 b.until_us, b.review, u.name_sealed
             FROM break_glass b JOIN users u ON u.id = b.person ",
            $tail
        )
    };
}

async fn opened(conn: &mut Conn, row: EmergencyRow) -> Result<Emergency, StoreError> {
    let tenant = TenantId::from_uuid(row.tenant);
    let patient = PatientId::from_uuid(row.patient);
    let person = UserId::from_uuid(row.person);
    let key = keys::tenant_key(conn, tenant).await?;
    let words = keys::open(&key, place(row.id), &row.reason_sealed)?;
    let review = row.review.as_deref().map(|word| {
        ReviewVerdict::from_word(word)
            .ok_or_else(|| StoreError::corrupt("break_glass.review", "no such word"))
    });
    Ok(Emergency {
        access: BreakGlass {
            id: GrantId::from_uuid(row.id),
            tenant,
            patient,
            person,
            reason: BreakGlassReason::from_word(&row.reason_code)
                .ok_or_else(|| StoreError::corrupt("break_glass.reason_code", "no such word"))?,
            from: Micros(row.from_us),
            until: Micros(row.until_us),
            review: review.transpose()?,
        },
        person_name: identity::open_name(conn, tenant, person, &row.name_sealed).await?,
        patient_name: patients::record(conn, tenant, patient)
            .await?
            .map(|found| found.demographics.full_name()),
        words: Phi::new(words),
    })
}

/// Emergency accesses of a facility: those without a review first, oldest first.
///
/// # Errors
/// The store failed.
pub async fn open_reviews(conn: &mut Conn, tenant: TenantId) -> Result<Vec<Emergency>, StoreError> {
    let rows = fetch_all!(
        conn,
        EmergencyRow,
        select_emergencies!(
            "WHERE b.tenant = $1
             ORDER BY CASE WHEN b.reviewed_us IS NULL THEN 0 ELSE 1 END, b.from_us, b.id LIMIT $2"
        ),
        tenant.as_uuid(),
        REVIEWS_MAX
    )?;
    let mut reviews = Vec::with_capacity(rows.len());
    for row in rows {
        reviews.push(opened(conn, row).await?);
    }
    Ok(reviews)
}

/// One emergency access of a facility.
///
/// # Errors
/// The store failed.
pub async fn find_break_glass(
    conn: &mut Conn,
    tenant: TenantId,
    id: GrantId,
) -> Result<Option<Emergency>, StoreError> {
    let row = fetch_optional!(
        conn,
        EmergencyRow,
        select_emergencies!("WHERE b.tenant = $1 AND b.id = $2"),
        tenant.as_uuid(),
        id.as_uuid()
    )?;
    match row {
        Some(row) => opened(conn, row).await.map(Some),
        None => Ok(None),
    }
}

/// Writes a review; false if there was one before. The schema refuses a review by the one who
/// looked.
///
/// # Errors
/// The store failed.
pub async fn review(
    tx: &mut Tx,
    id: GrantId,
    verdict: ReviewVerdict,
    (by, now): (UserId, Micros),
) -> Result<bool, StoreError> {
    let touched = execute!(
        tx,
        "UPDATE break_glass SET reviewed_us = $1, reviewed_by = $2, review = $3
         WHERE id = $4 AND reviewed_us IS NULL",
        now.0,
        by.as_uuid(),
        verdict.as_str(),
        id.as_uuid()
    )?;
    Ok(touched == 1)
}

/// The emergency accesses of a person that run at `now`, the newest first, with the patients'
/// names.
///
/// # Errors
/// The store failed.
pub async fn running_break_glass(
    conn: &mut Conn,
    (tenant, person): (TenantId, UserId),
    now: Micros,
) -> Result<Vec<Emergency>, StoreError> {
    let rows = fetch_all!(
        conn,
        EmergencyRow,
        select_emergencies!(
            "WHERE b.tenant = $1 AND b.person = $2 AND b.ended_us IS NULL AND b.until_us > $3
             ORDER BY b.from_us DESC, b.id DESC LIMIT $4"
        ),
        tenant.as_uuid(),
        person.as_uuid(),
        now.0,
        REVIEWS_MAX
    )?;
    let mut running = Vec::with_capacity(rows.len());
    for row in rows {
        running.push(opened(conn, row).await?);
    }
    Ok(running)
}

/// Ends an emergency access of a person before its hour is over; answers whose record it was.
///
/// # Errors
/// The store failed.
pub async fn end_break_glass(
    tx: &mut Tx,
    (tenant, person): (TenantId, UserId),
    id: GrantId,
    now: Micros,
) -> Result<Option<PatientId>, StoreError> {
    let row = fetch_optional!(
        tx,
        (Uuid,),
        "UPDATE break_glass SET ended_us = $1
         WHERE id = $2 AND tenant = $3 AND person = $4 AND ended_us IS NULL AND until_us > $1
         RETURNING patient",
        now.0,
        id.as_uuid(),
        tenant.as_uuid(),
        person.as_uuid()
    )?;
    Ok(row.map(|(patient,)| PatientId::from_uuid(patient)))
}
