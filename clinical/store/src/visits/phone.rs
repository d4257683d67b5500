//! PINs of callers, and how often somebody was wrong.

use clinical_model::booking::Appointment;
use clinical_model::visits::{PIN_MEMORY_US, PhonePin, PinTrier};
use clinical_model::{AppointmentId, Micros, TenantId};
use clinical_vault::DataKey;
use uuid::Uuid;

use crate::statement::{execute, execute_one, fetch_all, fetch_one, fetch_optional};
use crate::tx::Conn;
use crate::{StoreError, Tx, keys};

/// PINs that are tried for one appointment before giving up: with a hundred thousand appointments
/// ahead of one facility, one try in ten meets a PIN that is taken.
const GENERATIONS_AT_ONCE: i64 = 30;

/// The PIN of an appointment's generation: the same whenever it is asked for, so that nobody has to
/// keep it.
fn made(key: &DataKey, appointment: AppointmentId, generation: i64) -> PhonePin {
    let of = format!("{}/{generation}", appointment.as_uuid());
    PhonePin::from_hash(&key.blind_index("phone_pin", &of))
}

fn hash(key: &DataKey, pin: &PhonePin) -> Vec<u8> {
    key.blind_index("phone_pin_typed", pin.expose()).to_vec()
}

/// Gives an appointment a new PIN that no other appointment ahead of the facility has; an older one
/// stops working.
///
/// # Errors
/// The store failed, or there is no PIN left.
pub async fn make_phone_pin(
    tx: &mut Tx,
    appointment: &Appointment,
    now: Micros,
) -> Result<PhonePin, StoreError> {
    let (id, tenant) = (appointment.id.as_uuid(), appointment.tenant);
    let key = keys::tenant_key(tx, tenant).await?;
    let last = fetch_optional!(
        tx,
        (i64,),
        "SELECT generation FROM phone_pins WHERE appointment = $1",
        id
    )?;
    let last = last.map_or(0, |(generation,)| generation);
    for generation in (last..).skip(1).take(usize_of(GENERATIONS_AT_ONCE)) {
        let pin = made(&key, appointment.id, generation);
        let hash = hash(&key, &pin);
        let taken = fetch_optional!(
            tx,
            (Uuid,),
            "SELECT p.appointment FROM phone_pins p JOIN appointments a ON a.id = p.appointment
             WHERE p.tenant = $1 AND p.hash = $2 AND p.appointment <> $3
               AND a.state NOT IN ('finished', 'cancelled') LIMIT 1",
            tenant.as_uuid(),
            hash.as_slice(),
            id
        )?;
        if taken.is_some() {
            continue;
        }
        execute_one!(
            tx,
            "INSERT INTO phone_pins (appointment, tenant, hash, generation, entries, changed_us)
             VALUES ($1, $2, $3, $4, 0, $5)
             ON CONFLICT (appointment) DO UPDATE
                 SET hash = excluded.hash, generation = excluded.generation, entries = 0,
                     changed_us = excluded.changed_us",
            id,
            tenant.as_uuid(),
            hash.as_slice(),
            generation,
            now.0
        )?;
        return Ok(pin);
    }
    Err(StoreError::corrupt("phone_pins.hash", "no PIN is left"))
}

fn usize_of(count: i64) -> usize {
    usize::try_from(count).unwrap_or(0)
}

/// The PIN of an appointment, if it has one.
///
/// # Errors
/// The store failed.
pub async fn phone_pin(
    conn: &mut Conn,
    tenant: TenantId,
    appointment: AppointmentId,
) -> Result<Option<PhonePin>, StoreError> {
    let row = fetch_optional!(
        conn,
        (i64,),
        "SELECT generation FROM phone_pins WHERE appointment = $1 AND tenant = $2",
        appointment.as_uuid(),
        tenant.as_uuid()
    )?;
    let Some((generation,)) = row else {
        return Ok(None);
    };
    let key = keys::tenant_key(conn, tenant).await?;
    Ok(Some(made(&key, appointment, generation)))
}

/// The appointments of a facility that end after `since` and have this PIN, with how often it let
/// somebody in. Almost always one or none.
///
/// # Errors
/// The store failed.
pub async fn find_by_phone_pin(
    conn: &mut Conn,
    tenant: TenantId,
    pin: &PhonePin,
    since: Micros,
) -> Result<Vec<(AppointmentId, i64)>, StoreError> {
    let key = keys::tenant_key(conn, tenant).await?;
    let rows = fetch_all!(
        conn,
        (Uuid, i64),
        "SELECT p.appointment, p.entries
         FROM phone_pins p JOIN appointments a ON a.id = p.appointment
         WHERE p.tenant = $1 AND p.hash = $2 AND a.end_us > $3
         ORDER BY a.start_us, a.id LIMIT 10",
        tenant.as_uuid(),
        hash(&key, pin),
        since.0
    )?;
    let found = rows.into_iter();
    Ok(found
        .map(|(id, entries)| (AppointmentId::from_uuid(id), entries))
        .collect())
}

/// Counts that a PIN let somebody in.
///
/// # Errors
/// The store failed.
pub async fn count_phone_entry(tx: &mut Tx, appointment: AppointmentId) -> Result<(), StoreError> {
    execute_one!(
        tx,
        "UPDATE phone_pins SET entries = entries + 1 WHERE appointment = $1",
        appointment.as_uuid()
    )
}

/// Counts a try before it is judged, and answers whether it may be judged: not when there were too
/// many wrong ones. Whoever tries while locked does not stay locked for longer. `caller` is their
/// number, none when they withhold it; it is kept as a keyed hash.
///
/// # Errors
/// The store failed.
pub async fn count_phone_try(
    tx: &mut Tx,
    tenant: TenantId,
    caller: Option<&str>,
    now: Micros,
) -> Result<bool, StoreError> {
    execute!(tx, "DELETE FROM phone_tries WHERE until_us <= $1", now.0)?;
    let mut may = true;
    for trier in triers(caller) {
        let who = who(tx, tenant, (trier, caller)).await?;
        let (wrong,) = fetch_one!(
            tx,
            (i64,),
            "INSERT INTO phone_tries (tenant, who, wrong, until_us) VALUES ($1, $2, 1, $3)
             ON CONFLICT (tenant, who) DO UPDATE
                 SET until_us = CASE WHEN phone_tries.wrong < $4 THEN excluded.until_us
                                     ELSE phone_tries.until_us END,
                     wrong = phone_tries.wrong + 1
             RETURNING wrong",
            tenant.as_uuid(),
            who,
            now.plus(PIN_MEMORY_US).0,
            trier.wrong_max()
        )?;
        may = may && wrong <= trier.wrong_max();
    }
    Ok(may)
}

/// A try was right: the caller is forgotten, and it does not count for the others.
///
/// # Errors
/// The store failed.
pub async fn phone_try_was_right(
    tx: &mut Tx,
    tenant: TenantId,
    caller: Option<&str>,
) -> Result<(), StoreError> {
    for trier in triers(caller) {
        let who = who(tx, tenant, (trier, caller)).await?;
        let right = match trier {
            PinTrier::Caller => i64::MAX,
            PinTrier::Withheld | PinTrier::Facility => 1,
        };
        execute!(
            tx,
            "UPDATE phone_tries SET wrong = CASE WHEN wrong > $1 THEN wrong - $1 ELSE 0 END
             WHERE tenant = $2 AND who = $3",
            right,
            tenant.as_uuid(),
            who
        )?;
    }
    Ok(())
}

/// Always in this order, so that two who try at once wait for each other and not both.
fn triers(caller: Option<&str>) -> [PinTrier; 2] {
    let own = caller.map_or(PinTrier::Withheld, |_| PinTrier::Caller);
    [own, PinTrier::Facility]
}

pub(super) async fn who(
    conn: &mut Conn,
    tenant: TenantId,
    (trier, caller): (PinTrier, Option<&str>),
) -> Result<Vec<u8>, StoreError> {
    let key = keys::tenant_key(conn, tenant).await?;
    let index = match trier {
        PinTrier::Caller => key.blind_index("phone_caller", caller.unwrap_or_default()),
        PinTrier::Withheld => key.blind_index("phone_callers", "withheld"),
        PinTrier::Facility => key.blind_index("phone_callers", "all"),
    };
    Ok(index.to_vec())
}
