//! Counts about a facility, without people.

use clinical_model::booking::AppointmentStage;
use clinical_model::{Micros, TenantId};

use crate::statement::fetch_one;
use crate::{StaleLook, StoreError};

/// How many appointments of a facility that begin in `[from, to)` stand at `stage`. It counts people
/// and names none; it may leave the house only after small counts were suppressed.
///
/// # Errors
/// The store failed.
pub async fn appointments(
    look: &mut StaleLook,
    tenant: TenantId,
    (from, to): (Micros, Micros),
    stage: AppointmentStage,
) -> Result<u64, StoreError> {
    let (count,) = fetch_one!(
        look.conn(),
        (i64,),
        "SELECT count(*) FROM appointments
         WHERE tenant = $1 AND state = $2 AND start_us >= $3 AND start_us < $4",
        tenant.as_uuid(),
        stage.as_str(),
        from.0,
        to.0
    )?;
    u64::try_from(count).map_err(|source| StoreError::corrupt("appointments", source))
}
