//! A transaction on PostgreSQL that does not wait long for its beginning.
//!
//! [`sqlx::Transaction`] gives its connection back to the pool when its BEGIN is given up. If that was only
//! late, a transaction is open then of which the pool knows nothing, and whoever gets the connection next is
//! in it. If the other end is gone without a word, nobody finds out before the longest wait of a statement is
//! over. Here such a connection is closed, and another one is made.

use core::ops::{Deref, DerefMut};
use core::time::Duration;

use sqlx::pool::PoolConnection;
use sqlx::postgres::PgTransactionManager;
use sqlx::{PgConnection, PgPool, Postgres, SqlSafeStr as _};
use sqlx_core::transaction::TransactionManager as _;
use tokio::time::timeout;

use crate::horizon::Place;
use crate::replicas::STEP_MAX;
use crate::{StoreError, patience};

/// A connection whose BEGIN is not answered for so long is closed. BEGIN does nothing and takes less than a
/// millisecond; whoever waits for an answer of the clinic has given up by then, and a connection that was
/// lost without a word keeps a place in the pool for so long at most.
const BEGIN_MAX: Duration = Duration::from_millis(2_500);

/// What the server is told on every new connection. Without it a server to which a client was lost without a
/// word keeps that client's transaction, with its locks, for as long as TCP believes in it (two hours), and
/// whoever needs one of the rows waits for nobody. No transaction of this program is idle for so long:
/// nothing but statements is done in one. Probes find a lost client after 20 s and free its place among the
/// connections of the server; the last line does so while an answer is on its way to them (PostgreSQL 12 and later).
pub(crate) const SESSION: &str = "\
    SET idle_in_transaction_session_timeout = '15s';\
    SET tcp_keepalives_idle = 10;\
    SET tcp_keepalives_interval = 2;\
    SET tcp_keepalives_count = 5;\
    SET tcp_user_timeout = '20s'";

/// An open transaction. It is rolled back unless it is committed.
#[derive(Debug)]
pub(crate) struct PgTx {
    connection: PoolConnection<Postgres>,
}

impl PgTx {
    /// Waits for a connection and begins. Giving this up halfway would do what it is there to prevent, so it
    /// belongs in a task of its own.
    pub(crate) async fn begin(pool: &PgPool, statement: &'static str) -> Result<Self, StoreError> {
        let mut connection = pool.acquire().await?;
        let begin = PgTransactionManager::begin(&mut connection, Some(statement.into_sql_str()));
        let begun = timeout(BEGIN_MAX, begin).await;
        let error = match begun {
            Ok(Ok(())) => return Ok(Self { connection }),
            Ok(Err(error)) => error.into(),
            Err(_elapsed) => patience::late(),
        };
        connection.close_on_drop();
        Err(error)
    }

    /// Begins what reads on a replica, if that has replayed the log up to `required` by now; none if not.
    pub(crate) async fn begin_behind(
        pool: &PgPool,
        required: Place,
    ) -> Result<Option<Self>, StoreError> {
        const READ: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
        let mut connection = pool.acquire().await?;
        let asked = sqlx::query_as::<_, (bool,)>(
            "SELECT COALESCE((pg_last_wal_replay_lsn() - '0/0'::pg_lsn)::bigint >= $1
                             AND pg_is_in_recovery(), false)",
        );
        let asked = asked.bind(required.0).fetch_one(&mut *connection);
        let step = timeout(STEP_MAX, asked).await;
        let step = match step {
            Ok(Ok((false,))) => return Ok(None),
            Ok(Ok((true,))) => {
                // What it sees is what was replayed by now, or more.
                let begin = PgTransactionManager::begin(&mut connection, Some(READ.into_sql_str()));
                timeout(STEP_MAX, begin).await
            }
            Ok(Err(error)) => Ok(Err(error)),
            Err(elapsed) => Err(elapsed),
        };
        let error = match step {
            Ok(Ok(())) => return Ok(Some(Self { connection })),
            Ok(Err(error)) => error.into(),
            Err(_elapsed) => patience::late(),
        };
        connection.close_on_drop();
        Err(error)
    }

    /// Makes everything durable.
    pub(crate) async fn commit(mut self) -> Result<(), sqlx::Error> {
        PgTransactionManager::commit(&mut self.connection).await
    }
}

impl Deref for PgTx {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        &self.connection
    }
}

impl DerefMut for PgTx {
    fn deref_mut(&mut self) -> &mut PgConnection {
        &mut self.connection
    }
}

impl Drop for PgTx {
    fn drop(&mut self) {
        // Said before the connection is used again; nothing after a commit.
        PgTransactionManager::start_rollback(&mut self.connection);
    }
}
