//! Care teams and shifts.

use clinical_model::access::{CareRelation, Shift};
use clinical_model::{GrantId, Micros, PatientId, TenantId, UserId};
use uuid::Uuid;

use crate::statement::{execute, execute_one, fetch_all};
use crate::tx::Conn;
use crate::{StoreError, Tx, identity};

/// Most members of one care team in a list.
const TEAM_MAX: i64 = 100;

/// Puts somebody into a patient's care team.
///
/// # Errors
/// Another facility's patient or clinician, or the store failed.
pub async fn insert_care_relation(tx: &mut Tx, relation: &CareRelation) -> Result<(), StoreError> {
    execute_one!(
        tx,
        "INSERT INTO care_relations
             (id, tenant, patient, clinician, from_us, until_us, created_by)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        relation.id.as_uuid(),
        relation.tenant.as_uuid(),
        relation.patient.as_uuid(),
        relation.clinician.as_uuid(),
        relation.from.0,
        relation.until.0,
        relation.created_by.as_uuid()
    )
}

#[derive(sqlx::FromRow)]
struct RelationRow {
    id: Uuid,
    tenant: Uuid,
    patient: Uuid,
    clinician: Uuid,
    from_us: i64,
    until_us: i64,
    created_by: Uuid,
    name_sealed: Vec<u8>,
}

/// Who belongs to a patient's care team now, with their names.
///
/// # Errors
/// The store failed.
pub async fn care_team(
    conn: &mut Conn,
    tenant: TenantId,
    patient: PatientId,
    now: Micros,
) -> Result<Vec<(CareRelation, String)>, StoreError> {
    let rows = fetch_all!(
        conn,
        RelationRow,
        "SELECT r.id, r.tenant, r.patient, r.clinician, r.from_us, r.until_us, r.created_by,
             u.name_sealed
         FROM care_relations r JOIN users u ON u.id = r.clinician
         WHERE r.tenant = $1 AND r.patient = $2 AND r.ended_us IS NULL AND r.from_us <= $3
           AND r.until_us > $3
         ORDER BY r.from_us, r.id LIMIT $4",
        tenant.as_uuid(),
        patient.as_uuid(),
        now.0,
        TEAM_MAX
    )?;
    let mut team = Vec::with_capacity(rows.len());
    for row in rows {
        let clinician = UserId::from_uuid(row.clinician);
        let name = identity::open_name(conn, tenant, clinician, &row.name_sealed).await?;
        let relation = CareRelation {
            id: GrantId::from_uuid(row.id),
            tenant: TenantId::from_uuid(row.tenant),
            patient: PatientId::from_uuid(row.patient),
            clinician,
            from: Micros(row.from_us),
            until: Micros(row.until_us),
            created_by: UserId::from_uuid(row.created_by),
        };
        team.push((relation, name));
    }
    Ok(team)
}

/// Takes somebody out of a patient's care team; false if they were not in it (any more).
///
/// # Errors
/// The store failed.
pub async fn end_care_relation(
    tx: &mut Tx,
    (tenant, patient): (TenantId, PatientId),
    id: GrantId,
    now: Micros,
) -> Result<bool, StoreError> {
    let touched = execute!(
        tx,
        "UPDATE care_relations SET ended_us = $1
         WHERE id = $2 AND tenant = $3 AND patient = $4 AND ended_us IS NULL",
        now.0,
        id.as_uuid(),
        tenant.as_uuid(),
        patient.as_uuid()
    )?;
    Ok(touched == 1)
}

/// A clinician leaves a patient's care team; how many relations that ended.
///
/// # Errors
/// The store failed.
pub async fn end_own_care_relation(
    tx: &mut Tx,
    patient: PatientId,
    clinician: UserId,
    now: Micros,
) -> Result<u64, StoreError> {
    execute!(
        tx,
        "UPDATE care_relations SET ended_us = $1
         WHERE patient = $2 AND clinician = $3 AND ended_us IS NULL",
        now.0,
        patient.as_uuid(),
        clinician.as_uuid()
    )
}

/// Puts somebody on duty.
///
/// # Errors
/// Another facility's person, or the store failed.
pub async fn insert_shift(tx: &mut Tx, shift: &Shift) -> Result<(), StoreError> {
    execute_one!(
        tx,
        "INSERT INTO duty_shifts (id, tenant, person, from_us, until_us, created_by)
         VALUES ($1, $2, $3, $4, $5, $6)",
        shift.id.as_uuid(),
        shift.tenant.as_uuid(),
        shift.person.as_uuid(),
        shift.from.0,
        shift.until.0,
        shift.created_by.as_uuid()
    )
}
