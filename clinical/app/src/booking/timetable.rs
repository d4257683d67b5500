//! When a doctor, a room or a device is there: weekly hours, rules, exceptions and holidays.

use clinical_calendar::{
    AvailabilityError, Closure, Country, Exception, HolidayBook, Hours, Offer, Resource, Rule,
    Schedule as Recurring, Service, WallSpan, availability, offers,
};
use clinical_model::booking::Slot;
use clinical_model::{Micros, TenantId, UserId};
use clinical_store::booking::{Plan, PlanException, ResourceRecord, ServiceRecord};
use clinical_store::{Conn, StoreError};
use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use uuid::Uuid;

/// A doctor's appointment length before hours were ever set, in minutes.
pub(super) const SLOT_MIN_DEFAULT: u16 = 15;

/// Somebody's or something's times.
pub(super) struct Timetable {
    who: Uuid,
    recurring: Recurring,
    zone: TimeZone,
    /// A plain appointment, in minutes.
    slot_min: u16,
}

/// When somebody or something is there, and why not.
#[derive(Default)]
pub(super) struct Times {
    pub(super) open: Vec<Slot>,
    pub(super) away: Vec<(Closure, Slot)>,
}

impl Timetable {
    /// Of a doctor; none when there are neither weekly hours nor rules.
    pub(super) async fn of_doctor(
        conn: &mut Conn,
        (tenant, doctor): (TenantId, UserId),
        range: Slot,
    ) -> Result<Option<Self>, StoreError> {
        let weekly = clinical_store::booking::schedule(conn, doctor).await?;
        let plan = clinical_store::booking::plan(conn, doctor.as_uuid(), range.start).await?;
        let (name, slot_min, mut hours) = match weekly {
            Some(weekly) => {
                let mut hours = Vec::new();
                for stretch in weekly.hours.stretches() {
                    let length = stretch.end_min.saturating_sub(stretch.start_min);
                    let anchor = anchor(20_010_100 + i64::from(stretch.weekday))?;
                    hours.push(recurring("FREQ=WEEKLY", anchor, stretch.start_min, length)?);
                }
                (weekly.zone, weekly.hours.slot_min(), hours)
            }
            None if plan.rules.is_empty() => return Ok(None),
            None => match clinical_store::booking::doctor(conn, tenant, doctor).await? {
                Some(doctor) => (doctor.zone, SLOT_MIN_DEFAULT, Vec::new()),
                None => return Ok(None),
            },
        };
        hours.extend(rules(&plan)?);
        Ok(Some(Self {
            who: doctor.as_uuid(),
            recurring: completed(hours, &plan, range)?,
            zone: zone(&name)?,
            slot_min,
        }))
    }

    /// Of a room or a device; without rules it is always there.
    pub(super) async fn of_resource(
        conn: &mut Conn,
        resource: &ResourceRecord,
        range: Slot,
    ) -> Result<Self, StoreError> {
        let who = resource.id.as_uuid();
        let plan = clinical_store::booking::plan(conn, who, range.start).await?;
        let mut hours = rules(&plan)?;
        if hours.is_empty() {
            hours.push(recurring("FREQ=DAILY", anchor(20_010_101)?, 0, 1_440)?);
        }
        Ok(Self {
            who,
            recurring: completed(hours, &plan, range)?,
            zone: zone(&resource.zone)?,
            slot_min: SLOT_MIN_DEFAULT,
        })
    }

    /// What keeps it busy in a range.
    pub(super) async fn busy(
        &self,
        conn: &mut Conn,
        range: Slot,
        now: Micros,
    ) -> Result<Vec<Slot>, StoreError> {
        // Buffers of half a day and a visit of half a day reach over the range.
        let wide = (
            range.start.plus(-Micros::DAY),
            range.end.plus(2 * Micros::DAY),
        );
        clinical_store::booking::busy(conn, self.who, wide, now).await
    }

    /// A plain appointment of this doctor.
    pub(super) fn plain(&self) -> Result<Service, StoreError> {
        Service::parse(self.slot_min, (0, 0), self.slot_min)
            .map_err(|error| StoreError::corrupt("doctor_schedules.slot_min", error))
    }

    /// When it is there, whatever it is busy with, and why it is not at other times.
    pub(super) fn times(&self, range: Slot) -> Result<Times, StoreError> {
        match availability(&self.recurring, &self.zone, range) {
            Ok(found) => Ok(Times {
                open: found.open,
                away: found.away,
            }),
            Err(AvailabilityError::Range) => Ok(Times::default()),
            Err(error @ AvailabilityError::Rule(_)) => {
                Err(StoreError::corrupt("schedule_rules.rule", error))
            }
        }
    }

    pub(super) const fn with<'a>(&'a self, busy: &'a [Slot]) -> Resource<'a> {
        Resource {
            schedule: &self.recurring,
            zone: &self.zone,
            busy,
        }
    }
}

/// How long a service takes.
pub(super) fn lengths(service: &ServiceRecord) -> Result<Service, StoreError> {
    Service::parse(
        service.length_min,
        (service.before_min, service.after_min),
        service.step_min,
    )
    .map_err(|error| StoreError::corrupt("services", error))
}

/// As [`offers`]; a range that is empty or outside the calendar has none.
pub(super) fn offered(
    service: Service,
    primary: Resource<'_>,
    others: &[Resource<'_>],
    range: Slot,
) -> Result<Vec<Offer>, StoreError> {
    match offers(service, primary, others, range) {
        Ok(offers) => Ok(offers),
        Err(AvailabilityError::Range) => Ok(Vec::new()),
        Err(error @ AvailabilityError::Rule(_)) => {
            Err(StoreError::corrupt("schedule_rules.rule", error))
        }
    }
}

fn zone(name: &str) -> Result<TimeZone, StoreError> {
    TimeZone::get(name).map_err(|error| StoreError::corrupt("zone", error))
}

/// A date that is stored as YYYYMMDD.
pub(super) fn anchor(number: i64) -> Result<Date, StoreError> {
    let corrupt = |_| StoreError::corrupt("schedule_rules.anchor", "no such date");
    let year = i16::try_from(number / 10_000).map_err(corrupt)?;
    let month = i8::try_from(number / 100 % 100).map_err(corrupt)?;
    let day = i8::try_from(number % 100).map_err(corrupt)?;
    Date::new(year, month, day).map_err(|error| StoreError::corrupt("schedule_rules.anchor", error))
}

fn recurring(text: &str, anchor: Date, start: u16, length: u16) -> Result<Hours, StoreError> {
    let rule = Rule::parse(text, anchor)
        .map_err(|error| StoreError::corrupt("schedule_rules.rule", error))?;
    Hours::parse(rule, start, length).map_err(|error| StoreError::corrupt("schedule_rules", error))
}

fn rules(plan: &Plan) -> Result<Vec<Hours>, StoreError> {
    plan.rules
        .iter()
        .map(|it| recurring(&it.rule, anchor(it.anchor)?, it.start_min, it.length_min))
        .collect()
}

fn completed(hours: Vec<Hours>, plan: &Plan, range: Slot) -> Result<Recurring, StoreError> {
    let exceptions = plan.exceptions.iter().map(exception);
    Ok(Recurring {
        hours,
        exceptions: exceptions.collect::<Result<_, _>>()?,
        holidays: match &plan.holidays {
            Some(country) => holidays(country, range)?,
            None => Vec::new(),
        },
    })
}

fn exception(stored: &PlanException) -> Result<Exception, StoreError> {
    let corrupt = || StoreError::corrupt("schedule_exceptions", "no such exception");
    let span = WallSpan::new(wall(stored.from_wall_us)?, wall(stored.to_wall_us)?);
    let span = span.ok_or_else(corrupt)?;
    Ok(match stored.kind.as_str() {
        "extra" => Exception::Extra(span),
        "leave" => Exception::Closed(Closure::Leave, span),
        "holiday" => Exception::Closed(Closure::Holiday, span),
        "maintenance" => Exception::Closed(Closure::Maintenance, span),
        "other" => Exception::Closed(Closure::Other, span),
        _ => return Err(corrupt()),
    })
}

/// A wall time that is stored as if the wall clock showed UTC.
fn wall(us: i64) -> Result<DateTime, StoreError> {
    let at = Timestamp::from_microsecond(us)
        .map_err(|error| StoreError::corrupt("schedule_exceptions", error))?;
    Ok(TimeZone::UTC.to_datetime(at))
}

fn holidays(country: &str, range: Slot) -> Result<Vec<Date>, StoreError> {
    let corrupt = || StoreError::corrupt("schedule_holidays.country", "no such country");
    let country = Country::parse(country).ok_or_else(corrupt)?;
    let book =
        HolidayBook::built_in().map_err(|error| StoreError::corrupt("schedule_holidays", error))?;
    let first = wall(range.start.plus(-3 * Micros::DAY).0)?.date();
    let last = wall(range.end.plus(3 * Micros::DAY).0)?.date();
    let mut dates: Vec<Date> = book
        .between(country, first, last)
        .into_iter()
        .map(|holiday| holiday.date)
        .collect();
    dates.sort_unstable();
    dates.dedup();
    Ok(dates)
}
