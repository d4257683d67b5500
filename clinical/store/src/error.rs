//! What can go wrong below every use case.

use clinical_vault::{OpenError, SealError};
use sqlx::error::ErrorKind;

/// A statement that did not succeed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database does not answer, has no free connection in time, or two transactions stood in
    /// each other's way. Nothing was done; a later try can succeed.
    #[error("the store does not answer")]
    Unavailable(#[source] sqlx::Error),
    /// The database refused a row because a rule of the schema forbids it.
    #[error("the store refused a row")]
    Violation(#[source] sqlx::Error),
    /// A stored value that no version of this program has written.
    #[error("the store holds an impossible {column}")]
    Corrupt {
        /// Table and column: `users.role`.
        column: &'static str,
        /// Why it can not be read.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A sealed value that does not open: it was altered, or sealed with another key.
    #[error("{table}.{column} does not open")]
    Sealed {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
        /// Why.
        #[source]
        source: OpenError,
    },
    /// A value could not be sealed: there are no random numbers.
    #[error("a value could not be sealed")]
    Seal(#[from] SealError),
    /// The patient's key was destroyed: nothing can be written about them any more.
    #[error("the record was erased")]
    Erased,
    /// The request was carried out before, or is just now by somebody else.
    #[error("the request was carried out before")]
    Repeated,
    /// A statement touched another number of rows than it must.
    #[error("a statement touched {found} rows instead of {wanted}")]
    RowCount {
        /// Rows that must be touched.
        wanted: u64,
        /// Rows that were touched.
        found: u64,
    },
    /// Everything else: a mistake in a statement, a schema that does not fit.
    #[error("a statement failed")]
    Statement(#[source] sqlx::Error),
}

impl StoreError {
    /// A stored value that can not be read; `column` is `table.column`.
    pub fn corrupt(
        column: &'static str,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self::Corrupt {
            column,
            source: source.into(),
        }
    }

    /// True when a later try can succeed.
    #[must_use]
    pub const fn is_unavailable(&self) -> bool {
        matches!(self, Self::Unavailable(_))
    }

    /// True when the rule `name` refused the row. PostgreSQL names the constraint. SQLite names
    /// CHECKs and whatever a trigger raises; for a unique index it tells the columns, which are
    /// given as `"table.column, table.column"` (empty when the rule is no unique index).
    #[must_use]
    pub fn violates(&self, name: &str, sqlite_columns: &str) -> bool {
        let Self::Violation(sqlx::Error::Database(error)) = self else {
            return false;
        };
        if let Some(constraint) = error.constraint() {
            return constraint == name;
        }
        let message = error.message();
        message == name
            || message.strip_prefix("CHECK constraint failed: ") == Some(name)
            || message
                .strip_prefix("UNIQUE constraint failed: ")
                .is_some_and(|columns| !columns.is_empty() && columns == sqlite_columns)
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        let Some(database) = error.as_database_error() else {
            return match error {
                sqlx::Error::Io(_)
                | sqlx::Error::Tls(_)
                | sqlx::Error::PoolTimedOut
                | sqlx::Error::PoolClosed
                | sqlx::Error::WorkerCrashed => Self::Unavailable(error),
                other => Self::Statement(other),
            };
        };
        match database.kind() {
            ErrorKind::UniqueViolation
            | ErrorKind::ForeignKeyViolation
            | ErrorKind::NotNullViolation
            | ErrorKind::CheckViolation => return Self::Violation(error),
            _ => {}
        }
        match database.code().as_deref() {
            // PostgreSQL exclusion constraint; SQLite RAISE(ABORT) in a trigger.
            Some("23P01" | "1811") => Self::Violation(error),
            // PostgreSQL: serialization failure, deadlock, out of connections, shutting down;
            // connection errors of class 08; a transaction that was idle for too long; a full disk, and
            // what the system answered to a read or a write.
            Some(
                "25P03" | "40001" | "40P01" | "53100" | "53300" | "57P01" | "57P02" | "57P03"
                | "58000" | "58030",
            ) => Self::Unavailable(error),
            Some(code) if code.len() == 5 && code.starts_with("08") => Self::Unavailable(error),
            // SQLite adds the reason above the lowest eight bits: busy, locked, an error of the system
            // while reading or writing (a full disk can be one), a full disk, a file that does not open.
            Some(code)
                if code.len() < 5
                    && code
                        .parse::<u32>()
                        .is_ok_and(|code| matches!(code & 0xff, 5 | 6 | 10 | 13 | 14)) =>
            {
                Self::Unavailable(error)
            }
            _ => Self::Statement(error),
        }
    }
}
