//! Which appointments a person may know of. What is not theirs does not exist for them.

use clinical_model::access::ProxyScope;
use clinical_model::{AppointmentId, AuditEntry, Micros, PatientId, Role};
use clinical_store::access::charges;
use clinical_store::booking::{AppointmentRecord, Party};
use clinical_store::{Conn, StoreError};

use crate::access::{Access, AccessDenied};
use crate::{Actor, Desk};

/// Longest range of one list, in days of 24 hours.
pub const LIST_DAYS_MAX: i64 = 400;

/// Appointments of one list.
const LIST_MAX: usize = 500;

/// Why an appointment was not shown.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    /// There is none, or the person is neither its patient nor its doctor.
    #[error("no such appointment")]
    NotFound,
    /// The store failed.
    #[error("the appointment could not be read")]
    Store(#[from] StoreError),
}

/// Why a list was not made.
#[derive(Debug, thiserror::Error)]
pub enum ListError {
    /// The end is not after the begin, or more than [`LIST_DAYS_MAX`] later.
    #[error("the range is empty or longer than {LIST_DAYS_MAX} days")]
    Range,
    /// Only patients and doctors have appointments.
    #[error("this role has no appointments")]
    Forbidden,
    /// The store failed.
    #[error("the appointments could not be read")]
    Store(#[from] StoreError),
}

/// The appointment, if the person is its patient or its doctor.
pub(crate) async fn own(
    conn: &mut Conn,
    actor: &Actor,
    id: AppointmentId,
) -> Result<AppointmentRecord, AccessError> {
    let record = clinical_store::booking::find(conn, id)
        .await?
        .ok_or(AccessError::NotFound)?;
    let is_patient =
        actor.role == Role::Patient && Some(record.appointment.patient) == actor.patient;
    if is_patient || is_doctor_of(actor, &record) {
        Ok(record)
    } else {
        Err(AccessError::NotFound)
    }
}

pub(crate) fn is_doctor_of(actor: &Actor, record: &AppointmentRecord) -> bool {
    actor.role == Role::Doctor && record.appointment.doctor == actor.user
}

/// Why somebody may act on an appointment.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Right {
    /// It is theirs.
    Own,
    /// They may see its patient: staff, or who acts for them.
    Granted(Access),
}

impl Right {
    /// The audit entry of an act under this right.
    pub(crate) fn entry(&self, actor: &Actor, action: &'static str, now: Micros) -> AuditEntry {
        match self {
            Self::Own => actor.did(action, now).under("own_appointment"),
            Self::Granted(access) => access.entry(actor, action),
        }
    }
}

/// The right of a person to act for a patient of whom they are proxy; none if they only may look.
pub(super) async fn proxied(
    conn: &mut Conn,
    actor: &Actor,
    patient: PatientId,
    now: Micros,
) -> Result<Option<Right>, AccessDenied> {
    let access = Access::to(conn, actor, patient, now).await?;
    let may = clinical_store::access::may_act(conn, access.viewer(), patient).await?;
    Ok(may.then_some(Right::Granted(access)))
}

/// As [`own`]; nurses have those of the patients whom they may see, patients those of whom they act for.
pub(crate) async fn reached(
    conn: &mut Conn,
    actor: &Actor,
    id: AppointmentId,
    now: Micros,
) -> Result<(AppointmentRecord, Right), AccessError> {
    let hidden = |error| match error {
        AccessDenied::NotFound => AccessError::NotFound,
        AccessDenied::Store(error) => AccessError::Store(error),
    };
    if !matches!(actor.role, Role::Nurse | Role::Patient) {
        return Ok((own(conn, actor, id).await?, Right::Own));
    }
    let record = clinical_store::booking::find(conn, id)
        .await?
        .ok_or(AccessError::NotFound)?;
    let patient = record.appointment.patient;
    if actor.role == Role::Patient {
        if actor.patient == Some(patient) {
            return Ok((record, Right::Own));
        }
        let right = proxied(conn, actor, patient, now).await.map_err(hidden)?;
        return Ok((record, right.ok_or(AccessError::NotFound)?));
    }
    let access = Access::to(conn, actor, patient, now)
        .await
        .map_err(hidden)?;
    Ok((record, Right::Granted(access)))
}

/// One appointment, for its patient, who acts for them, its doctor, and nurses who may see the patient.
///
/// # Errors
/// [`AccessError`]
pub async fn appointment(
    desk: &Desk,
    actor: &Actor,
    id: AppointmentId,
) -> Result<AppointmentRecord, AccessError> {
    let now = desk.now();
    let mut tx = desk.db().read().await?;
    let (record, _) = reached(&mut tx, actor, id, now).await?;
    Ok(record)
}

/// A patient's own appointments with those of whom they act for, or a doctor's own list: those that begin in
/// `[from, to)`, in order of time, at most [`LIST_MAX`].
///
/// # Errors
/// [`ListError`]
pub async fn appointments(
    desk: &Desk,
    actor: &Actor,
    (from, to): (Micros, Micros),
) -> Result<Vec<AppointmentRecord>, ListError> {
    if to <= from || to.since(from) > LIST_DAYS_MAX * Micros::DAY {
        return Err(ListError::Range);
    }
    let mut tx = desk.db().read().await?;
    let party = match actor.role {
        Role::Patient => {
            let own = actor.patient.ok_or(ListError::Forbidden)?;
            let range = (from, to);
            let mut all =
                clinical_store::booking::list(&mut tx, Party::Patient(own), range).await?;
            for charge in charges(&mut tx, &actor.viewer(desk.now())).await? {
                if charge.scope == ProxyScope::Act && charge.patient != own {
                    let party = Party::Patient(charge.patient);
                    all.extend(clinical_store::booking::list(&mut tx, party, range).await?);
                }
            }
            all.sort_by_key(|it| it.appointment.slot.start);
            all.truncate(LIST_MAX);
            return Ok(all);
        }
        Role::Doctor => Party::Doctor(actor.user),
        Role::Nurse
        | Role::Pharmacist
        | Role::LabTechnician
        | Role::Radiologist
        | Role::Pathologist
        | Role::Admin
        | Role::HealthAuthority => return Err(ListError::Forbidden),
    };
    Ok(clinical_store::booking::list(&mut tx, party, (from, to)).await?)
}
