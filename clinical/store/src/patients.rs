//! Patients. Who they are is sealed with their own key.

use clinical_model::patients::{Demographics, Patient, PatientState};
use clinical_model::{Micros, PatientId, TenantId};
use clinical_vault::DataKey;
use uuid::Uuid;

use crate::access::{Viewer, reach};
use crate::statement::{execute, execute_one, fetch_all, fetch_one, fetch_optional};
use crate::tx::Conn;
use crate::{StoreError, Tx, keys};

/// Why a patient was not written.
#[derive(Debug, thiserror::Error)]
pub enum PatientWriteError {
    /// It has changed since it was read.
    #[error("the patient has changed since it was read")]
    Changed,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

#[derive(sqlx::FromRow)]
struct PatientRow {
    id: Uuid,
    tenant: Uuid,
    state: String,
    merged_into: Option<Uuid>,
    demographics_sealed: Option<Vec<u8>>,
    version: i64,
    chart_version: i64,
    change_seq: i64,
    wrapped: Option<Vec<u8>>,
}

macro_rules! select_patients {
    ($($tail:expr),+) => {
        concat!(
            "SELECT p.id, p.tenant, p.state, p.merged_into, p.demographics_sealed, p.version,
                 p.chart_version, p.change_seq, k.wrapped
             FROM patients p JOIN patient_keys k ON k.patient = p.id ",
            $($tail),+
        )
    };
}

/// The place of a patient's demographics.
const fn place(id: PatientId) -> (&'static str, &'static str, Uuid) {
    ("patients", "demographics_sealed", id.as_uuid())
}

fn state(row: &PatientRow) -> Result<PatientState, StoreError> {
    match (row.state.as_str(), row.merged_into) {
        ("active", None) => Ok(PatientState::Active),
        ("merged", Some(into)) => Ok(PatientState::Merged {
            into: PatientId::from_uuid(into),
        }),
        ("erased", None) => Ok(PatientState::Erased),
        _ => Err(StoreError::corrupt("patients.state", "no such state")),
    }
}

/// The patient of a row; none when it was erased.
async fn opened(conn: &mut Conn, row: PatientRow) -> Result<Option<Patient>, StoreError> {
    let state = state(&row)?;
    let id = PatientId::from_uuid(row.id);
    let tenant = TenantId::from_uuid(row.tenant);
    let key = keys::open_patient_key(conn, tenant, id, row.wrapped).await?;
    let (Some(key), Some(sealed)) = (key, row.demographics_sealed) else {
        return Ok(None);
    };
    let number = |column, stored| {
        u32::try_from(stored).map_err(|source| StoreError::corrupt(column, source))
    };
    Ok(Some(Patient {
        id,
        tenant,
        demographics: read(&key, id, &sealed)?,
        state,
        version: number("patients.version", row.version)?,
        chart_version: number("patients.chart_version", row.chart_version)?,
    }))
}

/// Opens the demographics of a patient that were read with another row.
pub(crate) fn read(
    key: &DataKey,
    id: PatientId,
    sealed: &[u8],
) -> Result<Demographics, StoreError> {
    let json = keys::open(key, place(id), sealed)?;
    serde_json::from_str(&json)
        .map_err(|source| StoreError::corrupt("patients.demographics_sealed", source))
}

fn write(key: &DataKey, patient: &Patient) -> Result<Vec<u8>, StoreError> {
    let json = serde_json::to_string(&patient.demographics)
        .map_err(|source| StoreError::corrupt("patients.demographics_sealed", source))?;
    keys::seal(key, place(patient.id), &json)
}

/// The next number of a change; who writes patients of one tenant waits for each other here.
async fn next_change(tx: &mut Tx, tenant: TenantId) -> Result<i64, StoreError> {
    let (seq,) = fetch_one!(
        tx,
        (i64,),
        "INSERT INTO patient_changes (tenant, seq) VALUES ($1, 1)
         ON CONFLICT (tenant) DO UPDATE SET seq = patient_changes.seq + 1 RETURNING seq",
        tenant.as_uuid()
    )?;
    Ok(seq)
}

/// Registers a patient, with a key.
///
/// # Errors
/// The store failed.
pub async fn insert(tx: &mut Tx, patient: &Patient, now: Micros) -> Result<(), StoreError> {
    let change = next_change(tx, patient.tenant).await?;
    // The key refers to the patient, so the row comes first, with a placeholder for what it seals.
    execute_one!(
        tx,
        "INSERT INTO patients (id, tenant, state, demographics_sealed, version, chart_version,
                               change_seq, created_us, updated_us)
         VALUES ($1, $2, 'active', $3, $4, $5, $6, $7, $7)",
        patient.id.as_uuid(),
        patient.tenant.as_uuid(),
        Vec::<u8>::new(),
        i64::from(patient.version),
        i64::from(patient.chart_version),
        change,
        now.0
    )?;
    let key = keys::insert_patient_key(tx, patient.tenant, patient.id).await?;
    execute_one!(
        tx,
        "UPDATE patients SET demographics_sealed = $1 WHERE id = $2",
        write(&key, patient)?,
        patient.id.as_uuid()
    )?;
    put_lookup(tx, patient).await
}

/// Writes the demographics of a patient that was read at version `read`.
///
/// # Errors
/// It has changed since then, or the store failed.
pub async fn update(
    tx: &mut Tx,
    patient: &Patient,
    read: u32,
    now: Micros,
) -> Result<(), PatientWriteError> {
    let key = keys::living_patient_key(tx, patient.id).await?;
    let change = next_change(tx, patient.tenant).await?;
    let (word, into) = match patient.state {
        PatientState::Active => ("active", None),
        PatientState::Merged { into } => ("merged", Some(into.as_uuid())),
        PatientState::Erased => return Err(StoreError::Erased.into()),
    };
    let touched = execute!(
        tx,
        "UPDATE patients SET state = $1, merged_into = $2, demographics_sealed = $3, version = $4,
             change_seq = $5, updated_us = $6
         WHERE id = $7 AND version = $8 AND state <> 'erased'",
        word,
        into,
        write(&key, patient)?,
        i64::from(patient.version),
        change,
        now.0,
        patient.id.as_uuid(),
        i64::from(read)
    )?;
    if touched != 1 {
        return Err(PatientWriteError::Changed);
    }
    put_lookup(tx, patient).await?;
    Ok(())
}

async fn put_lookup(tx: &mut Tx, patient: &Patient) -> Result<(), StoreError> {
    let key = keys::tenant_key(tx, patient.tenant).await?;
    execute!(
        tx,
        "DELETE FROM patient_lookup WHERE patient = $1",
        patient.id.as_uuid()
    )?;
    let who = &patient.demographics;
    let phones = who
        .phones
        .iter()
        .map(|it| ("phone", it.as_str().to_owned()));
    let emails = who
        .email
        .iter()
        .map(|it| ("email", it.as_str().to_lowercase()));
    let identifiers = who.identifiers.iter().map(|it| {
        let text = format!("{}|{}", it.system.as_str(), it.value.as_str());
        ("identifier", text)
    });
    for (kind, value) in phones.chain(emails).chain(identifiers) {
        execute!(
            tx,
            "INSERT INTO patient_lookup (tenant, kind, value_index, patient)
             VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
            patient.tenant.as_uuid(),
            kind,
            key.blind_index(kind, &value).to_vec(),
            patient.id.as_uuid()
        )?;
    }
    Ok(())
}

/// Counts a change of facts that prescriptions are judged by.
///
/// # Errors
/// The store failed.
pub async fn touch_chart(tx: &mut Tx, patient: PatientId) -> Result<(), StoreError> {
    execute_one!(
        tx,
        "UPDATE patients SET chart_version = chart_version + 1 WHERE id = $1",
        patient.as_uuid()
    )
}

/// Destroys the key of a patient, and with it everything it sealed, in every backup too.
///
/// # Errors
/// It was destroyed before, or the store failed.
pub async fn erase(
    tx: &mut Tx,
    tenant: TenantId,
    id: PatientId,
    now: Micros,
) -> Result<(), StoreError> {
    let change = next_change(tx, tenant).await?;
    keys::destroy_patient_key(tx, id, now).await?;
    execute_one!(
        tx,
        "UPDATE patients SET state = 'erased', merged_into = NULL, demographics_sealed = NULL,
             version = version + 1, change_seq = $1, updated_us = $2
         WHERE id = $3 AND tenant = $4",
        change,
        now.0,
        id.as_uuid(),
        tenant.as_uuid()
    )
}

/// A patient, if the viewer may see them; none when they were erased.
///
/// # Errors
/// The store failed.
pub async fn find(
    conn: &mut Conn,
    viewer: &Viewer,
    id: PatientId,
) -> Result<Option<Patient>, StoreError> {
    let row = fetch_optional!(
        conn,
        PatientRow,
        select_patients!("WHERE p.id = $5 AND ", reach!("p.tenant", "p.id")),
        viewer.tenant.as_uuid(),
        viewer.person.as_uuid(),
        viewer.role.as_str(),
        viewer.now.0,
        id.as_uuid()
    )?;
    match row {
        Some(row) => opened(conn, row).await,
        None => Ok(None),
    }
}

/// Patients of one statement of [`first_of`]; they are named one by one, because a list is written
/// differently on the two engines.
const NAMED: usize = 32;

/// The first `max` active patients among `ids`, in their order, whom the viewer may see.
///
/// # Errors
/// The store failed.
pub async fn first_of(
    conn: &mut Conn,
    viewer: &Viewer,
    ids: &[PatientId],
    max: usize,
) -> Result<Vec<Patient>, StoreError> {
    let mut found = Vec::new();
    for some in ids.chunks(NAMED) {
        let id = |at: usize| some.get(at).map_or(Uuid::nil(), |it| it.as_uuid());
        let mut rows = fetch_all!(
            conn,
            PatientRow,
            select_patients!(
                "WHERE p.state = 'active' AND p.id IN ($5, $6, $7, $8, $9, $10, $11, $12,
                     $13, $14, $15, $16, $17, $18, $19, $20,
                     $21, $22, $23, $24, $25, $26, $27, $28,
                     $29, $30, $31, $32, $33, $34, $35, $36) AND ",
                reach!("p.tenant", "p.id")
            ),
            viewer.tenant.as_uuid(),
            viewer.person.as_uuid(),
            viewer.role.as_str(),
            viewer.now.0,
            id(0),
            id(1),
            id(2),
            id(3),
            id(4),
            id(5),
            id(6),
            id(7),
            id(8),
            id(9),
            id(10),
            id(11),
            id(12),
            id(13),
            id(14),
            id(15),
            id(16),
            id(17),
            id(18),
            id(19),
            id(20),
            id(21),
            id(22),
            id(23),
            id(24),
            id(25),
            id(26),
            id(27),
            id(28),
            id(29),
            id(30),
            id(31)
        )?;
        rows.sort_by_key(|row| some.iter().position(|it| it.as_uuid() == row.id));
        for row in rows {
            found.extend(opened(conn, row).await?);
            if found.len() >= max {
                return Ok(found);
            }
        }
    }
    Ok(found)
}

/// The patients whom the viewer may see, in the order of their ids, at most `max`.
///
/// # Errors
/// The store failed.
pub async fn reached(
    conn: &mut Conn,
    viewer: &Viewer,
    max: u32,
) -> Result<Vec<Patient>, StoreError> {
    let rows = fetch_all!(
        conn,
        PatientRow,
        select_patients!(
            "WHERE p.state = 'active' AND ",
            reach!("p.tenant", "p.id"),
            " ORDER BY p.id LIMIT $5"
        ),
        viewer.tenant.as_uuid(),
        viewer.person.as_uuid(),
        viewer.role.as_str(),
        viewer.now.0,
        i64::from(max)
    )?;
    let mut found = Vec::with_capacity(rows.len());
    for row in rows {
        found.extend(opened(conn, row).await?);
    }
    Ok(found)
}

/// The patients whom the viewer may see, registered last first, below the one with id `before`, at
/// most `max`.
///
/// # Errors
/// The store failed.
pub async fn page(
    conn: &mut Conn,
    viewer: &Viewer,
    before: Option<PatientId>,
    max: u32,
) -> Result<Vec<Patient>, StoreError> {
    let rows = fetch_all!(
        conn,
        PatientRow,
        select_patients!(
            "WHERE p.state = 'active' AND p.id < $5 AND ",
            reach!("p.tenant", "p.id"),
            " ORDER BY p.id DESC LIMIT $6"
        ),
        viewer.tenant.as_uuid(),
        viewer.person.as_uuid(),
        viewer.role.as_str(),
        viewer.now.0,
        before.map_or(Uuid::max(), PatientId::as_uuid),
        i64::from(max)
    )?;
    let mut found = Vec::with_capacity(rows.len());
    for row in rows {
        found.extend(opened(conn, row).await?);
    }
    Ok(found)
}

/// A patient for the program's own work: no right is asked for. What it finds may not be shown
/// without one.
///
/// # Errors
/// The store failed.
pub async fn record(
    conn: &mut Conn,
    tenant: TenantId,
    id: PatientId,
) -> Result<Option<Patient>, StoreError> {
    let row = fetch_optional!(
        conn,
        PatientRow,
        select_patients!("WHERE p.id = $1 AND p.tenant = $2"),
        id.as_uuid(),
        tenant.as_uuid()
    )?;
    match row {
        Some(row) => opened(conn, row).await,
        None => Ok(None),
    }
}

/// Whether a facility has or had such a patient, erased ones too.
///
/// # Errors
/// The store failed.
pub async fn is_known(
    conn: &mut Conn,
    tenant: TenantId,
    id: PatientId,
) -> Result<bool, StoreError> {
    let row = fetch_optional!(
        conn,
        (Uuid,),
        "SELECT id FROM patients WHERE id = $1 AND tenant = $2",
        id.as_uuid(),
        tenant.as_uuid()
    )?;
    Ok(row.is_some())
}

/// One change of a tenant's patients, for an index in memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Its number.
    pub seq: i64,
    /// Which patient.
    pub id: PatientId,
    /// Who they are now; none when they were erased or merged into another record.
    pub demographics: Option<Demographics>,
}

/// The patients of a tenant that changed after number `after`, in order, at most `max`.
///
/// # Errors
/// The store failed.
pub async fn changed_since(
    conn: &mut Conn,
    tenant: TenantId,
    after: i64,
    max: u32,
) -> Result<Vec<Change>, StoreError> {
    let rows = fetch_all!(
        conn,
        PatientRow,
        select_patients!(
            "WHERE p.tenant = $1 AND p.change_seq > $2 ORDER BY p.change_seq LIMIT $3"
        ),
        tenant.as_uuid(),
        after,
        i64::from(max)
    )?;
    let mut changes = Vec::with_capacity(rows.len());
    for row in rows {
        let (seq, id) = (row.change_seq, PatientId::from_uuid(row.id));
        let patient = opened(conn, row).await?;
        let demographics = patient
            .filter(|it| it.state == PatientState::Active)
            .map(|it| it.demographics);
        changes.push(Change {
            seq,
            id,
            demographics,
        });
    }
    Ok(changes)
}

/// Which of these patients the viewer may see.
///
/// # Errors
/// The store failed.
pub async fn reachable(
    conn: &mut Conn,
    viewer: &Viewer,
    ids: &[PatientId],
) -> Result<Vec<PatientId>, StoreError> {
    let mut seen = Vec::new();
    for id in ids {
        let row = fetch_optional!(
            conn,
            (Uuid,),
            concat!(
                "SELECT p.id FROM patients p WHERE p.id = $5 AND ",
                reach!("p.tenant", "p.id")
            ),
            viewer.tenant.as_uuid(),
            viewer.person.as_uuid(),
            viewer.role.as_str(),
            viewer.now.0,
            id.as_uuid()
        )?;
        seen.extend(row.map(|(id,)| PatientId::from_uuid(id)));
    }
    Ok(seen)
}

/// The patients of a tenant that have exactly this phone number or identifier (`system|value`).
///
/// # Errors
/// The store failed.
pub async fn look_up(
    conn: &mut Conn,
    tenant: TenantId,
    (kind, value): (&str, &str),
) -> Result<Vec<PatientId>, StoreError> {
    let key = keys::tenant_key(conn, tenant).await?;
    let rows = fetch_all!(
        conn,
        (Uuid,),
        "SELECT l.patient FROM patient_lookup l JOIN patients p ON p.id = l.patient
         WHERE l.tenant = $1 AND l.kind = $2 AND l.value_index = $3 AND p.state = 'active'
         ORDER BY l.patient LIMIT 20",
        tenant.as_uuid(),
        kind,
        key.blind_index(kind, value).to_vec()
    )?;
    Ok(rows
        .into_iter()
        .map(|(id,)| PatientId::from_uuid(id))
        .collect())
}
