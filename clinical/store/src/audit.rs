//! Audit events: appended by every commit, never changed.

use clinical_model::AuditEntry;

use crate::statement::execute_one;
use crate::{StoreError, Tx};

pub(crate) async fn insert(tx: &mut Tx, entry: &AuditEntry) -> Result<(), StoreError> {
    let (subject_kind, subject_id) = entry.subject().unzip();
    execute_one!(
        tx,
        "INSERT INTO audit_event
             (at_us, actor_kind, actor_id, action, subject_kind, subject_id, granted_by, outcome)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        entry.at().0,
        entry.actor().kind(),
        entry.actor().id(),
        entry.action(),
        subject_kind,
        subject_id,
        entry.grant(),
        entry.outcome().as_str(),
    )
}
