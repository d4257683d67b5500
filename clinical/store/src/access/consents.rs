//! What patients agreed to.

use clinical_model::access::{Consent, ConsentPurpose};
use clinical_model::{GrantId, Micros, PatientId, TenantId, UserId};
use uuid::Uuid;

use crate::statement::{execute, execute_one, fetch_all};
use crate::tx::Conn;
use crate::{StoreError, Tx};

/// Most consents of one patient in a list, newest first.
const CONSENTS_MAX: i64 = 200;

/// Writes a consent.
///
/// # Errors
/// Another facility's patient or grantee, or the store failed.
pub async fn insert_consent(tx: &mut Tx, consent: &Consent) -> Result<(), StoreError> {
    execute_one!(
        tx,
        "INSERT INTO consents
             (id, tenant, patient, purpose, grantee, wording, given_us, until_us, withdrawn_us,
              given_by)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        consent.id.as_uuid(),
        consent.tenant.as_uuid(),
        consent.patient.as_uuid(),
        consent.purpose.as_str(),
        consent.grantee.map(UserId::as_uuid),
        consent.wording.as_str(),
        consent.given.0,
        consent.until.0,
        consent.withdrawn.map(|at| at.0),
        consent.given_by.as_uuid()
    )
}

#[derive(sqlx::FromRow)]
struct ConsentRow {
    id: Uuid,
    tenant: Uuid,
    patient: Uuid,
    purpose: String,
    grantee: Option<Uuid>,
    wording: String,
    given_us: i64,
    until_us: i64,
    withdrawn_us: Option<i64>,
    given_by: Uuid,
}

impl TryFrom<ConsentRow> for Consent {
    type Error = StoreError;

    fn try_from(row: ConsentRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: GrantId::from_uuid(row.id),
            tenant: TenantId::from_uuid(row.tenant),
            patient: PatientId::from_uuid(row.patient),
            purpose: ConsentPurpose::from_word(&row.purpose)
                .ok_or_else(|| StoreError::corrupt("consents.purpose", "no such word"))?,
            grantee: row.grantee.map(UserId::from_uuid),
            wording: row.wording,
            given: Micros(row.given_us),
            until: Micros(row.until_us),
            withdrawn: row.withdrawn_us.map(Micros),
            given_by: UserId::from_uuid(row.given_by),
        })
    }
}

/// What a patient agreed to, also what ended, newest first.
///
/// # Errors
/// The store failed.
pub async fn consents(
    conn: &mut Conn,
    tenant: TenantId,
    patient: PatientId,
) -> Result<Vec<Consent>, StoreError> {
    fetch_all!(
        conn,
        ConsentRow,
        "SELECT id, tenant, patient, purpose, grantee, wording, given_us, until_us, withdrawn_us,
             given_by
         FROM consents WHERE tenant = $1 AND patient = $2 ORDER BY given_us DESC, id DESC LIMIT $3",
        tenant.as_uuid(),
        patient.as_uuid(),
        CONSENTS_MAX
    )?
    .into_iter()
    .map(Consent::try_from)
    .collect()
}

/// Takes a consent back; false if it was not given (any more).
///
/// # Errors
/// The store failed.
pub async fn withdraw_consent(
    tx: &mut Tx,
    (tenant, patient): (TenantId, PatientId),
    id: GrantId,
    now: Micros,
) -> Result<bool, StoreError> {
    let touched = execute!(
        tx,
        "UPDATE consents SET withdrawn_us = $1
         WHERE id = $2 AND tenant = $3 AND patient = $4 AND withdrawn_us IS NULL",
        now.0,
        id.as_uuid(),
        tenant.as_uuid(),
        patient.as_uuid()
    )?;
    Ok(touched == 1)
}
