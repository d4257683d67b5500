//! Who looked at a record, as its patient may read it.

use clinical_model::{Micros, PatientId, TenantId, UserId};
use uuid::Uuid;

use crate::statement::fetch_all;
use crate::tx::Conn;
use crate::{StoreError, identity};

/// Most looks in one page.
pub const LOOKS_MAX: u32 = 200;

/// One act on a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Look {
    /// Its number in the facility's chain.
    pub seq: i64,
    /// When.
    pub at: Micros,
    /// Who: the name and role of an account; none for the holder of a link or the program itself.
    pub person: Option<(UserId, String, String)>,
    /// What kind of actor it was.
    pub actor_kind: String,
    /// What was done: `chart.list`.
    pub action: String,
    /// Under which right.
    pub grant: Option<String>,
    /// What for (HL7 v3 PurposeOfUse).
    pub purpose: Option<String>,
    /// `done` or `refused`.
    pub outcome: String,
}

#[derive(sqlx::FromRow)]
struct LookRow {
    seq: i64,
    at_us: i64,
    actor_kind: String,
    actor_id: Option<Uuid>,
    action: String,
    granted_by: Option<String>,
    purpose: Option<String>,
    outcome: String,
    role: Option<String>,
    name_sealed: Option<Vec<u8>>,
}

/// What was done to a patient's record before number `before`, newest first, at most `max`
/// (up to [`LOOKS_MAX`]).
///
/// # Errors
/// The store failed.
pub async fn looks(
    conn: &mut Conn,
    tenant: TenantId,
    patient: PatientId,
    (before, max): (i64, u32),
) -> Result<Vec<Look>, StoreError> {
    let rows = fetch_all!(
        conn,
        LookRow,
        "SELECT e.seq, e.at_us, e.actor_kind, e.actor_id, e.action, e.granted_by, e.purpose,
             e.outcome, u.role, u.name_sealed
         FROM audit_event e
         LEFT JOIN users u ON e.actor_kind = 'user' AND u.id = e.actor_id AND u.tenant = e.tenant
         WHERE e.tenant = $1 AND e.patient = $2 AND e.seq < $3
         ORDER BY e.seq DESC LIMIT $4",
        tenant.as_uuid(),
        patient.as_uuid(),
        before,
        i64::from(max.min(LOOKS_MAX))
    )?;
    let mut looks = Vec::with_capacity(rows.len());
    for row in rows {
        let person = match (
            row.actor_id.map(UserId::from_uuid),
            row.role,
            row.name_sealed,
        ) {
            (Some(id), Some(role), Some(sealed)) => {
                let name = identity::open_name(conn, tenant, id, &sealed).await?;
                Some((id, name, role))
            }
            _ => None,
        };
        looks.push(Look {
            seq: row.seq,
            at: Micros(row.at_us),
            person,
            actor_kind: row.actor_kind,
            action: row.action,
            grant: row.granted_by,
            purpose: row.purpose,
            outcome: row.outcome,
        });
    }
    Ok(looks)
}
