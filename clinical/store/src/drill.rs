//! What a drill asks of a store that was restored, and the scratch database that it is restored into.

use std::str::FromStr as _;

use clinical_model::{PatientId, RecordingId, TenantId};
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _};
use uuid::Uuid;

use crate::offline::{Line, Offline, OfflineError, on_line};
use crate::statement::fetch_all;
use crate::{Conn, StoreError, keys, recordings};

/// The secret that opens a recording, 32 bytes.
type Secret = [u8; 32];

/// So many faults of an engine are told; one proves that something is wrong.
const FAULTS_MAX: usize = 100;

/// What the engine says of its own files and rules.
#[derive(Debug, Default)]
pub struct Soundness {
    /// Foreign keys that hold.
    pub foreign_keys: i64,
    /// Triggers that stand.
    pub triggers: i64,
    /// What is wrong, as the engine says it.
    pub faults: Vec<String>,
}

/// Asks the engine for the integrity of its pages and indexes, for rows that contradict a foreign key, and
/// for rules that a restore has left switched off. PostgreSQL has compared every row with its keys when
/// the restore added them again, so only those that were not compared count there.
///
/// # Errors
/// The store can not be read.
pub async fn soundness(store: &mut Offline) -> Result<Soundness, OfflineError> {
    match &mut store.0 {
        Line::Sqlite(connection) => {
            const KEYS: &str = "SELECT count(DISTINCT m.name || ' ' || f.id)
                 FROM sqlite_master m, pragma_foreign_key_list(m.name) f WHERE m.type = 'table'";
            const TRIGGERS: &str = "SELECT count(*) FROM sqlite_master WHERE type = 'trigger'";
            const BROKEN: &str = "SELECT \"table\", parent FROM pragma_foreign_key_check LIMIT 100";
            let pages: Vec<String> = sqlx::query_scalar("PRAGMA integrity_check(100)")
                .fetch_all(&mut *connection)
                .await?;
            let broken: Vec<(String, String)> =
                sqlx::query_as(BROKEN).fetch_all(&mut *connection).await?;
            let mut faults: Vec<String> = pages.into_iter().filter(|it| it != "ok").collect();
            faults.extend(broken.iter().map(|(table, parent)| {
                format!("a row of {table} names a row of {parent} that is not there")
            }));
            Ok(Soundness {
                foreign_keys: sqlx::query_scalar(KEYS).fetch_one(&mut *connection).await?,
                triggers: sqlx::query_scalar(TRIGGERS).fetch_one(connection).await?,
                faults,
            })
        }
        Line::Postgres(connection) => {
            const KEYS: &str = "SELECT conname::text, convalidated FROM pg_constraint
                 WHERE contype = 'f' AND connamespace = current_schema()::regnamespace";
            const TRIGGERS: &str = "SELECT t.tgname::text, t.tgenabled <> 'D' FROM pg_trigger t
                 JOIN pg_class c ON c.oid = t.tgrelid
                 WHERE NOT t.tgisinternal AND c.relnamespace = current_schema()::regnamespace";
            let keys: Vec<(String, bool)> =
                sqlx::query_as(KEYS).fetch_all(&mut *connection).await?;
            let triggers: Vec<(String, bool)> =
                sqlx::query_as(TRIGGERS).fetch_all(connection).await?;
            let off = |rules: &[(String, bool)]| -> Vec<String> {
                let off = rules.iter().filter(|(_, holds)| !holds).take(FAULTS_MAX);
                off.map(|(name, _)| format!("{name} is switched off"))
                    .collect()
            };
            Ok(Soundness {
                foreign_keys: count(&keys),
                triggers: count(&triggers),
                faults: [off(&keys), off(&triggers)].concat(),
            })
        }
    }
}

fn count(rules: &[(String, bool)]) -> i64 {
    let holding = rules.iter().filter(|(_, holds)| *holds).count();
    i64::try_from(holding).unwrap_or(i64::MAX)
}

/// Recordings by what became of them, as ids.
#[derive(Debug, Default)]
pub struct Recorded {
    /// They can be played.
    pub ready: Vec<RecordingId>,
    /// Their keys were destroyed.
    pub deleted: Vec<RecordingId>,
}

/// Which recordings a store knows.
///
/// # Errors
/// The store can not be read.
pub async fn recorded(store: &mut Offline) -> Result<Recorded, OfflineError> {
    const ALL: &str =
        "SELECT id, state FROM recordings WHERE state IN ('ready', 'deleted') ORDER BY id";
    let rows: Vec<(Uuid, String)> = on_line!(&mut store.0, |connection| {
        sqlx::query_as(ALL).fetch_all(connection).await?
    });
    let mut recorded = Recorded::default();
    for (id, state) in rows {
        let id = RecordingId::from_uuid(id);
        match state.as_str() {
            "ready" => recorded.ready.push(id),
            _ => recorded.deleted.push(id),
        }
    }
    Ok(recorded)
}

/// Keys that were opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Opened {
    /// Of facilities, and of the installation itself.
    pub tenants: u64,
    /// Of patients.
    pub patients: u64,
    /// Patients whose key was destroyed.
    pub erased: u64,
}

/// Opens the key of every facility and of every patient: whatever is sealed in the store can be read then.
///
/// # Errors
/// A key does not open under the master keys at hand, or the store failed.
pub async fn open_keys(conn: &mut Conn) -> Result<Opened, StoreError> {
    let mut opened = Opened::default();
    for (tenant,) in fetch_all!(conn, (Uuid,), "SELECT tenant FROM tenant_keys")? {
        keys::tenant_key(conn, TenantId::from_uuid(tenant)).await?;
        opened.tenants += 1;
    }
    let rows = fetch_all!(
        conn,
        (Uuid, Uuid, Option<Vec<u8>>),
        "SELECT tenant, patient, wrapped FROM patient_keys"
    )?;
    for (tenant, patient, wrapped) in rows {
        let (tenant, patient) = (TenantId::from_uuid(tenant), PatientId::from_uuid(patient));
        match keys::open_patient_key(conn, tenant, patient, wrapped).await? {
            Some(_) => opened.patients += 1,
            None => opened.erased += 1,
        }
    }
    Ok(opened)
}

/// What opens a recording; none when it was deleted or its record erased.
///
/// # Errors
/// Its key does not open, or the store failed.
pub async fn recording_secret(
    conn: &mut Conn,
    id: RecordingId,
) -> Result<Option<Secret>, StoreError> {
    match recordings::by_id(conn, id).await? {
        Some(recording) => recordings::secret(conn, &recording).await,
        None => Ok(None),
    }
}

/// A PostgreSQL database that is made for one drill.
#[derive(Debug)]
pub struct ScratchDatabase {
    server: PgConnectOptions,
    name: String,
    url: String,
}

impl ScratchDatabase {
    /// Makes an empty database on a server; `number` makes its name unlike others. The user of the URL must
    /// be allowed to make databases.
    ///
    /// # Errors
    /// The URL is of another kind, or the server does not make it.
    pub async fn create(server_url: &str, number: u64) -> Result<Self, OfflineError> {
        if !server_url.starts_with("postgres") {
            return Err(OfflineError::Scheme);
        }
        let server = PgConnectOptions::from_str(server_url).map_err(OfflineError::Url)?;
        let name = format!("telehealth_drill_{number}");
        let scratch = Self {
            url: database_of(server_url, &name).ok_or(OfflineError::Scheme)?,
            server,
            name,
        };
        scratch.say("CREATE DATABASE", "").await?;
        Ok(scratch)
    }

    /// Where it is.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Drops it, whoever is still connected.
    ///
    /// # Errors
    /// The server does not drop it.
    pub async fn remove(self) -> Result<(), OfflineError> {
        self.say("DROP DATABASE", "WITH (FORCE)").await
    }

    async fn say(&self, verb: &str, how: &str) -> Result<(), OfflineError> {
        let connection = self.server.connect().await;
        let mut connection = connection.map_err(OfflineError::Connect)?;
        // The name is ours: letters and digits.
        let sql = format!("{verb} {} {how}", self.name);
        sqlx::raw_sql(AssertSqlSafe(sql))
            .execute(&mut connection)
            .await?;
        Ok(())
    }
}

/// The URL of another database of the same server.
fn database_of(server: &str, name: &str) -> Option<String> {
    let (address, options) = server.split_once('?').unwrap_or((server, ""));
    let (scheme, rest) = address.split_once("://")?;
    let (host, _) = rest.split_once('/').unwrap_or((rest, ""));
    let mut url = format!("{scheme}://{host}/{name}");
    if !options.is_empty() {
        url.push('?');
        url.push_str(options);
    }
    Some(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scratch_database_is_on_the_server_that_was_named() {
        for (server, url) in [
            ("postgres://u:p@h:5433/clinic", "postgres://u:p@h:5433/x"),
            ("postgres://h", "postgres://h/x"),
            (
                "postgresql://h/a?sslmode=verify-full",
                "postgresql://h/x?sslmode=verify-full",
            ),
        ] {
            assert_eq!(database_of(server, "x").as_deref(), Some(url));
        }
    }
}
