//! What patients ask for about their record, and the erasure of one.

mod erasure;

use clinical_model::rights::{Decided, Law, Request, RequestKind, RequestState};
use clinical_model::text::Prose;
use clinical_model::{EntryId, Micros, PatientId, RequestId, TenantId, UserId};
use uuid::Uuid;

use crate::access::{Viewer, reach};
use crate::statement::{execute, execute_one, fetch_all, fetch_optional};
use crate::tx::Conn;
use crate::{StoreError, Tx, keys};

pub use erasure::{erase, last_contact, records_of_person};

/// Most requests in one list; open ones come first.
const REQUESTS_MAX: i64 = 500;

/// Why a request was not written.
#[derive(Debug, thiserror::Error)]
pub enum RequestWriteError {
    /// An erasure was asked for before and waits.
    #[error("an erasure waits already")]
    Waiting,
    /// It has changed since it was read.
    #[error("the request has changed since it was read")]
    Changed,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

#[derive(sqlx::FromRow)]
struct RequestRow {
    id: Uuid,
    tenant: Uuid,
    patient: Uuid,
    kind: String,
    entry: Option<Uuid>,
    look: Option<i64>,
    text_sealed: Option<Vec<u8>>,
    answer_sealed: Option<Vec<u8>>,
    asked_us: i64,
    asked_by: Uuid,
    state: String,
    decided_us: Option<i64>,
    decided_by: Option<Uuid>,
    law: Option<String>,
    kept_until_us: Option<i64>,
    version: i64,
}

macro_rules! select_requests {
    ($($tail:expr),+) => {
        concat!(
            "SELECT r.id, r.tenant, r.patient, r.kind, r.entry, r.look, r.text_sealed,
                 r.answer_sealed, r.asked_us, r.asked_by, r.state, r.decided_us, r.decided_by,
                 r.law, r.kept_until_us, r.version
             FROM rights_requests r WHERE ",
            $($tail),+
        )
    };
}

const fn place(id: Uuid, column: &'static str) -> (&'static str, &'static str, Uuid) {
    ("rights_requests", column, id)
}

fn state(row: &RequestRow) -> Result<RequestState, StoreError> {
    let decided = row.decided_us.zip(row.decided_by).map(|(at, by)| Decided {
        by: UserId::from_uuid(by),
        at: Micros(at),
    });
    match (row.state.as_str(), decided) {
        ("open", None) => Ok(RequestState::Open),
        ("accepted", Some(decided)) => Ok(RequestState::Accepted(decided)),
        ("declined", Some(decided)) => Ok(RequestState::Declined(decided)),
        ("retained", Some(decided)) => {
            let law = row.law.as_deref().and_then(Law::from_word);
            let (law, until) = law
                .zip(row.kept_until_us)
                .ok_or_else(|| StoreError::corrupt("rights_requests.law", "no such law"))?;
            Ok(RequestState::Retained {
                decided,
                law,
                until: Micros(until),
            })
        }
        _ => Err(StoreError::corrupt(
            "rights_requests.state",
            "no such state",
        )),
    }
}

/// A request; its texts are gone when the record was erased.
async fn opened(conn: &mut Conn, row: RequestRow) -> Result<Request, StoreError> {
    let patient = PatientId::from_uuid(row.patient);
    let state = state(&row)?;
    let key = keys::patient_key(conn, patient).await?;
    let text = |column: &'static str, sealed: Option<&Vec<u8>>| {
        let (Some(key), Some(sealed)) = (&key, sealed) else {
            return Ok(None);
        };
        let text = keys::open(key, place(row.id, column), sealed)?;
        Prose::try_from(text)
            .map(Some)
            .map_err(|source| StoreError::corrupt("rights_requests.text", source))
    };
    Ok(Request {
        id: RequestId::from_uuid(row.id),
        tenant: TenantId::from_uuid(row.tenant),
        patient,
        kind: RequestKind::from_word(&row.kind)
            .ok_or_else(|| StoreError::corrupt("rights_requests.kind", "no such kind"))?,
        entry: row.entry.map(EntryId::from_uuid),
        look: row.look,
        text: text("text_sealed", row.text_sealed.as_ref())?,
        asked_by: UserId::from_uuid(row.asked_by),
        asked: Micros(row.asked_us),
        state,
        answer: text("answer_sealed", row.answer_sealed.as_ref())?,
        version: u32::try_from(row.version)
            .map_err(|source| StoreError::corrupt("rights_requests.version", source))?,
    })
}

async fn all(conn: &mut Conn, rows: Vec<RequestRow>) -> Result<Vec<Request>, StoreError> {
    let mut requests = Vec::with_capacity(rows.len());
    for row in rows {
        requests.push(opened(conn, row).await?);
    }
    Ok(requests)
}

/// Writes what a patient asks for.
///
/// # Errors
/// [`RequestWriteError::Waiting`], the record was erased, or the store failed.
pub async fn insert(tx: &mut Tx, it: &Request) -> Result<(), RequestWriteError> {
    let key = keys::living_patient_key(tx, it.patient).await?;
    let id = it.id.as_uuid();
    let text = it
        .text
        .as_ref()
        .map(|text| keys::seal(&key, place(id, "text_sealed"), text.as_str()))
        .transpose()?;
    execute_one!(
        tx,
        "INSERT INTO rights_requests
             (id, tenant, patient, kind, entry, look, text_sealed, asked_us, asked_by, state,
              version)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'open', 1)",
        id,
        it.tenant.as_uuid(),
        it.patient.as_uuid(),
        it.kind.as_str(),
        it.entry.map(EntryId::as_uuid),
        it.look,
        text,
        it.asked.0,
        it.asked_by.as_uuid()
    )
    .map_err(|error| {
        if error.violates("rights_requests_one_erasure", "rights_requests.patient") {
            RequestWriteError::Waiting
        } else {
            error.into()
        }
    })
}

/// Writes a decision on top of version `read`.
///
/// # Errors
/// [`RequestWriteError::Changed`], the record was erased, or the store failed.
pub async fn decide(tx: &mut Tx, it: &Request, read: u32) -> Result<(), RequestWriteError> {
    let key = keys::living_patient_key(tx, it.patient).await?;
    let id = it.id.as_uuid();
    let answer = it
        .answer
        .as_ref()
        .map(|text| keys::seal(&key, place(id, "answer_sealed"), text.as_str()))
        .transpose()?;
    let decided = it.state.decided();
    let kept = match it.state {
        RequestState::Retained { law, until, .. } => Some((law.as_str(), until.0)),
        RequestState::Open | RequestState::Accepted(_) | RequestState::Declined(_) => None,
    };
    let touched = execute!(
        tx,
        "UPDATE rights_requests SET state = $1, answer_sealed = $2, decided_us = $3,
             decided_by = $4, law = $5, kept_until_us = $6, version = $7
         WHERE id = $8 AND version = $9 AND state = 'open'",
        it.state.as_str(),
        answer,
        decided.map(|it| it.at.0),
        decided.map(|it| it.by.as_uuid()),
        kept.map(|(law, _)| law),
        kept.map(|(_, until)| until),
        i64::from(it.version),
        id,
        i64::from(read)
    )?;
    if touched == 1 {
        Ok(())
    } else {
        Err(RequestWriteError::Changed)
    }
}

/// One request of a facility, for the program's own work: no right is asked for.
///
/// # Errors
/// The store failed.
pub async fn record(
    conn: &mut Conn,
    tenant: TenantId,
    id: RequestId,
) -> Result<Option<Request>, StoreError> {
    let row = fetch_optional!(
        conn,
        RequestRow,
        select_requests!("r.tenant = $1 AND r.id = $2"),
        tenant.as_uuid(),
        id.as_uuid()
    )?;
    match row {
        Some(row) => opened(conn, row).await.map(Some),
        None => Ok(None),
    }
}

/// What was asked for about a record whose right was found before, newest first.
///
/// # Errors
/// The store failed.
pub async fn of_patient(
    conn: &mut Conn,
    tenant: TenantId,
    patient: PatientId,
) -> Result<Vec<Request>, StoreError> {
    let rows = fetch_all!(
        conn,
        RequestRow,
        select_requests!(
            "r.tenant = $1 AND r.patient = $2 ORDER BY r.asked_us DESC, r.id DESC LIMIT $3"
        ),
        tenant.as_uuid(),
        patient.as_uuid(),
        REQUESTS_MAX
    )?;
    all(conn, rows).await
}

/// What the administrators of a facility answer: open ones first, the oldest of them first.
///
/// # Errors
/// The store failed.
pub async fn of_facility(conn: &mut Conn, tenant: TenantId) -> Result<Vec<Request>, StoreError> {
    let rows = fetch_all!(
        conn,
        RequestRow,
        select_requests!(
            "r.tenant = $1 AND r.kind IN ('access', 'erasure')
             ORDER BY CASE WHEN r.state = 'open' THEN 0 ELSE 1 END,
                 CASE WHEN r.state = 'open' THEN r.asked_us ELSE -r.asked_us END, r.id LIMIT $2"
        ),
        tenant.as_uuid(),
        REQUESTS_MAX
    )?;
    all(conn, rows).await
}

/// The corrections of patients whom the viewer may see: open ones first, the oldest of them first.
///
/// # Errors
/// The store failed.
pub async fn corrections(conn: &mut Conn, viewer: &Viewer) -> Result<Vec<Request>, StoreError> {
    let rows = fetch_all!(
        conn,
        RequestRow,
        select_requests!(
            "r.kind = 'correction' AND ",
            reach!("r.tenant", "r.patient"),
            " ORDER BY CASE WHEN r.state = 'open' THEN 0 ELSE 1 END,
                 CASE WHEN r.state = 'open' THEN r.asked_us ELSE -r.asked_us END, r.id LIMIT $5"
        ),
        viewer.tenant.as_uuid(),
        viewer.person.as_uuid(),
        viewer.role.as_str(),
        viewer.now.0,
        REQUESTS_MAX
    )?;
    all(conn, rows).await
}

/// When an act was done on a record since `since`, oldest first, at most `max`.
///
/// # Errors
/// The store failed.
pub async fn acts_since(
    conn: &mut Conn,
    (tenant, patient): (TenantId, PatientId),
    action: &str,
    (since, max): (Micros, u32),
) -> Result<Vec<Micros>, StoreError> {
    let rows = fetch_all!(
        conn,
        (i64,),
        "SELECT at_us FROM audit_event
         WHERE tenant = $1 AND patient = $2 AND action = $3 AND at_us > $4 AND outcome = 'done'
         ORDER BY seq LIMIT $5",
        tenant.as_uuid(),
        patient.as_uuid(),
        action,
        since.0,
        i64::from(max)
    )?;
    Ok(rows.into_iter().map(|(at,)| Micros(at)).collect())
}
