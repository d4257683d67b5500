//! Facilities.

use clinical_model::{Micros, TenantId};
use uuid::Uuid;

use crate::statement::{execute_one, fetch_all, fetch_optional};
use crate::tx::Conn;
use crate::{StaleLook, StoreError, Tx, keys};

/// A facility with its own people, patients and keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tenant {
    /// Its name in every row.
    pub id: TenantId,
    /// Its name for people, 1 ..= 200 characters.
    pub name: String,
    /// IANA zone in which it keeps its hours.
    pub zone: String,
    /// ISO 3166-1 alpha-2.
    pub country: String,
}

#[derive(sqlx::FromRow)]
struct TenantRow {
    id: Uuid,
    name: String,
    zone: String,
    country: String,
}

impl From<TenantRow> for Tenant {
    fn from(row: TenantRow) -> Self {
        Self {
            id: TenantId::from_uuid(row.id),
            name: row.name,
            zone: row.zone,
            country: row.country,
        }
    }
}

/// Makes a facility with its key.
///
/// # Errors
/// The store failed.
pub async fn insert(tx: &mut Tx, tenant: &Tenant, now: Micros) -> Result<(), StoreError> {
    execute_one!(
        tx,
        "INSERT INTO tenants (id, name, zone, country, created_us) VALUES ($1, $2, $3, $4, $5)",
        tenant.id.as_uuid(),
        tenant.name.as_str(),
        tenant.zone.as_str(),
        tenant.country.as_str(),
        now.0
    )?;
    keys::insert_tenant_key(tx, tenant.id, now).await
}

/// One facility.
///
/// # Errors
/// The store failed.
pub async fn find(conn: &mut Conn, id: TenantId) -> Result<Option<Tenant>, StoreError> {
    let row = fetch_optional!(
        conn,
        TenantRow,
        "SELECT id, name, zone, country FROM tenants WHERE id = $1",
        id.as_uuid()
    )?;
    Ok(row.map(Tenant::from))
}

/// The IANA zone of a facility, for figures.
///
/// # Errors
/// The store failed.
pub async fn zone(look: &mut StaleLook, id: TenantId) -> Result<Option<String>, StoreError> {
    Ok(find(look.conn(), id).await?.map(|it| it.zone))
}

/// Every facility, oldest first, at most 1,000.
///
/// # Errors
/// The store failed.
pub async fn list(conn: &mut Conn) -> Result<Vec<Tenant>, StoreError> {
    let rows = fetch_all!(
        conn,
        TenantRow,
        "SELECT id, name, zone, country FROM tenants ORDER BY created_us, id LIMIT 1000"
    )?;
    Ok(rows.into_iter().map(Tenant::from).collect())
}
