//! Join links. A link is found by the hash of its secret.

use clinical_model::visits::{Link, LinkHolder};
use clinical_model::{AppointmentId, GuestId, Micros};
use uuid::Uuid;

use crate::statement::{execute, execute_one, fetch_one, fetch_optional};
use crate::tx::Conn;
use crate::{StoreError, Tx};

#[derive(sqlx::FromRow)]
struct LinkRow {
    id: Uuid,
    appointment: Uuid,
    kind: String,
    guest: Option<Uuid>,
    expires_us: i64,
    revoked_us: Option<i64>,
}

impl TryFrom<LinkRow> for Link {
    type Error = StoreError;

    fn try_from(row: LinkRow) -> Result<Self, StoreError> {
        let holder = match (row.kind.as_str(), row.guest) {
            ("patient", None) => LinkHolder::Patient,
            ("guest", Some(guest)) => LinkHolder::Guest(GuestId::from_uuid(guest)),
            _ => return Err(StoreError::corrupt("join_links.kind", "no such kind")),
        };
        Ok(Self {
            id: row.id,
            appointment: AppointmentId::from_uuid(row.appointment),
            holder,
            expires: Micros(row.expires_us),
            revoked: row.revoked_us.map(Micros),
        })
    }
}

/// Writes a link. An older working one of the same person must be revoked first.
///
/// # Errors
/// The store failed.
pub async fn insert_link(
    tx: &mut Tx,
    link: &Link,
    hash: &str,
    now: Micros,
) -> Result<(), StoreError> {
    let (kind, guest) = match link.holder {
        LinkHolder::Patient => ("patient", None),
        LinkHolder::Guest(guest) => ("guest", Some(guest.as_uuid())),
    };
    execute_one!(
        tx,
        "INSERT INTO join_links
             (id, hash, appointment, kind, guest, expires_us, revoked_us, created_us)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        link.id,
        hash,
        link.appointment.as_uuid(),
        kind,
        guest,
        link.expires.0,
        link.revoked.map(|at| at.0),
        now.0
    )
}

/// The link whose secret has this hash, also one that does not work any more.
///
/// # Errors
/// The store failed.
pub async fn find_link(conn: &mut Conn, hash: &str) -> Result<Option<Link>, StoreError> {
    fetch_optional!(
        conn,
        LinkRow,
        "SELECT id, appointment, kind, guest, expires_us, revoked_us
         FROM join_links WHERE hash = $1",
        hash
    )?
    .map(Link::try_from)
    .transpose()
}

/// Whether the patient of an appointment has a link that was not revoked.
///
/// # Errors
/// The store failed.
pub async fn patient_link_works(
    conn: &mut Conn,
    appointment: AppointmentId,
) -> Result<bool, StoreError> {
    let (count,) = fetch_one!(
        conn,
        (i64,),
        "SELECT count(*) FROM join_links
         WHERE appointment = $1 AND kind = 'patient' AND revoked_us IS NULL",
        appointment.as_uuid()
    )?;
    Ok(count > 0)
}

/// The patient's links of an appointment stop working.
///
/// # Errors
/// The store failed.
pub async fn revoke_patient_links(
    tx: &mut Tx,
    appointment: AppointmentId,
    now: Micros,
) -> Result<(), StoreError> {
    execute!(
        tx,
        "UPDATE join_links SET revoked_us = $1
         WHERE appointment = $2 AND kind = 'patient' AND revoked_us IS NULL",
        now.0,
        appointment.as_uuid()
    )
    .map(|_| ())
}

/// The links of a guest stop working.
///
/// # Errors
/// The store failed.
pub async fn revoke_guest_links(
    tx: &mut Tx,
    guest: GuestId,
    now: Micros,
) -> Result<(), StoreError> {
    execute!(
        tx,
        "UPDATE join_links SET revoked_us = $1 WHERE guest = $2 AND revoked_us IS NULL",
        now.0,
        guest.as_uuid()
    )
    .map(|_| ())
}

/// Working links of an appointment expire at another time, because it was moved.
///
/// # Errors
/// The store failed.
pub async fn extend_links(
    tx: &mut Tx,
    appointment: AppointmentId,
    expires: Micros,
) -> Result<(), StoreError> {
    execute!(
        tx,
        "UPDATE join_links SET expires_us = $1 WHERE appointment = $2 AND revoked_us IS NULL",
        expires.0,
        appointment.as_uuid()
    )
    .map(|_| ())
}
