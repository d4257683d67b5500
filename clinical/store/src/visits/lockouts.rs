//! Who may not try a PIN for now, and forgiving them.

use clinical_model::visits::PinTrier;
use clinical_model::{Micros, TenantId};

use super::phone::who;
use crate::statement::{execute, fetch_all};
use crate::tx::Conn;
use crate::{StoreError, Tx};

/// Somebody who was wrong too often. It is not known who: only a keyed hash of the number is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PhoneLock {
    /// The keyed hash.
    pub who: Vec<u8>,
    /// Whose tries are counted together.
    pub trier: PinTrier,
    /// When it ends.
    pub until: Micros,
}

/// Who is locked out of a facility now, who will be free first at first.
///
/// # Errors
/// The store failed.
pub async fn phone_locks(
    conn: &mut Conn,
    tenant: TenantId,
    now: Micros,
) -> Result<Vec<PhoneLock>, StoreError> {
    let withheld = who(conn, tenant, (PinTrier::Withheld, None)).await?;
    let facility = who(conn, tenant, (PinTrier::Facility, None)).await?;
    let rows = fetch_all!(
        conn,
        (Vec<u8>, i64, i64),
        "SELECT who, wrong, until_us FROM phone_tries
         WHERE tenant = $1 AND until_us > $2 AND wrong >= $3 ORDER BY until_us, who LIMIT 200",
        tenant.as_uuid(),
        now.0,
        PinTrier::Caller.wrong_max()
    )?;
    let locks = rows.into_iter().filter_map(|(who, wrong, until_us)| {
        let trier = if who == withheld {
            PinTrier::Withheld
        } else if who == facility {
            PinTrier::Facility
        } else {
            PinTrier::Caller
        };
        (wrong >= trier.wrong_max()).then_some(PhoneLock {
            who,
            trier,
            until: Micros(until_us),
        })
    });
    Ok(locks.collect())
}

/// Lets somebody try again; false if they were not counted.
///
/// # Errors
/// The store failed.
pub async fn forgive_phone_tries(
    tx: &mut Tx,
    tenant: TenantId,
    who: &[u8],
) -> Result<bool, StoreError> {
    let touched = execute!(
        tx,
        "DELETE FROM phone_tries WHERE tenant = $1 AND who = $2",
        tenant.as_uuid(),
        who
    )?;
    Ok(touched == 1)
}
