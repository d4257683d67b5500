//! Requests that are carried out once, however often they are sent.
//!
//! The row is written by the transaction that carries the request out. Two that run at once meet at
//! the primary key: one commits, the other is rolled back. The answer is kept a moment later; when
//! the program ends in between, a repetition still learns that the request was carried out.

use clinical_model::{AuditEntry, Micros, Once, TenantId};
use uuid::Uuid;

use crate::statement::{execute, execute_one, fetch_optional};
use crate::tx::Conn;
use crate::{Db, StoreError, Tx, keys};

/// How long an answer is kept: two days, in microseconds. Who repeats a request later asks anew.
const KEPT_US: i64 = 2 * Micros::DAY;

/// A request that was carried out.
#[derive(Clone, PartialEq, Eq)]
pub struct Repetition {
    /// SHA-256 of what was asked for.
    pub request: Vec<u8>,
    /// What was answered; none when the program ended before it could be kept.
    pub answer: Option<String>,
}

impl core::fmt::Debug for Repetition {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Repetition(..)")
    }
}

const fn place(id: Uuid) -> (&'static str, &'static str, Uuid) {
    ("idempotency_keys", "answer_sealed", id)
}

/// Takes the key for this transaction.
///
/// # Errors
/// [`StoreError::Repeated`] when another transaction has it, or the store failed.
pub(crate) async fn claim(tx: &mut Tx, once: Once, entry: &AuditEntry) -> Result<(), StoreError> {
    execute!(
        tx,
        "DELETE FROM idempotency_keys WHERE id = $1 AND done_us < $2",
        once.key,
        entry.at().plus(-KEPT_US).0
    )?;
    let touched = execute!(
        tx,
        "INSERT INTO idempotency_keys (id, tenant, request, done_us) VALUES ($1, $2, $3, $4)
         ON CONFLICT (id) DO NOTHING",
        once.key,
        entry.tenant().as_uuid(),
        once.request.as_slice(),
        entry.at().0
    )?;
    match touched {
        0 => Err(StoreError::Repeated),
        _ => Ok(()),
    }
}

/// What is known of a request with this key.
///
/// # Errors
/// The store failed.
pub async fn find(
    conn: &mut Conn,
    tenant: TenantId,
    key: Uuid,
    now: Micros,
) -> Result<Option<Repetition>, StoreError> {
    let row = fetch_optional!(
        conn,
        (Vec<u8>, Option<Vec<u8>>),
        "SELECT request, answer_sealed FROM idempotency_keys
         WHERE id = $1 AND tenant = $2 AND done_us >= $3",
        key,
        tenant.as_uuid(),
        now.plus(-KEPT_US).0
    )?;
    let Some((request, sealed)) = row else {
        return Ok(None);
    };
    let answer = match sealed {
        Some(sealed) => {
            let key_of_tenant = keys::tenant_key(conn, tenant).await?;
            Some(keys::open(&key_of_tenant, place(key), &sealed)?)
        }
        None => None,
    };
    Ok(Some(Repetition { request, answer }))
}

/// Keeps the answer to a request that was carried out, and forgets those that are old. It is no
/// change of a record, so no audit entry stands beside it.
///
/// # Errors
/// The request was not carried out, or the store failed.
pub async fn keep(
    db: &Db,
    tenant: TenantId,
    key: Uuid,
    (answer, now): (&str, Micros),
) -> Result<(), StoreError> {
    let mut tx = db.begin().await?;
    let key_of_tenant = keys::tenant_key(&mut tx, tenant).await?;
    execute_one!(
        tx,
        "UPDATE idempotency_keys SET answer_sealed = $1 WHERE id = $2 AND tenant = $3",
        keys::seal(&key_of_tenant, place(key), answer)?,
        key,
        tenant.as_uuid()
    )?;
    execute!(
        tx,
        "DELETE FROM idempotency_keys WHERE id IN
             (SELECT id FROM idempotency_keys WHERE done_us < $1 ORDER BY done_us LIMIT 100)",
        now.plus(-KEPT_US).0
    )?;
    tx.commit_unaudited().await
}
