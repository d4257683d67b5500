//! Care teams: who belongs to them, joining, leaving, handing over.

use clinical_model::access::{CareRelation, Grant, RELATION_LIFE_US_MAX};
use clinical_model::{GrantId, Micros, PatientId, Role, UserId};
use clinical_store::{Conn, StoreError};

use super::{Access, AccessDenied};
use crate::{Actor, Clinic};

/// Why a care team was not shown or changed.
#[derive(Debug, thiserror::Error)]
pub enum TeamError {
    /// There is no such patient or member, or they may not know of them.
    #[error("no such patient or member")]
    NotFound,
    /// This role, or this right, does not change care teams.
    #[error("this right does not change care teams")]
    Forbidden,
    /// There is no such clinician in the facility.
    #[error("no such clinician")]
    NoClinician,
    /// The end is past or too far ahead.
    #[error("the end is past or too far ahead")]
    Until,
    /// The store failed.
    #[error("the care team could not be read or written")]
    Store(#[from] StoreError),
}

impl From<AccessDenied> for TeamError {
    fn from(error: AccessDenied) -> Self {
        match error {
            AccessDenied::NotFound => Self::NotFound,
            AccessDenied::Store(error) => Self::Store(error),
        }
    }
}

/// Who belongs to a patient's care team.
///
/// # Errors
/// [`TeamError::NotFound`] and [`TeamError::Store`]
pub async fn care_team(
    clinic: &Clinic,
    actor: &Actor,
    patient: PatientId,
) -> Result<Vec<(CareRelation, String)>, TeamError> {
    let now = clinic.clock.now();
    let mut tx = clinic.db.look().await?;
    let entry = if actor.role == Role::Admin {
        of_facility(&mut tx, actor, patient).await?;
        actor.did("access.team", now).of_patient(patient)
    } else {
        let access = Access::to(&mut tx, actor, patient, now).await?;
        access.entry(actor, "access.team")
    };
    let team = clinical_store::access::care_team(&mut tx, actor.tenant, patient, now).await?;
    tx.commit(entry).await?;
    Ok(team)
}

/// Puts a clinician into a patient's care team until `until`.
///
/// # Errors
/// [`TeamError`]
pub async fn join_team(
    clinic: &Clinic,
    actor: &Actor,
    patient: PatientId,
    (clinician, until): (UserId, Micros),
) -> Result<CareRelation, TeamError> {
    let now = clinic.clock.now();
    let mut tx = clinic.db.begin().await?;
    let entry = may_change(&mut tx, actor, patient, ("access.join_team", now)).await?;
    let relation = relation(clinic, actor, patient, (clinician, until))?;
    treats(&mut tx, actor, clinician).await?;
    clinical_store::access::insert_care_relation(&mut tx, &relation).await?;
    tx.commit(entry.about("care_relation", relation.id.as_uuid()))
        .await?;
    Ok(relation)
}

/// Hands a patient over: the actor leaves the care team, another clinician joins it.
///
/// # Errors
/// [`TeamError`]
pub async fn hand_over(
    clinic: &Clinic,
    actor: &Actor,
    patient: PatientId,
    (clinician, until): (UserId, Micros),
) -> Result<CareRelation, TeamError> {
    let now = clinic.clock.now();
    let mut tx = clinic.db.begin().await?;
    let entry = may_change(&mut tx, actor, patient, ("access.hand_over", now)).await?;
    let relation = relation(clinic, actor, patient, (clinician, until))?;
    treats(&mut tx, actor, clinician).await?;
    clinical_store::access::end_own_care_relation(&mut tx, patient, actor.user, now).await?;
    clinical_store::access::insert_care_relation(&mut tx, &relation).await?;
    tx.commit(entry.about("care_relation", relation.id.as_uuid()))
        .await?;
    Ok(relation)
}

/// Takes somebody out of a care team: an admin, a member, or the patient.
///
/// # Errors
/// [`TeamError`]
pub async fn leave_team(
    clinic: &Clinic,
    actor: &Actor,
    patient: PatientId,
    member: GrantId,
) -> Result<(), TeamError> {
    let now = clinic.clock.now();
    let mut tx = clinic.db.begin().await?;
    let entry = if actor.role == Role::Patient {
        let access = Access::to(&mut tx, actor, patient, now).await?;
        if !clinical_store::access::may_act(&mut tx, access.viewer(), patient).await? {
            return Err(TeamError::Forbidden);
        }
        access.entry(actor, "access.leave_team")
    } else {
        may_change(&mut tx, actor, patient, ("access.leave_team", now)).await?
    };
    let place = (actor.tenant, patient);
    if !clinical_store::access::end_care_relation(&mut tx, place, member, now).await? {
        return Err(TeamError::NotFound);
    }
    tx.commit(entry.about("care_relation", member.as_uuid()))
        .await?;
    Ok(())
}

/// Admins change every care team of their facility; clinicians those of patients they treat, but
/// not under a right that the patient or an emergency lent them.
async fn may_change(
    conn: &mut Conn,
    actor: &Actor,
    patient: PatientId,
    (action, now): (&'static str, Micros),
) -> Result<clinical_model::AuditEntry, TeamError> {
    if actor.role == Role::Admin {
        of_facility(conn, actor, patient).await?;
        return Ok(actor.did(action, now).of_patient(patient));
    }
    let access = Access::to(conn, actor, patient, now).await?;
    match access.grant() {
        Grant::CareRelation | Grant::AppointmentWindow | Grant::Duty => {
            Ok(access.entry(actor, action))
        }
        Grant::OwnRecord | Grant::Proxy | Grant::Consent | Grant::BreakGlass => {
            Err(TeamError::Forbidden)
        }
    }
}

async fn of_facility(conn: &mut Conn, actor: &Actor, patient: PatientId) -> Result<(), TeamError> {
    clinical_store::patients::record(conn, actor.tenant, patient)
        .await?
        .map(drop)
        .ok_or(TeamError::NotFound)
}

/// Only people of the facility who treat patients belong to a care team.
async fn treats(conn: &mut Conn, actor: &Actor, clinician: UserId) -> Result<(), TeamError> {
    let account = clinical_store::identity::account(conn, clinician)
        .await?
        .filter(|it| it.tenant == actor.tenant && !it.disabled)
        .ok_or(TeamError::NoClinician)?;
    match account.position.role() {
        Role::Doctor
        | Role::Nurse
        | Role::Pharmacist
        | Role::LabTechnician
        | Role::Radiologist
        | Role::Pathologist => Ok(()),
        Role::Patient | Role::Admin | Role::HealthAuthority => Err(TeamError::NoClinician),
    }
}

fn relation(
    clinic: &Clinic,
    actor: &Actor,
    patient: PatientId,
    (clinician, until): (UserId, Micros),
) -> Result<CareRelation, TeamError> {
    let now = clinic.clock.now();
    if until <= now || until.since(now) > RELATION_LIFE_US_MAX {
        return Err(TeamError::Until);
    }
    Ok(CareRelation {
        id: GrantId::from_uuid(clinic.entropy.uuid(now)),
        tenant: actor.tenant,
        patient,
        clinician,
        from: now,
        until,
        created_by: actor.user,
    })
}
