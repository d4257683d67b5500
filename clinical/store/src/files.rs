//! The bytes of documents, sealed with the patient's key.

use clinical_model::{Micros, PatientId, TenantId, UserId};
use clinical_vault::Place;
use uuid::Uuid;

use crate::statement::{execute_one, fetch_optional};
use crate::tx::Conn;
use crate::{StoreError, Tx, keys};

/// The place of the bytes of a file.
pub(crate) const fn place(id: Uuid) -> Place<'static> {
    Place::value("chart_files", "bytes_sealed", id)
}

/// Whose file, and who keeps it when.
#[derive(Debug, Clone, Copy)]
pub struct FileOf {
    /// In which facility.
    pub tenant: TenantId,
    /// About whom.
    pub patient: PatientId,
    /// Who uploads it.
    pub author: UserId,
    /// When.
    pub at: Micros,
}

/// Keeps the bytes of a file.
///
/// # Errors
/// The record was erased, or the store failed.
pub async fn insert(tx: &mut Tx, id: Uuid, of: FileOf, bytes: &[u8]) -> Result<(), StoreError> {
    let key = keys::living_patient_key(tx, of.patient).await?;
    let sealed = key.seal(place(id), bytes)?;
    execute_one!(
        tx,
        "INSERT INTO chart_files (id, tenant, patient, bytes_sealed, created_us, created_by)
         VALUES ($1, $2, $3, $4, $5, $6)",
        id,
        of.tenant.as_uuid(),
        of.patient.as_uuid(),
        sealed,
        of.at.0,
        of.author.as_uuid()
    )
}

/// The bytes of a file of a patient. Who may see the entry that names it was decided before.
///
/// # Errors
/// The store failed.
pub async fn bytes(
    conn: &mut Conn,
    patient: PatientId,
    id: Uuid,
) -> Result<Option<Vec<u8>>, StoreError> {
    let row = fetch_optional!(
        conn,
        (Vec<u8>,),
        "SELECT bytes_sealed FROM chart_files WHERE id = $1 AND patient = $2",
        id,
        patient.as_uuid()
    )?;
    let (Some((sealed,)), Some(key)) = (row, keys::patient_key(conn, patient).await?) else {
        return Ok(None);
    };
    key.open(place(id), &sealed)
        .map(Some)
        .map_err(|source| StoreError::Sealed {
            table: "chart_files",
            column: "bytes_sealed",
            source,
        })
}
