//! Secrets that are good for one use: between password and second factor, and to choose a password.

use clinical_model::{Micros, TokenHash, UserId};
use uuid::Uuid;

use crate::statement::{execute, execute_one, fetch_optional};
use crate::{Conn, StoreError, Tx};

/// What a secret is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OneTimePurpose {
    /// The password was right; the second factor comes next.
    SecondFactor,
    /// Its holder chooses a password.
    SetPassword,
}

impl OneTimePurpose {
    const fn as_str(self) -> &'static str {
        match self {
            Self::SecondFactor => "second_factor",
            Self::SetPassword => "set_password",
        }
    }
}

/// A secret that was given out and not used up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OneTime {
    /// The secret's id, which its holder knows too.
    pub id: Uuid,
    /// Whom it lets in.
    pub user: UserId,
    /// SHA-256 of the secret.
    pub hash: TokenHash,
    /// When it was given out.
    pub created: Micros,
    /// When it ends by itself.
    pub expires: Micros,
}

/// Keeps a new secret, and forgets those whose time is over. Older ones of this purpose stop
/// working when `alone`.
///
/// # Errors
/// The store failed.
pub async fn insert(
    tx: &mut Tx,
    purpose: OneTimePurpose,
    token: &OneTime,
    alone: bool,
) -> Result<(), StoreError> {
    execute!(
        tx,
        "DELETE FROM one_time_tokens WHERE expires_us <= $1",
        token.created.0,
    )?;
    if alone {
        execute!(
            tx,
            "DELETE FROM one_time_tokens WHERE user_id = $1 AND purpose = $2",
            token.user.as_uuid(),
            purpose.as_str(),
        )?;
    }
    execute_one!(
        tx,
        "INSERT INTO one_time_tokens (id, user_id, purpose, token_hash, tries, created_us,
                                      expires_us)
         VALUES ($1, $2, $3, $4, 0, $5, $6)",
        token.id,
        token.user.as_uuid(),
        purpose.as_str(),
        token.hash.as_str(),
        token.created.0,
        token.expires.0,
    )
}

/// Finds a secret that can still be used and was tried less than `tries_max` times.
///
/// # Errors
/// The store failed.
pub async fn living(
    conn: &mut Conn,
    purpose: OneTimePurpose,
    id: Uuid,
    tries_max: i64,
    now: Micros,
) -> Result<Option<OneTime>, StoreError> {
    let row = fetch_optional!(
        conn,
        (Uuid, Uuid, String, i64, i64),
        "SELECT id, user_id, token_hash, created_us, expires_us FROM one_time_tokens
         WHERE id = $1 AND purpose = $2 AND used_us IS NULL AND expires_us > $3 AND tries < $4",
        id,
        purpose.as_str(),
        now.0,
        tries_max,
    )?;
    Ok(row.map(|(id, user, hash, created_us, expires_us)| OneTime {
        id,
        user: UserId::from_uuid(user),
        hash: TokenHash::from_hex(hash),
        created: Micros(created_us),
        expires: Micros(expires_us),
    }))
}

/// Counts a try. Answers false when there were `tries_max` before.
///
/// # Errors
/// The store failed.
pub async fn count_try(tx: &mut Tx, id: Uuid, tries_max: i64) -> Result<bool, StoreError> {
    let touched = execute!(
        tx,
        "UPDATE one_time_tokens SET tries = tries + 1 WHERE id = $1 AND tries < $2",
        id,
        tries_max,
    )?;
    Ok(touched == 1)
}

/// Uses a secret up. Answers false when it was used before: of two at once, one wins.
///
/// # Errors
/// The store failed.
pub async fn spend(tx: &mut Tx, id: Uuid, now: Micros) -> Result<bool, StoreError> {
    let touched = execute!(
        tx,
        "UPDATE one_time_tokens SET used_us = $2 WHERE id = $1 AND used_us IS NULL",
        id,
        now.0,
    )?;
    Ok(touched == 1)
}

/// Ends every secret of an account.
///
/// # Errors
/// The store failed.
pub async fn forget_all(tx: &mut Tx, user: UserId) -> Result<u64, StoreError> {
    execute!(
        tx,
        "DELETE FROM one_time_tokens WHERE user_id = $1",
        user.as_uuid(),
    )
}
