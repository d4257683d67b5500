//! Keys of tenants and patients, and values sealed with them.

use std::sync::Arc;

use clinical_model::{Micros, PatientId, TenantId};
use clinical_vault::{DataKey, Place, Wrapped};
use uuid::Uuid;

use crate::statement::{execute, execute_one, fetch_all, fetch_optional};
use crate::tx::Conn;
use crate::{StoreError, Tx};

/// The key of a tenant; that of [`TenantId::INSTALLATION`] seals what belongs to no facility.
///
/// # Errors
/// There is no such tenant, its key does not open, or the store failed.
pub async fn tenant_key(conn: &mut Conn, tenant: TenantId) -> Result<Arc<DataKey>, StoreError> {
    if let Some(key) = conn.vault().remembered(tenant.as_uuid()) {
        return Ok(key);
    }
    let row = fetch_optional!(
        conn,
        (Vec<u8>,),
        "SELECT wrapped FROM tenant_keys WHERE tenant = $1",
        tenant.as_uuid()
    )?;
    let (wrapped,) =
        row.ok_or_else(|| StoreError::corrupt("tenant_keys", "a tenant has no key"))?;
    conn.vault()
        .open_tenant(tenant.as_uuid(), &Wrapped(wrapped))
        .map_err(|source| StoreError::corrupt("tenant_keys.wrapped", source))
}

/// Makes the key of a new tenant. A tenant that has one keeps it.
pub(crate) async fn insert_tenant_key(
    tx: &mut Tx,
    tenant: TenantId,
    now: Micros,
) -> Result<(), StoreError> {
    let (wrapped, _) = tx.vault().new_tenant(tenant.as_uuid())?;
    execute!(
        tx,
        "INSERT INTO tenant_keys (tenant, wrapped, created_us) VALUES ($1, $2, $3)
         ON CONFLICT (tenant) DO NOTHING",
        tenant.as_uuid(),
        wrapped.0,
        now.0
    )
    .map(|_| ())
}

/// Wraps the keys of all tenants with the current master key. Answers how many were not.
///
/// # Errors
/// A key does not open, or the store failed.
pub async fn rewrap_tenant_keys(tx: &mut Tx) -> Result<u64, StoreError> {
    let rows = fetch_all!(
        tx,
        (Uuid, Vec<u8>),
        "SELECT tenant, wrapped FROM tenant_keys"
    )?;
    let mut changed = 0;
    for (tenant, wrapped) in rows {
        let wrapped = Wrapped(wrapped);
        if tx.vault().masters().is_current(&wrapped) {
            continue;
        }
        let again = tx
            .vault()
            .rewrap_tenant(tenant, &wrapped)
            .map_err(|source| StoreError::corrupt("tenant_keys.wrapped", source))?;
        execute_one!(
            tx,
            "UPDATE tenant_keys SET wrapped = $1 WHERE tenant = $2",
            again.0,
            tenant
        )?;
        changed += 1;
    }
    Ok(changed)
}

/// Makes the key of a new patient.
pub(crate) async fn insert_patient_key(
    tx: &mut Tx,
    tenant: TenantId,
    patient: PatientId,
) -> Result<DataKey, StoreError> {
    let outer = tenant_key(tx, tenant).await?;
    let (wrapped, key) = outer.new_inner("patient", patient.as_uuid())?;
    execute_one!(
        tx,
        "INSERT INTO patient_keys (patient, tenant, wrapped) VALUES ($1, $2, $3)",
        patient.as_uuid(),
        tenant.as_uuid(),
        wrapped
    )?;
    Ok(key)
}

/// The key of a patient; none when it was destroyed.
///
/// # Errors
/// The key does not open, or the store failed.
pub async fn patient_key(
    conn: &mut Conn,
    patient: PatientId,
) -> Result<Option<DataKey>, StoreError> {
    let row = fetch_optional!(
        conn,
        (Uuid, Option<Vec<u8>>),
        "SELECT tenant, wrapped FROM patient_keys WHERE patient = $1",
        patient.as_uuid()
    )?;
    let Some((tenant, wrapped)) = row else {
        return Err(StoreError::corrupt("patient_keys", "a patient has no key"));
    };
    open_patient_key(conn, TenantId::from_uuid(tenant), patient, wrapped).await
}

/// The key of a patient whom something is to be written about.
///
/// # Errors
/// As [`patient_key`], and [`StoreError::Erased`].
pub async fn living_patient_key(
    conn: &mut Conn,
    patient: PatientId,
) -> Result<DataKey, StoreError> {
    patient_key(conn, patient).await?.ok_or(StoreError::Erased)
}

/// Opens a patient's key that was read with another row.
pub(crate) async fn open_patient_key(
    conn: &mut Conn,
    tenant: TenantId,
    patient: PatientId,
    wrapped: Option<Vec<u8>>,
) -> Result<Option<DataKey>, StoreError> {
    let Some(wrapped) = wrapped else {
        return Ok(None);
    };
    let outer = tenant_key(conn, tenant).await?;
    outer
        .open_inner("patient", patient.as_uuid(), &wrapped)
        .map(Some)
        .map_err(|source| StoreError::corrupt("patient_keys.wrapped", source))
}

/// Destroys the key of a patient: what it sealed can never be read again, in no backup that does
/// not hold the key itself. What is found exactly is forgotten too.
///
/// # Errors
/// It was destroyed before, or the store failed.
pub(crate) async fn destroy_patient_key(
    tx: &mut Tx,
    patient: PatientId,
    now: Micros,
) -> Result<(), StoreError> {
    execute_one!(
        tx,
        "UPDATE patient_keys SET wrapped = NULL, destroyed_us = $1
         WHERE patient = $2 AND wrapped IS NOT NULL",
        now.0,
        patient.as_uuid()
    )?;
    execute!(
        tx,
        "DELETE FROM patient_lookup WHERE patient = $1",
        patient.as_uuid()
    )
    .map(|_| ())
}

/// Seals a text for its place.
pub(crate) fn seal(
    key: &DataKey,
    (table, column, row): (&str, &str, Uuid),
    text: &str,
) -> Result<Vec<u8>, StoreError> {
    Ok(key.seal(Place::value(table, column, row), text.as_bytes())?)
}

/// Opens a text at its place.
pub(crate) fn open(
    key: &DataKey,
    (table, column, row): (&'static str, &'static str, Uuid),
    sealed: &[u8],
) -> Result<String, StoreError> {
    key.open_text(Place::value(table, column, row), sealed)
        .map_err(|source| StoreError::Sealed {
            table,
            column,
            source,
        })
}
