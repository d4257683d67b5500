//! The database: an embedded SQLite file or a shared PostgreSQL.

use std::io::ErrorKind;
use std::str::FromStr as _;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use clinical_model::{AuditActor, AuditEntry, Micros, TenantId};
use clinical_vault::Vault;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Connection as _, Executor as _, PgConnection, PgPool, SqlitePool};
use tokio::time::timeout;

use crate::migrate;
use crate::remote::{PgTx, SESSION};
use crate::replicas::{ReplicaLook, ReplicaSettings, Replicas, StaleReads};
use crate::scribe::Scribe;
use crate::statement::traced;
use crate::tx::Conn;
use crate::{Look, ReadTx, StoreError, Tx, keys, patience};

/// Waiting longer for a connection than this is answered with `Unavailable`: a caller that waits
/// keeps a request open, and a person would have given up by then.
const ACQUIRE_MAX: Duration = Duration::from_secs(10);

/// A connection to PostgreSQL that does not answer for so long is thrown away: what is at its other end
/// may be gone without a word. An answer usually takes less than a millisecond.
const PING_MAX: Duration = Duration::from_secs(1);

/// A connection to PostgreSQL that answered so short a time ago is not asked again.
const FRESH_MAX: Duration = Duration::from_secs(1);

/// Readers of the embedded database. Each is a thread; they never wait for the writer (WAL).
const SQLITE_READERS: u32 = 4;

/// Connections to PostgreSQL per process: requests queue here before they queue in the server,
/// whose usual limit of 100 is shared by several processes.
pub(crate) const POSTGRES_CONNECTIONS: u32 = 20;

/// How long SQLite waits for a lock that another process holds (`telehealth migrate`, a backup).
const BUSY_MAX: Duration = Duration::from_secs(5);

/// A pool of connections to the clinical store. Clones share the pool.
#[derive(Debug, Clone)]
pub struct Db {
    source: Source,
    scribe: Scribe,
    replicas: Option<Arc<Replicas>>,
}

/// Where transactions come from.
#[derive(Debug, Clone)]
pub(crate) struct Source {
    pools: Pools,
    vault: Arc<Vault>,
}

#[derive(Debug, Clone)]
enum Pools {
    /// SQLite has one writer at a time. A pool of one connection makes writers queue fairly,
    /// where SQLite's own busy handler would poll and starve some.
    Sqlite {
        writer: SqlitePool,
        readers: SqlitePool,
    },
    Postgres(PgPool),
}

/// A store that can not be opened or brought to this version's schema.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Neither `sqlite:PATH` nor `postgres://...`.
    #[error("a store URL begins with sqlite: or postgres://")]
    Scheme,
    /// The URL can not be read.
    #[error("the store URL can not be read")]
    Url(#[source] sqlx::Error),
    /// The database can not be reached or opened.
    #[error("the store can not be opened")]
    Connect(#[source] sqlx::Error),
    /// The schema can not be brought to this version.
    #[error("the store can not be migrated")]
    Migrate(#[source] sqlx::migrate::MigrateError),
    /// SQLite has no replicas.
    #[error("replicas are of PostgreSQL: a SQLite file has none")]
    NoReplicas,
    /// The URL of a replica can not be read. It is not repeated: it may hold a password.
    #[error("the URL of replica {number} can not be read")]
    Replica {
        /// Which one, counted from 1.
        number: usize,
        /// Why.
        #[source]
        source: sqlx::Error,
    },
    /// The first key can not be made or opened: the master keys are not those of this store.
    #[error("the keys of the store can not be opened")]
    Keys(#[source] StoreError),
}

/// Whether a connection may serve again. When a disk is full, SQLite ends a transaction by itself,
/// and sqlx counts it as open for ever: such a connection is closed and another one opened.
fn is_clean(is_in_transaction: bool) -> core::future::Ready<Result<bool, sqlx::Error>> {
    core::future::ready(Ok(!is_in_transaction))
}

/// Whether a connection to PostgreSQL that nobody used for a while can be used.
async fn is_usable(connection: &mut PgConnection, idle: Duration) -> Result<bool, sqlx::Error> {
    if idle < FRESH_MAX {
        return Ok(!connection.is_in_transaction());
    }
    answers(connection).await
}

/// Whether a connection to PostgreSQL may serve again: it is clean, and its other end is there. An error
/// has it thrown away without a farewell, for which it might wait for ever.
async fn answers(connection: &mut PgConnection) -> Result<bool, sqlx::Error> {
    match timeout(PING_MAX, connection.ping()).await {
        Ok(answer) => answer.map(|()| !connection.is_in_transaction()),
        Err(_elapsed) => Err(sqlx::Error::Io(ErrorKind::TimedOut.into())),
    }
}

impl Db {
    /// Opens `sqlite:PATH` (made if missing) or `postgres://...`; the vault holds its master keys.
    ///
    /// # Errors
    /// A URL of another kind, or a database that can not be opened.
    pub async fn connect(url: &str, vault: Arc<Vault>) -> Result<Self, OpenError> {
        if url.starts_with("sqlite:") {
            let options = SqliteConnectOptions::from_str(url).map_err(OpenError::Url)?;
            Self::connect_sqlite(options, vault).await
        } else if url.starts_with("postgres:") || url.starts_with("postgresql:") {
            let options = PgConnectOptions::from_str(url).map_err(OpenError::Url)?;
            Self::connect_postgres(options, vault).await
        } else {
            Err(OpenError::Scheme)
        }
    }

    async fn connect_sqlite(
        options: SqliteConnectOptions,
        vault: Arc<Vault>,
    ) -> Result<Self, OpenError> {
        let options = options
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            // A commit that was answered survives a power cut.
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(BUSY_MAX);
        let writer = SqlitePoolOptions::new()
            .max_connections(1)
            .acquire_timeout(ACQUIRE_MAX)
            .before_acquire(|connection, _| Box::pin(is_clean(connection.is_in_transaction())))
            .connect_with(options.clone())
            .await
            .map_err(OpenError::Connect)?;
        let readers = SqlitePoolOptions::new()
            .max_connections(SQLITE_READERS)
            .acquire_timeout(ACQUIRE_MAX)
            .before_acquire(|connection, _| Box::pin(is_clean(connection.is_in_transaction())))
            .connect_lazy_with(options.create_if_missing(false).pragma("query_only", "on"));
        Ok(Self::on(Pools::Sqlite { writer, readers }, vault))
    }

    pub(crate) async fn connect_postgres(
        options: PgConnectOptions,
        vault: Arc<Vault>,
    ) -> Result<Self, OpenError> {
        let pool = PgPoolOptions::new()
            .max_connections(POSTGRES_CONNECTIONS)
            .acquire_timeout(ACQUIRE_MAX)
            .after_connect(|connection, _| {
                Box::pin(async move { connection.execute(SESSION).await.map(drop) })
            })
            // Its own test has no limit.
            .test_before_acquire(false)
            .before_acquire(|connection, about| Box::pin(is_usable(connection, about.idle_for)))
            .after_release(|connection, _| Box::pin(answers(connection)))
            .connect_with(options)
            .await
            .map_err(OpenError::Connect)?;
        Ok(Self::on(Pools::Postgres(pool), vault))
    }

    fn on(pools: Pools, vault: Arc<Vault>) -> Self {
        let source = Source { pools, vault };
        let scribe = Scribe::start(source.clone());
        Self {
            source,
            scribe,
            replicas: None,
        }
    }

    /// With replicas, for what may be old ([`Db::look_stale`]). Nothing is connected yet.
    ///
    /// # Errors
    /// A URL that can not be read, or a store that has no replicas.
    pub fn with_replicas(self, settings: &ReplicaSettings) -> Result<Self, OpenError> {
        let Pools::Postgres(primary) = &self.source.pools else {
            return Err(OpenError::NoReplicas);
        };
        let replicas = Replicas::start(primary, settings)?;
        Ok(Self {
            replicas: Some(Arc::new(replicas)),
            ..self
        })
    }

    /// What was last seen of each replica, in their order.
    #[must_use]
    pub fn replicas(&self) -> Vec<ReplicaLook> {
        let replicas = self.replicas.as_ref();
        replicas.map_or_else(Vec::new, |it| it.looks())
    }

    /// Who answered reads that may be old; without replicas nothing is counted.
    #[must_use]
    pub fn stale_reads(&self) -> StaleReads {
        let replicas = self.replicas.as_ref();
        replicas.map_or_else(StaleReads::default, |it| it.reads())
    }

    /// Brings the schema to this version. Running it again changes nothing.
    ///
    /// # Errors
    /// A migration failed (its transaction was rolled back), or the store was written by a newer
    /// version.
    pub async fn migrate(&self) -> Result<(), OpenError> {
        match &self.source.pools {
            Pools::Sqlite { writer, .. } => migrate::sqlite().run(writer).await,
            Pools::Postgres(pool) => migrate::postgres().run(pool).await,
        }
        .map_err(OpenError::Migrate)?;
        self.make_first_key().await.map_err(OpenError::Keys)
    }

    /// The key of the installation itself. Opening it also shows at the start, and not at the first
    /// patient, that the master keys are those of this store.
    async fn make_first_key(&self) -> Result<(), StoreError> {
        let known = keys::tenant_key(&mut *self.read().await?, TenantId::INSTALLATION).await;
        match known {
            Ok(_) => return Ok(()),
            Err(StoreError::Corrupt {
                column: "tenant_keys",
                ..
            }) => {}
            Err(error) => return Err(error),
        }
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        let now = Micros(i64::try_from(since.unwrap_or_default().as_micros()).unwrap_or(i64::MAX));
        let mut tx = self.begin().await?;
        keys::insert_tenant_key(&mut tx, TenantId::INSTALLATION, now).await?;
        tx.commit(AuditEntry::done(AuditActor::System, "keys.make", now))
            .await
    }

    /// Asks the database for an answer.
    ///
    /// # Errors
    /// It gives none.
    pub async fn ping(&self) -> Result<(), StoreError> {
        let mut tx = self.read().await?;
        crate::statement::fetch_one!(tx, (i64,), "SELECT CAST(1 AS BIGINT)").map(|_| ())
    }

    /// Begins a transaction that may write. On SQLite it takes the write lock at once, so it can
    /// not fail halfway for want of it.
    ///
    /// # Errors
    /// No connection in time.
    pub async fn begin(&self) -> Result<Tx, StoreError> {
        traced("store::begin", self.source.begin()).await
    }

    /// Begins a transaction that sees one consistent state and can not write.
    ///
    /// # Errors
    /// No connection in time.
    pub async fn read(&self) -> Result<ReadTx, StoreError> {
        let begun = traced("store::read", self.source.read()).await;
        begun.map(ReadTx::new)
    }

    /// Begins a transaction that sees one consistent state and writes nothing but who looked.
    ///
    /// # Errors
    /// No connection in time.
    pub async fn look(&self) -> Result<Look, StoreError> {
        let conn = traced("store::look", self.source.read()).await?;
        Ok(Look::new(conn, self.scribe.clone()))
    }

    pub(crate) async fn look_at_replica(&self) -> Option<Look> {
        let replicas = self.replicas.as_ref()?;
        let begun = traced("store::look_stale", replicas.read()).await?;
        let conn = Conn::postgres(begun, Arc::clone(&self.source.vault));
        Some(Look::new(conn, self.scribe.clone()))
    }

    /// Connections that are open and serve nobody.
    #[cfg(feature = "testbed")]
    pub(crate) fn idle(&self) -> usize {
        match &self.source.pools {
            Pools::Sqlite { readers, .. } => readers.num_idle(),
            Pools::Postgres(pool) => pool.num_idle(),
        }
    }

    /// Waits for open transactions and closes every connection.
    pub async fn close(&self) {
        if let Some(replicas) = &self.replicas {
            replicas.close().await;
        }
        match &self.source.pools {
            Pools::Sqlite { writer, readers } => {
                readers.close().await;
                writer.close().await;
            }
            Pools::Postgres(pool) => pool.close().await,
        }
    }
}

/// Begins a transaction in a task of its own, which goes on when nobody waits for it any more. A BEGIN must
/// not be given up halfway ([`PgTx`]). And whoever comes to the head of a queue has waited the longest: were
/// connections made only while somebody waits, none would be made in time after a fault, and the queue would
/// never end.
async fn begin(pool: &PgPool, statement: &'static str) -> Result<PgTx, StoreError> {
    let pool = pool.clone();
    let task = tokio::spawn(async move { PgTx::begin(&pool, statement).await });
    let begun = async {
        let gone = |_| Err(StoreError::Unavailable(sqlx::Error::WorkerCrashed));
        task.await.unwrap_or_else(gone)
    };
    patience::wait(begun).await
}

impl Source {
    /// As [`Db::begin`].
    pub(crate) async fn begin(&self) -> Result<Tx, StoreError> {
        let vault = Arc::clone(&self.vault);
        let conn = match &self.pools {
            Pools::Sqlite { writer, .. } => {
                Conn::sqlite(writer.begin_with("BEGIN IMMEDIATE").await?, vault)
            }
            Pools::Postgres(pool) => Conn::postgres(begin(pool, "BEGIN").await?, vault),
        };
        Ok(Tx::new(conn))
    }

    /// Whether this is a database that can be far or gone.
    pub(crate) const fn is_remote(&self) -> bool {
        matches!(self.pools, Pools::Postgres(_))
    }

    async fn read(&self) -> Result<Conn, StoreError> {
        let vault = Arc::clone(&self.vault);
        Ok(match &self.pools {
            Pools::Sqlite { readers, .. } => Conn::sqlite(readers.begin().await?, vault),
            Pools::Postgres(pool) => {
                const READ: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
                Conn::postgres(begin(pool, READ).await?, vault)
            }
        })
    }
}
