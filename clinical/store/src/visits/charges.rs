//! What calls that the clinic places cost.

use clinical_model::visits::{CALL_MAX_S, CallCaps, CallsUsed, billed_s};
use clinical_model::{CallId, Micros, TenantId};
use uuid::Uuid;

use crate::statement::{execute, execute_one, fetch_all, fetch_one, fetch_optional};
use crate::tx::Conn;
use crate::{StoreError, Tx};

/// A call that begins, with what is set aside for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewCharge {
    /// The call.
    pub id: CallId,
    /// Who pays.
    pub tenant: TenantId,
    /// By which trunk.
    pub trunk: String,
    /// Days since 1970, UTC.
    pub day: i64,
    /// Year and month such as 202611, UTC.
    pub month: i64,
    /// What a minute costs, in millionths of the currency.
    pub minute_micros: i64,
    /// Seconds that are set aside.
    pub seconds: i64,
}

/// What a trunk was used for, by one facility in one month.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrunkUse {
    /// Its name in the configuration.
    pub trunk: String,
    /// Calls.
    pub calls: i64,
    /// Seconds as they are billed, with what is set aside.
    pub seconds: i64,
    /// Money, in millionths of the currency.
    pub cost_micros: i64,
}

/// What was used of the caps of a call.
///
/// # Errors
/// The store failed.
pub async fn calls_used(
    conn: &mut Conn,
    (tenant, trunk): (TenantId, &str),
    (day, month): (i64, i64),
) -> Result<CallsUsed, StoreError> {
    let (day_s,) = fetch_one!(
        conn,
        (i64,),
        "SELECT CAST(COALESCE(SUM(seconds), 0) AS BIGINT) FROM phone_charges
         WHERE trunk = $1 AND day = $2",
        trunk,
        day
    )?;
    let (month_micros,) = fetch_one!(
        conn,
        (i64,),
        "SELECT CAST(COALESCE(SUM(cost_micros), 0) AS BIGINT) FROM phone_charges
         WHERE tenant = $1 AND month = $2",
        tenant.as_uuid(),
        month
    )?;
    Ok(CallsUsed {
        day_s,
        month_micros,
    })
}

/// Sets aside what a call may cost.
///
/// # Errors
/// The store failed.
pub async fn begin_charge(tx: &mut Tx, charge: &NewCharge, now: Micros) -> Result<(), StoreError> {
    execute_one!(
        tx,
        "INSERT INTO phone_charges
             (id, tenant, trunk, day, month, begun_us, seconds, minute_micros, cost_micros)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        charge.id.as_uuid(),
        charge.tenant.as_uuid(),
        charge.trunk.as_str(),
        charge.day,
        charge.month,
        now.0,
        charge.seconds,
        charge.minute_micros,
        CallCaps::cost(charge.minute_micros, charge.seconds)
    )
}

/// A call has ended after so many seconds; whose it was. None: there is no such call that stands.
///
/// # Errors
/// The store failed.
pub async fn end_charge(
    tx: &mut Tx,
    id: CallId,
    talked_s: i64,
    now: Micros,
) -> Result<Option<TenantId>, StoreError> {
    let row = fetch_optional!(
        tx,
        (Uuid, i64),
        "SELECT tenant, minute_micros FROM phone_charges WHERE id = $1 AND ended_us IS NULL",
        id.as_uuid()
    )?;
    let Some((tenant, minute_micros)) = row else {
        return Ok(None);
    };
    execute_one!(
        tx,
        "UPDATE phone_charges SET ended_us = $1, seconds = $2, cost_micros = $3
         WHERE id = $4 AND ended_us IS NULL",
        now.0,
        billed_s(talked_s),
        CallCaps::cost(minute_micros, talked_s),
        id.as_uuid()
    )?;
    Ok(Some(TenantId::from_uuid(tenant)))
}

/// Ends the calls of a process that is no more. How long they were talked nobody knows; they count
/// from their begin until now, and never more than was set aside.
///
/// # Errors
/// The store failed.
pub async fn end_lost_charges(tx: &mut Tx, now: Micros) -> Result<u64, StoreError> {
    let rows = fetch_all!(
        tx,
        (Uuid, i64, i64),
        "SELECT id, begun_us, seconds FROM phone_charges WHERE ended_us IS NULL LIMIT 1000"
    )?;
    let mut ended = 0;
    for (id, begun_us, reserved_s) in rows {
        let most_s = reserved_s.min(CALL_MAX_S);
        let since_s = now.0.saturating_sub(begun_us) / Micros::SECOND;
        let talked_s = since_s.clamp(0, most_s);
        end_charge(tx, CallId::from_uuid(id), talked_s, now).await?;
        ended += 1;
    }
    Ok(ended)
}

#[derive(sqlx::FromRow)]
struct UseRow {
    trunk: String,
    calls: i64,
    seconds: i64,
    cost_micros: i64,
}

/// What a facility has used in a month, by trunk.
///
/// # Errors
/// The store failed.
pub async fn month_use(
    conn: &mut Conn,
    tenant: TenantId,
    month: i64,
) -> Result<Vec<TrunkUse>, StoreError> {
    let rows = fetch_all!(
        conn,
        UseRow,
        "SELECT trunk, count(*) AS calls, CAST(SUM(seconds) AS BIGINT) AS seconds,
                CAST(SUM(cost_micros) AS BIGINT) AS cost_micros
         FROM phone_charges WHERE tenant = $1 AND month = $2 GROUP BY trunk ORDER BY trunk",
        tenant.as_uuid(),
        month
    )?;
    let uses = rows.into_iter().map(|row| TrunkUse {
        trunk: row.trunk,
        calls: row.calls,
        seconds: row.seconds,
        cost_micros: row.cost_micros,
    });
    Ok(uses.collect())
}

/// Forgets what no cap and no page asks for any more.
///
/// # Errors
/// The store failed.
pub async fn forget_charges(tx: &mut Tx, before_month: i64) -> Result<u64, StoreError> {
    execute!(
        tx,
        "DELETE FROM phone_charges WHERE month < $1 AND ended_us IS NOT NULL",
        before_month
    )
}
