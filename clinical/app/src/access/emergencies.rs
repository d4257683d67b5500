//! Breaking the glass: an hour with one record, in an emergency, and the review afterwards.

use std::net::IpAddr;

use clinical_model::access::{BREAK_GLASS_US, BreakGlass, BreakGlassReason, ReviewVerdict};
use clinical_model::text::{Line, Phone};
use clinical_model::{GrantId, PatientId, Purpose, Role};
use clinical_store::StoreError;
use clinical_store::access::Emergency;

use crate::identity::{ReauthenticateError, SignIn, reauthenticate};
use crate::{Actor, Clinic};

/// Whose record is needed.
#[derive(Debug, Clone)]
pub enum Target {
    /// A known record.
    Record(PatientId),
    /// Whoever has this telephone number.
    Phone(Phone),
}

/// Take an emergency access.
#[derive(Debug, Clone)]
pub struct EmergencyCommand {
    /// Whose record.
    pub target: Target,
    /// Why.
    pub reason: BreakGlassReason,
    /// Why, in words.
    pub words: Line,
}

/// Why the glass was not broken.
#[derive(Debug, thiserror::Error)]
pub enum EmergencyError {
    /// Only those who treat patients break the glass.
    #[error("this role does not treat patients")]
    Forbidden,
    /// There is no such patient, or more than one with that number.
    #[error("no patient, or more than one")]
    NotFound,
    /// The password is wrong, or too many were.
    #[error(transparent)]
    Proof(#[from] ReauthenticateError),
    /// The store failed.
    #[error("the emergency access could not be written")]
    Store(#[from] StoreError),
}

/// Opens one record for an hour. Who asks proves again who they are; the patient reads of it under
/// "who looked", and an admin reviews it.
///
/// # Errors
/// [`EmergencyError`]
pub async fn break_glass(
    clinic: &Clinic,
    (sign_in, password, from): (&SignIn, &str, IpAddr),
    actor: &Actor,
    command: EmergencyCommand,
) -> Result<BreakGlass, EmergencyError> {
    match actor.role {
        Role::Doctor | Role::Nurse | Role::Radiologist | Role::Pathologist => {}
        Role::Patient
        | Role::Pharmacist
        | Role::LabTechnician
        | Role::Admin
        | Role::HealthAuthority => return Err(EmergencyError::Forbidden),
    }
    reauthenticate(clinic, sign_in, actor, (password, from)).await?;
    let now = clinic.clock.now();
    let mut tx = clinic.db.begin().await?;
    let patient = match command.target {
        Target::Record(id) => clinical_store::patients::record(&mut tx, actor.tenant, id)
            .await?
            .map(|it| it.id),
        Target::Phone(phone) => {
            let key = ("phone", phone.as_str());
            let found = clinical_store::patients::look_up(&mut tx, actor.tenant, key).await?;
            match found.as_slice() {
                [only] => Some(*only),
                _ => None,
            }
        }
    };
    let Some(patient) = patient else {
        let entry = actor.was_refused("access.break_glass", now);
        tx.commit(entry.purposed(Purpose::Emergency)).await?;
        return Err(EmergencyError::NotFound);
    };
    let emergency = BreakGlass {
        id: GrantId::from_uuid(clinic.entropy.uuid(now)),
        tenant: actor.tenant,
        patient,
        person: actor.user,
        reason: command.reason,
        from: now,
        until: now.plus(BREAK_GLASS_US),
        review: None,
    };
    clinical_store::access::insert_break_glass(&mut tx, &emergency, command.words.as_str()).await?;
    let entry = actor
        .did("access.break_glass", now)
        .about("break_glass", emergency.id.as_uuid())
        .of_patient(patient)
        .purposed(Purpose::Emergency);
    tx.commit(entry).await?;
    Ok(emergency)
}

/// Why reviews were not shown or written.
#[derive(Debug, thiserror::Error)]
pub enum ReviewError {
    /// Only admins review.
    #[error("only admins review")]
    Forbidden,
    /// There is no such access in the facility.
    #[error("no such emergency access")]
    NotFound,
    /// It was reviewed before, or by the one who looked.
    #[error("it was reviewed before, or is their own")]
    State,
    /// The store failed.
    #[error("the reviews could not be read or written")]
    Store(#[from] StoreError),
}

/// The emergency accesses of the facility, those without a review first.
///
/// # Errors
/// [`ReviewError::Forbidden`] and [`ReviewError::Store`]
pub async fn emergencies(clinic: &Clinic, actor: &Actor) -> Result<Vec<Emergency>, ReviewError> {
    if actor.role != Role::Admin {
        return Err(ReviewError::Forbidden);
    }
    let now = clinic.clock.now();
    let mut tx = clinic.db.look().await?;
    let list = clinical_store::access::open_reviews(&mut tx, actor.tenant).await?;
    tx.commit(actor.did("access.emergencies", now)).await?;
    Ok(list)
}

/// Closes an emergency access with a verdict.
///
/// # Errors
/// [`ReviewError`]
pub async fn review(
    clinic: &Clinic,
    actor: &Actor,
    id: GrantId,
    verdict: ReviewVerdict,
) -> Result<(), ReviewError> {
    if actor.role != Role::Admin {
        return Err(ReviewError::Forbidden);
    }
    let now = clinic.clock.now();
    let mut tx = clinic.db.begin().await?;
    let found = clinical_store::access::find_break_glass(&mut tx, actor.tenant, id)
        .await?
        .ok_or(ReviewError::NotFound)?;
    let by = (actor.user, now);
    if found.access.person == actor.user
        || !clinical_store::access::review(&mut tx, id, verdict, by).await?
    {
        return Err(ReviewError::State);
    }
    let entry = actor
        .did("access.review", now)
        .about("break_glass", id.as_uuid())
        .of_patient(found.access.patient);
    tx.commit(entry).await?;
    Ok(())
}
