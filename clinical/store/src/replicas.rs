//! Replicas of PostgreSQL, for reads that may be some seconds old.
//!
//! A replica is used only while it is known to be one of this database and no later than is allowed. That is
//! asked twice a second, and once more on the connection of every read, before its transaction begins: a
//! replica that stops replaying is left within the time that is allowed, not after the next look.

use core::str::FromStr as _;
use core::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use core::time::Duration;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{Executor as _, PgPool};
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval, timeout};

use crate::db::OpenError;
use crate::horizon::{Horizon, Place};
use crate::patience;
use crate::remote::{PgTx, SESSION};

/// How often database and replicas are asked how far they are.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// How long one of them may take for that.
const LOOK_MAX: Duration = Duration::from_secs(1);

/// How long a replica may take for each step of a beginning. Whoever waits goes to the database then.
pub(crate) const STEP_MAX: Duration = Duration::from_millis(400);

/// Connections to one replica per process.
const CONNECTIONS: u32 = 10;

/// Nothing is written on a connection to a replica, should it be none any more.
const READ_ONLY: &str = "SET default_transaction_read_only = on";

/// Which replicas there are.
#[derive(Clone)]
pub struct ReplicaSettings {
    /// `postgres://...`, each.
    pub urls: Vec<String>,
    /// How old what they answer may be.
    pub lag_max: Duration,
}

impl core::fmt::Debug for ReplicaSettings {
    /// A URL may hold a password.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("ReplicaSettings").finish_non_exhaustive()
    }
}

/// How a replica is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReplicaState {
    /// The database has not answered since the start, so nobody knows.
    Unknown,
    /// It is used.
    Fresh,
    /// It is behind by more than is allowed.
    Late,
    /// It does not answer.
    Away,
    /// It is no replica, or one of another database.
    Foreign,
}

/// What was last seen of a replica.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReplicaLook {
    /// How it is.
    pub state: ReplicaState,
    /// How old what it answers is at most, when that is known.
    pub lag: Option<Duration>,
}

/// Who answered reads that may be old, since the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct StaleReads {
    /// A replica.
    pub by_replica: u64,
    /// The database, because no replica could.
    pub by_primary: u64,
}

/// The replicas, and the task that looks at them for as long as this lives.
#[derive(Debug)]
pub(crate) struct Replicas {
    shared: Arc<Shared>,
    watch: JoinHandle<()>,
}

#[derive(Debug)]
struct Shared {
    horizon: Mutex<Horizon>,
    each: Vec<Replica>,
    /// Whose turn it is.
    turn: AtomicUsize,
    by_replica: AtomicU64,
    by_primary: AtomicU64,
}

#[derive(Debug)]
struct Replica {
    pool: PgPool,
    look: Mutex<ReplicaLook>,
}

/// Which database it is: the cluster's own number, and the name in it. A log of another one says nothing.
type Identity = (i64, String);

impl Replicas {
    /// Nothing is connected yet.
    pub(crate) fn start(primary: &PgPool, settings: &ReplicaSettings) -> Result<Self, OpenError> {
        let each = (1..).zip(&settings.urls).map(|(number, url)| {
            let options = PgConnectOptions::from_str(url);
            let options = options.map_err(|source| OpenError::Replica { number, source })?;
            Ok(Replica {
                pool: pool(options),
                look: Mutex::new(ReplicaLook {
                    state: ReplicaState::Unknown,
                    lag: None,
                }),
            })
        });
        let shared = Arc::new(Shared {
            horizon: Mutex::new(Horizon::new(settings.lag_max)),
            each: each.collect::<Result<_, OpenError>>()?,
            turn: AtomicUsize::new(0),
            by_replica: AtomicU64::new(0),
            by_primary: AtomicU64::new(0),
        });
        // When requests queue for connections, replicas are needed the most.
        let asked = PgConnectOptions::clone(&primary.connect_options());
        let asked = PgPoolOptions::new()
            .max_connections(1)
            .acquire_timeout(LOOK_MAX)
            .connect_lazy_with(asked);
        let watch = tokio::spawn(watch(asked, Arc::clone(&shared)));
        Ok(Self { shared, watch })
    }

    /// A transaction on a replica that is not too late; none when there is none.
    pub(crate) async fn read(&self) -> Option<PgTx> {
        let begun = self.shared.begin().await;
        let count = match begun {
            Some(_) => &self.shared.by_replica,
            None => &self.shared.by_primary,
        };
        count.fetch_add(1, Ordering::Relaxed);
        begun
    }

    pub(crate) fn looks(&self) -> Vec<ReplicaLook> {
        self.shared.each.iter().map(Replica::look).collect()
    }

    pub(crate) fn reads(&self) -> StaleReads {
        StaleReads {
            by_replica: self.shared.by_replica.load(Ordering::Relaxed),
            by_primary: self.shared.by_primary.load(Ordering::Relaxed),
        }
    }

    pub(crate) async fn close(&self) {
        self.watch.abort();
        for replica in &self.shared.each {
            replica.pool.close().await;
        }
    }
}

impl Drop for Replicas {
    fn drop(&mut self) {
        self.watch.abort();
    }
}

impl Shared {
    async fn begin(&self) -> Option<PgTx> {
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        let (before, after) = self.each.split_at(turn.checked_rem(self.each.len())?);
        for replica in after.iter().chain(before) {
            if replica.look().state != ReplicaState::Fresh {
                continue;
            }
            let required = self.horizon().required(Instant::now())?;
            let pool = replica.pool.clone();
            // As for every beginning: it goes on when nobody waits for it any more.
            let task = tokio::spawn(async move { PgTx::begin_behind(&pool, required).await });
            let gone = |_| Err(patience::late());
            match patience::wait(async { task.await.unwrap_or_else(gone) }).await {
                Ok(Some(begun)) => return Some(begun),
                Ok(None) => replica.is_now(ReplicaState::Late),
                Err(_) => replica.is_now(ReplicaState::Away),
            }
        }
        None
    }

    fn horizon(&self) -> std::sync::MutexGuard<'_, Horizon> {
        self.horizon.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Replica {
    fn look(&self) -> ReplicaLook {
        *self.look.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Until the next look.
    fn is_now(&self, state: ReplicaState) {
        let mut look = self.look.lock().unwrap_or_else(PoisonError::into_inner);
        look.state = state;
    }

    fn saw(&self, number: usize, seen: ReplicaLook) {
        let before = core::mem::replace(
            &mut *self.look.lock().unwrap_or_else(PoisonError::into_inner),
            seen,
        );
        if before.state == seen.state {
            return;
        }
        match seen.state {
            ReplicaState::Fresh => tracing::info!(replica = number, "a replica is used"),
            ReplicaState::Unknown => {}
            ReplicaState::Late | ReplicaState::Away => tracing::info!(
                replica = number,
                state = ?seen.state,
                "a replica is not used; the database answers instead"
            ),
            ReplicaState::Foreign => tracing::warn!(
                replica = number,
                "what store.replicas names is no replica of this database and is not used"
            ),
        }
    }
}

fn pool(options: PgConnectOptions) -> PgPool {
    PgPoolOptions::new()
        .max_connections(CONNECTIONS)
        .acquire_timeout(STEP_MAX)
        .after_connect(|connection, _| {
            Box::pin(async move {
                connection.execute(SESSION).await?;
                connection.execute(READ_ONLY).await.map(drop)
            })
        })
        // Every beginning asks it something first.
        .test_before_acquire(false)
        .connect_lazy_with(options)
}

async fn watch(primary: PgPool, shared: Arc<Shared>) {
    let mut ticks = interval(LOOK_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut identity = None;
    loop {
        ticks.tick().await;
        // Before it is asked: what is committed while the answer is on its way counts as younger.
        let at = Instant::now();
        if let Ok(Ok((place, is))) = timeout(LOOK_MAX, length(&primary)).await {
            shared.horizon().note(at, place);
            identity = Some(is);
        }
        let looks = (1..).zip(&shared.each).map(|(number, replica)| {
            let (shared, identity) = (&shared, identity.as_ref());
            async move { replica.saw(number, look_at(shared, &replica.pool, identity).await) }
        });
        futures_util::future::join_all(looks).await;
    }
}

/// How long the log of the database is. What it has promised to keep is not behind that.
async fn length(primary: &PgPool) -> Result<(Place, Identity), sqlx::Error> {
    let (place, number, name): (i64, i64, String) = sqlx::query_as(
        "SELECT (pg_current_wal_insert_lsn() - '0/0'::pg_lsn)::bigint,
                (SELECT system_identifier FROM pg_control_system()),
                current_database()::text",
    )
    .fetch_one(primary)
    .await?;
    Ok((Place(place), (number, name)))
}

async fn look_at(shared: &Shared, pool: &PgPool, identity: Option<&Identity>) -> ReplicaLook {
    let without_lag = |state| ReplicaLook { state, lag: None };
    let asked = sqlx::query_as::<_, (Option<i64>, bool, i64, String)>(
        "SELECT (pg_last_wal_replay_lsn() - '0/0'::pg_lsn)::bigint,
                pg_is_in_recovery(),
                (SELECT system_identifier FROM pg_control_system()),
                current_database()::text",
    );
    let asked = timeout(LOOK_MAX, asked.fetch_one(pool)).await;
    let Ok(Ok((place, is_replica, number, name))) = asked else {
        return without_lag(ReplicaState::Away);
    };
    let Some(identity) = identity else {
        return without_lag(ReplicaState::Unknown);
    };
    let is_of_ours = is_replica && (number, name) == *identity;
    let Some(place) = place.filter(|_| is_of_ours) else {
        return without_lag(ReplicaState::Foreign);
    };
    let (now, horizon) = (Instant::now(), shared.horizon());
    let is_fresh = horizon.required(now).is_some_and(|it| Place(place) >= it);
    ReplicaLook {
        state: if is_fresh {
            ReplicaState::Fresh
        } else {
            ReplicaState::Late
        },
        lag: horizon.lag(now, Place(place)),
    }
}
