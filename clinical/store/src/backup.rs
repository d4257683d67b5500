//! Backup and restore: every row of every table, from one consistent state, into a sealed file and
//! back, on either engine and from one to the other.
//!
//! Rows are copied as they lie in the store, so that what is sealed there stays sealed inside the
//! file, and neither needs the master keys.

use std::io::{Read, Write};

use clinical_archive::{
    ArchiveReader, ArchiveWriter, BackupKey, Column, Entry, Kind, Manifest, ReadError, Table,
    TableSum, Value, WriteError,
};
use futures_util::TryStreamExt as _;
use sqlx::{AssertSqlSafe, Row as _};
use uuid::Uuid;

use crate::migrate;
use crate::offline::{Line, Offline, OfflineError, on_line};

/// Why there is no backup, or no restored store.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The store can not be reached.
    #[error(transparent)]
    Offline(#[from] OfflineError),
    /// A statement failed.
    #[error("a statement of the copy failed")]
    Statement(#[from] sqlx::Error),
    /// The schema of the backup can not be made.
    #[error("the schema can not be made")]
    Migrate(#[from] sqlx::migrate::MigrateError),
    /// The file can not be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// The file can not be read, or is not what was written.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// A column of a type that no backup holds.
    #[error("column {table}.{column} has type {kind}, which no backup holds")]
    Kind {
        /// The table.
        table: String,
        /// The column.
        column: String,
        /// Its type in the schema.
        kind: String,
    },
    /// There is something in the store already.
    #[error("the store is not empty: a backup is restored into a new one only")]
    NotEmpty,
    /// The tables of the backup are not those of its schema version in this program.
    #[error("this version of the program does not know the tables of the backup")]
    Schema,
    /// What was written into the store is not what was in the backup.
    #[error("the restored store differs from the backup in table {0}")]
    Differs(String),
    /// A file beside the store can not be put back.
    #[error("a file of the backup can not be put back")]
    File(#[source] std::io::Error),
}

/// What a backup is of, besides the store.
#[derive(Debug)]
pub struct Stamp {
    /// The version of the program.
    pub program: String,
    /// The time, in UTC microseconds.
    pub at_us: i64,
    /// Files that lie beside the store: name and content. They must be older than the store's
    /// state, so read them before [`Offline::read`].
    pub files: Vec<(String, Vec<u8>)>,
}

/// Copies a store that was opened with [`Offline::read`] while others go on writing to it.
///
/// # Errors
/// [`BackupError`]; the file is worthless then.
pub async fn dump<W: Write>(
    store: &mut Offline,
    out: W,
    key: &BackupKey,
    stamp: Stamp,
) -> Result<(W, Vec<TableSum>), BackupError> {
    let manifest = Manifest {
        program: stamp.program,
        schema: version(store).await?,
        at_us: stamp.at_us,
        tables: tables(store).await?,
    };
    let mut archive = ArchiveWriter::new(out, key, manifest.clone())?;
    for (name, content) in &stamp.files {
        archive.file(name, content)?;
    }
    copy(store, &manifest, &mut archive).await?;
    Ok(archive.finish()?)
}

/// Reads a whole backup without keeping anything: it is complete, unchanged, and has this key.
///
/// # Errors
/// [`ReadError`]
pub fn check(input: impl Read, key: &BackupKey) -> Result<Vec<TableSum>, ReadError> {
    let mut archive = ArchiveReader::new(input, key)?;
    while archive.next_entry()?.is_some() {}
    Ok(archive.sums().unwrap_or_default().to_vec())
}

/// Fills an empty store that was opened with [`Offline::fill`], in one transaction, and compares
/// what is in it afterwards with the backup. Files are handed to `file`.
///
/// # Errors
/// [`BackupError`]; the store holds no row then.
pub async fn load(
    store: &mut Offline,
    input: impl Read,
    key: &BackupKey,
    mut file: impl FnMut(&str, &[u8]) -> std::io::Result<()>,
) -> Result<Vec<TableSum>, BackupError> {
    let mut archive = ArchiveReader::new(input, key)?;
    if !is_empty(store).await? {
        return Err(BackupError::NotEmpty);
    }
    let manifest = archive.manifest().clone();
    match &mut store.0 {
        Line::Sqlite(connection) => {
            migrate::sqlite_until(manifest.schema)
                .run(connection)
                .await?;
        }
        Line::Postgres(connection) => {
            migrate::postgres_until(manifest.schema)
                .run(connection)
                .await?;
        }
    }
    if tables(store).await? != manifest.tables {
        return Err(BackupError::Schema);
    }
    let rules = suspend_rules(store, &manifest).await?;
    while let Some(entry) = archive.next_entry()? {
        match entry {
            Entry::File { name, content } => file(&name, &content).map_err(BackupError::File)?,
            Entry::Row { table, values } => {
                if let Some(table) = manifest.tables.get(table) {
                    insert(store, table, values).await?;
                }
            }
        }
    }
    for rule in rules {
        run(store, rule).await?;
    }
    let nothing = ArchiveWriter::new(std::io::sink(), key, manifest.clone())?;
    let mut again = nothing;
    copy(store, &manifest, &mut again).await?;
    let (_, found) = again.finish()?;
    let wanted = archive.sums().unwrap_or_default();
    if found.len() != wanted.len() {
        return Err(BackupError::Schema);
    }
    for (found, wanted) in found.iter().zip(wanted) {
        if found != wanted {
            return Err(BackupError::Differs(found.name.clone()));
        }
    }
    run(store, "COMMIT".to_owned()).await?;
    Ok(found)
}

async fn run(store: &mut Offline, sql: String) -> Result<(), BackupError> {
    on_line!(&mut store.0, |connection| {
        sqlx::raw_sql(AssertSqlSafe(sql))
            .execute(connection)
            .await?;
    });
    Ok(())
}

async fn version(store: &mut Offline) -> Result<i64, BackupError> {
    const NEWEST: &str = "SELECT max(version) FROM _sqlx_migrations";
    Ok(on_line!(&mut store.0, |connection| sqlx::query_scalar(
        NEWEST
    )
    .fetch_one(connection)
    .await?))
}

async fn is_empty(store: &mut Offline) -> Result<bool, BackupError> {
    let count = match &mut store.0 {
        Line::Sqlite(connection) => {
            const KNOWN: &str = "SELECT count(*) FROM sqlite_master WHERE name = 'audit_event'";
            sqlx::query_scalar::<_, i64>(KNOWN)
                .fetch_one(connection)
                .await?
        }
        Line::Postgres(connection) => {
            const KNOWN: &str = "SELECT count(*) FROM pg_tables
                 WHERE schemaname = current_schema() AND tablename = 'audit_event'";
            sqlx::query_scalar::<_, i64>(KNOWN)
                .fetch_one(connection)
                .await?
        }
    };
    if count == 0 {
        return Ok(true);
    }
    const ROWS: &str = "SELECT count(*) FROM audit_event";
    let rows: i64 = on_line!(&mut store.0, |connection| sqlx::query_scalar(ROWS)
        .fetch_one(connection)
        .await?);
    Ok(rows == 0)
}

/// All tables by name, with their columns by name: the same on both engines.
async fn tables(store: &mut Offline) -> Result<Vec<Table>, BackupError> {
    const SQLITE: &str = "SELECT t.name, c.name, lower(c.type)
         FROM sqlite_master t, pragma_table_info(t.name) c
         WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite_%' AND t.name <> '_sqlx_migrations'
         ORDER BY t.name, c.name";
    const POSTGRES: &str = "SELECT c.table_name::text, c.column_name::text, c.udt_name::text
         FROM information_schema.columns c JOIN information_schema.tables t
           ON t.table_schema = c.table_schema AND t.table_name = c.table_name
         WHERE c.table_schema = current_schema() AND t.table_type = 'BASE TABLE'
           AND c.table_name <> '_sqlx_migrations'
         ORDER BY c.table_name::text COLLATE \"C\", c.column_name::text COLLATE \"C\"";
    let rows: Vec<(String, String, String)> = match &mut store.0 {
        Line::Sqlite(connection) => sqlx::query_as(SQLITE).fetch_all(connection).await?,
        Line::Postgres(connection) => sqlx::query_as(POSTGRES).fetch_all(connection).await?,
    };
    let mut tables: Vec<Table> = Vec::new();
    for (table, name, kind) in rows {
        let kind = match kind.as_str() {
            "bigint" | "integer" | "smallint" | "int8" | "int4" | "int2" => Kind::Integer,
            "double precision" | "real" | "float8" => Kind::Real,
            "boolean" | "bool" => Kind::Boolean,
            "text" => Kind::Text,
            "bytea" | "blob" => Kind::Bytes,
            "uuid" => Kind::Uuid,
            _ => {
                return Err(BackupError::Kind {
                    table,
                    column: name,
                    kind,
                });
            }
        };
        let column = Column { name, kind };
        match tables.last_mut() {
            Some(last) if last.name == table => last.columns.push(column),
            _ => tables.push(Table {
                name: table,
                columns: vec![column],
            }),
        }
    }
    Ok(tables)
}

/// Copies all rows. Their order is that of all columns, which is the same on both engines.
async fn copy<W: Write>(
    store: &mut Offline,
    manifest: &Manifest,
    archive: &mut ArchiveWriter<W>,
) -> Result<(), BackupError> {
    for (number, table) in manifest.tables.iter().enumerate() {
        let is_postgres = matches!(store.0, Line::Postgres(_));
        let columns: Vec<String> = table
            .columns
            .iter()
            .map(|it| read_as(it, is_postgres))
            .collect();
        let order: Vec<String> = table
            .columns
            .iter()
            .map(|it| order_of(it, is_postgres))
            .collect();
        let sql = format!(
            "SELECT {} FROM {} ORDER BY {}",
            columns.join(", "),
            quoted(&table.name),
            order.join(", ")
        );
        on_line!(&mut store.0, |connection| {
            let mut rows = sqlx::query(AssertSqlSafe(sql)).fetch(connection);
            while let Some(row) = rows.try_next().await? {
                let mut values = Vec::with_capacity(table.columns.len());
                for (at, column) in table.columns.iter().enumerate() {
                    values.push(
                        match column.kind {
                            Kind::Integer => row.try_get::<Option<i64>, _>(at)?.map(Value::Integer),
                            Kind::Real => row.try_get::<Option<f64>, _>(at)?.map(Value::Real),
                            Kind::Boolean => {
                                row.try_get::<Option<bool>, _>(at)?.map(Value::Boolean)
                            }
                            Kind::Text => row.try_get::<Option<String>, _>(at)?.map(Value::Text),
                            Kind::Bytes => row.try_get::<Option<Vec<u8>>, _>(at)?.map(Value::Bytes),
                            Kind::Uuid => row.try_get::<Option<Uuid>, _>(at)?.map(Value::Uuid),
                        }
                        .unwrap_or(Value::Null),
                    );
                }
                archive.row(number, &values)?;
            }
        });
    }
    Ok(())
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn read_as(column: &Column, is_postgres: bool) -> String {
    let name = quoted(&column.name);
    match column.kind {
        Kind::Integer if is_postgres => format!("CAST({name} AS BIGINT)"),
        Kind::Integer | Kind::Real | Kind::Boolean | Kind::Text | Kind::Bytes | Kind::Uuid => name,
    }
}

fn order_of(column: &Column, is_postgres: bool) -> String {
    let name = quoted(&column.name);
    match column.kind {
        Kind::Text if is_postgres => format!("{name} COLLATE \"C\" NULLS FIRST"),
        Kind::Text | Kind::Integer | Kind::Real | Kind::Boolean | Kind::Bytes | Kind::Uuid => {
            format!("{name} NULLS FIRST")
        }
    }
}

/// Begins the transaction of a restore without triggers and foreign keys, which judge changes and
/// not copies, and empties the tables that migrations have filled. Answers with the statements that
/// bring the rules back; they fail when the rows contradict a foreign key.
async fn suspend_rules(
    store: &mut Offline,
    manifest: &Manifest,
) -> Result<Vec<String>, BackupError> {
    let mut before = Vec::new();
    let mut after = Vec::new();
    match &mut store.0 {
        Line::Sqlite(connection) => {
            const TRIGGERS: &str = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'";
            let triggers: Vec<(String, String)> =
                sqlx::query_as(TRIGGERS).fetch_all(connection).await?;
            // Checked when the transaction commits.
            before.push("BEGIN IMMEDIATE".to_owned());
            before.push("PRAGMA defer_foreign_keys = on".to_owned());
            for (name, sql) in triggers {
                before.push(format!("DROP TRIGGER {}", quoted(&name)));
                after.push(sql);
            }
        }
        Line::Postgres(connection) => {
            const KEYS: &str =
                "SELECT c.relname::text, k.conname::text, pg_get_constraintdef(k.oid)
                 FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
                 WHERE k.contype = 'f' AND k.connamespace = current_schema()::regnamespace";
            let keys: Vec<(String, String, String)> =
                sqlx::query_as(KEYS).fetch_all(connection).await?;
            before.push("BEGIN".to_owned());
            for (table, name, definition) in keys {
                let (table, name) = (quoted(&table), quoted(&name));
                before.push(format!("ALTER TABLE {table} DROP CONSTRAINT {name}"));
                after.push(format!(
                    "ALTER TABLE {table} ADD CONSTRAINT {name} {definition}"
                ));
            }
            for table in &manifest.tables {
                let table = quoted(&table.name);
                before.push(format!("ALTER TABLE {table} DISABLE TRIGGER USER"));
                after.push(format!("ALTER TABLE {table} ENABLE TRIGGER USER"));
            }
        }
    }
    for table in &manifest.tables {
        before.push(format!("DELETE FROM {}", quoted(&table.name)));
    }
    for statement in before {
        run(store, statement).await?;
    }
    Ok(after)
}

async fn insert(store: &mut Offline, table: &Table, values: Vec<Value>) -> Result<(), BackupError> {
    let names: Vec<String> = table.columns.iter().map(|it| quoted(&it.name)).collect();
    let places: Vec<String> = (1..=names.len()).map(|at| format!("${at}")).collect();
    let sql = format!(
        "INSERT INTO {} ({}) VALUES ({})",
        quoted(&table.name),
        names.join(", "),
        places.join(", ")
    );
    on_line!(&mut store.0, |connection| {
        let mut query = sqlx::query(AssertSqlSafe(sql));
        for (value, column) in values.into_iter().zip(&table.columns) {
            query = match (value, column.kind) {
                (Value::Integer(value), _) => query.bind(value),
                (Value::Real(value), _) => query.bind(value),
                (Value::Boolean(value), _) => query.bind(value),
                (Value::Text(value), _) => query.bind(value),
                (Value::Bytes(value), _) => query.bind(value),
                (Value::Uuid(value), _) => query.bind(value),
                (Value::Null, Kind::Integer) => query.bind(None::<i64>),
                (Value::Null, Kind::Real) => query.bind(None::<f64>),
                (Value::Null, Kind::Boolean) => query.bind(None::<bool>),
                (Value::Null, Kind::Text) => query.bind(None::<String>),
                (Value::Null, Kind::Bytes) => query.bind(None::<Vec<u8>>),
                (Value::Null, Kind::Uuid) => query.bind(None::<Uuid>),
            };
        }
        query.execute(connection).await?;
    });
    Ok(())
}
