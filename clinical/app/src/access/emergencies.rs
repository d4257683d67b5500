//! Breaking the glass: an hour with one record, in an emergency, and the review afterwards.

use clinical_model::access::{BREAK_GLASS_US, BreakGlass, BreakGlassReason, ReviewVerdict};
use clinical_model::notify::MessageKind;
use clinical_model::text::{Line, Phone};
use clinical_model::{GrantId, Micros, PatientId, Purpose, Role};
use clinical_store::access::Emergency;
use clinical_store::{StoreError, Tx};

use crate::identity::{StepUpError, fresh_in};
use crate::notify::{Addressee, Notice, tell, tell_admins};
use crate::{Actor, Clinic};

/// Where a patient reads who looked.
const PRIVACY_PAGE: &str = "/privacy";
/// Where an administrator reviews.
const REVIEW_PAGE: &str = "/emergencies";

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
    /// Who asks must first show again who they are.
    #[error("a fresh proof is needed")]
    StepUpNeeded,
    /// The store failed.
    #[error("the emergency access could not be written")]
    Store(#[from] StoreError),
}

impl From<StepUpError> for EmergencyError {
    fn from(error: StepUpError) -> Self {
        match error {
            StepUpError::Needed => Self::StepUpNeeded,
            StepUpError::Store(error) => Self::Store(error),
        }
    }
}

/// Opens one record for an hour to somebody who has just shown again who they are: by the second
/// factor where they have one. The patient is told and reads of it under "who looked"; the
/// administrators are told, and one of them reviews it.
///
/// # Errors
/// [`EmergencyError`]
pub async fn break_glass(
    clinic: &Clinic,
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
    let now = clinic.clock.now();
    let mut tx = clinic.db.begin().await?;
    fresh_in(&mut tx, actor, now).await?;
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
    tell_of(&mut tx, clinic, &emergency, now).await?;
    let entry = actor
        .did("access.break_glass", now)
        .about("break_glass", emergency.id.as_uuid())
        .of_patient(patient)
        .purposed(Purpose::Emergency);
    tx.commit(entry).await?;
    Ok(emergency)
}

/// Tells the patient, and those who review.
async fn tell_of(
    tx: &mut Tx,
    clinic: &Clinic,
    emergency: &BreakGlass,
    now: Micros,
) -> Result<(), StoreError> {
    let notice = |kind, to, path| Notice {
        moment: Some(now),
        ..Notice::now(
            (kind, emergency.tenant),
            to,
            emergency.id.as_uuid(),
            now,
            path,
        )
    };
    let patient = Addressee::Patient(emergency.patient);
    let to_patient = notice(MessageKind::BreakGlassNotice, patient, PRIVACY_PAGE);
    tell(tx, clinic, &to_patient, now).await?;
    tell_admins(tx, clinic, (emergency.tenant, now), |admin| {
        notice(MessageKind::EmergencyReview, admin, REVIEW_PAGE)
    })
    .await
}

/// The emergency accesses of the actor that run now, the newest first.
///
/// # Errors
/// The store failed.
pub async fn running(clinic: &Clinic, actor: &Actor) -> Result<Vec<Emergency>, StoreError> {
    let now = clinic.clock.now();
    let mut tx = clinic.db.begin().await?;
    let who = (actor.tenant, actor.user);
    let running = clinical_store::access::running_break_glass(&mut tx, who, now).await?;
    tx.commit(actor.did("access.running", now)).await?;
    Ok(running)
}

/// Ends an emergency access of the actor before its hour is over.
///
/// # Errors
/// [`ReviewError::NotFound`] and [`ReviewError::Store`]
pub async fn end_emergency(clinic: &Clinic, actor: &Actor, id: GrantId) -> Result<(), ReviewError> {
    let now = clinic.clock.now();
    let mut tx = clinic.db.begin().await?;
    let who = (actor.tenant, actor.user);
    let patient = clinical_store::access::end_break_glass(&mut tx, who, id, now)
        .await?
        .ok_or(ReviewError::NotFound)?;
    let entry = actor
        .did("access.end_break_glass", now)
        .about("break_glass", id.as_uuid())
        .of_patient(patient)
        .purposed(Purpose::Emergency);
    tx.commit(entry).await?;
    Ok(())
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
