//! Files of prescriptions that were given out, known by their digest.

use clinical_model::prescribing::Prescription;
use clinical_model::{Micros, PrescriptionId};
use uuid::Uuid;

use crate::statement::{execute_one, fetch_optional};
use crate::{Conn, StoreError, Tx};

/// Writes down that a file was given out.
///
/// # Errors
/// The store failed.
pub async fn insert_document(
    tx: &mut Tx,
    digest: &[u8; 32],
    id: PrescriptionId,
    now: Micros,
) -> Result<(), StoreError> {
    execute_one!(
        tx,
        "INSERT INTO prescription_documents (digest, prescription, issued_us)
         VALUES ($1, $2, $3)",
        digest.to_vec(),
        id.as_uuid(),
        now.0
    )?;
    Ok(())
}

/// The prescription whose file has this digest.
///
/// # Errors
/// The store failed.
pub async fn by_document(
    conn: &mut Conn,
    digest: &[u8; 32],
) -> Result<Option<Prescription>, StoreError> {
    let row = fetch_optional!(
        conn,
        (Uuid,),
        "SELECT prescription FROM prescription_documents WHERE digest = $1",
        digest.to_vec()
    )?;
    match row {
        Some((id,)) => super::record(conn, PrescriptionId::from_uuid(id)).await,
        None => Ok(None),
    }
}
