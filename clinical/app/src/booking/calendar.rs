//! Doctors, their weekly hours, their free slots.

use clinical_model::booking::{Doctor, HoursError, Slot, Stretch, WeeklyHours};
use clinical_model::{Micros, Role, ServiceId, UserId};
use clinical_store::booking::Schedule;
use clinical_store::{Conn, StoreError};
use jiff::tz::TimeZone;

use super::timetable::{SLOT_MIN_DEFAULT, Timetable, lengths, offered};
use crate::{Actor, Desk};

/// Longest range of one question for slots, in days.
pub const SLOTS_DAYS_MAX: u32 = 31;

/// How far the next free time after an empty range is looked for, in ranges of
/// [`SLOTS_DAYS_MAX`] days: a quarter of a year, as far as anybody waits.
const NEXT_RANGES_MAX: u32 = 3;

/// Most openings in one answer; the later ones are left out.
const OPENINGS_MAX: usize = 5_000;

/// Most doctors whose openings are looked for at once; more have to be asked for one by one.
const OPENING_DOCTORS_MAX: usize = 50;

/// Free times of one doctor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FreeSlots {
    /// In order of time.
    pub slots: Vec<Slot>,
    /// IANA zone of the doctor.
    pub zone: String,
    /// The next free time after the range, when the range has none.
    pub next: Option<Micros>,
}

/// Why no slots were shown.
#[derive(Debug, thiserror::Error)]
pub enum SlotsError {
    /// No day, or more than [`SLOTS_DAYS_MAX`].
    #[error("slots are shown for 1 to {SLOTS_DAYS_MAX} days")]
    Days,
    /// There is no such doctor.
    #[error("no such doctor")]
    NotFound,
    /// The store failed.
    #[error("the calendar could not be read")]
    Store(#[from] StoreError),
}

/// Everybody of the facility who can be booked, by name.
///
/// # Errors
/// The store failed.
pub async fn doctors(desk: &Desk, actor: &Actor) -> Result<Vec<Doctor>, StoreError> {
    let mut tx = desk.db().read().await?;
    clinical_store::booking::doctors(&mut tx, actor.tenant).await
}

/// The free slots of a doctor that begin within `days` days of 24 hours after `from`, none of them
/// in the past.
///
/// # Errors
/// [`SlotsError`]
pub async fn slots(
    desk: &Desk,
    actor: &Actor,
    doctor: UserId,
    from: Micros,
    days: u32,
) -> Result<FreeSlots, SlotsError> {
    if days == 0 || days > SLOTS_DAYS_MAX {
        return Err(SlotsError::Days);
    }
    let to = from.plus(i64::from(days) * Micros::DAY);
    let now = desk.now();
    let from = from.max(now);
    let mut tx = desk.db().read().await?;
    let profile = clinical_store::booking::doctor(&mut tx, actor.tenant, doctor)
        .await?
        .ok_or(SlotsError::NotFound)?;
    let ahead = Slot {
        start: from,
        end: to
            .max(from)
            .plus(i64::from(NEXT_RANGES_MAX * SLOTS_DAYS_MAX) * Micros::DAY),
    };
    let table = Timetable::of_doctor(&mut tx, (actor.tenant, doctor), ahead).await?;
    let Some(table) = table else {
        return Ok(FreeSlots {
            slots: Vec::new(),
            zone: profile.zone,
            next: None,
        });
    };
    let slots = free(&mut tx, &table, (from, to), now).await?;
    let mut next = None;
    if slots.is_empty() {
        let mut begin = to.max(from);
        for _ in 0..NEXT_RANGES_MAX {
            let end = begin.plus(i64::from(SLOTS_DAYS_MAX) * Micros::DAY);
            let later = free(&mut tx, &table, (begin, end), now).await?;
            next = later.first().map(|slot| slot.start);
            if next.is_some() {
                break;
            }
            begin = end;
        }
    }
    Ok(FreeSlots {
        slots,
        zone: profile.zone,
        next,
    })
}

async fn free(
    conn: &mut Conn,
    table: &Timetable,
    (start, end): (Micros, Micros),
    now: Micros,
) -> Result<Vec<Slot>, StoreError> {
    let range = Slot { start, end };
    let busy = table.busy(conn, range, now).await?;
    let offers = offered(table.plain()?, table.with(&busy), &[], range)?;
    Ok(offers.into_iter().map(|offer| offer.visit).collect())
}

/// A time at which a service can be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Opening {
    /// With whom.
    pub doctor: UserId,
    /// The visit.
    pub slot: Slot,
}

/// The times at which a doctor who gives the service and one of each room and device that it needs
/// are free together: within `days` days of 24 hours after `from`, none in the past, in order of
/// time.
///
/// # Errors
/// [`SlotsError`]
pub async fn openings(
    desk: &Desk,
    actor: &Actor,
    (service, doctor): (ServiceId, Option<UserId>),
    (from, days): (Micros, u32),
) -> Result<Vec<Opening>, SlotsError> {
    if days == 0 || days > SLOTS_DAYS_MAX {
        return Err(SlotsError::Days);
    }
    let now = desk.now();
    let range = Slot {
        start: from.max(now),
        end: from.plus(i64::from(days) * Micros::DAY),
    };
    let mut tx = desk.db().read().await?;
    let service = clinical_store::booking::service(&mut tx, actor.tenant, service)
        .await?
        .filter(|it| it.active)
        .ok_or(SlotsError::NotFound)?;
    let mut needs = Vec::new();
    for candidates in &service.needs {
        let mut tables = Vec::new();
        for candidate in candidates {
            let found =
                clinical_store::booking::resource(&mut tx, actor.tenant, *candidate).await?;
            if let Some(resource) = found.filter(|it| it.active) {
                let table = Timetable::of_resource(&mut tx, &resource, range).await?;
                let busy = table.busy(&mut tx, range, now).await?;
                tables.push((table, busy));
            }
        }
        needs.push(tables);
    }
    let doctors = clinical_store::booking::doctors(&mut tx, actor.tenant).await?;
    let asked = doctors
        .iter()
        .map(|it| it.id)
        .filter(|id| service.doctors.is_empty() || service.doctors.contains(id))
        .filter(|id| doctor.is_none_or(|wanted| wanted == *id))
        .take(OPENING_DOCTORS_MAX);
    let mut openings = Vec::new();
    for doctor in asked {
        let table = Timetable::of_doctor(&mut tx, (actor.tenant, doctor), range).await?;
        let Some(table) = table else { continue };
        let busy = table.busy(&mut tx, range, now).await?;
        let mut offers = offered(lengths(&service)?, table.with(&busy), &[], range)?;
        for tables in &needs {
            let mut any = Vec::new();
            for (other, taken) in tables {
                let others = [other.with(taken)];
                any.extend(offered(
                    lengths(&service)?,
                    table.with(&busy),
                    &others,
                    range,
                )?);
            }
            any.sort_unstable();
            offers.retain(|offer| any.binary_search(offer).is_ok());
        }
        let visits = offers.into_iter().map(|offer| offer.visit);
        openings.extend(visits.map(|slot| Opening { doctor, slot }));
    }
    openings.sort_unstable_by_key(|it| (it.slot, it.doctor));
    openings.truncate(OPENINGS_MAX);
    Ok(openings)
}

/// New weekly hours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HoursCommand {
    /// IANA zone.
    pub zone: String,
    /// Length of one appointment in minutes.
    pub slot_min: u16,
    /// The stretches, in any order.
    pub stretches: Vec<Stretch>,
}

/// Why hours were not shown or set.
#[derive(Debug, thiserror::Error)]
pub enum HoursWriteError {
    /// Only doctors have hours.
    #[error("this role has no hours")]
    Forbidden,
    /// No zone of the IANA database.
    #[error("no such time zone")]
    Zone(#[source] jiff::Error),
    /// The hours themselves.
    #[error("the hours were refused")]
    Hours(#[from] HoursError),
    /// The store failed.
    #[error("the hours could not be stored")]
    Store(#[from] StoreError),
}

/// A doctor's own hours; empty ones if they were never set.
///
/// # Errors
/// [`HoursWriteError::Forbidden`] and [`HoursWriteError::Store`]
pub async fn hours(desk: &Desk, actor: &Actor) -> Result<Schedule, HoursWriteError> {
    let mut tx = desk.db().read().await?;
    let doctor = own_profile(&mut tx, actor).await?;
    match clinical_store::booking::schedule(&mut tx, actor.user).await? {
        Some(schedule) => Ok(schedule),
        None => Ok(Schedule {
            zone: doctor.zone,
            hours: WeeklyHours::parse(SLOT_MIN_DEFAULT, &[])?,
        }),
    }
}

/// Replaces a doctor's own hours. What is booked stays booked.
///
/// # Errors
/// [`HoursWriteError`]
pub async fn put_hours(
    desk: &Desk,
    actor: &Actor,
    command: HoursCommand,
) -> Result<Schedule, HoursWriteError> {
    let zone = TimeZone::get(&command.zone).map_err(HoursWriteError::Zone)?;
    let schedule = Schedule {
        // As the database spells it: names are found in any case.
        zone: zone.iana_name().unwrap_or(&command.zone).to_owned(),
        hours: WeeklyHours::parse(command.slot_min, &command.stretches)?,
    };
    let now = desk.now();
    let mut tx = desk.db().begin().await?;
    own_profile(&mut tx, actor).await?;
    clinical_store::booking::put_schedule(&mut tx, actor.user, &schedule).await?;
    let entry = actor
        .did("booking.put_hours", now)
        .about("user", actor.user.as_uuid())
        .under("own_hours");
    tx.commit(entry).await?;
    Ok(schedule)
}

async fn own_profile(conn: &mut Conn, actor: &Actor) -> Result<Doctor, HoursWriteError> {
    if actor.role != Role::Doctor {
        return Err(HoursWriteError::Forbidden);
    }
    clinical_store::booking::doctor(conn, actor.tenant, actor.user)
        .await?
        .ok_or(HoursWriteError::Forbidden)
}
