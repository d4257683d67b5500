//! Requests that are carried out once, however often they are sent
//! (draft-ietf-httpapi-idempotency-key-header).

use aws_lc_rs::digest::{Context, SHA256};
use clinical_model::Once;
use clinical_store::StoreError;
use clinical_store::idempotency as store;
use uuid::Uuid;

use crate::{Actor, Clinic};

/// Longest key that a sender may choose, in bytes.
pub const KEY_BYTES_MAX: usize = 128;

/// What is known of a request when it arrives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Earlier {
    /// It was not carried out.
    Never,
    /// It was, and this was answered.
    Answered(String),
    /// It was, or is just now; the answer is not at hand.
    Unanswered,
    /// The key belonged to another request.
    Another,
}

/// Names a request by who sends it, the key they chose, and what they ask for.
#[must_use]
pub fn once(actor: &Actor, key: &str, parts: &[&[u8]]) -> Once {
    let mut context = Context::new(&SHA256);
    context.update(actor.user.as_uuid().as_bytes());
    context.update(key.as_bytes());
    let name = context.finish();
    let mut first = [0; 16];
    for (to, from) in first.iter_mut().zip(name.as_ref()) {
        *to = *from;
    }
    let mut context = Context::new(&SHA256);
    for part in parts {
        // The length first, so that no two lists of parts are the same bytes.
        context.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        context.update(part);
    }
    let mut request = [0; 32];
    for (to, from) in request.iter_mut().zip(context.finish().as_ref()) {
        *to = *from;
    }
    Once {
        key: Uuid::from_bytes(first),
        request,
    }
}

/// Looks for a request that was carried out before.
///
/// # Errors
/// The store failed.
pub async fn earlier(clinic: &Clinic, actor: &Actor, once: Once) -> Result<Earlier, StoreError> {
    let now = clinic.clock.now();
    let mut tx = clinic.db.read().await?;
    let found = store::find(&mut tx, actor.tenant, once.key, now).await?;
    Ok(match found {
        None => Earlier::Never,
        Some(found) if found.request != once.request => Earlier::Another,
        Some(found) => found.answer.map_or(Earlier::Unanswered, Earlier::Answered),
    })
}

/// Keeps the answer to a request that was carried out.
///
/// # Errors
/// The request was not carried out under its key, or the store failed.
pub async fn keep(
    clinic: &Clinic,
    actor: &Actor,
    (once, answer): (Once, &str),
) -> Result<(), StoreError> {
    let kept = (answer, clinic.clock.now());
    store::keep(&clinic.db, actor.tenant, once.key, kept).await
}
