//! A store looked at from outside: one connection, and no keys. It serves those who handle rows
//! without looking into them: the verifier of the audit chain, backup and restore.

use std::str::FromStr as _;

use sqlx::postgres::PgConnectOptions;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, PgConnection, SqliteConnection};

/// A store that can not be looked at.
#[derive(Debug, thiserror::Error)]
pub enum OfflineError {
    /// Neither `sqlite:PATH` nor `postgres://...`.
    #[error("a store URL begins with sqlite: or postgres://")]
    Scheme,
    /// The URL can not be read.
    #[error("the store URL can not be read")]
    Url(#[source] sqlx::Error),
    /// The database can not be reached or opened.
    #[error("the store can not be opened")]
    Connect(#[source] sqlx::Error),
    /// A statement failed.
    #[error("the store can not be read")]
    Statement(#[from] sqlx::Error),
}

/// One connection to a store.
#[derive(Debug)]
pub struct Offline(pub(crate) Line);

/// The connection itself.
#[derive(Debug)]
pub(crate) enum Line {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

impl Offline {
    /// Opens a store for reading, in one consistent state for as long as this value lives.
    ///
    /// # Errors
    /// The store is not there or can not be opened.
    pub async fn read(url: &str) -> Result<Self, OfflineError> {
        let mut line = match options(url)? {
            Options::Sqlite(options) => Line::Sqlite(
                options
                    .read_only(true)
                    .connect()
                    .await
                    .map_err(OfflineError::Connect)?,
            ),
            Options::Postgres(options) => {
                Line::Postgres(options.connect().await.map_err(OfflineError::Connect)?)
            }
        };
        match &mut line {
            Line::Sqlite(connection) => {
                sqlx::raw_sql("BEGIN").execute(connection).await?;
            }
            Line::Postgres(connection) => {
                sqlx::raw_sql("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
                    .execute(connection)
                    .await?;
            }
        }
        Ok(Self(line))
    }

    /// Opens a store for filling it; an SQLite file is made.
    ///
    /// # Errors
    /// The store can not be opened.
    pub async fn fill(url: &str) -> Result<Self, OfflineError> {
        let line = match options(url)? {
            Options::Sqlite(options) => Line::Sqlite(
                options
                    .create_if_missing(true)
                    .connect()
                    .await
                    .map_err(OfflineError::Connect)?,
            ),
            Options::Postgres(options) => {
                Line::Postgres(options.connect().await.map_err(OfflineError::Connect)?)
            }
        };
        Ok(Self(line))
    }
}

enum Options {
    Sqlite(SqliteConnectOptions),
    Postgres(PgConnectOptions),
}

fn options(url: &str) -> Result<Options, OfflineError> {
    if url.starts_with("sqlite:") {
        let options = SqliteConnectOptions::from_str(url).map_err(OfflineError::Url)?;
        Ok(Options::Sqlite(options.foreign_keys(true)))
    } else if url.starts_with("postgres:") || url.starts_with("postgresql:") {
        let options = PgConnectOptions::from_str(url).map_err(OfflineError::Url)?;
        Ok(Options::Postgres(options))
    } else {
        Err(OfflineError::Scheme)
    }
}

/// Runs `$body` with the connection of either engine under the name `$connection`.
macro_rules! on_line {
    ($line:expr, |$connection:ident| $body:expr) => {
        match $line {
            $crate::offline::Line::Sqlite($connection) => $body,
            $crate::offline::Line::Postgres($connection) => $body,
        }
    };
}

pub(crate) use on_line;
