//! What calls that the clinic places may cost, and have cost.

use clinical_model::visits::{CallCaps, CapReached};
use clinical_model::{AuditActor, AuditEntry, CallId, Micros, TenantId};
use clinical_store::visits::{self, NewCharge};
use clinical_store::{StoreError, Tx};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::Desk;

/// Months for which single calls are kept: as long as telephone bills are disputed.
const MONTHS_KEPT: i64 = 18;

/// Why a call may not be charged.
#[derive(Debug, thiserror::Error)]
pub enum ChargeError {
    /// A cap is reached.
    #[error(transparent)]
    Cap(#[from] CapReached),
    /// The store failed: what is not known to be within a cap is not placed.
    #[error("what was used could not be read")]
    Store(#[from] StoreError),
}

/// What was granted to a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Granted {
    /// Names the charge.
    pub id: CallId,
    /// How long it may be talked, in seconds.
    pub seconds: i64,
}

/// Days since 1970 and year and month, in UTC.
pub(super) fn calendar(now: Micros) -> (i64, i64) {
    let day = now.0.div_euclid(24 * Micros::HOUR);
    let at = Timestamp::from_microsecond(now.0).unwrap_or(Timestamp::UNIX_EPOCH);
    let date = at.to_zoned(TimeZone::UTC).date();
    let month = i64::from(date.year()) * 100 + i64::from(date.month());
    (day, month)
}

/// A call begins: sets aside what it may cost, if that is within all caps.
///
/// # Errors
/// [`ChargeError`]; the call must not be placed then.
pub async fn begin_charge(
    desk: &Desk,
    (facility, trunk): (TenantId, &str),
    caps: CallCaps,
) -> Result<Granted, ChargeError> {
    let now = desk.now();
    let (day, month) = calendar(now);
    let mut tx = desk.db().begin().await?;
    let used = visits::calls_used(&mut tx, (facility, trunk), (day, month)).await?;
    let seconds = caps.allow(used)?;
    let charge = NewCharge {
        id: CallId::from_uuid(desk.id(now)),
        tenant: facility,
        trunk: trunk.to_owned(),
        day,
        month,
        minute_micros: caps.minute_micros,
        seconds,
    };
    visits::begin_charge(&mut tx, &charge, now).await?;
    visits::forget_charges(&mut tx, months_before(month, MONTHS_KEPT)).await?;
    tx.commit(entry("phone.begin_call", charge.id, now).within(facility))
        .await?;
    Ok(Granted {
        id: charge.id,
        seconds,
    })
}

fn entry(action: &'static str, id: CallId, now: Micros) -> AuditEntry {
    AuditEntry::done(AuditActor::System, action, now).about("phone_charge", id.as_uuid())
}

const fn months_before(month: i64, count: i64) -> i64 {
    let months = (month / 100) * 12 + (month % 100) - 1 - count;
    (months / 12) * 100 + months % 12 + 1
}

/// A call has ended after so many seconds; what was set aside beyond is free again.
///
/// # Errors
/// The store failed: what was set aside stays used.
pub async fn end_charge(desk: &Desk, id: CallId, talked_s: i64) -> Result<(), StoreError> {
    let now = desk.now();
    let mut tx = desk.db().begin().await?;
    match visits::end_charge(&mut tx, id, talked_s, now).await? {
        Some(facility) => finish(tx, entry("phone.end_call", id, now).within(facility)).await,
        None => Ok(()),
    }
}

/// Ends what the last process left standing. To be called before anybody is called.
///
/// # Errors
/// The store failed.
pub async fn end_lost_charges(desk: &Desk) -> Result<(), StoreError> {
    let now = desk.now();
    let mut tx = desk.db().begin().await?;
    if visits::end_lost_charges(&mut tx, now).await? == 0 {
        return Ok(());
    }
    finish(
        tx,
        AuditEntry::done(AuditActor::System, "phone.end_lost_calls", now),
    )
    .await
}

async fn finish(tx: Tx, entry: AuditEntry) -> Result<(), StoreError> {
    tx.commit(entry).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_months_are_those_of_utc() {
        // 2026-11-30 23:59:59.999999 UTC and the next instant.
        let last = Micros(1_796_083_199_999_999);
        assert_eq!(calendar(last), (20_787, 202_611));
        assert_eq!(calendar(last.plus(1)), (20_788, 202_612));
        assert_eq!(months_before(202_611, 18), 202_505);
        assert_eq!(months_before(202_601, 1), 202_512);
    }
}
