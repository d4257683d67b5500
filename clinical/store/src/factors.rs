//! Second factors, recovery codes, passkey ceremonies.

use clinical_model::{FactorId, FactorKind, Micros, TenantId, UserId};
use clinical_vault::Place;
use uuid::Uuid;

use crate::statement::{execute, execute_one, fetch_all, fetch_one, fetch_optional};
use crate::{Conn, StoreError, Tx, keys};

/// What proves a factor: the secret of an app, or a passkey. It does not print itself.
#[derive(Clone, PartialEq, Eq)]
pub struct FactorSecret(pub Vec<u8>);

impl core::fmt::Debug for FactorSecret {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("FactorSecret(..)")
    }
}

/// A second factor of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Factor {
    /// The factor.
    pub id: FactorId,
    /// What it is.
    pub kind: FactorKind,
    /// What the person calls it.
    pub label: String,
    /// What proves it.
    pub secret: FactorSecret,
    /// SHA-256 of a passkey's credential id.
    pub credential: Option<Vec<u8>>,
    /// The time step of the last accepted code.
    pub last_step: Option<u64>,
    /// When it was made.
    pub created: Micros,
    /// When it was shown for the first time; until then it opens nothing.
    pub confirmed: Option<Micros>,
    /// When it was last used.
    pub used: Option<Micros>,
}

/// A factor that was not stored.
#[derive(Debug, thiserror::Error)]
pub enum InsertFactorError {
    /// Some account has this passkey already.
    #[error("the passkey is registered already")]
    Registered,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

const fn label_place(id: Uuid) -> (&'static str, &'static str, Uuid) {
    ("factors", "label_sealed", id)
}

const fn secret_place(id: Uuid) -> Place<'static> {
    Place::value("factors", "secret_sealed", id)
}

/// Stores a factor.
///
/// # Errors
/// Some account has this passkey, or the store failed.
pub async fn insert(
    tx: &mut Tx,
    (tenant, user): (TenantId, UserId),
    factor: &Factor,
) -> Result<(), InsertFactorError> {
    let id = factor.id.as_uuid();
    let key = keys::tenant_key(tx, tenant).await?;
    execute_one!(
        tx,
        "INSERT INTO factors (id, tenant, user_id, kind, label_sealed, secret_sealed,
                              credential_index, last_step, created_us, confirmed_us, used_us)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        id,
        tenant.as_uuid(),
        user.as_uuid(),
        factor.kind.as_str(),
        keys::seal(&key, label_place(id), &factor.label)?,
        key.seal(secret_place(id), &factor.secret.0)
            .map_err(StoreError::from)?,
        factor.credential.clone(),
        factor.last_step.map(u64::cast_signed),
        factor.created.0,
        factor.confirmed.map(|at| at.0),
        factor.used.map(|at| at.0),
    )
    .map_err(|error| {
        if error.violates("factors_credential", "factors.credential_index") {
            InsertFactorError::Registered
        } else {
            error.into()
        }
    })
}

/// The factors of an account, oldest first, also those that were not confirmed.
///
/// # Errors
/// The store failed.
pub async fn of_user(
    conn: &mut Conn,
    tenant: TenantId,
    user: UserId,
) -> Result<Vec<Factor>, StoreError> {
    let rows = fetch_all!(
        conn,
        FactorRow,
        "SELECT id, kind, label_sealed, secret_sealed, credential_index, last_step, created_us,
                confirmed_us, used_us
         FROM factors WHERE tenant = $1 AND user_id = $2 ORDER BY created_us, id LIMIT 50",
        tenant.as_uuid(),
        user.as_uuid(),
    )?;
    let key = keys::tenant_key(conn, tenant).await?;
    rows.into_iter().map(|row| row.open(&key)).collect()
}

/// Whether the account has a factor that opens something.
///
/// # Errors
/// The store failed.
pub async fn has_one(conn: &mut Conn, user: UserId) -> Result<bool, StoreError> {
    let (count,) = fetch_one!(
        conn,
        (i64,),
        "SELECT count(*) FROM factors WHERE user_id = $1 AND confirmed_us IS NOT NULL",
        user.as_uuid(),
    )?;
    Ok(count > 0)
}

/// Takes the time step of a code that fits. Answers false when this or a later one was taken
/// before: of two that show one code at once, one wins.
///
/// # Errors
/// The store failed.
pub async fn take_step(
    tx: &mut Tx,
    factor: FactorId,
    step: u64,
    now: Micros,
) -> Result<bool, StoreError> {
    let touched = execute!(
        tx,
        "UPDATE factors SET last_step = $2, used_us = $3, confirmed_us = COALESCE(confirmed_us, $3)
         WHERE id = $1 AND (last_step IS NULL OR last_step < $2)",
        factor.as_uuid(),
        step.cast_signed(),
        now.0,
    )?;
    Ok(touched == 1)
}

/// Replaces a passkey after it has signed: its counter has grown.
///
/// # Errors
/// The store failed.
pub async fn replace_secret(
    tx: &mut Tx,
    tenant: TenantId,
    factor: FactorId,
    secret: &FactorSecret,
    now: Micros,
) -> Result<(), StoreError> {
    let id = factor.as_uuid();
    let key = keys::tenant_key(tx, tenant).await?;
    execute_one!(
        tx,
        "UPDATE factors SET secret_sealed = $2, used_us = $3 WHERE id = $1",
        id,
        key.seal(secret_place(id), &secret.0)?,
        now.0,
    )
}

/// Removes a factor of an account. Answers whether there was one.
///
/// # Errors
/// The store failed.
pub async fn remove(tx: &mut Tx, user: UserId, factor: FactorId) -> Result<bool, StoreError> {
    let touched = execute!(
        tx,
        "DELETE FROM factors WHERE id = $1 AND user_id = $2",
        factor.as_uuid(),
        user.as_uuid(),
    )?;
    Ok(touched == 1)
}

/// Removes the apps of an account that were never confirmed.
///
/// # Errors
/// The store failed.
pub async fn forget_unconfirmed(tx: &mut Tx, user: UserId) -> Result<u64, StoreError> {
    execute!(
        tx,
        "DELETE FROM factors WHERE user_id = $1 AND confirmed_us IS NULL",
        user.as_uuid(),
    )
}

/// Removes every factor and recovery code of an account.
///
/// # Errors
/// The store failed.
pub async fn remove_all(tx: &mut Tx, user: UserId) -> Result<(), StoreError> {
    execute!(tx, "DELETE FROM factors WHERE user_id = $1", user.as_uuid())?;
    execute!(
        tx,
        "DELETE FROM recovery_codes WHERE user_id = $1",
        user.as_uuid()
    )?;
    Ok(())
}

/// Replaces the recovery codes of an account; the old ones stop working.
///
/// # Errors
/// The store failed.
pub async fn replace_recovery_codes(
    tx: &mut Tx,
    user: UserId,
    hashes: &[[u8; 32]],
    now: Micros,
) -> Result<(), StoreError> {
    execute!(
        tx,
        "DELETE FROM recovery_codes WHERE user_id = $1",
        user.as_uuid()
    )?;
    for hash in hashes {
        execute_one!(
            tx,
            "INSERT INTO recovery_codes (user_id, code_hash, created_us) VALUES ($1, $2, $3)",
            user.as_uuid(),
            hash.to_vec(),
            now.0,
        )?;
    }
    Ok(())
}

/// The recovery codes of an account that were not used.
///
/// # Errors
/// The store failed.
pub async fn unused_recovery_codes(
    conn: &mut Conn,
    user: UserId,
) -> Result<Vec<[u8; 32]>, StoreError> {
    let rows = fetch_all!(
        conn,
        (Vec<u8>,),
        "SELECT code_hash FROM recovery_codes WHERE user_id = $1 AND used_us IS NULL LIMIT 20",
        user.as_uuid(),
    )?;
    rows.into_iter()
        .map(|(hash,)| {
            <[u8; 32]>::try_from(hash.as_slice())
                .map_err(|error| StoreError::corrupt("recovery_codes.code_hash", error))
        })
        .collect()
}

/// Uses up a recovery code. Answers false when it was used before.
///
/// # Errors
/// The store failed.
pub async fn spend_recovery_code(
    tx: &mut Tx,
    user: UserId,
    hash: &[u8; 32],
    now: Micros,
) -> Result<bool, StoreError> {
    let touched = execute!(
        tx,
        "UPDATE recovery_codes SET used_us = $3
         WHERE user_id = $1 AND code_hash = $2 AND used_us IS NULL",
        user.as_uuid(),
        hash.to_vec(),
        now.0,
    )?;
    Ok(touched == 1)
}

/// Keeps the server's half of a passkey ceremony, and forgets those whose time is over.
///
/// # Errors
/// The store failed.
pub async fn begin_ceremony(
    tx: &mut Tx,
    (id, user): (Uuid, Option<UserId>),
    state: Vec<u8>,
    expires: Micros,
    now: Micros,
) -> Result<(), StoreError> {
    execute!(
        tx,
        "DELETE FROM passkey_ceremonies WHERE expires_us <= $1",
        now.0
    )?;
    execute_one!(
        tx,
        "INSERT INTO passkey_ceremonies (id, user_id, state, expires_us) VALUES ($1, $2, $3, $4)",
        id,
        user.map(UserId::as_uuid),
        state,
        expires.0,
    )
}

/// Takes a ceremony of this account, or of nobody: whatever the answer is worth, there is no second.
///
/// # Errors
/// The store failed.
pub async fn take_ceremony(
    tx: &mut Tx,
    id: Uuid,
    user: Option<UserId>,
    now: Micros,
) -> Result<Option<Vec<u8>>, StoreError> {
    let row = fetch_optional!(
        tx,
        (Option<Uuid>, Vec<u8>, i64),
        "DELETE FROM passkey_ceremonies WHERE id = $1 RETURNING user_id, state, expires_us",
        id,
    )?;
    Ok(row
        .filter(|(of, _, expires_us)| *of == user.map(UserId::as_uuid) && now.0 < *expires_us)
        .map(|(_, state, _)| state))
}

#[derive(sqlx::FromRow)]
struct FactorRow {
    id: Uuid,
    kind: String,
    label_sealed: Vec<u8>,
    secret_sealed: Vec<u8>,
    credential_index: Option<Vec<u8>>,
    last_step: Option<i64>,
    created_us: i64,
    confirmed_us: Option<i64>,
    used_us: Option<i64>,
}

impl FactorRow {
    fn open(self, key: &clinical_vault::DataKey) -> Result<Factor, StoreError> {
        let kind = FactorKind::from_word(&self.kind)
            .ok_or_else(|| StoreError::corrupt("factors.kind", "not a kind of factor"))?;
        let secret = key
            .open(secret_place(self.id), &self.secret_sealed)
            .map_err(|source| StoreError::Sealed {
                table: "factors",
                column: "secret_sealed",
                source,
            })?;
        Ok(Factor {
            id: FactorId::from_uuid(self.id),
            kind,
            label: keys::open(key, label_place(self.id), &self.label_sealed)?,
            secret: FactorSecret(secret),
            credential: self.credential_index,
            last_step: self.last_step.map(i64::cast_unsigned),
            created: Micros(self.created_us),
            confirmed: self.confirmed_us.map(Micros),
            used: self.used_us.map(Micros),
        })
    }
}
