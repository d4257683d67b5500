//! Who looked at my record.

use clinical_model::access::Grant;
use clinical_model::{PatientId, Role};
use clinical_store::StoreError;
use clinical_store::access::Look;

use super::{Access, AccessDenied};
use crate::{Actor, Clinic};

/// Why the list was not shown.
#[derive(Debug, thiserror::Error)]
pub enum LooksError {
    /// There is no such patient, or it is not their own record.
    #[error("no such patient")]
    NotFound,
    /// The store failed.
    #[error("the accesses could not be read")]
    Store(#[from] StoreError),
}

impl From<AccessDenied> for LooksError {
    fn from(error: AccessDenied) -> Self {
        match error {
            AccessDenied::NotFound => Self::NotFound,
            AccessDenied::Store(error) => Self::Store(error),
        }
    }
}

/// What was done to a record before number `before` of the facility's chain, newest first: for the
/// patient, for who acts for them, and for an admin who looks into a complaint.
///
/// # Errors
/// [`LooksError`]
pub async fn looks(
    clinic: &Clinic,
    actor: &Actor,
    patient: PatientId,
    (before, max): (i64, u32),
) -> Result<Vec<Look>, LooksError> {
    let now = clinic.clock.now();
    let mut tx = clinic.db.look().await?;
    let entry = if actor.role == Role::Admin {
        // Who looked is answered for after an erasure too.
        if !clinical_store::patients::is_known(&mut tx, actor.tenant, patient).await? {
            return Err(LooksError::NotFound);
        }
        actor.did("access.looks", now).of_patient(patient)
    } else {
        let access = Access::to(&mut tx, actor, patient, now).await?;
        if !matches!(access.grant(), Grant::OwnRecord | Grant::Proxy) {
            return Err(LooksError::NotFound);
        }
        access.entry(actor, "access.looks")
    };
    let range = (before, max);
    let looks = clinical_store::access::looks(&mut tx, actor.tenant, patient, range).await?;
    tx.commit(entry).await?;
    Ok(looks)
}
