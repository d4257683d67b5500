//! Doctors, their weekly hours, their free slots.

use clinical_model::booking::{
    Doctor, HoursError, Slot, Stretch, WeeklyHours, free_slots, slot_at,
};
use clinical_model::{Micros, Role, UserId};
use clinical_store::booking::Schedule;
use clinical_store::{Conn, StoreError};
use jiff::tz::TimeZone;

use crate::{Actor, Desk};

/// Longest range of one question for slots, in days.
pub const SLOTS_DAYS_MAX: u32 = 31;

/// How far the next free time after an empty range is looked for, in ranges of
/// [`SLOTS_DAYS_MAX`] days: a quarter of a year, as far as anybody waits.
const NEXT_RANGES_MAX: u32 = 3;

/// A doctor's appointment length before hours were ever set, in minutes.
const SLOT_MIN_DEFAULT: u16 = 15;

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
    let from = from.max(desk.now());
    let mut tx = desk.db().read().await?;
    let profile = clinical_store::booking::doctor(&mut tx, actor.tenant, doctor)
        .await?
        .ok_or(SlotsError::NotFound)?;
    let calendar = Calendar::read(&mut tx, doctor).await?;
    let Some(calendar) = calendar else {
        return Ok(FreeSlots {
            slots: Vec::new(),
            zone: profile.zone,
            next: None,
        });
    };
    let slots = calendar.free(&mut tx, from, to).await?;
    let mut next = None;
    if slots.is_empty() {
        let mut begin = to.max(from);
        for _ in 0..NEXT_RANGES_MAX {
            let end = begin.plus(i64::from(SLOTS_DAYS_MAX) * Micros::DAY);
            let later = calendar.free(&mut tx, begin, end).await?;
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

/// A doctor's hours on the time line.
pub(super) struct Calendar {
    doctor: UserId,
    hours: WeeklyHours,
    zone: TimeZone,
}

impl Calendar {
    /// None when the doctor has never set hours.
    pub(super) async fn read(conn: &mut Conn, doctor: UserId) -> Result<Option<Self>, StoreError> {
        let Some(schedule) = clinical_store::booking::schedule(conn, doctor).await? else {
            return Ok(None);
        };
        let zone = TimeZone::get(&schedule.zone)
            .map_err(|error| StoreError::corrupt("doctor_schedules.zone", error))?;
        Ok(Some(Self {
            doctor,
            hours: schedule.hours,
            zone,
        }))
    }

    /// The slot of the hours that begins then, free or not.
    pub(super) fn slot_at(&self, start: Micros) -> Option<Slot> {
        slot_at(&self.hours, &self.zone, start)
    }

    async fn free(
        &self,
        conn: &mut Conn,
        from: Micros,
        to: Micros,
    ) -> Result<Vec<Slot>, StoreError> {
        // The last slot may end after the range.
        let until = to.plus(i64::from(self.hours.slot_min()) * Micros::MINUTE);
        let busy = clinical_store::booking::busy(conn, self.doctor, (from, until)).await?;
        Ok(free_slots(&self.hours, &self.zone, (from, to), &busy))
    }
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
