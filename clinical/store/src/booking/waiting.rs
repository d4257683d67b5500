//! The waiting list: who waits, what they were offered, which times became free.

use clinical_model::booking::{DayParts, Slot, Wish};
use clinical_model::{HoldId, Micros, PatientId, ServiceId, TenantId, UserId, WaitingId};
use uuid::Uuid;

use crate::access::{Viewer, reach};
use crate::statement::{execute, execute_one, fetch_all, fetch_optional};
use crate::tx::Conn;
use crate::{StoreError, Tx};

/// Most entries and freed times that are looked at in one round, and most entries in a list.
const ENTRIES_MAX: i64 = 200;

/// Somebody who waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WaitingEntry {
    /// The entry.
    pub id: WaitingId,
    /// The facility.
    pub tenant: TenantId,
    /// Who.
    pub patient: PatientId,
    /// For what.
    pub service: ServiceId,
    /// Which times suit.
    pub wish: Wish,
    /// Since when.
    pub joined: Micros,
    /// What they are offered now.
    pub offer: Option<WaitingOffer>,
}

/// A time that is offered to somebody who waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WaitingOffer {
    /// The offer.
    pub id: Uuid,
    /// What keeps the time.
    pub hold: HoldId,
    /// With whom.
    pub doctor: UserId,
    /// The visit.
    pub slot: Slot,
    /// Until when.
    pub expires: Micros,
}

/// A time that was taken and became free.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FreedTime {
    /// The facility.
    pub tenant: TenantId,
    /// Whose time.
    pub doctor: UserId,
    /// What became free, buffers included.
    pub span: Slot,
    /// When it became free; who joined later saw it.
    pub at: Micros,
}

#[derive(sqlx::FromRow)]
struct EntryRow {
    id: Uuid,
    tenant: Uuid,
    patient: Uuid,
    service: Uuid,
    doctor: Option<Uuid>,
    from_us: i64,
    until_us: i64,
    parts: i64,
    joined_us: i64,
    offer: Option<Uuid>,
    hold: Option<Uuid>,
    offer_doctor: Option<Uuid>,
    start_us: Option<i64>,
    end_us: Option<i64>,
    expires_us: Option<i64>,
}

impl TryFrom<EntryRow> for WaitingEntry {
    type Error = StoreError;

    fn try_from(row: EntryRow) -> Result<Self, StoreError> {
        let times = (row.start_us, row.end_us, row.expires_us);
        let offer = match (row.offer, row.hold, row.offer_doctor, times) {
            (Some(id), Some(hold), Some(doctor), (Some(start), Some(end), Some(expires))) => {
                Some(WaitingOffer {
                    id,
                    hold: HoldId::from_uuid(hold),
                    doctor: UserId::from_uuid(doctor),
                    slot: Slot {
                        start: Micros(start),
                        end: Micros(end),
                    },
                    expires: Micros(expires),
                })
            }
            _ => None,
        };
        Ok(Self {
            id: WaitingId::from_uuid(row.id),
            tenant: TenantId::from_uuid(row.tenant),
            patient: PatientId::from_uuid(row.patient),
            service: ServiceId::from_uuid(row.service),
            wish: Wish {
                doctor: row.doctor.map(UserId::from_uuid),
                from: Micros(row.from_us),
                until: Micros(row.until_us),
                parts: DayParts::from_bits(row.parts)
                    .ok_or_else(|| StoreError::corrupt("waiting_entries.parts", "no part"))?,
            },
            joined: Micros(row.joined_us),
            offer,
        })
    }
}

macro_rules! select_entries {
    ($($tail:tt)*) => {
        concat!(
            "SELECT w.id, w.tenant, w.patient, w.service, w.doctor, w.from_us, w.until_us, w.parts,
                 w.joined_us, o.id AS offer, o.hold, o.doctor AS offer_doctor, o.start_us, o.end_us,
                 o.expires_us
             FROM waiting_entries w
             LEFT JOIN waiting_offers o ON o.entry = w.id AND o.state = 'open' ",
            $($tail)*
        )
    };
}

/// Somebody begins to wait.
///
/// # Errors
/// They wait for that already (`waiting_entries_once`), or the store failed.
pub async fn insert_waiting(tx: &mut Tx, it: &WaitingEntry) -> Result<(), StoreError> {
    execute_one!(
        tx,
        "INSERT INTO waiting_entries
             (id, tenant, patient, service, doctor, from_us, until_us, parts, state, joined_us)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'waiting', $9)",
        it.id.as_uuid(),
        it.tenant.as_uuid(),
        it.patient.as_uuid(),
        it.service.as_uuid(),
        it.wish.doctor.map(|doctor| doctor.as_uuid()),
        it.wish.from.0,
        it.wish.until.0,
        it.wish.parts.bits(),
        it.joined.0
    )
}

/// Those who wait or are offered a time, in order, whom the viewer may see.
///
/// # Errors
/// The store failed.
pub async fn waiting_seen(
    conn: &mut Conn,
    viewer: &Viewer,
) -> Result<Vec<WaitingEntry>, StoreError> {
    fetch_all!(
        conn,
        EntryRow,
        select_entries!(
            "WHERE w.state IN ('waiting', 'offered') AND ",
            reach!("w.tenant", "w.patient"),
            " ORDER BY w.joined_us, w.id LIMIT $5"
        ),
        viewer.tenant.as_uuid(),
        viewer.person.as_uuid(),
        viewer.role.as_str(),
        viewer.now.0,
        ENTRIES_MAX
    )?
    .into_iter()
    .map(WaitingEntry::try_from)
    .collect()
}

/// One who waits or is offered a time.
///
/// # Errors
/// The store failed.
pub async fn waiting_entry(
    conn: &mut Conn,
    id: WaitingId,
) -> Result<Option<WaitingEntry>, StoreError> {
    fetch_optional!(
        conn,
        EntryRow,
        select_entries!("WHERE w.state IN ('waiting', 'offered') AND w.id = $1"),
        id.as_uuid()
    )?
    .map(WaitingEntry::try_from)
    .transpose()
}

/// Those of a facility who wait without an offer and whose time is not over, in order.
///
/// # Errors
/// The store failed.
pub async fn waiting_in_order(
    conn: &mut Conn,
    tenant: TenantId,
    now: Micros,
) -> Result<Vec<WaitingEntry>, StoreError> {
    fetch_all!(
        conn,
        EntryRow,
        select_entries!(
            "WHERE w.tenant = $1 AND w.state = 'waiting' AND w.until_us > $2
             ORDER BY w.joined_us, w.id LIMIT $3"
        ),
        tenant.as_uuid(),
        now.0,
        ENTRIES_MAX
    )?
    .into_iter()
    .map(WaitingEntry::try_from)
    .collect()
}

/// Entries whose offer was open at its end.
///
/// # Errors
/// The store failed.
pub async fn offers_over(conn: &mut Conn, now: Micros) -> Result<Vec<WaitingEntry>, StoreError> {
    fetch_all!(
        conn,
        EntryRow,
        select_entries!("WHERE o.expires_us <= $1 ORDER BY o.expires_us LIMIT $2"),
        now.0,
        ENTRIES_MAX
    )?
    .into_iter()
    .map(WaitingEntry::try_from)
    .collect()
}

/// Whether somebody was offered that time before.
///
/// # Errors
/// The store failed.
pub async fn was_offered(
    conn: &mut Conn,
    entry: WaitingId,
    (doctor, start): (UserId, Micros),
) -> Result<bool, StoreError> {
    let row = fetch_optional!(
        conn,
        (Uuid,),
        "SELECT id FROM waiting_offers WHERE entry = $1 AND doctor = $2 AND start_us = $3",
        entry.as_uuid(),
        doctor.as_uuid(),
        start.0
    )?;
    Ok(row.is_some())
}

/// Offers a time to somebody who waits; false if they do not wait any more.
///
/// # Errors
/// They were offered it before (`waiting_offers_once`), or the store failed.
pub async fn insert_offer(
    tx: &mut Tx,
    entry: WaitingId,
    offer: &WaitingOffer,
    now: Micros,
) -> Result<bool, StoreError> {
    if !move_entry(tx, entry, ("waiting", "offered")).await? {
        return Ok(false);
    }
    execute_one!(
        tx,
        "INSERT INTO waiting_offers
             (id, entry, hold, doctor, start_us, end_us, state, made_us, expires_us)
         VALUES ($1, $2, $3, $4, $5, $6, 'open', $7, $8)",
        offer.id,
        entry.as_uuid(),
        offer.hold.as_uuid(),
        offer.doctor.as_uuid(),
        offer.slot.start.0,
        offer.slot.end.0,
        now.0,
        offer.expires.0
    )?;
    Ok(true)
}

/// What becomes of an offer and of who got it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OfferEnd {
    /// They take it and wait no more.
    Accepted,
    /// They do not want it and go on waiting.
    Declined,
    /// They did not answer and go on waiting.
    Expired,
    /// They wait no more.
    Left,
}

/// Ends an open offer; false if it is not open any more. Of two who try, one ends it. What it kept
/// is free again unless it was accepted.
///
/// # Errors
/// The store failed.
pub async fn end_offer(
    tx: &mut Tx,
    entry: WaitingId,
    offer: &WaitingOffer,
    end: OfferEnd,
) -> Result<bool, StoreError> {
    let (word, next) = match end {
        OfferEnd::Accepted => ("accepted", "booked"),
        OfferEnd::Declined => ("declined", "waiting"),
        OfferEnd::Expired => ("expired", "waiting"),
        OfferEnd::Left => ("declined", "left"),
    };
    let ended = execute!(
        tx,
        "UPDATE waiting_offers SET state = $1 WHERE id = $2 AND state = 'open'",
        word,
        offer.id
    )?;
    if ended != 1 || !move_entry(tx, entry, ("offered", next)).await? {
        return Ok(false);
    }
    if end != OfferEnd::Accepted {
        execute!(tx, "DELETE FROM holds WHERE id = $1", offer.hold.as_uuid())?;
    }
    Ok(true)
}

/// Somebody without an offer waits no more; false if they do not wait.
///
/// # Errors
/// The store failed.
pub async fn leave_waiting(tx: &mut Tx, entry: WaitingId) -> Result<bool, StoreError> {
    move_entry(tx, entry, ("waiting", "left")).await
}

async fn move_entry(
    tx: &mut Tx,
    entry: WaitingId,
    (from, to): (&str, &str),
) -> Result<bool, StoreError> {
    let touched = execute!(
        tx,
        "UPDATE waiting_entries SET state = $1 WHERE id = $2 AND state = $3",
        to,
        entry.as_uuid(),
        from
    )?;
    Ok(touched == 1)
}

/// Writes down that a time became free.
///
/// # Errors
/// The store failed.
pub async fn insert_freed(tx: &mut Tx, id: Uuid, it: &FreedTime) -> Result<(), StoreError> {
    execute_one!(
        tx,
        "INSERT INTO freed_times (id, tenant, doctor, from_us, until_us, freed_us)
         VALUES ($1, $2, $3, $4, $5, $6)",
        id,
        it.tenant.as_uuid(),
        it.doctor.as_uuid(),
        it.span.start.0,
        it.span.end.0,
        it.at.0
    )
}

/// Times that became free and begin after `after`, for which somebody of the facility waits.
///
/// # Errors
/// The store failed.
pub async fn freed(conn: &mut Conn, after: Micros) -> Result<Vec<FreedTime>, StoreError> {
    let rows = fetch_all!(
        conn,
        (Uuid, Uuid, i64, i64, i64),
        "SELECT f.tenant, f.doctor, f.from_us, f.until_us, max(f.freed_us) AS freed_us
         FROM freed_times f
         WHERE f.until_us > $1 AND EXISTS (SELECT 1 FROM waiting_entries w
             WHERE w.tenant = f.tenant AND w.state = 'waiting')
         GROUP BY f.tenant, f.doctor, f.from_us, f.until_us
         ORDER BY f.from_us, f.doctor LIMIT $2",
        after.0,
        ENTRIES_MAX
    )?;
    let times = rows
        .into_iter()
        .map(|(tenant, doctor, from, until, at)| FreedTime {
            tenant: TenantId::from_uuid(tenant),
            doctor: UserId::from_uuid(doctor),
            span: Slot {
                start: Micros(from),
                end: Micros(until),
            },
            at: Micros(at),
        });
    Ok(times.collect())
}

/// Forgets freed times that are over.
///
/// # Errors
/// The store failed.
pub async fn drop_freed(tx: &mut Tx, until: Micros) -> Result<(), StoreError> {
    execute!(tx, "DELETE FROM freed_times WHERE until_us <= $1", until.0)?;
    Ok(())
}
