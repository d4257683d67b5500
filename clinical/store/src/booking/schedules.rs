//! Doctors and their weekly hours.

use clinical_model::booking::{Doctor, Stretch, WeeklyHours};
use clinical_model::{TenantId, UserId};
use uuid::Uuid;

use crate::statement::{execute, execute_one, fetch_all, fetch_optional};
use crate::tx::Conn;
use crate::{StoreError, Tx, identity};

/// A doctor's hours and the zone that they are kept in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    /// IANA zone.
    pub zone: String,
    /// The hours.
    pub hours: WeeklyHours,
}

#[derive(sqlx::FromRow)]
struct DoctorRow {
    id: Uuid,
    tenant: Uuid,
    name_sealed: Vec<u8>,
    specialty: String,
    zone: String,
    languages: String,
}

async fn opened(conn: &mut Conn, row: DoctorRow) -> Result<Doctor, StoreError> {
    let id = UserId::from_uuid(row.id);
    let tenant = TenantId::from_uuid(row.tenant);
    Ok(Doctor {
        id,
        name: identity::open_name(conn, tenant, id, &row.name_sealed).await?,
        specialty: row.specialty,
        zone: row.zone,
        languages: languages(&row.languages),
    })
}

/// Languages are stored separated by blanks.
pub(super) fn languages(stored: &str) -> Vec<String> {
    stored.split_whitespace().map(str::to_owned).collect()
}

macro_rules! select_doctors {
    ($tail:literal) => {
        concat!(
            "SELECT u.id, u.tenant, u.name_sealed, u.specialty, COALESCE(s.zone, u.zone) AS zone, u.languages
             FROM users u LEFT JOIN doctor_schedules s ON s.doctor = u.id
             WHERE u.role = 'doctor' AND u.disabled = FALSE AND u.tenant = $1 ",
            $tail
        )
    };
}

/// Most doctors of one facility in a list.
const DOCTORS_MAX: i64 = 500;

/// Every doctor of a facility who can be booked, by name.
///
/// # Errors
/// The store failed.
pub async fn doctors(conn: &mut Conn, tenant: TenantId) -> Result<Vec<Doctor>, StoreError> {
    let rows = fetch_all!(
        conn,
        DoctorRow,
        select_doctors!("ORDER BY u.created_us, u.id LIMIT $2"),
        tenant.as_uuid(),
        DOCTORS_MAX
    )?;
    let mut doctors = Vec::with_capacity(rows.len());
    for row in rows {
        doctors.push(opened(conn, row).await?);
    }
    doctors.sort_by(|a, b| (&a.name, a.id).cmp(&(&b.name, b.id)));
    Ok(doctors)
}

/// One doctor of a facility who can be booked.
///
/// # Errors
/// The store failed.
pub async fn doctor(
    conn: &mut Conn,
    tenant: TenantId,
    id: UserId,
) -> Result<Option<Doctor>, StoreError> {
    let row = fetch_optional!(
        conn,
        DoctorRow,
        select_doctors!("AND u.id = $2"),
        tenant.as_uuid(),
        id.as_uuid()
    )?;
    match row {
        Some(row) => opened(conn, row).await.map(Some),
        None => Ok(None),
    }
}

#[derive(sqlx::FromRow)]
struct ScheduleRow {
    zone: String,
    slot_min: i64,
}

#[derive(sqlx::FromRow)]
struct StretchRow {
    weekday: i64,
    start_min: i64,
    end_min: i64,
}

impl TryFrom<StretchRow> for Stretch {
    type Error = StoreError;

    fn try_from(row: StretchRow) -> Result<Self, StoreError> {
        let corrupt = |source| StoreError::corrupt("doctor_hours", source);
        Ok(Self {
            weekday: u8::try_from(row.weekday).map_err(corrupt)?,
            start_min: u16::try_from(row.start_min).map_err(corrupt)?,
            end_min: u16::try_from(row.end_min).map_err(corrupt)?,
        })
    }
}

/// A doctor's hours; none if they were never set.
///
/// # Errors
/// The store failed.
pub async fn schedule(conn: &mut Conn, doctor: UserId) -> Result<Option<Schedule>, StoreError> {
    let row = fetch_optional!(
        conn,
        ScheduleRow,
        "SELECT zone, slot_min FROM doctor_schedules WHERE doctor = $1",
        doctor.as_uuid()
    )?;
    let Some(row) = row else { return Ok(None) };
    let stretches = fetch_all!(
        conn,
        StretchRow,
        "SELECT weekday, start_min, end_min FROM doctor_hours WHERE doctor = $1",
        doctor.as_uuid()
    )?
    .into_iter()
    .map(Stretch::try_from)
    .collect::<Result<Vec<_>, _>>()?;
    let slot_min = u16::try_from(row.slot_min)
        .map_err(|source| StoreError::corrupt("doctor_schedules.slot_min", source))?;
    let hours = WeeklyHours::parse(slot_min, &stretches)
        .map_err(|source| StoreError::corrupt("doctor_hours", source))?;
    Ok(Some(Schedule {
        zone: row.zone,
        hours,
    }))
}

/// Replaces a doctor's hours. Appointments that are booked stay.
///
/// # Errors
/// The store failed.
pub async fn put_schedule(
    tx: &mut Tx,
    doctor: UserId,
    schedule: &Schedule,
) -> Result<(), StoreError> {
    execute_one!(
        tx,
        "INSERT INTO doctor_schedules (doctor, zone, slot_min) VALUES ($1, $2, $3)
         ON CONFLICT (doctor) DO UPDATE SET zone = excluded.zone, slot_min = excluded.slot_min",
        doctor.as_uuid(),
        schedule.zone.as_str(),
        i64::from(schedule.hours.slot_min())
    )?;
    execute!(
        tx,
        "DELETE FROM doctor_hours WHERE doctor = $1",
        doctor.as_uuid()
    )?;
    for stretch in schedule.hours.stretches() {
        execute_one!(
            tx,
            "INSERT INTO doctor_hours (doctor, weekday, start_min, end_min)
             VALUES ($1, $2, $3, $4)",
            doctor.as_uuid(),
            i64::from(stretch.weekday),
            i64::from(stretch.start_min),
            i64::from(stretch.end_min)
        )?;
    }
    Ok(())
}
