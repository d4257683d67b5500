//! The pages of critical values: whom to tell next, and when.

use clinical_model::results::CriticalPage;
use clinical_model::{Micros, OrderId, TenantId, UserId};
use uuid::Uuid;

use crate::statement::{execute, fetch_all, fetch_one, fetch_optional};
use crate::{Conn, StoreError, Tx};

/// Most pages of one round of the worker; the rest is due in the next.
pub const DUE_MAX: i64 = 50;
/// Most people of one level: more than a facility has doctors.
const PEOPLE_MAX: i64 = 200;

/// A page as it is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    /// Counts how often the order raised one.
    pub round: i64,
    /// Where it stands.
    pub state: CriticalPage,
}

fn number(level: u32, since: Micros) -> (i64, i64) {
    (i64::from(level), since.0)
}

/// The page of an order.
///
/// # Errors
/// The store failed.
pub async fn page(conn: &mut Conn, id: OrderId) -> Result<Option<Page>, StoreError> {
    let row = fetch_optional!(
        conn,
        (i64, i64, i64, Option<Uuid>, Option<i64>),
        "SELECT round, level, since_us, taken_by, taken_us FROM critical_pages
         WHERE order_id = $1",
        id.as_uuid()
    )?;
    let Some((round, level, since, by, at)) = row else {
        return Ok(None);
    };
    let level = u32::try_from(level)
        .map_err(|source| StoreError::corrupt("critical_pages.level", source))?;
    let state = match by.zip(at) {
        Some((by, at)) => CriticalPage::Acknowledged {
            by: UserId::from_uuid(by),
            at: Micros(at),
        },
        None => CriticalPage::Paging {
            level,
            since: Micros(since),
        },
    };
    Ok(Some(Page { round, state }))
}

/// Raises a page, or raises again one that was taken; answers its round. One that still waits is not
/// raised again: `None`.
///
/// # Errors
/// The store failed.
pub async fn raise_page(
    tx: &mut Tx,
    id: OrderId,
    (level, since): (u32, Micros),
    next: Micros,
) -> Result<Option<i64>, StoreError> {
    let (level, since) = number(level, since);
    let touched = execute!(
        tx,
        "INSERT INTO critical_pages (order_id, round, level, since_us, next_us)
         VALUES ($1, 1, $2, $3, $4)
         ON CONFLICT (order_id) DO UPDATE SET round = critical_pages.round + 1, level = $2,
             since_us = $3, next_us = $4, taken_by = NULL, taken_us = NULL
         WHERE critical_pages.next_us IS NULL",
        id.as_uuid(),
        level,
        since,
        next.0
    )?;
    if touched != 1 {
        return Ok(None);
    }
    let (round,) = fetch_one!(
        tx,
        (i64,),
        "SELECT round FROM critical_pages WHERE order_id = $1",
        id.as_uuid()
    )?;
    Ok(Some(round))
}

/// Writes where a page that was read stands now; answers false when somebody else moved it first.
///
/// # Errors
/// The store failed.
pub async fn move_page(
    tx: &mut Tx,
    id: OrderId,
    (read, to): (Page, CriticalPage),
) -> Result<bool, StoreError> {
    let CriticalPage::Paging { level, since } = read.state else {
        return Ok(false);
    };
    let (read_level, read_since) = number(level, since);
    let (level, since, taken) = match to {
        CriticalPage::Paging { level, since } => {
            let (level, since) = number(level, since);
            (level, since, None)
        }
        CriticalPage::Acknowledged { by, at } => (read_level, read_since, Some((by, at))),
    };
    let touched = execute!(
        tx,
        "UPDATE critical_pages SET level = $1, since_us = $2, next_us = $3, taken_by = $4,
             taken_us = $5
         WHERE order_id = $6 AND round = $7 AND level = $8 AND since_us = $9
           AND next_us IS NOT NULL",
        level,
        since,
        to.next_at().map(|at| at.0),
        taken.map(|(by, _)| by.as_uuid()),
        taken.map(|(_, at)| at.0),
        id.as_uuid(),
        read.round,
        read_level,
        read_since
    )?;
    Ok(touched == 1)
}

/// The orders whose page nobody answered in time, the longest waiting first, at most [`DUE_MAX`].
///
/// # Errors
/// The store failed.
pub async fn due_pages(conn: &mut Conn, now: Micros) -> Result<Vec<OrderId>, StoreError> {
    let rows = fetch_all!(
        conn,
        (Uuid,),
        "SELECT order_id FROM critical_pages WHERE next_us <= $1
         ORDER BY next_us, order_id LIMIT $2",
        now.0,
        DUE_MAX
    )?;
    Ok(rows
        .into_iter()
        .map(|(id,)| OrderId::from_uuid(id))
        .collect())
}

/// Writes down that a doctor was told of a critical value; answers false when they had been told.
///
/// # Errors
/// The store failed.
pub async fn insert_told(
    tx: &mut Tx,
    id: OrderId,
    person: UserId,
    now: Micros,
) -> Result<bool, StoreError> {
    let touched = execute!(
        tx,
        "INSERT INTO critical_told (order_id, person, at_us)
         SELECT $1, u.id, $2 FROM users u WHERE u.id = $3 AND u.role = 'doctor'
         ON CONFLICT (order_id, person) DO NOTHING",
        id.as_uuid(),
        now.0,
        person.as_uuid()
    )?;
    Ok(touched == 1)
}

fn people(rows: Vec<(Uuid,)>) -> Vec<UserId> {
    rows.into_iter()
        .map(|(id,)| UserId::from_uuid(id))
        .collect()
}

/// The doctors of a facility who are on duty.
///
/// # Errors
/// The store failed.
pub async fn duty_doctors(
    conn: &mut Conn,
    tenant: TenantId,
    now: Micros,
) -> Result<Vec<UserId>, StoreError> {
    let rows = fetch_all!(
        conn,
        (Uuid,),
        "SELECT u.id FROM users u
         WHERE u.tenant = $1 AND u.role = 'doctor' AND NOT u.disabled
           AND EXISTS (SELECT 1 FROM duty_shifts ds WHERE ds.person = u.id AND ds.tenant = $1
               AND ds.from_us <= $2 AND ds.until_us > $2)
         ORDER BY u.id LIMIT $3",
        tenant.as_uuid(),
        now.0,
        PEOPLE_MAX
    )?;
    Ok(people(rows))
}

/// Every doctor and administrator of a facility.
///
/// # Errors
/// The store failed.
pub async fn everybody(conn: &mut Conn, tenant: TenantId) -> Result<Vec<UserId>, StoreError> {
    let rows = fetch_all!(
        conn,
        (Uuid,),
        "SELECT u.id FROM users u
         WHERE u.tenant = $1 AND u.role IN ('doctor', 'admin') AND NOT u.disabled
         ORDER BY u.id LIMIT $2",
        tenant.as_uuid(),
        PEOPLE_MAX
    )?;
    Ok(people(rows))
}
