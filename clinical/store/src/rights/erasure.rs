//! Erasing a record: its key is destroyed, and what stands under other keys is overwritten.

use clinical_model::{Micros, PatientId, TenantId, UserId};
use uuid::Uuid;

use crate::statement::{execute, execute_one, fetch_all, fetch_one};
use crate::tx::Conn;
use crate::{StoreError, Tx, factors, identity, keys, merges, one_time, patients, sessions};

/// The records that are one person: this one, and those that were merged with it.
///
/// # Errors
/// The store failed.
pub async fn records_of_person(
    conn: &mut Conn,
    patient: PatientId,
) -> Result<Vec<PatientId>, StoreError> {
    let winner = merges::of_loser(conn, patient)
        .await?
        .map_or(patient, |merge| merge.winner);
    let mut records = vec![winner];
    records.extend(merges::losers_of(conn, winner).await?);
    Ok(records)
}

/// When the facility had to do with a patient last: visits, facts, prescriptions, orders. None
/// when never.
///
/// # Errors
/// The store failed.
pub async fn last_contact(
    conn: &mut Conn,
    patient: PatientId,
) -> Result<Option<Micros>, StoreError> {
    let (last,) = fetch_one!(
        conn,
        (Option<i64>,),
        "SELECT MAX(found.at_us) FROM (
             SELECT MAX(end_us) AS at_us FROM appointments
             WHERE patient = $1 AND state <> 'cancelled'
             UNION ALL
             SELECT MAX(recorded_us) AS at_us FROM chart_entries WHERE patient = $1
             UNION ALL
             SELECT MAX(COALESCE(signed_us, created_us)) AS at_us FROM prescriptions
             WHERE patient = $1
             UNION ALL
             SELECT MAX(COALESCE(reported_us, ordered_us)) AS at_us FROM orders
             WHERE patient = $1 AND stage <> 'cancelled'
             UNION ALL
             SELECT MAX(d.at_us) AS at_us FROM dispenses d
             JOIN prescriptions p ON p.id = d.prescription WHERE p.patient = $1
         ) found",
        patient.as_uuid()
    )?;
    Ok(last.map(Micros))
}

/// Erases a record for ever. What was sealed with the patient's key cannot be read again; the
/// account forgets name and address and is shut; messages to the person are deleted; the words of
/// emergency accesses are overwritten. Ids, times and the audit chain stay: they name nobody.
///
/// # Errors
/// It was erased before, or the store failed.
pub async fn erase(
    tx: &mut Tx,
    tenant: TenantId,
    patient: PatientId,
    now: Micros,
) -> Result<(), StoreError> {
    patients::erase(tx, tenant, patient, now).await?;
    execute!(
        tx,
        "DELETE FROM outbox WHERE tenant = $1 AND recipient = $2",
        tenant.as_uuid(),
        patient.as_uuid()
    )?;
    let accounts = fetch_all!(
        tx,
        (Uuid,),
        "SELECT id FROM users WHERE tenant = $1 AND patient = $2",
        tenant.as_uuid(),
        patient.as_uuid()
    )?;
    for (account,) in accounts {
        forget_account(tx, tenant, UserId::from_uuid(account), now).await?;
    }
    let emergencies = fetch_all!(
        tx,
        (Uuid,),
        "SELECT id FROM break_glass WHERE tenant = $1 AND patient = $2",
        tenant.as_uuid(),
        patient.as_uuid()
    )?;
    let key = keys::tenant_key(tx, tenant).await?;
    for (id,) in emergencies {
        let nothing = keys::seal(&key, ("break_glass", "reason_sealed", id), "-")?;
        execute_one!(
            tx,
            "UPDATE break_glass SET reason_sealed = $1 WHERE id = $2",
            nothing,
            id
        )?;
    }
    // Answers to repeated requests may quote the record, and do not say whose it is.
    execute!(
        tx,
        "UPDATE idempotency_keys SET answer_sealed = NULL WHERE tenant = $1",
        tenant.as_uuid()
    )
    .map(|_| ())
}

async fn forget_account(
    tx: &mut Tx,
    tenant: TenantId,
    account: UserId,
    now: Micros,
) -> Result<(), StoreError> {
    sessions::end_others(tx, account, None, now).await?;
    factors::remove_all(tx, account).await?;
    one_time::forget_all(tx, account).await?;
    execute!(
        tx,
        "DELETE FROM calendar_feeds WHERE account = $1",
        account.as_uuid()
    )?;
    execute!(
        tx,
        "DELETE FROM notify_settings WHERE person = $1",
        account.as_uuid()
    )?;
    execute!(
        tx,
        "DELETE FROM outbox WHERE tenant = $1 AND recipient = $2",
        tenant.as_uuid(),
        account.as_uuid()
    )?;
    identity::forget(tx, tenant, account).await
}
