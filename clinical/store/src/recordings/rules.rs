//! For how many days recordings are kept.

use std::collections::BTreeMap;

use clinical_model::recordings::KeepRules;
use clinical_model::{ServiceId, TenantId};
use uuid::Uuid;

use super::RecordingWriteError;
use crate::statement::{execute, execute_one, fetch_all, fetch_optional};
use crate::tx::Conn;
use crate::{StoreError, Tx};

/// The rules of a facility; none before it has made some.
///
/// # Errors
/// The store failed.
pub async fn rules(conn: &mut Conn, tenant: TenantId) -> Result<Option<KeepRules>, StoreError> {
    let found = fetch_optional!(
        conn,
        (i64, i64),
        "SELECT keep_days, version FROM recording_rules WHERE tenant = $1",
        tenant.as_uuid()
    )?;
    let Some((days, version)) = found else {
        return Ok(None);
    };
    let rows = fetch_all!(
        conn,
        (Uuid, i64),
        "SELECT service, keep_days FROM recording_rules_of_services
         WHERE tenant = $1 ORDER BY service",
        tenant.as_uuid()
    )?;
    let mut of_services = BTreeMap::new();
    for (service, days) in rows {
        of_services.insert(ServiceId::from_uuid(service), number(days)?);
    }
    Ok(Some(KeepRules {
        days: number(days)?,
        of_services,
        version: number(version)?,
    }))
}

fn number(value: i64) -> Result<u32, StoreError> {
    u32::try_from(value).map_err(|source| StoreError::corrupt("recording_rules", source))
}

/// Writes the rules of a facility, whose version is one more than that which was read.
///
/// # Errors
/// [`RecordingWriteError::Changed`] when it is not, and [`RecordingWriteError::Store`].
pub async fn write_rules(
    tx: &mut Tx,
    tenant: TenantId,
    rules: &KeepRules,
) -> Result<(), RecordingWriteError> {
    let (id, days) = (tenant.as_uuid(), i64::from(rules.days));
    let version = i64::from(rules.version);
    let touched = if version == 1 {
        execute!(
            tx,
            "INSERT INTO recording_rules (tenant, keep_days, version) VALUES ($1, $2, 1)
             ON CONFLICT (tenant) DO NOTHING",
            id,
            days
        )?
    } else {
        execute!(
            tx,
            "UPDATE recording_rules SET keep_days = $2, version = $3
             WHERE tenant = $1 AND version = $4",
            id,
            days,
            version,
            version - 1
        )?
    };
    if touched != 1 {
        return Err(RecordingWriteError::Changed);
    }
    execute!(
        tx,
        "DELETE FROM recording_rules_of_services WHERE tenant = $1",
        tenant.as_uuid()
    )?;
    for (service, days) in &rules.of_services {
        execute_one!(
            tx,
            "INSERT INTO recording_rules_of_services (service, tenant, keep_days)
             SELECT id, tenant, $3 FROM services WHERE id = $1 AND tenant = $2",
            service.as_uuid(),
            tenant.as_uuid(),
            i64::from(*days)
        )?;
    }
    Ok(())
}
