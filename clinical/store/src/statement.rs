//! One SQL text for both engines: `$1` placeholders, native uuid, bigint, text and boolean.
//!
//! Each macro runs a literal statement on whichever engine the transaction belongs to. Arguments
//! are bound in order; rows are structs with `#[derive(sqlx::FromRow)]` or tuples. Each is a span of a trace
//! that says where the statement stands, never what it says.

use tracing::Instrument as _;
use tracing::instrument::Instrumented;

/// Runs a statement inside a span with the name of its module and of what it does.
pub(crate) fn traced<F>(name: &'static str, statement: F) -> Instrumented<F> {
    statement.instrument(tracing::info_span!(target: "span", "store", kind = "client", name))
}

/// Runs a statement on the engine at hand; `$run` is the sqlx method.
macro_rules! on_engine {
    ($tx:expr, $make:ident::<$row:ty>, $run:ident, $sql:expr $(, $arg:expr)*) => {
        match $tx.engine() {
            $crate::tx::Engine::Sqlite(connection) => {
                let run = sqlx::$make::<sqlx::Sqlite, $row>($sql)$(.bind($arg))*.$run(connection);
                $crate::statement::traced(concat!(module_path!(), "::", stringify!($run)), run).await
                    .map_err($crate::StoreError::from)
            }
            $crate::tx::Engine::Postgres(connection) => {
                let run = $crate::patience::wait(
                    sqlx::$make::<sqlx::Postgres, $row>($sql)$(.bind($arg))*.$run(connection)
                );
                $crate::statement::traced(concat!(module_path!(), "::", stringify!($run)), run).await
            }
        }
    };
}

/// `fetch_all!(tx, Row, "SELECT ..", arg, ..) -> Result<Vec<Row>, StoreError>`
macro_rules! fetch_all {
    ($tx:expr, $row:ty, $sql:expr $(, $arg:expr)* $(,)?) => {
        $crate::statement::on_engine!($tx, query_as::<$row>, fetch_all, $sql $(, $arg)*)
    };
}

/// `fetch_optional!(tx, Row, "SELECT ..", arg, ..) -> Result<Option<Row>, StoreError>`
macro_rules! fetch_optional {
    ($tx:expr, $row:ty, $sql:expr $(, $arg:expr)* $(,)?) => {
        $crate::statement::on_engine!($tx, query_as::<$row>, fetch_optional, $sql $(, $arg)*)
    };
}

/// `fetch_one!(tx, (i64,), "SELECT count(*) ..", arg, ..) -> Result<(i64,), StoreError>`
macro_rules! fetch_one {
    ($tx:expr, $row:ty, $sql:expr $(, $arg:expr)* $(,)?) => {
        $crate::statement::on_engine!($tx, query_as::<$row>, fetch_one, $sql $(, $arg)*)
    };
}

/// `execute!(tx, "UPDATE ..", arg, ..) -> Result<u64, StoreError>`, the number of rows touched.
macro_rules! execute {
    ($tx:expr, $sql:expr $(, $arg:expr)* $(,)?) => {
        match $tx.engine() {
            $crate::tx::Engine::Sqlite(connection) => {
                let run = sqlx::query::<sqlx::Sqlite>($sql)$(.bind($arg))*.execute(connection);
                $crate::statement::traced(concat!(module_path!(), "::execute"), run).await
                    .map(|done| done.rows_affected())
                    .map_err($crate::StoreError::from)
            }
            $crate::tx::Engine::Postgres(connection) => {
                let run = $crate::patience::wait(
                    sqlx::query::<sqlx::Postgres>($sql)$(.bind($arg))*.execute(connection)
                );
                $crate::statement::traced(concat!(module_path!(), "::execute"), run).await
                    .map(|done| done.rows_affected())
            }
        }
    };
}

/// As `execute!`, and an error unless exactly one row was touched.
macro_rules! execute_one {
    ($tx:expr, $sql:expr $(, $arg:expr)* $(,)?) => {
        match $crate::statement::execute!($tx, $sql $(, $arg)*) {
            Ok(1) => Ok(()),
            Ok(found) => Err($crate::StoreError::RowCount { wanted: 1, found }),
            Err(error) => Err(error),
        }
    };
}

pub(crate) use {execute, execute_one, fetch_all, fetch_one, fetch_optional, on_engine};
