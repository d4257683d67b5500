//! The chart: facts about patients, sealed with their keys, with every version there was.

use clinical_model::access::Label;
use clinical_model::chart::{Code, Entry, EntryStatus, Fact, Kind};
use clinical_model::{AppointmentId, EntryId, Micros, PatientId, TenantId, UserId};
use clinical_vault::{DataKey, Place};
use uuid::Uuid;

use crate::access::{Viewer, own_record, proxy, reach};
use crate::statement::{execute, execute_one, fetch_all, fetch_optional};
use crate::tx::Conn;
use crate::{StoreError, Tx, keys, patients};

/// Most entries in one page.
pub const PAGE_MAX: u32 = 500;

/// Most facts of one kind that a judgement of a prescription takes in: far more than anybody has.
const FACTS_MAX: i64 = 2_000;

/// Why an entry was not written.
#[derive(Debug, thiserror::Error)]
pub enum EntryWriteError {
    /// It has changed since it was read.
    #[error("the entry has changed since it was read")]
    Changed,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

#[derive(sqlx::FromRow)]
struct EntryRow {
    id: Uuid,
    tenant: Uuid,
    patient: Uuid,
    status: String,
    label: i64,
    effective_us: i64,
    recorded_us: i64,
    author: Uuid,
    appointment: Option<Uuid>,
    body_sealed: Vec<u8>,
    version: i64,
}

macro_rules! select_entries {
    ($($tail:expr),+) => {
        concat!(
            "SELECT e.id, e.tenant, e.patient, e.status, e.label, e.effective_us, e.recorded_us,
                 e.author, e.appointment, e.body_sealed, e.version
             FROM chart_entries e ",
            $($tail),+
        )
    };
}

/// True unless the entry is a result that its patient may not read yet: what is not released stays
/// hidden from the patient and from who acts for them.
macro_rules! released {
    () => {
        concat!(
            "NOT ((",
            own_record!("e.patient"),
            " OR ",
            proxy!("e.patient"),
            ") AND EXISTS (SELECT 1 FROM result_values rv JOIN orders o ON o.id = rv.order_id
                 WHERE rv.entry = e.id AND (o.release_us IS NULL OR o.release_us > $4)))"
        )
    };
}

const fn place(id: Uuid, version: u64) -> Place<'static> {
    Place::value("chart_entries", "body_sealed", id).at_version(version)
}

fn opened(key: &DataKey, row: EntryRow) -> Result<Entry, StoreError> {
    let version = u32::try_from(row.version)
        .map_err(|source| StoreError::corrupt("chart_entries.version", source))?;
    let json = key
        .open(place(row.id, u64::from(version)), &row.body_sealed)
        .map_err(|source| StoreError::Sealed {
            table: "chart_entries",
            column: "body_sealed",
            source,
        })?;
    let fact: Fact = serde_json::from_slice(&json)
        .map_err(|source| StoreError::corrupt("chart_entries.body_sealed", source))?;
    Ok(Entry {
        id: EntryId::from_uuid(row.id),
        tenant: TenantId::from_uuid(row.tenant),
        patient: PatientId::from_uuid(row.patient),
        fact,
        label: Label::from_level(row.label)
            .ok_or_else(|| StoreError::corrupt("chart_entries.label", "no such label"))?,
        status: EntryStatus::from_word(&row.status)
            .ok_or_else(|| StoreError::corrupt("chart_entries.status", "no such status"))?,
        effective: Micros(row.effective_us),
        recorded: Micros(row.recorded_us),
        author: UserId::from_uuid(row.author),
        appointment: row.appointment.map(AppointmentId::from_uuid),
        version,
    })
}

fn sealed(key: &DataKey, entry: &Entry) -> Result<Vec<u8>, StoreError> {
    let json = serde_json::to_vec(&entry.fact)
        .map_err(|source| StoreError::corrupt("chart_entries.body_sealed", source))?;
    let place = place(entry.id.as_uuid(), u64::from(entry.version));
    Ok(key.seal(place, &json)?)
}

fn code_index(key: &DataKey, code: &Code) -> Vec<u8> {
    key.blind_index("code", &code.index_text()).to_vec()
}

/// Writes the first version of an entry.
///
/// # Errors
/// The record was erased, or the store failed.
pub async fn insert(tx: &mut Tx, entry: &Entry) -> Result<(), StoreError> {
    let key = keys::living_patient_key(tx, entry.patient).await?;
    let body = sealed(&key, entry)?;
    execute_one!(
        tx,
        "INSERT INTO chart_entries
             (id, tenant, patient, kind, status, label, effective_us, recorded_us, author,
              appointment, code_index, body_sealed, version)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        entry.id.as_uuid(),
        entry.tenant.as_uuid(),
        entry.patient.as_uuid(),
        entry.fact.kind().as_str(),
        entry.status.as_str(),
        entry.label.level(),
        entry.effective.0,
        entry.recorded.0,
        entry.author.as_uuid(),
        entry.appointment.map(AppointmentId::as_uuid),
        entry.fact.code().map(|code| code_index(&key, code)),
        body.clone(),
        i64::from(entry.version)
    )?;
    put_version(tx, entry, body).await
}

/// Writes the next version of an entry that was read at version `read`.
///
/// # Errors
/// It has changed since then, the record was erased, or the store failed.
pub async fn update(tx: &mut Tx, entry: &Entry, read: u32) -> Result<(), EntryWriteError> {
    let key = keys::living_patient_key(tx, entry.patient).await?;
    let body = sealed(&key, entry)?;
    let touched = execute!(
        tx,
        "UPDATE chart_entries
         SET status = $1, label = $2, effective_us = $3, recorded_us = $4, author = $5,
             code_index = $6, body_sealed = $7, version = $8
         WHERE id = $9 AND version = $10",
        entry.status.as_str(),
        entry.label.level(),
        entry.effective.0,
        entry.recorded.0,
        entry.author.as_uuid(),
        entry.fact.code().map(|code| code_index(&key, code)),
        body.clone(),
        i64::from(entry.version),
        entry.id.as_uuid(),
        i64::from(read)
    )?;
    if touched != 1 {
        return Err(EntryWriteError::Changed);
    }
    put_version(tx, entry, body).await?;
    Ok(())
}

async fn put_version(tx: &mut Tx, entry: &Entry, body: Vec<u8>) -> Result<(), StoreError> {
    execute_one!(
        tx,
        "INSERT INTO chart_versions
             (entry, version, status, label, effective_us, recorded_us, author, body_sealed)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        entry.id.as_uuid(),
        i64::from(entry.version),
        entry.status.as_str(),
        entry.label.level(),
        entry.effective.0,
        entry.recorded.0,
        entry.author.as_uuid(),
        body
    )?;
    if entry.fact.kind().is_judged() {
        patients::touch_chart(tx, entry.patient).await?;
    }
    Ok(())
}

/// One entry, if the viewer may see its patient and its label is not above `label_max`.
///
/// # Errors
/// The store failed.
pub async fn find(
    conn: &mut Conn,
    viewer: &Viewer,
    label_max: Label,
    id: EntryId,
) -> Result<Option<Entry>, StoreError> {
    let row = fetch_optional!(
        conn,
        EntryRow,
        select_entries!(
            "WHERE e.id = $5 AND e.label <= $6 AND ",
            released!(),
            " AND ",
            reach!("e.tenant", "e.patient")
        ),
        viewer.tenant.as_uuid(),
        viewer.person.as_uuid(),
        viewer.role.as_str(),
        viewer.now.0,
        id.as_uuid(),
        label_max.level()
    )?;
    let Some(row) = row else { return Ok(None) };
    let key = keys::patient_key(conn, PatientId::from_uuid(row.patient)).await?;
    key.map(|key| opened(&key, row)).transpose()
}

/// An entry for the program's own work: no right is asked for. What it finds may not be shown
/// without one.
///
/// # Errors
/// The store failed.
pub async fn record(conn: &mut Conn, id: EntryId) -> Result<Option<Entry>, StoreError> {
    let row = fetch_optional!(
        conn,
        EntryRow,
        select_entries!("WHERE e.id = $1"),
        id.as_uuid()
    )?;
    let Some(row) = row else { return Ok(None) };
    let key = keys::patient_key(conn, PatientId::from_uuid(row.patient)).await?;
    key.map(|key| opened(&key, row)).transpose()
}

/// Which entries of one patient.
#[derive(Debug, Clone)]
pub struct Filter {
    /// Of these kinds; all when empty.
    pub kinds: Vec<Kind>,
    /// With this code.
    pub code: Option<Code>,
    /// True at or after.
    pub from: Micros,
    /// True before.
    pub to: Micros,
    /// Also those that were entered in error.
    pub with_errors: bool,
    /// The most confidential label.
    pub label_max: Label,
}

/// Where a page begins: after the entry with this time and id, newest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct After {
    /// Its time.
    pub effective: Micros,
    /// Its id.
    pub id: EntryId,
}

/// The entries of a patient whom the viewer may see, newest first, at most `max`
/// (up to [`PAGE_MAX`]).
///
/// # Errors
/// The store failed.
pub async fn list(
    conn: &mut Conn,
    viewer: &Viewer,
    patient: PatientId,
    filter: &Filter,
    (after, max): (Option<After>, u32),
) -> Result<Vec<Entry>, StoreError> {
    let Some(key) = keys::patient_key(conn, patient).await? else {
        return Ok(Vec::new());
    };
    // A list of words in one argument, because the number of arguments of a statement is fixed.
    let kinds: String = filter
        .kinds
        .iter()
        .map(|it| format!("|{}|", it.as_str()))
        .collect();
    let after = after.unwrap_or(After {
        effective: Micros(i64::MAX),
        id: EntryId::from_uuid(Uuid::max()),
    });
    let rows = fetch_all!(
        conn,
        EntryRow,
        select_entries!(
            "WHERE e.patient = $5 AND e.label <= $6 AND e.effective_us >= $7 AND e.effective_us < $8
               AND ($9 = '' OR $9 LIKE '%|' || e.kind || '|%')
               AND (CAST($10 AS BYTEA) IS NULL OR e.code_index = $10)
               AND (e.status = 'active' OR $11)
               AND (e.effective_us < $12 OR (e.effective_us = $12 AND e.id < $13))
               AND ",
            released!(),
            " AND ",
            reach!("e.tenant", "e.patient"),
            " ORDER BY e.effective_us DESC, e.id DESC LIMIT $14"
        ),
        viewer.tenant.as_uuid(),
        viewer.person.as_uuid(),
        viewer.role.as_str(),
        viewer.now.0,
        patient.as_uuid(),
        filter.label_max.level(),
        filter.from.0,
        filter.to.0,
        kinds.as_str(),
        filter.code.as_ref().map(|code| code_index(&key, code)),
        filter.with_errors,
        after.effective.0,
        after.id.as_uuid(),
        i64::from(max.min(PAGE_MAX))
    )?;
    rows.into_iter().map(|row| opened(&key, row)).collect()
}

/// Every version of an entry that the viewer may see, oldest first.
///
/// # Errors
/// The store failed.
pub async fn versions(
    conn: &mut Conn,
    viewer: &Viewer,
    label_max: Label,
    id: EntryId,
) -> Result<Vec<Entry>, StoreError> {
    let Some(entry) = find(conn, viewer, label_max, id).await? else {
        return Ok(Vec::new());
    };
    let Some(key) = keys::patient_key(conn, entry.patient).await? else {
        return Ok(Vec::new());
    };
    let rows = fetch_all!(
        conn,
        EntryRow,
        "SELECT e.id, e.tenant, e.patient, v.status, v.label, v.effective_us, v.recorded_us,
             v.author, e.appointment, v.body_sealed, v.version
         FROM chart_versions v JOIN chart_entries e ON e.id = v.entry
         WHERE v.entry = $1 AND v.label <= $2 ORDER BY v.version LIMIT 1000",
        id.as_uuid(),
        label_max.level()
    )?;
    rows.into_iter().map(|row| opened(&key, row)).collect()
}

/// The active facts of some kinds that a prescription is judged by, whatever their label: the
/// judgement must know them, people see only what they may. Newest first.
///
/// # Errors
/// The store failed.
pub async fn judged_facts(conn: &mut Conn, patient: PatientId) -> Result<Vec<Entry>, StoreError> {
    let Some(key) = keys::patient_key(conn, patient).await? else {
        return Ok(Vec::new());
    };
    let mut facts = Vec::new();
    for kind in Kind::ALL.into_iter().filter(|kind| kind.is_judged()) {
        let rows = fetch_all!(
            conn,
            EntryRow,
            select_entries!(
                "WHERE e.patient = $1 AND e.kind = $2 AND e.status = 'active'
                 ORDER BY e.effective_us DESC, e.id DESC LIMIT $3"
            ),
            patient.as_uuid(),
            kind.as_str(),
            FACTS_MAX
        )?;
        for row in rows {
            facts.push(opened(&key, row)?);
        }
    }
    Ok(facts)
}
