//! Two records that are one person, and the way back.

use clinical_model::{Micros, PatientId, TenantId, UserId};
use uuid::Uuid;

use crate::statement::{execute, execute_one, fetch_all, fetch_one, fetch_optional};
use crate::tx::Conn;
use crate::{StoreError, Tx};

/// A merge that was not undone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Merge {
    /// Its name.
    pub id: Uuid,
    /// In which facility.
    pub tenant: TenantId,
    /// The record that is not used any more.
    pub loser: PatientId,
    /// The record that is used for both.
    pub winner: PatientId,
    /// When.
    pub at: Micros,
    /// Who decided it.
    pub by: UserId,
}

/// Most rights of one record that a merge copies; a record with more is refused by the caller.
pub const COPIES_MAX: usize = 1_000;

/// Writes a merge and gives each of the two records copies of the other's living rights. The state of the
/// loser is written with the patient.
///
/// # Errors
/// The loser is merged already, or the store failed.
pub async fn insert(
    tx: &mut Tx,
    merge: &Merge,
    new_id: &mut (dyn FnMut() -> Uuid + Send),
) -> Result<(), StoreError> {
    execute_one!(
        tx,
        "INSERT INTO patient_merges (id, tenant, loser, winner, merged_us, merged_by)
         VALUES ($1, $2, $3, $4, $5, $6)",
        merge.id,
        merge.tenant.as_uuid(),
        merge.loser.as_uuid(),
        merge.winner.as_uuid(),
        merge.at.0,
        merge.by.as_uuid()
    )?;
    // Both lists are read before the first copy is written, or the copies would be copied back.
    let loser = living(tx, merge.loser, merge.at).await?;
    let winner = living(tx, merge.winner, merge.at).await?;
    for (rights, to) in [(loser, merge.winner), (winner, merge.loser)] {
        for (kind, row) in rights {
            let id = new_id();
            copy(tx, kind, (row, id), to).await?;
            execute_one!(
                tx,
                "INSERT INTO patient_merge_copies (merge, kind, row_id) VALUES ($1, $2, $3)",
                merge.id,
                kind.as_str(),
                id
            )?;
        }
    }
    Ok(())
}

/// Takes back the copies of a merge. The state of the loser is written with the patient.
///
/// # Errors
/// It was undone before, or the store failed.
pub async fn undo(tx: &mut Tx, merge: Uuid, by: UserId, now: Micros) -> Result<(), StoreError> {
    execute_one!(
        tx,
        "UPDATE patient_merges SET undone_us = $1, undone_by = $2
         WHERE id = $3 AND undone_us IS NULL",
        now.0,
        by.as_uuid(),
        merge
    )?;
    execute!(
        tx,
        "DELETE FROM care_relations WHERE id IN
             (SELECT row_id FROM patient_merge_copies WHERE merge = $1 AND kind = 'care_relation')",
        merge
    )?;
    execute!(
        tx,
        "DELETE FROM proxy_grants WHERE id IN
             (SELECT row_id FROM patient_merge_copies WHERE merge = $1 AND kind = 'proxy')",
        merge
    )?;
    execute!(
        tx,
        "DELETE FROM consents WHERE id IN
             (SELECT row_id FROM patient_merge_copies WHERE merge = $1 AND kind = 'consent')",
        merge
    )
    .map(|_| ())
}

/// The merge of a record into another one, if it was not undone.
///
/// # Errors
/// The store failed.
pub async fn of_loser(conn: &mut Conn, loser: PatientId) -> Result<Option<Merge>, StoreError> {
    let row = fetch_optional!(
        conn,
        (Uuid, Uuid, Uuid, i64, Uuid),
        "SELECT id, tenant, winner, merged_us, merged_by FROM patient_merges
         WHERE loser = $1 AND undone_us IS NULL",
        loser.as_uuid()
    )?;
    Ok(row.map(|(id, tenant, winner, at, by)| Merge {
        id,
        tenant: TenantId::from_uuid(tenant),
        loser,
        winner: PatientId::from_uuid(winner),
        at: Micros(at),
        by: UserId::from_uuid(by),
    }))
}

/// The records that were merged into this one: their facts belong to the same person.
///
/// # Errors
/// The store failed.
pub async fn losers_of(conn: &mut Conn, winner: PatientId) -> Result<Vec<PatientId>, StoreError> {
    let rows = fetch_all!(
        conn,
        (Uuid,),
        "SELECT loser FROM patient_merges WHERE winner = $1 AND undone_us IS NULL
         ORDER BY merged_us, loser",
        winner.as_uuid()
    )?;
    Ok(rows
        .into_iter()
        .map(|(id,)| PatientId::from_uuid(id))
        .collect())
}

/// Whether somebody signs in to see this record as their own.
///
/// # Errors
/// The store failed.
pub async fn has_account(conn: &mut Conn, patient: PatientId) -> Result<bool, StoreError> {
    let (count,) = fetch_one!(
        conn,
        (i64,),
        "SELECT count(*) FROM users WHERE patient = $1",
        patient.as_uuid()
    )?;
    Ok(count > 0)
}

/// A table of rights.
#[derive(Debug, Clone, Copy)]
enum Right {
    CareRelation,
    Proxy,
    Consent,
}

impl Right {
    const fn as_str(self) -> &'static str {
        match self {
            Self::CareRelation => "care_relation",
            Self::Proxy => "proxy",
            Self::Consent => "consent",
        }
    }
}

async fn living(
    conn: &mut Conn,
    patient: PatientId,
    now: Micros,
) -> Result<Vec<(Right, Uuid)>, StoreError> {
    let rows = fetch_all!(
        conn,
        (String, Uuid),
        "SELECT 'care_relation', id FROM care_relations
             WHERE patient = $1 AND ended_us IS NULL AND until_us > $2
         UNION ALL SELECT 'proxy', id FROM proxy_grants
             WHERE patient = $1 AND ended_us IS NULL AND until_us > $2
         UNION ALL SELECT 'consent', id FROM consents
             WHERE patient = $1 AND withdrawn_us IS NULL AND until_us > $2",
        patient.as_uuid(),
        now.0
    )?;
    rows.into_iter()
        .take(COPIES_MAX)
        .map(|(word, id)| {
            let right = match word.as_str() {
                "care_relation" => Right::CareRelation,
                "proxy" => Right::Proxy,
                "consent" => Right::Consent,
                _ => return Err(StoreError::corrupt("patient_merges", "no such right")),
            };
            Ok((right, id))
        })
        .collect()
}

async fn copy(
    tx: &mut Tx,
    right: Right,
    (from, id): (Uuid, Uuid),
    to: PatientId,
) -> Result<(), StoreError> {
    match right {
        Right::CareRelation => execute_one!(
            tx,
            "INSERT INTO care_relations
                 (id, tenant, patient, clinician, from_us, until_us, created_by)
             SELECT $1, tenant, $2, clinician, from_us, until_us, created_by
             FROM care_relations WHERE id = $3",
            id,
            to.as_uuid(),
            from
        ),
        Right::Proxy => execute_one!(
            tx,
            "INSERT INTO proxy_grants
                 (id, tenant, patient, holder, relation, scope, from_us, until_us, created_by)
             SELECT $1, tenant, $2, holder, relation, scope, from_us, until_us, created_by
             FROM proxy_grants WHERE id = $3",
            id,
            to.as_uuid(),
            from
        ),
        Right::Consent => execute_one!(
            tx,
            "INSERT INTO consents
                 (id, tenant, patient, purpose, grantee, wording, given_us, until_us, given_by)
             SELECT $1, tenant, $2, purpose, grantee, wording, given_us, until_us, given_by
             FROM consents WHERE id = $3",
            id,
            to.as_uuid(),
            from
        ),
    }
}
