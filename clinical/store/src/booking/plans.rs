//! Recurring hours, exceptions and holidays of a doctor, a room or a device.

use clinical_model::{Micros, ScheduleEntryId, TenantId, UserId};
use uuid::Uuid;

use crate::statement::{execute, execute_one, fetch_all, fetch_optional};
use crate::tx::Conn;
use crate::{StoreError, Tx};

/// Most rules, and most exceptions, that are read of one owner; what writes them allows fewer.
const ENTRIES_MAX: i64 = 400;

/// Hours that recur besides the weekly ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanRule {
    /// The rule.
    pub id: ScheduleEntryId,
    /// RRULE of RFC 5545.
    pub rule: String,
    /// First date, YYYYMMDD as a number.
    pub anchor: i64,
    /// Minute of the day at which the hours begin.
    pub start_min: u16,
    /// How long they last, in minutes.
    pub length_min: u16,
}

/// A time at which the recurring hours do not say it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanException {
    /// The exception.
    pub id: ScheduleEntryId,
    /// `leave`, `holiday`, `maintenance`, `other` or `extra`.
    pub kind: String,
    /// Wall clock, microseconds as if it showed UTC.
    pub from_wall_us: i64,
    /// The end, not included.
    pub to_wall_us: i64,
}

/// What is kept of an owner besides weekly hours.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Plan {
    /// Recurring hours.
    pub rules: Vec<PlanRule>,
    /// Leave, maintenance, extra hours.
    pub exceptions: Vec<PlanException>,
    /// ISO 3166-1 code of the country whose public holidays are kept.
    pub holidays: Option<String>,
    /// Counts its changes; 0 of a plan that was never written.
    pub version: i64,
}

#[derive(sqlx::FromRow)]
struct RuleRow {
    id: Uuid,
    rule: String,
    anchor: i64,
    start_min: i64,
    length_min: i64,
}

#[derive(sqlx::FromRow)]
struct ExceptionRow {
    id: Uuid,
    kind: String,
    from_wall_us: i64,
    to_wall_us: i64,
}

/// The plan of a doctor, a room or a device, with exceptions that end after `since` on any wall
/// clock.
///
/// # Errors
/// The store failed.
pub async fn plan(conn: &mut Conn, owner: Uuid, since: Micros) -> Result<Plan, StoreError> {
    let minutes = |number: i64| {
        u16::try_from(number).map_err(|source| StoreError::corrupt("schedule_rules", source))
    };
    let rules = fetch_all!(
        conn,
        RuleRow,
        "SELECT id, rule, anchor, start_min, length_min FROM schedule_rules
         WHERE owner = $1 ORDER BY id LIMIT $2",
        owner,
        ENTRIES_MAX
    )?
    .into_iter()
    .map(|row| {
        Ok(PlanRule {
            id: ScheduleEntryId::from_uuid(row.id),
            start_min: minutes(row.start_min)?,
            length_min: minutes(row.length_min)?,
            rule: row.rule,
            anchor: row.anchor,
        })
    })
    .collect::<Result<Vec<_>, StoreError>>()?;
    let exceptions = fetch_all!(
        conn,
        ExceptionRow,
        "SELECT id, kind, from_wall_us, to_wall_us FROM schedule_exceptions
         WHERE owner = $1 AND to_wall_us > $2 ORDER BY from_wall_us, id LIMIT $3",
        owner,
        since.plus(-2 * Micros::DAY).0,
        ENTRIES_MAX
    )?;
    let holidays = fetch_optional!(
        conn,
        (String,),
        "SELECT country FROM schedule_holidays WHERE owner = $1",
        owner
    )?;
    let version = fetch_optional!(
        conn,
        (i64,),
        "SELECT version FROM schedule_plans WHERE owner = $1",
        owner
    )?;
    Ok(Plan {
        version: version.map_or(0, |(version,)| version),
        rules,
        exceptions: exceptions
            .into_iter()
            .map(|row| PlanException {
                id: ScheduleEntryId::from_uuid(row.id),
                kind: row.kind,
                from_wall_us: row.from_wall_us,
                to_wall_us: row.to_wall_us,
            })
            .collect(),
        holidays: holidays.map(|(country,)| country),
    })
}

/// Replaces the plan of an owner by version `plan.version`; false if the one before it is not the
/// stored one. What is booked stays booked.
///
/// # Errors
/// The store failed.
pub async fn put_plan(
    tx: &mut Tx,
    (tenant, owner): (TenantId, Uuid),
    plan: &Plan,
    by: UserId,
) -> Result<bool, StoreError> {
    let touched = if plan.version == 1 {
        execute!(
            tx,
            "INSERT INTO schedule_plans (owner, tenant, version) VALUES ($1, $2, 1)
             ON CONFLICT (owner) DO NOTHING",
            owner,
            tenant.as_uuid()
        )?
    } else {
        execute!(
            tx,
            "UPDATE schedule_plans SET version = $1
             WHERE owner = $2 AND tenant = $3 AND version = $1 - 1",
            plan.version,
            owner,
            tenant.as_uuid()
        )?
    };
    if touched != 1 {
        return Ok(false);
    }
    execute!(tx, "DELETE FROM schedule_rules WHERE owner = $1", owner)?;
    execute!(
        tx,
        "DELETE FROM schedule_exceptions WHERE owner = $1",
        owner
    )?;
    execute!(tx, "DELETE FROM schedule_holidays WHERE owner = $1", owner)?;
    for rule in &plan.rules {
        execute_one!(
            tx,
            "INSERT INTO schedule_rules (id, tenant, owner, rule, anchor, start_min, length_min)
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
            rule.id.as_uuid(),
            tenant.as_uuid(),
            owner,
            rule.rule.as_str(),
            rule.anchor,
            i64::from(rule.start_min),
            i64::from(rule.length_min)
        )?;
    }
    for exception in &plan.exceptions {
        execute_one!(
            tx,
            "INSERT INTO schedule_exceptions
                 (id, tenant, owner, kind, from_wall_us, to_wall_us, created_by)
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
            exception.id.as_uuid(),
            tenant.as_uuid(),
            owner,
            exception.kind.as_str(),
            exception.from_wall_us,
            exception.to_wall_us,
            by.as_uuid()
        )?;
    }
    if let Some(country) = &plan.holidays {
        execute_one!(
            tx,
            "INSERT INTO schedule_holidays (owner, tenant, country) VALUES ($1, $2, $3)",
            owner,
            tenant.as_uuid(),
            country.as_str()
        )?;
    }
    Ok(true)
}
