//! What clinicians said of results.

use clinical_model::triage::{Feedback, Interview};
use clinical_vault::Place;
use uuid::Uuid;

use super::key_of;
use crate::statement::{execute_one, fetch_all};
use crate::{Conn, StoreError, Tx};

/// Most feedback of one interview that is read.
const FEEDBACK_MAX: i64 = 200;

const fn place(interview: Uuid, seq: u64) -> Place<'static> {
    Place::value("interview_feedback", "body_sealed", interview).at_version(seq)
}

/// Adds feedback.
///
/// # Errors
/// The record was erased, or the store failed.
pub async fn add_feedback(
    tx: &mut Tx,
    it: &Interview,
    feedback: &Feedback,
) -> Result<(), StoreError> {
    let key = key_of(tx, it.tenant, it.patient()).await?;
    let key = key.ok_or(StoreError::Erased)?;
    let seq = feedback_of(tx, it).await?.len().saturating_add(1);
    let seq = u64::try_from(seq).unwrap_or(u64::MAX);
    let text = serde_json::to_vec(feedback)
        .map_err(|source| StoreError::corrupt("interview_feedback.body_sealed", source))?;
    execute_one!(
        tx,
        "INSERT INTO interview_feedback (tenant, interview, seq, body_sealed)
         VALUES ($1, $2, $3, $4)",
        it.tenant.as_uuid(),
        it.id.as_uuid(),
        i64::try_from(seq).unwrap_or(i64::MAX),
        key.seal(place(it.id.as_uuid(), seq), &text)?
    )
}

/// Feedback of one interview, oldest first.
///
/// # Errors
/// The store failed.
pub async fn feedback_of(conn: &mut Conn, it: &Interview) -> Result<Vec<Feedback>, StoreError> {
    let rows = fetch_all!(
        conn,
        (i64, Vec<u8>),
        "SELECT seq, body_sealed FROM interview_feedback WHERE interview = $1
         ORDER BY seq LIMIT $2",
        it.id.as_uuid(),
        FEEDBACK_MAX
    )?;
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let Some(key) = key_of(conn, it.tenant, it.patient()).await? else {
        return Ok(Vec::new());
    };
    let mut found = Vec::with_capacity(rows.len());
    for (seq, sealed) in rows {
        let seq = u64::try_from(seq)
            .map_err(|source| StoreError::corrupt("interview_feedback.seq", source))?;
        let text = key
            .open(place(it.id.as_uuid(), seq), &sealed)
            .map_err(|source| StoreError::Sealed {
                table: "interview_feedback",
                column: "body_sealed",
                source,
            })?;
        let feedback = serde_json::from_slice(&text)
            .map_err(|source| StoreError::corrupt("interview_feedback.body_sealed", source))?;
        found.push(feedback);
    }
    Ok(found)
}
