//! What a clinic offers: services, rooms, devices, and the plans of all of them.

use clinical_calendar::{Country, HolidayBook, Hours, Rule, Service, ServiceError};
use clinical_model::{ResourceId, Role, ServiceId, TenantId, UserId};
use clinical_store::booking::{Plan, ResourceRecord, ServiceRecord};
use clinical_store::{Conn, StoreError};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use uuid::Uuid;

use super::timetable::anchor;
use crate::{Actor, Desk};

/// Longest code of a service and longest name of a room, in characters.
const CODE_CHARS_MAX: usize = 40;
const NAME_CHARS_MAX: usize = 80;
/// Most needs of a service, and most rules and exceptions of one plan; more are refused.
const NEEDS_MAX: usize = 10;
const ENTRIES_MAX: usize = 200;

/// Why an offer was not shown or changed.
#[derive(Debug, thiserror::Error)]
pub enum OfferError {
    /// There is no such thing in the facility.
    #[error("no such thing")]
    NotFound,
    /// This role does not change it.
    #[error("this role does not change it")]
    Forbidden,
    /// A field is not acceptable.
    #[error("{0} is not acceptable")]
    Field(&'static str),
    /// It has changed since it was read.
    #[error("it has changed since it was read")]
    Changed,
    /// The store failed.
    #[error("the offer could not be read or written")]
    Store(#[from] StoreError),
}

/// The services of the facility.
///
/// # Errors
/// The store failed.
pub async fn services(desk: &Desk, actor: &Actor) -> Result<Vec<ServiceRecord>, StoreError> {
    let mut tx = desk.db().read().await?;
    clinical_store::booking::services(&mut tx, actor.tenant).await
}

/// The rooms and devices of the facility.
///
/// # Errors
/// The store failed.
pub async fn resources(desk: &Desk, actor: &Actor) -> Result<Vec<ResourceRecord>, StoreError> {
    let mut tx = desk.db().read().await?;
    clinical_store::booking::resources(&mut tx, actor.tenant).await
}

/// Writes a service: a new one when `it.version` is 0, else the one that was read at that version.
/// The facility and, of a new one, the id are filled in.
///
/// # Errors
/// [`OfferError`]
pub async fn put_service(
    desk: &Desk,
    actor: &Actor,
    mut it: ServiceRecord,
) -> Result<ServiceRecord, OfferError> {
    admin(actor)?;
    let length = it.code.trim().chars().count();
    if length == 0 || length > CODE_CHARS_MAX || it.code.chars().any(char::is_control) {
        return Err(OfferError::Field("code"));
    }
    let buffers = (it.before_min, it.after_min);
    Service::parse(it.length_min, buffers, it.step_min).map_err(|error| {
        OfferError::Field(match error {
            ServiceError::Length => "length_min",
            ServiceError::Buffer => "after_min",
            ServiceError::Step => "step_min",
        })
    })?;
    if it.needs.len() > NEEDS_MAX || it.needs.iter().any(|need| need.is_empty()) {
        return Err(OfferError::Field("needs"));
    }
    let now = desk.now();
    let mut tx = desk.db().begin().await?;
    for doctor in &it.doctors {
        clinical_store::booking::doctor(&mut tx, actor.tenant, *doctor)
            .await?
            .ok_or(OfferError::Field("doctors"))?;
    }
    for resource in it.needs.iter().flatten() {
        clinical_store::booking::resource(&mut tx, actor.tenant, *resource)
            .await?
            .ok_or(OfferError::Field("needs"))?;
    }
    it.tenant = actor.tenant;
    if it.version == 0 {
        it.id = ServiceId::from_uuid(desk.id(now));
    } else if clinical_store::booking::service(&mut tx, actor.tenant, it.id)
        .await?
        .is_none()
    {
        return Err(OfferError::NotFound);
    }
    it.version += 1;
    match clinical_store::booking::put_service(&mut tx, &it).await {
        Ok(true) => {}
        Ok(false) => return Err(OfferError::Changed),
        Err(error) if error.violates("services_code", "services.tenant, services.code") => {
            return Err(OfferError::Field("code"));
        }
        Err(error) => return Err(error.into()),
    }
    let entry = actor.did("booking.put_service", now);
    tx.commit(entry.about("service", it.id.as_uuid())).await?;
    Ok(it)
}

/// Writes a room or device, as [`put_service`] does a service.
///
/// # Errors
/// [`OfferError`]
pub async fn put_resource(
    desk: &Desk,
    actor: &Actor,
    mut it: ResourceRecord,
) -> Result<ResourceRecord, OfferError> {
    admin(actor)?;
    let length = it.name.trim().chars().count();
    if length == 0 || length > NAME_CHARS_MAX || it.name.chars().any(char::is_control) {
        return Err(OfferError::Field("name"));
    }
    TimeZone::get(&it.zone).or(Err(OfferError::Field("zone")))?;
    let now = desk.now();
    let mut tx = desk.db().begin().await?;
    it.tenant = actor.tenant;
    if it.version == 0 {
        it.id = ResourceId::from_uuid(desk.id(now));
    } else if clinical_store::booking::resource(&mut tx, actor.tenant, it.id)
        .await?
        .is_none()
    {
        return Err(OfferError::NotFound);
    }
    it.version += 1;
    if !clinical_store::booking::put_resource(&mut tx, &it).await? {
        return Err(OfferError::Changed);
    }
    let entry = actor.did("booking.put_resource", now);
    tx.commit(entry.about("resource", it.id.as_uuid())).await?;
    Ok(it)
}

/// The rules, coming exceptions and holidays of a doctor, a room or a device.
///
/// # Errors
/// [`OfferError`]
pub async fn plan(desk: &Desk, actor: &Actor, owner: Uuid) -> Result<Plan, OfferError> {
    let mut tx = desk.db().read().await?;
    owned(&mut tx, actor, owner).await?;
    Ok(clinical_store::booking::plan(&mut tx, owner, desk.now()).await?)
}

/// The countries whose public holidays are known, and the days of one of them in a year: date as
/// YYYYMMDD, name in French and in English.
///
/// # Errors
/// [`OfferError::Field`] and [`OfferError::Store`]
pub fn holidays(country: &str, year: i16) -> Result<Holidays, OfferError> {
    let country = Country::parse(country).ok_or(OfferError::Field("country"))?;
    let first = Date::new(year, 1, 1).or(Err(OfferError::Field("year")))?;
    let last = Date::new(year, 12, 31).or(Err(OfferError::Field("year")))?;
    let book =
        HolidayBook::built_in().map_err(|error| StoreError::corrupt("schedule_holidays", error))?;
    let days = book.between(country, first, last).into_iter().map(|it| {
        let (month, day) = (i64::from(it.date.month()), i64::from(it.date.day()));
        let date = i64::from(it.date.year()) * 10_000 + month * 100 + day;
        (date, it.name_fr, it.name_en)
    });
    Ok(Holidays {
        days: days.collect(),
        countries: book.countries().map(Country::code).collect(),
    })
}

/// Public holidays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holidays {
    /// Date as YYYYMMDD, name in French and in English.
    pub days: Vec<(i64, String, String)>,
    /// Codes of the countries that are known.
    pub countries: Vec<String>,
}

/// Replaces the plan of a doctor, a room or a device that was read at `plan.version`. Doctors change their own; admins, all. Ids
/// are made here.
///
/// # Errors
/// [`OfferError`]
pub async fn put_plan(
    desk: &Desk,
    actor: &Actor,
    owner: Uuid,
    mut plan: Plan,
) -> Result<Plan, OfferError> {
    check(&plan)?;
    let now = desk.now();
    let mut tx = desk.db().begin().await?;
    owned(&mut tx, actor, owner).await?;
    for rule in &mut plan.rules {
        rule.id = clinical_model::ScheduleEntryId::from_uuid(desk.id(now));
    }
    for exception in &mut plan.exceptions {
        exception.id = clinical_model::ScheduleEntryId::from_uuid(desk.id(now));
    }
    let place = (actor.tenant, owner);
    plan.version = plan.version.saturating_add(1);
    if !clinical_store::booking::put_plan(&mut tx, place, &plan, actor.user).await? {
        return Err(OfferError::Changed);
    }
    let entry = actor.did("booking.put_plan", now);
    tx.commit(entry.about("schedule", owner)).await?;
    Ok(plan)
}

fn check(plan: &Plan) -> Result<(), OfferError> {
    if plan.rules.len() > ENTRIES_MAX {
        return Err(OfferError::Field("rules"));
    }
    for it in &plan.rules {
        let first = anchor(it.anchor).or(Err(OfferError::Field("rules.anchor")))?;
        let rule = Rule::parse(&it.rule, first).or(Err(OfferError::Field("rules.rule")))?;
        Hours::parse(rule, it.start_min, it.length_min)
            .or(Err(OfferError::Field("rules.start_min")))?;
    }
    let is_known = |kind: &str| {
        matches!(
            kind,
            "leave" | "holiday" | "maintenance" | "other" | "extra"
        )
    };
    let is_well = |it: &clinical_store::booking::PlanException| {
        is_known(&it.kind) && it.from_wall_us < it.to_wall_us
    };
    if plan.exceptions.len() > ENTRIES_MAX || !plan.exceptions.iter().all(is_well) {
        return Err(OfferError::Field("exceptions"));
    }
    if let Some(text) = &plan.holidays {
        let country = Country::parse(text).ok_or(OfferError::Field("holidays"))?;
        let book = HolidayBook::built_in()
            .map_err(|error| StoreError::corrupt("schedule_holidays", error))?;
        if !book.countries().any(|it| it == country) {
            return Err(OfferError::Field("holidays"));
        }
    }
    Ok(())
}

/// Doctors have their own plan; admins see and change those of the facility.
async fn owned(conn: &mut Conn, actor: &Actor, owner: Uuid) -> Result<(), OfferError> {
    if actor.role == Role::Doctor && actor.user.as_uuid() == owner {
        return Ok(());
    }
    if actor.role == Role::Admin && is_of(conn, actor.tenant, owner).await? {
        return Ok(());
    }
    Err(OfferError::NotFound)
}

async fn is_of(conn: &mut Conn, tenant: TenantId, owner: Uuid) -> Result<bool, StoreError> {
    let resource = ResourceId::from_uuid(owner);
    if clinical_store::booking::resource(conn, tenant, resource)
        .await?
        .is_some()
    {
        return Ok(true);
    }
    let doctor = UserId::from_uuid(owner);
    let doctor = clinical_store::booking::doctor(conn, tenant, doctor).await?;
    Ok(doctor.is_some())
}

fn admin(actor: &Actor) -> Result<(), OfferError> {
    if actor.role == Role::Admin {
        Ok(())
    } else {
        Err(OfferError::Forbidden)
    }
}
