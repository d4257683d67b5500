//! Databases for tests: every test gets its own, with the schema, on the engine it asks for.
//!
//! PostgreSQL is the server at `TEST_POSTGRES_URL` (a superuser's URL), or a private cluster that
//! this process starts in a temporary folder and that ends with it. Where there is neither, a test
//! fails: a promise about PostgreSQL is not kept by not looking.
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test without its database has failed"
)]

mod pair;

use core::ops::Deref;
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::{MetadataExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::str::FromStr as _;
use std::sync::{Arc, OnceLock};

use clinical_model::patients::{Demographics, Patient, PatientState, Sex};
use clinical_model::text::Line;
use clinical_model::{
    Account, AuditActor, AuditEntry, Email, Micros, PatientId, Position, Role, TenantId, UserId,
};
use clinical_vault::{MasterKeys, Vault};
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _};

use crate::Db;
use crate::identity::{Credential, PasswordHash};
use crate::offline::{Offline, on_line};
use crate::tenants::{self, Tenant};

pub use pair::Pair;

/// A database that nobody else uses, with the schema.
#[derive(Debug)]
pub struct TestDb {
    db: Db,
    url: String,
    /// Removed with the database.
    _folder: Option<Folder>,
}

impl Deref for TestDb {
    type Target = Db;

    fn deref(&self) -> &Db {
        &self.db
    }
}

impl TestDb {
    /// An SQLite file.
    pub async fn sqlite() -> Self {
        let folder = Folder::new("sqlite");
        let url = format!("sqlite:{}", folder.0.join("clinic.db").display());
        let db = Db::connect(&url, new_vault())
            .await
            .expect("a temporary SQLite file opens");
        db.migrate()
            .await
            .expect("a new SQLite file takes the schema");
        Self {
            db,
            url,
            _folder: Some(folder),
        }
    }

    /// A database on a PostgreSQL server.
    pub async fn postgres() -> Self {
        let server = PgConnectOptions::from_str(server_url()).expect("TEST_POSTGRES_URL is a URL");
        let name = format!("test_{:032x}", rand::random::<u128>());
        let mut admin = server
            .connect()
            .await
            .expect("the PostgreSQL server for tests answers");
        // The name is ours: letters and digits.
        let create = AssertSqlSafe(format!("CREATE DATABASE {name}"));
        sqlx::raw_sql(create)
            .execute(&mut admin)
            .await
            .expect("the user of TEST_POSTGRES_URL makes databases");
        admin.close().await.expect("a connection closes");
        let db = Db::connect_postgres(server.database(&name), new_vault())
            .await
            .expect("a new PostgreSQL database opens");
        db.migrate()
            .await
            .expect("a new PostgreSQL database takes the schema");
        Self {
            db,
            url: url_of_database(server_url(), &name),
            _folder: None,
        }
    }
}

impl TestDb {
    /// Where it is.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }
}

/// The URL of another database of the same server.
fn url_of_database(server: &str, name: &str) -> String {
    let (address, options) = server.split_once('?').unwrap_or((server, ""));
    let (host, _) = address.rsplit_once('/').expect("the URL names a database");
    format!("{host}/{name}?{options}")
}

/// A vault with a master key that nobody else has.
fn new_vault() -> Arc<Vault> {
    Arc::new(Vault::new(
        MasterKeys::generate().expect("there are random numbers"),
    ))
}

/// Writes each test twice, once per engine: `name::on_sqlite` and `name::on_postgres`.
#[macro_export]
macro_rules! on_both_engines {
    ($($(#[$meta:meta])* async fn $name:ident($db:ident) $body:block)+) => {$(
        $(#[$meta])*
        mod $name {
            use super::*;

            async fn check($db: $crate::testbed::TestDb) $body

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_sqlite() {
                check($crate::testbed::TestDb::sqlite().await).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_postgres() {
                check($crate::testbed::TestDb::postgres().await).await;
            }
        }
    )+};
}

/// A temporary folder that is removed with its value.
#[derive(Debug)]
struct Folder(PathBuf);

impl Folder {
    fn new(kind: &str) -> Self {
        let name = format!("telehealth-{kind}-{:016x}", rand::random::<u64>());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir(&path).expect("the temporary folder is writable");
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What is left behind in the temporary folder harms nobody.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn server_url() -> &'static str {
    static SERVER: OnceLock<(String, Option<Child>)> = OnceLock::new();
    let (url, _) = SERVER.get_or_init(|| match std::env::var_os("TEST_POSTGRES_URL") {
        Some(url) => (url.into_string().expect("TEST_POSTGRES_URL is UTF-8"), None),
        None => start_cluster(),
    });
    url
}

/// Makes a cluster, starts it, says so, and stops it when standard input ends: that is when the
/// process that holds the other end has ended, in whatever way.
const CLUSTER: &str = r#"
set -eu
bin=$1 dir=$2
"$bin/initdb" -D "$dir/data" -U postgres -A trust -E UTF8 --no-sync >"$dir/log" 2>&1
"$bin/pg_ctl" -D "$dir/data" -w -l "$dir/server.log" \
    -o "-k $dir -c listen_addresses='' -c fsync=off -c max_connections=400" start >>"$dir/log" 2>&1
echo ready
cat >/dev/null
"$bin/pg_ctl" -D "$dir/data" -m immediate stop >>"$dir/log" 2>&1 || true
rm -rf "$dir"
"#;

/// Starts a private cluster that listens on a Unix socket only.
fn start_cluster() -> (String, Option<Child>) {
    let Some(bin) = postgres_programs() else {
        panic!(
            "no PostgreSQL for tests: set TEST_POSTGRES_URL to a superuser's URL, or install \
             PostgreSQL (Debian: apt-get install postgresql)"
        );
    };
    let path = std::env::temp_dir().join(format!("telehealth-pg-{:08x}", rand::random::<u32>()));
    std::fs::create_dir(&path).expect("the temporary folder is writable");
    let mut command = Command::new("sh");
    command
        .args(["-c", CLUSTER, "cluster"])
        .arg(bin)
        .arg(&path)
        .current_dir(&path)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        // A Ctrl-C for the tests must not reach it before the tests have ended.
        .process_group(0);
    if let Some((uid, gid)) = unprivileged_user() {
        chown(&path, Some(uid), Some(gid)).expect("root gives folders away");
        command.uid(uid).gid(gid);
    }
    let mut child = command.spawn().expect("sh starts");
    let mut line = String::new();
    let output = child.stdout.take().expect("standard output is a pipe");
    BufReader::new(output)
        .read_line(&mut line)
        .expect("a pipe can be read");
    if line != "ready\n" {
        let log = std::fs::read_to_string(path.join("log")).unwrap_or_default();
        panic!("the private PostgreSQL did not start:\n{log}");
    }
    let url = format!(
        "postgres://postgres@localhost/postgres?host={}",
        path.display()
    );
    (url, Some(child))
}

/// The folder of `initdb` and `pg_ctl`: the newest of Debian's, else on the PATH.
fn postgres_programs() -> Option<PathBuf> {
    let has_both = |folder: &Path| folder.join("initdb").exists() && folder.join("pg_ctl").exists();
    let mut debian: Vec<(u32, PathBuf)> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let version = entry.file_name().to_str()?.parse().ok()?;
            Some((version, entry.path().join("bin")))
        })
        .filter(|(_, folder)| has_both(folder))
        .collect();
    debian.sort();
    if let Some((_, newest)) = debian.pop() {
        return Some(newest);
    }
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).find(|folder| has_both(folder))
}

/// PostgreSQL refuses to run as root: then it runs as `postgres`, or as `nobody`.
fn unprivileged_user() -> Option<(u32, u32)> {
    let is_root = std::fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0);
    if !is_root {
        return None;
    }
    let users = std::fs::read_to_string("/etc/passwd").ok()?;
    ["postgres", "nobody"].into_iter().find_map(|wanted| {
        users.lines().find_map(|line| {
            let fields: Vec<&str> = line.split(':').collect();
            match fields.as_slice() {
                [name, _, uid, gid, ..] if *name == wanted => {
                    Some((uid.parse().ok()?, gid.parse().ok()?))
                }
                _ => None,
            }
        })
    })
}

/// Makes a facility in Douala, unless it is there.
pub async fn make_facility(db: &Db, id: TenantId) {
    let mut tx = db.begin().await.expect("a test database answers");
    let known = tenants::find(&mut tx, id).await;
    if known.expect("a test database answers").is_some() {
        return;
    }
    let tenant = Tenant {
        id,
        name: "Practice".to_owned(),
        zone: "Africa/Douala".to_owned(),
        country: "CM".to_owned(),
    };
    let made = tenants::insert(&mut tx, &tenant, Micros(1)).await;
    made.expect("a new facility has no rival");
    let entry = AuditEntry::done(AuditActor::System, "test.facility", Micros(1));
    tx.commit(entry).await.expect("a test database answers");
}

/// Brigitte Eyenga, of whom nothing else is known.
#[must_use]
pub fn made_up_patient(id: PatientId, tenant: TenantId) -> Patient {
    let name = |it: &str| Line::try_from(it).expect("a name is a line");
    Patient {
        id,
        tenant,
        demographics: Demographics {
            family: name("Eyenga"),
            given: name("Brigitte"),
            sex: Sex::Female,
            birth: None,
            phones: Vec::new(),
            email: None,
            address: None,
            blood_group: None,
            language: None,
            identifiers: Vec::new(),
            emergency: None,
            deceased: None,
        },
        state: PatientState::Active,
        version: 1,
        chart_version: 0,
    }
}

/// A nurse who can not sign in. The id makes name and address.
#[must_use]
pub fn made_up_nurse(id: UserId, tenant: TenantId) -> Credential {
    let number = id.as_uuid().as_u128();
    Credential {
        account: Account {
            id,
            tenant,
            email: Email::parse(&format!("p{number}@x")).expect("an address"),
            name: format!("Staff {number}"),
            position: Position::without_profile(Role::Nurse).expect("a nurse needs no profile"),
            patient: None,
            factor_grace: Micros(0),
            disabled: false,
        },
        password_hash: PasswordHash("$argon2id$none".to_owned()),
    }
}

/// Tries to write where only reading is allowed.
///
/// # Errors
/// The engine refuses, as it must.
pub async fn try_write(conn: &mut crate::Conn) -> Result<u64, crate::StoreError> {
    crate::statement::execute!(conn, "DELETE FROM tenants")
}

/// Tries to write on a look that may be old.
///
/// # Errors
/// The engine refuses, as it must.
pub async fn try_write_stale(look: &mut crate::StaleLook) -> Result<u64, crate::StoreError> {
    try_write(look.conn()).await
}

/// Whether a standby of PostgreSQL answers this look.
///
/// # Errors
/// The store failed.
pub async fn is_on_standby(look: &mut crate::StaleLook) -> Result<bool, crate::StoreError> {
    let (answer,) =
        crate::statement::fetch_one!(look.conn(), (bool,), "SELECT pg_is_in_recovery()")?;
    Ok(answer)
}

/// How the acts of one kind ended, oldest first.
///
/// # Errors
/// The store failed.
pub async fn audit_outcomes(
    conn: &mut crate::Conn,
    action: &str,
) -> Result<Vec<String>, crate::StoreError> {
    let rows = crate::statement::fetch_all!(
        conn,
        (String,),
        "SELECT outcome FROM audit_event WHERE action = $1 ORDER BY seq",
        action
    )?;
    Ok(rows.into_iter().map(|(outcome,)| outcome).collect())
}

/// As many connections as a store has to PostgreSQL.
pub const POSTGRES_CONNECTIONS: usize = crate::db::POSTGRES_CONNECTIONS as usize;

/// Connections of a store that are open and serve nobody.
#[must_use]
pub fn idle_connections(db: &Db) -> usize {
    db.idle()
}

/// How PostgreSQL has a setting on this connection.
///
/// # Errors
/// The store failed, or there is no such setting.
pub async fn setting(conn: &mut crate::Conn, name: &str) -> Result<String, crate::StoreError> {
    let (value,) =
        crate::statement::fetch_one!(conn, (String,), "SELECT current_setting($1)", name)?;
    Ok(value)
}

/// How many audit events there are.
///
/// # Errors
/// The store failed.
pub async fn audit_rows(conn: &mut crate::Conn) -> Result<i64, crate::StoreError> {
    let (rows,) = crate::statement::fetch_one!(conn, (i64,), "SELECT count(*) FROM audit_event")?;
    Ok(rows)
}

/// Tries to change what happened.
///
/// # Errors
/// The schema refuses, as it must.
pub async fn try_audit_change(conn: &mut crate::Conn) -> Result<u64, crate::StoreError> {
    crate::statement::execute!(conn, "UPDATE audit_event SET outcome = $1", "refused")
}

/// Runs statements as somebody who has the whole database, past every rule of this program.
///
/// # Errors
/// The engine refused them.
pub async fn run_raw(store: &mut Offline, statements: String) -> Result<(), sqlx::Error> {
    let statements = sqlx::raw_sql(AssertSqlSafe(statements));
    on_line!(&mut store.0, |connection| statements
        .execute(connection)
        .await
        .map(|_| ()))
}
