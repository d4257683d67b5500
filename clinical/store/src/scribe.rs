//! Who looked at what, written for many lookers at once.
//!
//! A look changes nothing but the audit. Were each one a transaction of its own, all lookers of a
//! facility would wait for one another's flush to the disk, because a chain has one end. So one task
//! takes what has come while it wrote the last batch and commits it together. A looker waits until
//! its entry is durable, and sees nothing if it is not.

use core::time::Duration;

use clinical_model::AuditEntry;
use tokio::sync::{mpsc, oneshot};

use crate::db::Source;
use crate::{StoreError, Tx, audit, idempotency, patience};

/// Lookers that wait for their turn; more wait to be let in. Each is a request, whose number is
/// limited at the door.
const WAITING_MAX: usize = 1_024;

/// Entries in one transaction: enough to make the flush cheap, few enough to end soon.
const BATCH_MAX: usize = 256;

/// How long one transaction may wait for PostgreSQL. Those who look wait for the one before theirs as well,
/// and after a connection that was lost without a word the next one has to come soon.
const WRITE_MAX: Duration = Duration::from_secs(5);

/// Entries of one look, and whom to tell that they are durable.
struct Request {
    entries: Vec<AuditEntry>,
    done: oneshot::Sender<Result<(), StoreError>>,
}

/// Hands entries to the task that writes them. The task ends with the last of these.
#[derive(Debug, Clone)]
pub(crate) struct Scribe {
    requests: mpsc::Sender<Request>,
    is_remote: bool,
}

impl Scribe {
    /// Starts the task.
    pub(crate) fn start(source: Source) -> Self {
        let (requests, receiver) = mpsc::channel(WAITING_MAX);
        let is_remote = source.is_remote();
        tokio::spawn(run(source, receiver));
        Self {
            requests,
            is_remote,
        }
    }

    /// Returns when the entries are durable.
    pub(crate) async fn write(&self, entries: Vec<AuditEntry>) -> Result<(), StoreError> {
        let (done, written) = oneshot::channel();
        let request = Request { entries, done };
        // Without the task nobody can be told that an entry is durable.
        let gone = || Err(StoreError::Unavailable(sqlx::Error::WorkerCrashed));
        let write = async {
            match self.requests.send(request).await {
                Ok(()) => written.await.unwrap_or_else(|_| gone()),
                Err(_) => gone(),
            }
        };
        if self.is_remote {
            patience::wait(write).await
        } else {
            write.await
        }
    }
}

async fn run(source: Source, mut requests: mpsc::Receiver<Request>) {
    let mut batch = Vec::with_capacity(BATCH_MAX);
    while requests.recv_many(&mut batch, BATCH_MAX).await > 0 {
        let whole = patience::patiently(WRITE_MAX, write(&source, &batch)).await;
        match whole {
            Ok(results) => {
                for (request, result) in batch.drain(..).zip(results) {
                    tell(request, result);
                }
            }
            // The database does not answer, and who comes next would wait for all of them.
            Err(StoreError::Unavailable(sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut)) => {
                for request in batch.drain(..) {
                    tell(request, Err(patience::late()));
                }
            }
            // One that can not be written must not take the others with it.
            Err(_) if batch.len() > 1 => {
                for request in batch.drain(..) {
                    let alone = write(&source, core::slice::from_ref(&request)).await;
                    tell(request, alone.and_then(|mut it| it.pop().unwrap_or(Ok(()))));
                }
            }
            Err(error) => {
                if let Some(request) = batch.pop() {
                    tell(request, Err(error));
                }
            }
        }
    }
}

fn tell(request: Request, result: Result<(), StoreError>) {
    // Who asked may have gone; they looked at nothing then, and the entry says more than happened.
    drop(request.done.send(result));
}

/// Writes all requests in one transaction. A request that was carried out before is left out.
async fn write(
    source: &Source,
    requests: &[Request],
) -> Result<Vec<Result<(), StoreError>>, StoreError> {
    let mut tx = source.begin().await?;
    let mut results = Vec::with_capacity(requests.len());
    let mut entries = Vec::with_capacity(requests.len());
    for request in requests {
        let result = claim(&mut tx, request).await;
        match &result {
            Ok(()) => entries.extend_from_slice(&request.entries),
            Err(StoreError::Repeated) => {}
            Err(_) => return result.map(|()| results),
        }
        results.push(result);
    }
    // Chains in one order, so that two processes that write to the same two never wait for each other.
    entries.sort_by_key(AuditEntry::tenant);
    for chain in entries.chunk_by(|one, next| one.tenant() == next.tenant()) {
        audit::append(&mut tx, chain).await?;
    }
    tx.commit_unaudited().await?;
    Ok(results)
}

/// The last entry is that of the commit, and holds the key of the request where it has one.
async fn claim(tx: &mut Tx, request: &Request) -> Result<(), StoreError> {
    let claim = request.entries.last().and_then(|it| Some((it, it.once()?)));
    match claim {
        Some((entry, once)) => idempotency::claim(tx, once, entry).await,
        None => Ok(()),
    }
}
