//! Who may be written to.

use clinical_model::{Micros, PatientId, Role, TenantId, UserId};
use uuid::Uuid;

use crate::statement::fetch_all;
use crate::{Conn, StoreError, identity, people};

/// Most doctors of one patient in a list.
const DOCTORS_MAX: i64 = 100;

/// Somebody who may be written to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Correspondent {
    /// Their account.
    pub id: UserId,
    /// Their name.
    pub name: String,
    /// What they are to the clinic.
    pub role: Role,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    name_sealed: Vec<u8>,
    role: String,
}

async fn all(
    conn: &mut Conn,
    tenant: TenantId,
    rows: Vec<Row>,
) -> Result<Vec<Correspondent>, StoreError> {
    let mut found = Vec::with_capacity(rows.len());
    for row in rows {
        let id = UserId::from_uuid(row.id);
        found.push(Correspondent {
            id,
            name: identity::open_name(conn, tenant, id, &row.name_sealed).await?,
            role: row
                .role
                .parse()
                .map_err(|source| StoreError::corrupt("users.role", source))?,
        });
    }
    Ok(found)
}

/// The people of a facility who are written to as colleagues, in no order that tells something.
///
/// # Errors
/// The store failed.
pub async fn colleagues(
    conn: &mut Conn,
    tenant: TenantId,
) -> Result<Vec<Correspondent>, StoreError> {
    let rows = fetch_all!(
        conn,
        Row,
        "SELECT id, name_sealed, role FROM users
         WHERE tenant = $1 AND NOT disabled
           AND role IN ('doctor', 'nurse', 'pharmacist', 'lab_technician')
         ORDER BY id LIMIT $2",
        tenant.as_uuid(),
        people::PEOPLE_MAX
    )?;
    all(conn, tenant, rows).await
}

/// Doctors who had to do with a patient. Whether they treat them now, their right to the patient says.
///
/// # Errors
/// The store failed.
pub async fn doctors_of(
    conn: &mut Conn,
    tenant: TenantId,
    patient: PatientId,
) -> Result<Vec<Correspondent>, StoreError> {
    let rows = fetch_all!(
        conn,
        Row,
        "SELECT u.id, u.name_sealed, u.role FROM users u
         WHERE u.tenant = $1 AND u.role = 'doctor' AND NOT u.disabled
           AND (EXISTS (SELECT 1 FROM care_relations cr
                    WHERE cr.clinician = u.id AND cr.patient = $2 AND cr.ended_us IS NULL)
                OR EXISTS (SELECT 1 FROM appointments a
                    WHERE a.doctor = u.id AND a.patient = $2 AND a.state <> 'cancelled'))
         ORDER BY u.id LIMIT $3",
        tenant.as_uuid(),
        patient.as_uuid(),
        DOCTORS_MAX
    )?;
    all(conn, tenant, rows).await
}

/// The account of a patient, if they have one that is not shut.
///
/// # Errors
/// The store failed.
pub async fn account_of(
    conn: &mut Conn,
    tenant: TenantId,
    patient: PatientId,
) -> Result<Option<Correspondent>, StoreError> {
    let rows = fetch_all!(
        conn,
        Row,
        "SELECT id, name_sealed, role FROM users
         WHERE tenant = $1 AND patient = $2 AND NOT disabled ORDER BY id LIMIT 1",
        tenant.as_uuid(),
        patient.as_uuid()
    )?;
    Ok(all(conn, tenant, rows).await?.pop())
}

/// Somebody who may take over what patients hand to the clinic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Receptionist {
    /// Their account.
    pub id: UserId,
    /// What they are to the clinic.
    pub role: Role,
    /// Whether they are on duty now.
    pub on_duty: bool,
}

/// The nurses of a facility, and the doctors who are on duty; who is on duty first.
///
/// # Errors
/// The store failed.
pub async fn reception(
    conn: &mut Conn,
    tenant: TenantId,
    now: Micros,
) -> Result<Vec<Receptionist>, StoreError> {
    let rows = fetch_all!(
        conn,
        (Uuid, String, i64),
        "SELECT u.id, u.role,
                CAST(CASE WHEN EXISTS (SELECT 1 FROM duty_shifts ds
                    WHERE ds.person = u.id AND ds.tenant = $1
                      AND ds.from_us <= $2 AND ds.until_us > $2) THEN 1 ELSE 0 END AS BIGINT) AS duty
         FROM users u
         WHERE u.tenant = $1 AND NOT u.disabled AND (u.role = 'nurse'
               OR (u.role = 'doctor' AND EXISTS (SELECT 1 FROM duty_shifts ds
                    WHERE ds.person = u.id AND ds.tenant = $1
                      AND ds.from_us <= $2 AND ds.until_us > $2)))
         ORDER BY duty DESC, u.id LIMIT $3",
        tenant.as_uuid(),
        now.0,
        DOCTORS_MAX
    )?;
    let mut found = Vec::with_capacity(rows.len());
    for (id, role, duty) in rows {
        found.push(Receptionist {
            id: UserId::from_uuid(id),
            role: role
                .parse()
                .map_err(|source| StoreError::corrupt("users.role", source))?,
            on_duty: duty == 1,
        });
    }
    Ok(found)
}
