//! What a clinic offers, and the rooms and devices for it.

use clinical_model::booking::Modality;
use clinical_model::{ResourceId, ServiceId, TenantId, UserId};
use uuid::Uuid;

use crate::statement::{execute, execute_one, fetch_all, fetch_optional};
use crate::tx::Conn;
use crate::{StoreError, Tx};

/// Most services, and most rooms and devices, of a facility in one list; more are not shown.
const LIST_MAX: i64 = 500;

/// Something that people book.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceRecord {
    /// The service.
    pub id: ServiceId,
    /// The facility.
    pub tenant: TenantId,
    /// A word of the clinic, unique in it.
    pub code: String,
    /// The visit, in minutes.
    pub length_min: u16,
    /// What is kept before it, in minutes.
    pub before_min: u16,
    /// What is kept after it, in minutes.
    pub after_min: u16,
    /// Minutes between two offers.
    pub step_min: u16,
    /// How the people meet.
    pub modality: Modality,
    /// It can be booked.
    pub active: bool,
    /// Counts its changes.
    pub version: i64,
    /// Who gives it; empty means every doctor.
    pub doctors: Vec<UserId>,
    /// What it needs: of each list, one.
    pub needs: Vec<Vec<ResourceId>>,
}

/// A room or a device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResourceRecord {
    /// The room or device.
    pub id: ResourceId,
    /// The facility.
    pub tenant: TenantId,
    /// It is a room, not a device.
    pub is_room: bool,
    /// What people call it.
    pub name: String,
    /// IANA zone of its hours.
    pub zone: String,
    /// It can be booked.
    pub active: bool,
    /// Counts its changes.
    pub version: i64,
}

#[derive(sqlx::FromRow)]
struct ServiceRow {
    id: Uuid,
    tenant: Uuid,
    code: String,
    length_min: i64,
    before_min: i64,
    after_min: i64,
    step_min: i64,
    modality: String,
    active: bool,
    version: i64,
}

#[derive(sqlx::FromRow)]
struct ResourceRow {
    id: Uuid,
    tenant: Uuid,
    kind: String,
    name: String,
    zone: String,
    active: bool,
    version: i64,
}

impl From<ResourceRow> for ResourceRecord {
    fn from(row: ResourceRow) -> Self {
        Self {
            id: ResourceId::from_uuid(row.id),
            tenant: TenantId::from_uuid(row.tenant),
            is_room: row.kind == "room",
            name: row.name,
            zone: row.zone,
            active: row.active,
            version: row.version,
        }
    }
}

async fn completed(conn: &mut Conn, row: ServiceRow) -> Result<ServiceRecord, StoreError> {
    let minutes = |number: i64| {
        u16::try_from(number).map_err(|source| StoreError::corrupt("services", source))
    };
    let doctors = fetch_all!(
        conn,
        (Uuid,),
        "SELECT doctor FROM service_doctors WHERE service = $1 ORDER BY doctor",
        row.id
    )?;
    let needed = fetch_all!(
        conn,
        (i64, Uuid),
        "SELECT need, resource FROM service_needs WHERE service = $1 ORDER BY need, resource",
        row.id
    )?;
    let mut needs: Vec<Vec<ResourceId>> = Vec::new();
    let mut last = None;
    for (need, resource) in needed {
        let resource = ResourceId::from_uuid(resource);
        match needs.last_mut() {
            Some(list) if last == Some(need) => list.push(resource),
            _ => needs.push(vec![resource]),
        }
        last = Some(need);
    }
    Ok(ServiceRecord {
        id: ServiceId::from_uuid(row.id),
        tenant: TenantId::from_uuid(row.tenant),
        code: row.code,
        length_min: minutes(row.length_min)?,
        before_min: minutes(row.before_min)?,
        after_min: minutes(row.after_min)?,
        step_min: minutes(row.step_min)?,
        modality: Modality::from_word(&row.modality)
            .ok_or_else(|| StoreError::corrupt("services.modality", "no such word"))?,
        active: row.active,
        version: row.version,
        doctors: doctors
            .into_iter()
            .map(|(id,)| UserId::from_uuid(id))
            .collect(),
        needs,
    })
}

/// The services of a facility by code, at most 500.
///
/// # Errors
/// The store failed.
pub async fn services(conn: &mut Conn, tenant: TenantId) -> Result<Vec<ServiceRecord>, StoreError> {
    let rows = fetch_all!(
        conn,
        ServiceRow,
        "SELECT id, tenant, code, length_min, before_min, after_min, step_min, modality, active, version
         FROM services WHERE tenant = $1 ORDER BY code LIMIT $2",
        tenant.as_uuid(),
        LIST_MAX
    )?;
    let mut services = Vec::with_capacity(rows.len());
    for row in rows {
        services.push(completed(conn, row).await?);
    }
    Ok(services)
}

/// One service of a facility.
///
/// # Errors
/// The store failed.
pub async fn service(
    conn: &mut Conn,
    tenant: TenantId,
    id: ServiceId,
) -> Result<Option<ServiceRecord>, StoreError> {
    let row = fetch_optional!(
        conn,
        ServiceRow,
        "SELECT id, tenant, code, length_min, before_min, after_min, step_min, modality, active, version
         FROM services WHERE tenant = $1 AND id = $2",
        tenant.as_uuid(),
        id.as_uuid()
    )?;
    match row {
        Some(row) => completed(conn, row).await.map(Some),
        None => Ok(None),
    }
}

/// Writes a service as version `it.version`; false if the version before it is not the stored one.
///
/// # Errors
/// Another one has its code (`services_code`), a doctor or resource does not exist, or the store
/// failed.
pub async fn put_service(tx: &mut Tx, it: &ServiceRecord) -> Result<bool, StoreError> {
    let touched = execute!(
        tx,
        "INSERT INTO services
             (id, tenant, code, length_min, before_min, after_min, step_min, active, version,
              modality)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
         ON CONFLICT (id) DO UPDATE SET code = excluded.code, length_min = excluded.length_min,
             before_min = excluded.before_min, after_min = excluded.after_min,
             step_min = excluded.step_min, active = excluded.active, version = excluded.version,
             modality = excluded.modality
         WHERE services.version = excluded.version - 1 AND services.tenant = excluded.tenant",
        it.id.as_uuid(),
        it.tenant.as_uuid(),
        it.code.as_str(),
        i64::from(it.length_min),
        i64::from(it.before_min),
        i64::from(it.after_min),
        i64::from(it.step_min),
        it.active,
        it.version,
        it.modality.as_str()
    )?;
    if touched != 1 {
        return Ok(false);
    }
    let id = it.id.as_uuid();
    execute!(tx, "DELETE FROM service_doctors WHERE service = $1", id)?;
    execute!(tx, "DELETE FROM service_needs WHERE service = $1", id)?;
    for doctor in &it.doctors {
        execute_one!(
            tx,
            "INSERT INTO service_doctors (service, doctor) VALUES ($1, $2)",
            id,
            doctor.as_uuid()
        )?;
    }
    for (need, list) in (0_i64..).zip(&it.needs) {
        for resource in list {
            execute_one!(
                tx,
                "INSERT INTO service_needs (service, need, resource) VALUES ($1, $2, $3)",
                id,
                need,
                resource.as_uuid()
            )?;
        }
    }
    Ok(true)
}

/// The rooms and devices of a facility by name, at most 500.
///
/// # Errors
/// The store failed.
pub async fn resources(
    conn: &mut Conn,
    tenant: TenantId,
) -> Result<Vec<ResourceRecord>, StoreError> {
    let rows = fetch_all!(
        conn,
        ResourceRow,
        "SELECT id, tenant, kind, name, zone, active, version FROM resources
         WHERE tenant = $1 ORDER BY name, id LIMIT $2",
        tenant.as_uuid(),
        LIST_MAX
    )?;
    Ok(rows.into_iter().map(ResourceRecord::from).collect())
}

/// One room or device of a facility.
///
/// # Errors
/// The store failed.
pub async fn resource(
    conn: &mut Conn,
    tenant: TenantId,
    id: ResourceId,
) -> Result<Option<ResourceRecord>, StoreError> {
    let row = fetch_optional!(
        conn,
        ResourceRow,
        "SELECT id, tenant, kind, name, zone, active, version FROM resources
         WHERE tenant = $1 AND id = $2",
        tenant.as_uuid(),
        id.as_uuid()
    )?;
    Ok(row.map(ResourceRecord::from))
}

/// Writes a room or device as version `it.version`; false if the version before it is not the
/// stored one.
///
/// # Errors
/// The store failed.
pub async fn put_resource(tx: &mut Tx, it: &ResourceRecord) -> Result<bool, StoreError> {
    let touched = execute!(
        tx,
        "INSERT INTO resources (id, tenant, kind, name, zone, active, version)
         VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (id) DO UPDATE SET kind = excluded.kind, name = excluded.name,
             zone = excluded.zone, active = excluded.active, version = excluded.version
         WHERE resources.version = excluded.version - 1 AND resources.tenant = excluded.tenant",
        it.id.as_uuid(),
        it.tenant.as_uuid(),
        if it.is_room { "room" } else { "equipment" },
        it.name.as_str(),
        it.zone.as_str(),
        it.active,
        it.version
    )?;
    Ok(touched == 1)
}
