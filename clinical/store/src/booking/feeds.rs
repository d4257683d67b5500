//! Addresses under which calendar programs read a person's own appointments.

use clinical_model::{Micros, UserId};
use uuid::Uuid;

use crate::statement::{execute, execute_one, fetch_optional};
use crate::tx::Conn;
use crate::{StoreError, Tx};

/// Gives an account a new address; the old one stops working.
///
/// # Errors
/// The store failed.
pub async fn put_feed(
    tx: &mut Tx,
    account: UserId,
    hash: &str,
    now: Micros,
) -> Result<(), StoreError> {
    execute_one!(
        tx,
        "INSERT INTO calendar_feeds (account, secret_hash, created_us) VALUES ($1, $2, $3)
         ON CONFLICT (account) DO UPDATE SET secret_hash = excluded.secret_hash,
             created_us = excluded.created_us",
        account.as_uuid(),
        hash,
        now.0
    )
}

/// Takes an account's address back; false if there is none.
///
/// # Errors
/// The store failed.
pub async fn delete_feed(tx: &mut Tx, account: UserId) -> Result<bool, StoreError> {
    let gone = execute!(
        tx,
        "DELETE FROM calendar_feeds WHERE account = $1",
        account.as_uuid()
    )?;
    Ok(gone == 1)
}

/// Since when an account has an address.
///
/// # Errors
/// The store failed.
pub async fn feed_since(conn: &mut Conn, account: UserId) -> Result<Option<Micros>, StoreError> {
    let row = fetch_optional!(
        conn,
        (i64,),
        "SELECT created_us FROM calendar_feeds WHERE account = $1",
        account.as_uuid()
    )?;
    Ok(row.map(|(at,)| Micros(at)))
}

/// Whose address has the secret with this hash.
///
/// # Errors
/// The store failed.
pub async fn feed_owner(conn: &mut Conn, hash: &str) -> Result<Option<UserId>, StoreError> {
    let row = fetch_optional!(
        conn,
        (Uuid,),
        "SELECT account FROM calendar_feeds WHERE secret_hash = $1",
        hash
    )?;
    Ok(row.map(|(account,)| UserId::from_uuid(account)))
}
