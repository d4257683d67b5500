//! Results of a laboratory's machine that wait for a person, and what was taken from it already.

use clinical_model::results::{Incoming, Unmatched};
use clinical_model::{Micros, OrderId, TenantId, UnmatchedId, UserId};
use clinical_vault::DataKey;
use uuid::Uuid;

use crate::statement::{execute, execute_one, fetch_all, fetch_optional};
use crate::{Conn, StoreError, Tx, keys};

/// Most results of a list; the rest follows when these are decided.
pub const LIST_MAX: i64 = 100;

/// A result that waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// Its name.
    pub id: UnmatchedId,
    /// In which facility.
    pub tenant: TenantId,
    /// Why it waits.
    pub reason: Unmatched,
    /// What it says.
    pub incoming: Incoming,
    /// When it came.
    pub received: Micros,
    /// Counts the changes.
    pub version: u32,
}

/// What somebody decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision<'a> {
    /// It belongs to this order.
    Filed(OrderId),
    /// It belongs nowhere; why.
    Discarded(&'a str),
}

const fn body_place(id: Uuid) -> (&'static str, &'static str, Uuid) {
    ("unmatched_results", "body_sealed", id)
}

const fn why_place(id: Uuid) -> (&'static str, &'static str, Uuid) {
    ("unmatched_results", "why_sealed", id)
}

/// Says that something was taken; answers false when it had been taken before.
///
/// # Errors
/// The store failed.
pub async fn take(
    tx: &mut Tx,
    tenant: TenantId,
    what: &str,
    now: Micros,
) -> Result<bool, StoreError> {
    let key = keys::tenant_key(tx, tenant).await?;
    let touched = execute!(
        tx,
        "INSERT INTO lab_taken (tenant, taken_index, at_us) VALUES ($1, $2, $3)
         ON CONFLICT (tenant, taken_index) DO NOTHING",
        tenant.as_uuid(),
        key.blind_index("lab", what).to_vec(),
        now.0
    )?;
    Ok(touched == 1)
}

/// Lets a result wait.
///
/// # Errors
/// The store failed.
pub async fn insert(tx: &mut Tx, it: &Waiting) -> Result<(), StoreError> {
    let key = keys::tenant_key(tx, it.tenant).await?;
    let json = serde_json::to_string(&it.incoming)
        .map_err(|source| StoreError::corrupt("unmatched_results.body_sealed", source))?;
    let id = it.id.as_uuid();
    execute_one!(
        tx,
        "INSERT INTO unmatched_results (id, tenant, reason, body_sealed, received_us, state, version)
         VALUES ($1, $2, $3, $4, $5, 'waiting', $6)",
        id,
        it.tenant.as_uuid(),
        it.reason.as_str(),
        keys::seal(&key, body_place(id), &json)?,
        it.received.0,
        i64::from(it.version)
    )
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    reason: String,
    body_sealed: Vec<u8>,
    received_us: i64,
    version: i64,
}

fn parsed(key: &DataKey, tenant: TenantId, row: Row) -> Result<Waiting, StoreError> {
    let json = keys::open(key, body_place(row.id), &row.body_sealed)?;
    Ok(Waiting {
        id: UnmatchedId::from_uuid(row.id),
        tenant,
        reason: Unmatched::from_word(&row.reason)
            .ok_or_else(|| StoreError::corrupt("unmatched_results.reason", "no such reason"))?,
        incoming: serde_json::from_str(&json)
            .map_err(|source| StoreError::corrupt("unmatched_results.body_sealed", source))?,
        received: Micros(row.received_us),
        version: u32::try_from(row.version)
            .map_err(|source| StoreError::corrupt("unmatched_results.version", source))?,
    })
}

/// What waits in a facility, longest waiting first, at most [`LIST_MAX`].
///
/// # Errors
/// The store failed.
pub async fn waiting(conn: &mut Conn, tenant: TenantId) -> Result<Vec<Waiting>, StoreError> {
    let key = keys::tenant_key(conn, tenant).await?;
    let rows = fetch_all!(
        conn,
        Row,
        "SELECT id, reason, body_sealed, received_us, version FROM unmatched_results
         WHERE tenant = $1 AND state = 'waiting' ORDER BY received_us, id LIMIT $2",
        tenant.as_uuid(),
        LIST_MAX
    )?;
    rows.into_iter()
        .map(|row| parsed(&key, tenant, row))
        .collect()
}

/// One result that waits in a facility.
///
/// # Errors
/// The store failed.
pub async fn find(
    conn: &mut Conn,
    tenant: TenantId,
    id: UnmatchedId,
) -> Result<Option<Waiting>, StoreError> {
    let key = keys::tenant_key(conn, tenant).await?;
    let row = fetch_optional!(
        conn,
        Row,
        "SELECT id, reason, body_sealed, received_us, version FROM unmatched_results
         WHERE tenant = $1 AND id = $2 AND state = 'waiting'",
        tenant.as_uuid(),
        id.as_uuid()
    )?;
    row.map(|row| parsed(&key, tenant, row)).transpose()
}

/// Writes what somebody decided of a result that was read; answers false when somebody else decided
/// first. What was filed is no longer kept here.
///
/// # Errors
/// The store failed.
pub async fn decide(
    tx: &mut Tx,
    it: &Waiting,
    decision: Decision<'_>,
    (by, now): (UserId, Micros),
) -> Result<bool, StoreError> {
    let id = it.id.as_uuid();
    let key = keys::tenant_key(tx, it.tenant).await?;
    let (state, order, why) = match decision {
        Decision::Filed(order) => ("filed", Some(order.as_uuid()), None),
        Decision::Discarded(why) => {
            let sealed = keys::seal(&key, why_place(id), why)?;
            ("discarded", None, Some(sealed))
        }
    };
    let touched = execute!(
        tx,
        "UPDATE unmatched_results SET state = $1, order_id = $2, why_sealed = $3, decided_us = $4,
             decided_by = $5, version = version + 1,
             body_sealed = CASE WHEN $1 = 'filed' THEN NULL ELSE body_sealed END
         WHERE id = $6 AND tenant = $7 AND version = $8 AND state = 'waiting'",
        state,
        order,
        why,
        now.0,
        by.as_uuid(),
        id,
        it.tenant.as_uuid(),
        i64::from(it.version)
    )?;
    Ok(touched == 1)
}

/// The order to which a laboratory's own number belongs.
///
/// # Errors
/// The store failed.
pub async fn order_of_filler(
    conn: &mut Conn,
    tenant: TenantId,
    filler: &str,
) -> Result<Option<OrderId>, StoreError> {
    let key = keys::tenant_key(conn, tenant).await?;
    let row = fetch_optional!(
        conn,
        (Uuid,),
        "SELECT order_id FROM lab_orders WHERE tenant = $1 AND filler_index = $2",
        tenant.as_uuid(),
        key.blind_index("lab", filler).to_vec()
    )?;
    Ok(row.map(|(id,)| OrderId::from_uuid(id)))
}

/// Says to which order a laboratory's own number belongs; the first one stays.
///
/// # Errors
/// The store failed.
pub async fn put_filler(
    tx: &mut Tx,
    tenant: TenantId,
    (filler, order): (&str, OrderId),
) -> Result<(), StoreError> {
    let key = keys::tenant_key(tx, tenant).await?;
    execute!(
        tx,
        "INSERT INTO lab_orders (tenant, filler_index, order_id) VALUES ($1, $2, $3)
         ON CONFLICT (tenant, filler_index) DO NOTHING",
        tenant.as_uuid(),
        key.blind_index("lab", filler).to_vec(),
        order.as_uuid()
    )
    .map(|_| ())
}
