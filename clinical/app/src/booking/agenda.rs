//! The calendar of a facility, as its staff see it.

use clinical_calendar::Closure;
use clinical_model::booking::Slot;
use clinical_model::{Micros, Role};
use clinical_store::StoreError;
use clinical_store::booking::{Engagement, engagements};
use uuid::Uuid;

use super::timetable::{Times, Timetable};
use crate::{Actor, Desk};

/// Longest range of one answer, in days of 24 hours: the six weeks of a month's page.
pub const AGENDA_DAYS_MAX: i64 = 42;

/// Most columns of one answer; later ones are left out.
const COLUMNS_MAX: usize = 100;

/// What stands in the columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AgendaBy {
    /// Doctors.
    Clinician,
    /// Rooms and devices.
    Resource,
}

/// A doctor, a room or a device in a calendar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgendaColumn {
    /// The doctor, room or device.
    pub id: Uuid,
    /// Shown name.
    pub name: String,
    /// IANA zone of its hours.
    pub zone: String,
    /// When it is there.
    pub open: Vec<Slot>,
    /// Why it is not, where somebody said so: leave, holidays and the like.
    pub away: Vec<(Closure, Slot)>,
}

/// A calendar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agenda {
    /// Whose times.
    pub columns: Vec<AgendaColumn>,
    /// What they are kept for, in order of time.
    pub entries: Vec<Engagement>,
}

/// Why no calendar was shown.
#[derive(Debug, thiserror::Error)]
pub enum AgendaError {
    /// The end is not after the begin, or more than [`AGENDA_DAYS_MAX`] later.
    #[error("the range is empty or longer than {AGENDA_DAYS_MAX} days")]
    Range,
    /// This role has no calendar.
    #[error("this role has no calendar")]
    Forbidden,
    /// The store failed.
    #[error("the calendar could not be read")]
    Store(#[from] StoreError),
}

/// What doctors, or rooms and devices, are kept for in `[from, to)`. Nurses and admins see all of
/// the facility, doctors their own and when rooms and devices are taken. Patients are named to
/// those who may see them.
///
/// # Errors
/// [`AgendaError`]
pub async fn agenda(
    desk: &Desk,
    actor: &Actor,
    by: AgendaBy,
    (from, to): (Micros, Micros),
) -> Result<Agenda, AgendaError> {
    match actor.role {
        Role::Doctor | Role::Nurse | Role::Admin => {}
        Role::Patient
        | Role::Pharmacist
        | Role::LabTechnician
        | Role::Radiologist
        | Role::Pathologist
        | Role::HealthAuthority => return Err(AgendaError::Forbidden),
    }
    if to <= from || to.since(from) > AGENDA_DAYS_MAX * Micros::DAY {
        return Err(AgendaError::Range);
    }
    let now = desk.now();
    let range = Slot {
        start: from,
        end: to,
    };
    let mut tx = desk.db().read().await?;
    let mut columns = Vec::new();
    match by {
        AgendaBy::Clinician => {
            let doctors = clinical_store::booking::doctors(&mut tx, actor.tenant).await?;
            let seen = |id| actor.role != Role::Doctor || id == actor.user;
            for doctor in doctors
                .into_iter()
                .filter(|it| seen(it.id))
                .take(COLUMNS_MAX)
            {
                let place = (actor.tenant, doctor.id);
                let table = Timetable::of_doctor(&mut tx, place, range).await?;
                let times = table.map_or_else(|| Ok(Times::default()), |it| it.times(range));
                let Times { open, away } = times?;
                columns.push(AgendaColumn {
                    id: doctor.id.as_uuid(),
                    name: doctor.name,
                    zone: doctor.zone,
                    open,
                    away,
                });
            }
        }
        AgendaBy::Resource => {
            let resources = clinical_store::booking::resources(&mut tx, actor.tenant).await?;
            for resource in resources
                .into_iter()
                .filter(|it| it.active)
                .take(COLUMNS_MAX)
            {
                let table = Timetable::of_resource(&mut tx, &resource, range).await?;
                let Times { open, away } = table.times(range)?;
                columns.push(AgendaColumn {
                    id: resource.id.as_uuid(),
                    open,
                    away,
                    name: resource.name,
                    zone: resource.zone,
                });
            }
        }
    }
    let mut entries = engagements(&mut tx, &actor.viewer(now), (from, to)).await?;
    entries.retain(|it| columns.iter().any(|column| column.id == it.who));
    if actor.role == Role::Doctor {
        // Of other doctors' calendars a doctor learns that a room is taken.
        for entry in &mut entries {
            entry.appointment = entry
                .appointment
                .take()
                .filter(|it| it.doctor == actor.user);
        }
    }
    Ok(Agenda { columns, entries })
}
