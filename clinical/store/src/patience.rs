//! How long anybody waits for a database that is somewhere else.
//!
//! A server that is far, late or gone answers after seconds, after minutes or never: TCP alone gives up
//! after a quarter of an hour, and not at all while it has nothing to send. Every wait for PostgreSQL ends
//! here. The embedded database has its own limits ([`crate::Db`]): nothing can get lost on the way to it.

use core::cell::Cell;
use core::future::Future;
use std::io::ErrorKind;
use std::time::{Duration, Instant};

use tokio::time::timeout;

use crate::StoreError;

/// How long one statement may take for work that nobody waits for.
const STATEMENT_MAX: Duration = Duration::from_secs(30);

tokio::task_local! {
    /// What is left of the patience of somebody who waits for an answer.
    static LEFT: Cell<Duration>;
}

/// Does `work`, which waits for PostgreSQL no longer than `patience` in all. What comes after that is
/// [`StoreError::Unavailable`]. Work that it spawns is not counted.
pub fn patiently<F: Future>(patience: Duration, work: F) -> impl Future<Output = F::Output> {
    LEFT.scope(Cell::new(patience), Box::pin(work))
}

/// Waits for one answer of PostgreSQL.
pub(crate) fn wait<T, E>(
    answer: impl Future<Output = Result<T, E>>,
) -> impl Future<Output = Result<T, StoreError>>
where
    StoreError: From<E>,
{
    // Whoever waits would otherwise hold it several times.
    let answer = Box::pin(answer);
    async move {
        let left = LEFT.try_with(Cell::get).ok();
        let begin = Instant::now();
        let answered = timeout(left.unwrap_or(STATEMENT_MAX), answer).await;
        if let Some(left) = left {
            // It was there a moment ago.
            let _ = LEFT.try_with(|it| it.set(left.saturating_sub(begin.elapsed())));
        }
        answered.map_or_else(
            |_elapsed| Err(late()),
            |result| result.map_err(StoreError::from),
        )
    }
}

/// PostgreSQL has not answered in time.
pub(crate) fn late() -> StoreError {
    StoreError::Unavailable(sqlx::Error::Io(ErrorKind::TimedOut.into()))
}

#[cfg(test)]
mod tests {
    use core::future::{pending, ready};

    use super::*;

    async fn never() -> Result<(), StoreError> {
        wait(pending::<Result<(), sqlx::Error>>()).await
    }

    #[tokio::test]
    async fn patience_is_for_all_waits_together() {
        let patience = Duration::from_millis(50);
        let begin = Instant::now();
        patiently(patience, async {
            for _ in 0..20 {
                assert!(never().await.unwrap_err().is_unavailable());
            }
            // Who has no patience left still gets what is there already.
            assert_eq!(wait(ready(Ok::<_, sqlx::Error>(7))).await.unwrap(), 7);
        })
        .await;
        assert!(begin.elapsed() >= patience);
        // Twenty times the patience would be a second; thirty seconds would be a statement's own limit.
        assert!(begin.elapsed() < STATEMENT_MAX);
    }
}
