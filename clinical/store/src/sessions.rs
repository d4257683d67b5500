//! The sign-ins of one account: what was shown in them, where they are, ending them.

use clinical_model::{DeviceLabel, Micros, Proof, SessionId, UserId};
use uuid::Uuid;

use crate::statement::{execute, execute_one, fetch_all, fetch_optional};
use crate::{Conn, StoreError, Tx};

/// Sign-ins that a list shows; an account with more has other problems.
const SESSIONS_MAX: i64 = 100;

/// A sign-in as its owner sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenSession {
    /// The sign-in.
    pub id: SessionId,
    /// The browser, coarsely.
    pub device: DeviceLabel,
    /// When it began.
    pub created: Micros,
    /// When it was last renewed: within ten minutes of its last use.
    pub used: Micros,
    /// When it ends by itself.
    pub expires: Micros,
}

/// Remembers what was shown in a sign-in, and when.
///
/// # Errors
/// There is no such sign-in, or the store failed.
pub async fn prove(
    tx: &mut Tx,
    session: SessionId,
    proof: Proof,
    now: Micros,
) -> Result<(), StoreError> {
    execute_one!(
        tx,
        "UPDATE sessions SET proof = $2, proved_us = $3 WHERE id = $1",
        session.as_uuid(),
        proof.as_str(),
        now.0,
    )
}

/// What was shown last in a sign-in, and when.
///
/// # Errors
/// The store failed.
pub async fn proof(
    conn: &mut Conn,
    session: SessionId,
) -> Result<Option<(Proof, Micros)>, StoreError> {
    let row = fetch_optional!(
        conn,
        (String, i64),
        "SELECT proof, proved_us FROM sessions WHERE id = $1",
        session.as_uuid(),
    )?;
    row.map(|(word, proved_us)| {
        let proof = Proof::from_word(&word)
            .ok_or_else(|| StoreError::corrupt("sessions.proof", "not a proof"))?;
        Ok((proof, Micros(proved_us)))
    })
    .transpose()
}

/// Names the browser of a sign-in.
///
/// # Errors
/// There is no such sign-in, or the store failed.
pub async fn set_device(
    tx: &mut Tx,
    session: SessionId,
    device: &DeviceLabel,
) -> Result<(), StoreError> {
    execute_one!(
        tx,
        "UPDATE sessions SET device = $2 WHERE id = $1",
        session.as_uuid(),
        device.as_str(),
    )
}

/// The sign-ins of an account that go on, newest first.
///
/// # Errors
/// The store failed.
pub async fn open_of(
    conn: &mut Conn,
    user: UserId,
    now: Micros,
) -> Result<Vec<OpenSession>, StoreError> {
    let rows = fetch_all!(
        conn,
        (Uuid, String, i64, i64, i64),
        "SELECT id, device, created_us, rotated_us, expires_us FROM sessions
         WHERE user_id = $1 AND revoked_us IS NULL AND expires_us > $2
         ORDER BY created_us DESC, id LIMIT $3",
        user.as_uuid(),
        now.0,
        SESSIONS_MAX,
    )?;
    Ok(rows
        .into_iter()
        .map(
            |(id, device, created_us, used_us, expires_us)| OpenSession {
                id: SessionId::from_uuid(id),
                device: DeviceLabel::from_stored(device),
                created: Micros(created_us),
                used: Micros(used_us),
                expires: Micros(expires_us),
            },
        )
        .collect())
}

/// Ends one sign-in of an account. Answers whether it went on until now.
///
/// # Errors
/// The store failed.
pub async fn end_one(
    tx: &mut Tx,
    user: UserId,
    session: SessionId,
    now: Micros,
) -> Result<bool, StoreError> {
    let touched = execute!(
        tx,
        "UPDATE sessions SET revoked_us = $3
         WHERE id = $1 AND user_id = $2 AND revoked_us IS NULL AND expires_us > $3",
        session.as_uuid(),
        user.as_uuid(),
        now.0,
    )?;
    Ok(touched == 1)
}

/// Ends the sign-ins of an account, but for one. Answers how many.
///
/// # Errors
/// The store failed.
pub async fn end_others(
    tx: &mut Tx,
    user: UserId,
    but: Option<SessionId>,
    now: Micros,
) -> Result<u64, StoreError> {
    // An id that nobody has stands for no exception.
    let but = but.map_or(Uuid::nil(), SessionId::as_uuid);
    execute!(
        tx,
        "UPDATE sessions SET revoked_us = $3
         WHERE user_id = $1 AND id <> $2 AND revoked_us IS NULL",
        user.as_uuid(),
        but,
        now.0,
    )
}
