//! The audit chain as it lies in the store, for those who verify, sign and export it.

use clinical_ledger::{Event, Hash, Report, Verifier};
use futures_util::TryStreamExt as _;
use sqlx::Row as _;
use sqlx::postgres::PgRow;
use sqlx::sqlite::SqliteRow;
use uuid::Uuid;

use crate::offline::{Line, Offline, OfflineError, on_line};
use crate::statement::fetch_all;
use crate::{Conn, StoreError};

const ROWS: &str =
    "SELECT tenant, seq, at_us, actor_kind, actor_id, action, subject_kind, subject_id,
        patient, version, granted_by, purpose, outcome, hash
     FROM audit_event ORDER BY tenant, seq";
const HEADS: &str = "SELECT tenant, seq, hash FROM audit_head ORDER BY tenant";

/// Where the chain of a tenant stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// The tenant; the nil UUID is the installation itself.
    pub tenant: Uuid,
    /// The number of the newest event.
    pub seq: i64,
    /// Its hash.
    pub hash: Hash,
}

/// Where every chain stands, in the order of tenants.
///
/// # Errors
/// The store failed.
pub async fn heads(conn: &mut Conn) -> Result<Vec<Head>, StoreError> {
    let rows = fetch_all!(conn, (Uuid, i64, Vec<u8>), HEADS)?;
    rows.into_iter()
        .map(|(tenant, seq, hash)| {
            let hash = Hash::try_from(hash.as_slice())
                .map_err(|source| StoreError::corrupt("audit_head.hash", source))?;
            Ok(Head { tenant, seq, hash })
        })
        .collect()
}

/// A row that could be read.
struct Stored<'r> {
    event: Event<'r>,
    hash: Hash,
}

/// Reads a row that may hold anything, because somebody may have changed it: nothing when its
/// values are not those of an event. The names of the columns are those of [`ROWS`].
macro_rules! reader {
    ($name:ident, $row:ty) => {
        fn $name(row: &$row) -> Option<Stored<'_>> {
            Some(Stored {
                event: Event {
                    tenant: row.try_get("tenant").ok()?,
                    seq: row.try_get("seq").ok()?,
                    at_us: row.try_get("at_us").ok()?,
                    actor_kind: row.try_get("actor_kind").ok()?,
                    actor_id: row.try_get("actor_id").ok()?,
                    action: row.try_get("action").ok()?,
                    subject_kind: row.try_get("subject_kind").ok()?,
                    subject_id: row.try_get("subject_id").ok()?,
                    patient: row.try_get("patient").ok()?,
                    version: row.try_get("version").ok()?,
                    grant: row.try_get("granted_by").ok()?,
                    purpose: row.try_get("purpose").ok()?,
                    outcome: row.try_get("outcome").ok()?,
                },
                hash: Hash::try_from(row.try_get::<&[u8], _>("hash").ok()?).ok()?,
            })
        }
    };
}

reader!(sqlite_row, SqliteRow);
reader!(postgres_row, PgRow);

/// Runs `$body` for every audit row: `$stored` is what could be read of `$row`.
macro_rules! for_each_row {
    ($line:expr, |$row:ident, $stored:ident| $body:expr) => {
        match $line {
            Line::Sqlite(connection) => {
                let mut rows = sqlx::query(ROWS).fetch(connection);
                while let Some($row) = rows.try_next().await? {
                    let $stored = sqlite_row(&$row);
                    $body
                }
            }
            Line::Postgres(connection) => {
                let mut rows = sqlx::query(ROWS).fetch(connection);
                while let Some($row) = rows.try_next().await? {
                    let $stored = postgres_row(&$row);
                    $body
                }
            }
        }
    };
}

/// Gives every row and every head of the store to a verifier.
///
/// # Errors
/// The store can not be read. What is wrong in it is in the report.
pub async fn verify(store: &mut Offline, mut verifier: Verifier) -> Result<Report, OfflineError> {
    for_each_row!(&mut store.0, |row, stored| match stored {
        Some(Stored { event, hash }) => verifier.row(&event, hash),
        None => verifier.unreadable(row.try_get("tenant").ok(), row.try_get("seq").ok()),
    });
    let mut heads = Vec::new();
    on_line!(&mut store.0, |connection| {
        let mut rows = sqlx::query(HEADS).fetch(connection);
        while let Some(row) = rows.try_next().await? {
            let tenant = row.try_get("tenant").ok();
            let seq = row.try_get("seq").ok();
            let hash = row.try_get::<&[u8], _>("hash").ok();
            let hash = hash.and_then(|hash| Hash::try_from(hash).ok());
            match (tenant, seq, hash) {
                (Some(tenant), Some(seq), Some(hash)) => heads.push((tenant, seq, hash)),
                (tenant, ..) => verifier.unreadable(tenant, None),
            }
        }
    });
    verifier.heads(heads);
    Ok(verifier.finish())
}

/// Why an export ended early.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The store can not be read.
    #[error(transparent)]
    Offline(#[from] OfflineError),
    /// A statement failed.
    #[error("the store can not be read")]
    Statement(#[from] sqlx::Error),
    /// A row holds values that no event can have: verify the chain.
    #[error("event {seq:?} of tenant {tenant:?} can not be read")]
    Row {
        /// Whose chain, where that can be read.
        tenant: Option<Uuid>,
        /// The row, where that can be read.
        seq: Option<i64>,
    },
    /// What was read can not be written.
    #[error("the export can not be written")]
    Write(#[source] std::io::Error),
}

/// Hands out every event with its hash, by tenant and number; answers how many there were.
///
/// # Errors
/// The store can not be read, or `each` failed.
pub async fn export(
    store: &mut Offline,
    mut each: impl FnMut(&Event<'_>, Hash) -> std::io::Result<()>,
) -> Result<u64, ExportError> {
    let mut events = 0;
    for_each_row!(&mut store.0, |row, stored| {
        let Some(Stored { event, hash }) = stored else {
            return Err(ExportError::Row {
                tenant: row.try_get("tenant").ok(),
                seq: row.try_get("seq").ok(),
            });
        };
        each(&event, hash).map_err(ExportError::Write)?;
        events += 1;
    });
    Ok(events)
}
