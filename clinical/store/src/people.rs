//! The people of one facility, as its administrators see them.

use clinical_model::{Account, Micros, Position, TenantId, UserId};
use uuid::Uuid;

use crate::statement::{execute_one, fetch_all, fetch_optional};
use crate::{Conn, StoreError, Tx, identity, keys};

/// People of one facility that a list shows at most; the largest hospital of the region has fewer
/// staff.
pub const PEOPLE_MAX: i64 = 2_000;

/// A member of staff.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// The account.
    pub account: Account,
    /// Where they work, empty when nobody said.
    pub department: String,
    /// When somebody last looked whether they still should have this account.
    pub reviewed: Micros,
    /// When the account was made.
    pub created: Micros,
    /// Whether they have a second factor.
    pub has_factor: bool,
    /// Counts the changes.
    pub version: u32,
}

const fn department_place(id: Uuid) -> (&'static str, &'static str, Uuid) {
    ("users", "department_sealed", id)
}

#[derive(sqlx::FromRow)]
struct PersonRow {
    id: Uuid,
    department_sealed: Option<Vec<u8>>,
    reviewed_us: i64,
    created_us: i64,
    factors: i64,
    version: i64,
}

macro_rules! select_people {
    ($tail:literal) => {
        concat!(
            "SELECT id, department_sealed, reviewed_us, created_us, version,
                    (SELECT count(*) FROM factors
                     WHERE factors.user_id = users.id AND confirmed_us IS NOT NULL) AS factors
             FROM users WHERE tenant = $1 AND role <> 'patient' ",
            $tail
        )
    };
}

/// The staff of a facility, in no order that tells something.
///
/// # Errors
/// The store failed.
pub async fn staff(conn: &mut Conn, tenant: TenantId) -> Result<Vec<Person>, StoreError> {
    let rows = fetch_all!(
        conn,
        PersonRow,
        select_people!("ORDER BY id LIMIT $2"),
        tenant.as_uuid(),
        PEOPLE_MAX,
    )?;
    let mut people = Vec::with_capacity(rows.len());
    for row in rows {
        people.push(open(conn, tenant, row).await?);
    }
    Ok(people)
}

/// One member of staff of a facility.
///
/// # Errors
/// The store failed.
pub async fn person(
    conn: &mut Conn,
    tenant: TenantId,
    id: UserId,
) -> Result<Option<Person>, StoreError> {
    let row = fetch_optional!(
        conn,
        PersonRow,
        select_people!("AND id = $2"),
        tenant.as_uuid(),
        id.as_uuid(),
    )?;
    match row {
        Some(row) => open(conn, tenant, row).await.map(Some),
        None => Ok(None),
    }
}

async fn open(conn: &mut Conn, tenant: TenantId, row: PersonRow) -> Result<Person, StoreError> {
    let id = UserId::from_uuid(row.id);
    let account = identity::account(conn, id)
        .await?
        .ok_or_else(|| StoreError::corrupt("users.id", "a person is gone within a statement"))?;
    let key = keys::tenant_key(conn, tenant).await?;
    let department = row
        .department_sealed
        .map(|sealed| keys::open(&key, department_place(row.id), &sealed))
        .transpose()?
        .unwrap_or_default();
    Ok(Person {
        account,
        department,
        reviewed: Micros(row.reviewed_us),
        created: Micros(row.created_us),
        has_factor: row.factors > 0,
        version: u32::try_from(row.version)
            .map_err(|error| StoreError::corrupt("users.version", error))?,
    })
}

/// Changes what an administrator may change of a person. Answers false when `version` is not the
/// current one.
///
/// # Errors
/// The store failed.
pub async fn change(
    tx: &mut Tx,
    account: &Account,
    department: &str,
    version: u32,
) -> Result<bool, StoreError> {
    let id = account.id.as_uuid();
    let key = keys::tenant_key(tx, account.tenant).await?;
    let (zone, specialty, languages) = match &account.position {
        Position::Doctor(profile) => (
            Some(profile.zone.clone()),
            Some(profile.specialty.clone()),
            profile.languages.join(" "),
        ),
        Position::Other(_) => (None, None, String::new()),
    };
    let touched = crate::statement::execute!(
        tx,
        "UPDATE users SET name_sealed = $3, department_sealed = $4, role = $5, zone = $6,
             specialty = $7, languages = $8, version = version + 1
         WHERE id = $1 AND tenant = $2 AND version = $9",
        id,
        account.tenant.as_uuid(),
        keys::seal(&key, identity::name_place(id), &account.name)?,
        keys::seal(&key, department_place(id), department)?,
        account.position.role().as_str(),
        zone.clone(),
        specialty.clone(),
        languages.clone(),
        i64::from(version),
    )?;
    Ok(touched == 1)
}

/// Notes that somebody looked whether a person should still have the account.
///
/// # Errors
/// There is no such person in the facility, or the store failed.
pub async fn set_reviewed(
    tx: &mut Tx,
    tenant: TenantId,
    id: UserId,
    now: Micros,
) -> Result<(), StoreError> {
    execute_one!(
        tx,
        "UPDATE users SET reviewed_us = $3 WHERE id = $1 AND tenant = $2",
        id.as_uuid(),
        tenant.as_uuid(),
        now.0,
    )
}

/// Lets a person work without a second factor until then.
///
/// # Errors
/// There is no such person in the facility, or the store failed.
pub async fn set_grace(
    tx: &mut Tx,
    tenant: TenantId,
    id: UserId,
    until: Micros,
) -> Result<(), StoreError> {
    execute_one!(
        tx,
        "UPDATE users SET factor_grace_us = $3 WHERE id = $1 AND tenant = $2",
        id.as_uuid(),
        tenant.as_uuid(),
        until.0,
    )
}
