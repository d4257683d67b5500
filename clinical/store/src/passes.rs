//! Passes into rooms that were used, for all nodes of a cluster.

use clinical_model::Micros;
use uuid::Uuid;

use crate::statement::execute;
use crate::{Db, StoreError};

/// Rows that one use clears away at most.
const SWEPT_MAX: i64 = 100;

/// Uses a pass up, and forgets some that have expired. Answers false when it was used before: of two at
/// once, one wins. It is no act on a record, so no audit entry stands beside it; that somebody came into
/// a visit is on record elsewhere.
///
/// # Errors
/// The store failed; then nobody may come in with the pass.
pub async fn spend(db: &Db, id: Uuid, expires: Micros, now: Micros) -> Result<bool, StoreError> {
    let mut tx = db.begin().await?;
    execute!(
        tx,
        "DELETE FROM spent_passes WHERE id IN
             (SELECT id FROM spent_passes WHERE expires_us < $1 ORDER BY expires_us LIMIT $2)",
        now.0,
        SWEPT_MAX,
    )?;
    let touched = execute!(
        tx,
        "INSERT INTO spent_passes (id, expires_us) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING",
        id,
        expires.0,
    )?;
    tx.commit_unaudited().await?;
    Ok(touched == 1)
}
