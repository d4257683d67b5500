//! Where the schema of a store stands, found out without writing.

use crate::migrate;
use crate::offline::{Line, Offline, OfflineError, on_line};

/// A store's schema beside that of this program.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Standing {
    /// Steps that migrating would take, in order.
    pub outstanding: Vec<&'static str>,
    /// Steps in the store that this program does not know, that have another text here, or that
    /// were broken off: migrating refuses such a store.
    pub strange: Vec<String>,
}

type Row = (i64, String, bool, Vec<u8>);

/// Compares a store with this program.
///
/// # Errors
/// The store can not be read.
pub async fn standing(store: &mut Offline) -> Result<Standing, OfflineError> {
    let steps = match &store.0 {
        Line::Sqlite(_) => migrate::sqlite(),
        Line::Postgres(_) => migrate::postgres(),
    };
    let taken = taken(store).await?;
    let mut standing = Standing::default();
    for (version, name, success, checksum) in &taken {
        let known = steps.iter().find(|step| step.version == *version);
        let is_ours = known.is_some_and(|step| *step.checksum == **checksum);
        if !is_ours || !success {
            standing.strange.push(name.clone());
        }
    }
    let is_taken = |version: i64| taken.iter().any(|row| row.0 == version);
    standing.outstanding = migrate::names()
        .filter(|(version, _)| !is_taken(*version))
        .map(|(_, name)| name)
        .collect();
    Ok(standing)
}

/// The steps of an empty store: all of them.
#[must_use]
pub fn of_nothing() -> Standing {
    Standing {
        outstanding: migrate::names().map(|(_, name)| name).collect(),
        strange: Vec::new(),
    }
}

async fn taken(store: &mut Offline) -> Result<Vec<Row>, OfflineError> {
    const SQLITE: &str = "SELECT count(*) FROM sqlite_master WHERE name = '_sqlx_migrations'";
    const POSTGRES: &str = "SELECT count(*) FROM pg_tables
         WHERE schemaname = current_schema() AND tablename = '_sqlx_migrations'";
    const ROWS: &str = "SELECT version, description, success, checksum
         FROM _sqlx_migrations ORDER BY version";
    let tables: i64 = match &mut store.0 {
        Line::Sqlite(connection) => sqlx::query_scalar(SQLITE).fetch_one(connection).await?,
        Line::Postgres(connection) => sqlx::query_scalar(POSTGRES).fetch_one(connection).await?,
    };
    if tables == 0 {
        return Ok(Vec::new());
    }
    Ok(on_line!(&mut store.0, |connection| sqlx::query_as(ROWS)
        .fetch_all(connection)
        .await?))
}
