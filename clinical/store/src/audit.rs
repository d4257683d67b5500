//! Audit events: appended by every commit to the chain of their tenant, never changed.

use clinical_ledger::{Event, Hash, chain};
use clinical_model::AuditEntry;
use uuid::Uuid;

use crate::statement::{execute_one, fetch_one};
use crate::{StoreError, Tx};

/// The event as it is hashed and stored.
fn event(entry: &AuditEntry, seq: i64) -> Event<'static> {
    let (subject_kind, subject_id) = entry.subject().unzip();
    Event {
        tenant: entry.tenant().as_uuid(),
        seq,
        at_us: entry.at().0,
        actor_kind: entry.actor().kind(),
        actor_id: entry.actor().id(),
        action: entry.action(),
        subject_kind,
        subject_id,
        patient: entry.patient().map(Uuid::from),
        version: entry.version().map(i64::from),
        grant: entry.grant(),
        purpose: entry.purpose().map(clinical_model::Purpose::code),
        outcome: entry.outcome().as_str(),
    }
}

/// Puts events of one tenant at the end of its chain. Whoever appends to one chain waits for the
/// other commits of that tenant from here on, so this is the last thing before a commit.
pub(crate) async fn append(tx: &mut Tx, entries: &[AuditEntry]) -> Result<(), StoreError> {
    let Some(first) = entries.first() else {
        return Ok(());
    };
    let tenant = first.tenant().as_uuid();
    let (mut seq, hash) = fetch_one!(
        tx,
        (i64, Vec<u8>),
        "INSERT INTO audit_head (tenant, seq, hash) VALUES ($1, 0, $2)
         ON CONFLICT (tenant) DO UPDATE SET seq = audit_head.seq RETURNING seq, hash",
        tenant,
        chain::genesis(tenant).as_bytes().to_vec()
    )?;
    let mut hash = Hash::try_from(hash.as_slice())
        .map_err(|source| StoreError::corrupt("audit_head.hash", source))?;
    for entry in entries {
        seq = seq.saturating_add(1);
        let event = event(entry, seq);
        hash = chain::next(hash, &event);
        insert(tx, &event, hash).await?;
    }
    execute_one!(
        tx,
        "UPDATE audit_head SET seq = $1, hash = $2 WHERE tenant = $3",
        seq,
        hash.as_bytes().to_vec(),
        tenant
    )
}

async fn insert(tx: &mut Tx, event: &Event<'static>, hash: Hash) -> Result<(), StoreError> {
    execute_one!(
        tx,
        "INSERT INTO audit_event
             (tenant, seq, at_us, actor_kind, actor_id, action, subject_kind, subject_id, patient,
              version, granted_by, purpose, outcome, hash)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
        event.tenant,
        event.seq,
        event.at_us,
        event.actor_kind,
        event.actor_id,
        event.action,
        event.subject_kind,
        event.subject_id,
        event.patient,
        event.version,
        event.grant,
        event.purpose,
        event.outcome,
        hash.as_bytes().to_vec(),
    )
}
