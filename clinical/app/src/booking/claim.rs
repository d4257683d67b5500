//! Which doctor, rooms and devices a booking takes together.

use clinical_calendar::{Offer, Service};
use clinical_model::booking::Slot;
use clinical_model::{Micros, PatientId, ResourceId, ServiceId, TenantId, UserId};
use clinical_store::booking::{Seat, ServiceRecord};
use clinical_store::{Conn, StoreError, Tx};
use uuid::Uuid;

use super::timetable::{Timetable, lengths, offered};
use crate::Desk;

/// How far ahead can be booked, in days of 24 hours.
const AHEAD_DAYS_MAX: i64 = 400;

/// What somebody wants to have.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted {
    pub(super) tenant: TenantId,
    pub(super) patient: PatientId,
    pub(super) doctor: UserId,
    pub(super) service: Option<ServiceId>,
    pub(super) start: Micros,
    /// Staff may take a time that the hours do not offer.
    pub(super) outside_hours: bool,
}

/// A time with all that it takes.
pub(super) struct Found {
    pub(super) offer: Offer,
    pub(super) seats: Vec<Seat>,
    /// The doctor is busy then.
    pub(super) is_doctor_busy: bool,
}

/// Why there is nothing to take.
pub(super) enum Missing {
    /// No slot of the hours begins then, or there is no such service with this doctor.
    NoSlot,
    /// A room or device is taken.
    Taken,
    Store(StoreError),
}

impl From<StoreError> for Missing {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// Locks everybody and everything that is wanted, and chooses the first rooms and devices that are
/// free. Whether it can be had, the database decides when it is written.
pub(super) async fn find(
    desk: &Desk,
    tx: &mut Tx,
    wanted: Wanted,
    now: Micros,
) -> Result<Found, Missing> {
    let service = match wanted.service {
        Some(id) => Some(given_by(tx, wanted, id).await?),
        None => None,
    };
    let needs = service.map_or_else(Vec::new, |it| it.needs);
    let mut whose: Vec<Uuid> = needs.iter().flatten().map(|it| it.as_uuid()).collect();
    whose.extend([wanted.doctor.as_uuid(), wanted.patient.as_uuid()]);
    clinical_store::booking::lock_all(tx, &mut whose).await?;
    clinical_store::booking::drop_expired(tx, &whose, now).await?;
    let (offer, table, lengths) = offer(tx, wanted, now).await?;
    let busy = table.busy(tx, offer.visit, now).await?;
    let is_doctor_busy = busy.iter().any(|it| it.overlaps(offer.occupied));
    let mut seats: Vec<Seat> = Vec::new();
    for candidates in &needs {
        let mut chosen = None;
        for candidate in candidates {
            if seats.iter().all(|seat| seat.resource != *candidate)
                && is_free(tx, (wanted, lengths, *candidate), &table, (offer, now)).await?
            {
                chosen = Some(*candidate);
                break;
            }
        }
        seats.push(Seat {
            id: desk.id(now),
            resource: chosen.ok_or(Missing::Taken)?,
        });
    }
    Ok(Found {
        offer,
        seats,
        is_doctor_busy,
    })
}

async fn given_by(
    conn: &mut Conn,
    wanted: Wanted,
    id: ServiceId,
) -> Result<ServiceRecord, Missing> {
    clinical_store::booking::service(conn, wanted.tenant, id)
        .await?
        .filter(|it| it.active)
        .filter(|it| it.doctors.is_empty() || it.doctors.contains(&wanted.doctor))
        .ok_or(Missing::NoSlot)
}

/// The visit that begins then, by the hours of the doctor alone.
pub(super) async fn offer(
    conn: &mut Conn,
    wanted: Wanted,
    now: Micros,
) -> Result<(Offer, Timetable, Service), Missing> {
    let start = wanted.start;
    if start < now || start.since(now) > AHEAD_DAYS_MAX * Micros::DAY {
        return Err(Missing::NoSlot);
    }
    let range = Slot {
        start,
        end: start.plus(1),
    };
    let table = Timetable::of_doctor(conn, (wanted.tenant, wanted.doctor), range)
        .await?
        .ok_or(Missing::NoSlot)?;
    let lengths = match wanted.service {
        Some(id) => lengths(&given_by(conn, wanted, id).await?)?,
        None => table.plain()?,
    };
    if wanted.outside_hours {
        return Ok((lengths.from(start), table, lengths));
    }
    let offer = offered(lengths, table.with(&[]), &[], range)?.pop();
    Ok((offer.ok_or(Missing::NoSlot)?, table, lengths))
}

async fn is_free(
    conn: &mut Conn,
    (wanted, lengths, candidate): (Wanted, Service, ResourceId),
    doctor: &Timetable,
    (offer, now): (Offer, Micros),
) -> Result<bool, StoreError> {
    let resource = clinical_store::booking::resource(conn, wanted.tenant, candidate).await?;
    let Some(resource) = resource.filter(|it| it.active) else {
        return Ok(false);
    };
    let range = Slot {
        start: wanted.start,
        end: wanted.start.plus(1),
    };
    let table = Timetable::of_resource(conn, &resource, range).await?;
    let busy = table.busy(conn, offer.visit, now).await?;
    if wanted.outside_hours {
        return Ok(!busy.iter().any(|it| it.overlaps(offer.occupied)));
    }
    let both = offered(lengths, doctor.with(&[]), &[table.with(&busy)], range)?;
    Ok(!both.is_empty())
}
