//! Who acts for whom.

use clinical_model::access::{Proxy, ProxyRelation, ProxyScope};
use clinical_model::{GrantId, Micros, PatientId, TenantId, UserId};
use uuid::Uuid;

use super::Viewer;
use crate::statement::{execute, execute_one, fetch_all, fetch_one};
use crate::tx::Conn;
use crate::{StoreError, Tx, identity, patients};

/// Most proxies of one patient, and patients of one proxy, in a list.
const PROXIES_MAX: i64 = 100;

/// Lets somebody act for a patient.
///
/// # Errors
/// Another facility's patient or holder, or the store failed.
pub async fn insert_proxy(tx: &mut Tx, proxy: &Proxy) -> Result<(), StoreError> {
    execute_one!(
        tx,
        "INSERT INTO proxy_grants
             (id, tenant, patient, holder, relation, scope, from_us, until_us, created_by)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        proxy.id.as_uuid(),
        proxy.tenant.as_uuid(),
        proxy.patient.as_uuid(),
        proxy.holder.as_uuid(),
        proxy.relation.as_str(),
        proxy.scope.as_str(),
        proxy.from.0,
        proxy.until.0,
        proxy.created_by.as_uuid()
    )
}

#[derive(sqlx::FromRow)]
struct ProxyRow {
    id: Uuid,
    tenant: Uuid,
    patient: Uuid,
    holder: Uuid,
    relation: String,
    scope: String,
    from_us: i64,
    until_us: i64,
    created_by: Uuid,
    name_sealed: Vec<u8>,
}

impl TryFrom<&ProxyRow> for Proxy {
    type Error = StoreError;

    fn try_from(row: &ProxyRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: GrantId::from_uuid(row.id),
            tenant: TenantId::from_uuid(row.tenant),
            patient: PatientId::from_uuid(row.patient),
            holder: UserId::from_uuid(row.holder),
            relation: ProxyRelation::from_word(&row.relation)
                .ok_or_else(|| StoreError::corrupt("proxy_grants.relation", "no such word"))?,
            scope: ProxyScope::from_word(&row.scope)
                .ok_or_else(|| StoreError::corrupt("proxy_grants.scope", "no such word"))?,
            from: Micros(row.from_us),
            until: Micros(row.until_us),
            created_by: UserId::from_uuid(row.created_by),
        })
    }
}

/// Who acts for a patient now, with their names.
///
/// # Errors
/// The store failed.
pub async fn proxies(
    conn: &mut Conn,
    tenant: TenantId,
    patient: PatientId,
    now: Micros,
) -> Result<Vec<(Proxy, String)>, StoreError> {
    let rows = fetch_all!(
        conn,
        ProxyRow,
        "SELECT g.id, g.tenant, g.patient, g.holder, g.relation, g.scope, g.from_us, g.until_us,
             g.created_by, u.name_sealed
         FROM proxy_grants g JOIN users u ON u.id = g.holder
         WHERE g.tenant = $1 AND g.patient = $2 AND g.ended_us IS NULL AND g.until_us > $3
         ORDER BY g.from_us, g.id LIMIT $4",
        tenant.as_uuid(),
        patient.as_uuid(),
        now.0,
        PROXIES_MAX
    )?;
    let mut proxies = Vec::with_capacity(rows.len());
    for row in &rows {
        let proxy = Proxy::try_from(row)?;
        let name = identity::open_name(conn, tenant, proxy.holder, &row.name_sealed).await?;
        proxies.push((proxy, name));
    }
    Ok(proxies)
}

/// Somebody does not act for a patient any more; false if they did not.
///
/// # Errors
/// The store failed.
pub async fn end_proxy(
    tx: &mut Tx,
    (tenant, patient): (TenantId, PatientId),
    id: GrantId,
    now: Micros,
) -> Result<bool, StoreError> {
    let touched = execute!(
        tx,
        "UPDATE proxy_grants SET ended_us = $1
         WHERE id = $2 AND tenant = $3 AND patient = $4 AND ended_us IS NULL",
        now.0,
        id.as_uuid(),
        tenant.as_uuid(),
        patient.as_uuid()
    )?;
    Ok(touched == 1)
}

/// Whether the viewer may act for the patient: it is their own record, or their proxy says so.
///
/// # Errors
/// The store failed.
pub async fn may_act(
    conn: &mut Conn,
    viewer: &Viewer,
    patient: PatientId,
) -> Result<bool, StoreError> {
    let (count,) = fetch_one!(
        conn,
        (i64,),
        "SELECT (SELECT count(*) FROM users me
                 WHERE me.id = $1 AND me.tenant = $4 AND me.patient = $2)
              + (SELECT count(*) FROM proxy_grants g
                 WHERE g.holder = $1 AND g.tenant = $4 AND g.patient = $2 AND g.scope = 'act'
                   AND g.ended_us IS NULL AND g.from_us <= $3 AND g.until_us > $3)",
        viewer.person.as_uuid(),
        patient.as_uuid(),
        viewer.now.0,
        viewer.tenant.as_uuid()
    )?;
    Ok(count > 0)
}

/// Somebody whom a person acts for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Charge {
    /// The record.
    pub patient: PatientId,
    /// The patient's name.
    pub name: String,
    /// How much the person may do.
    pub scope: ProxyScope,
    /// Until when.
    pub until: Micros,
}

/// Whom a person acts for now.
///
/// # Errors
/// The store failed.
pub async fn charges(conn: &mut Conn, viewer: &Viewer) -> Result<Vec<Charge>, StoreError> {
    let rows = fetch_all!(
        conn,
        (Uuid, String, i64),
        "SELECT patient, scope, until_us FROM proxy_grants
         WHERE holder = $1 AND tenant = $2 AND ended_us IS NULL AND from_us <= $3 AND until_us > $3
         ORDER BY from_us, id LIMIT $4",
        viewer.person.as_uuid(),
        viewer.tenant.as_uuid(),
        viewer.now.0,
        PROXIES_MAX
    )?;
    let mut charges = Vec::with_capacity(rows.len());
    for (patient, scope, until) in rows {
        let patient = PatientId::from_uuid(patient);
        let scope = ProxyScope::from_word(&scope)
            .ok_or_else(|| StoreError::corrupt("proxy_grants.scope", "no such word"))?;
        if let Some(found) = patients::record(conn, viewer.tenant, patient).await? {
            charges.push(Charge {
                patient,
                name: found.demographics.full_name(),
                scope,
                until: Micros(until),
            });
        }
    }
    Ok(charges)
}
