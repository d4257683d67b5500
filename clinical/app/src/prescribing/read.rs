//! Reading prescriptions.

use clinical_model::prescribing::{Prescription, Stage};
use clinical_model::{AuditEntry, Micros, PatientId, PrescriptionId};
use clinical_safety::Report;
use clinical_store::Conn;
use clinical_store::prescriptions::{self, RefusalTimes};

use super::paper::typed;
use super::{Checker, PrescribingError, entry, screen};
use crate::{Access, Actor, Clinic};

/// Refusals of this time are measured.
const MEASURED_US: i64 = 90 * Micros::DAY;

/// One prescription.
///
/// # Errors
/// [`PrescribingError::NotFound`] and [`PrescribingError::Store`]
pub async fn read(
    clinic: &Clinic,
    actor: &Actor,
    id: PrescriptionId,
) -> Result<Prescription, PrescribingError> {
    let now = clinic.clock.now();
    let mut tx = clinic.db.look().await?;
    let (found, act) = read_in(&mut tx, (actor, now), id).await?;
    tx.commit(act).await?;
    Ok(found)
}

/// [`read`] in an open transaction, with the audit entry that it needs.
pub(crate) async fn read_in(
    conn: &mut Conn,
    (actor, now): (&Actor, Micros),
    id: PrescriptionId,
) -> Result<(Prescription, AuditEntry), PrescribingError> {
    let found = prescriptions::find(conn, &actor.viewer(now), id).await?;
    let found = found.ok_or(PrescribingError::NotFound)?;
    let act = entry(actor, "prescription.read", &found, now);
    Ok((found, act))
}

/// The prescription of a code on paper, if the actor may see it.
///
/// # Errors
/// [`PrescribingError::NotFound`] and [`PrescribingError::Store`]
pub async fn read_by_code(
    clinic: &Clinic,
    actor: &Actor,
    code: &str,
) -> Result<Prescription, PrescribingError> {
    let mut conn = clinic.db.read().await?;
    let found = prescriptions::by_code(&mut conn, &typed(code)).await?;
    drop(conn);
    let found = found.ok_or(PrescribingError::NotFound)?;
    read(clinic, actor, found.id).await
}

/// Refusals that a doctor has not seen yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unseen {
    /// How many.
    pub count: i64,
    /// When the last one was sent back.
    pub last: Option<Micros>,
}

/// How many refusals of one's own prescriptions one has not seen yet. No prescription is shown, so
/// that pages may ask often.
///
/// # Errors
/// [`PrescribingError::Store`]
pub async fn unseen_refusals(clinic: &Clinic, actor: &Actor) -> Result<Unseen, PrescribingError> {
    let mut conn = clinic.db.read().await?;
    let viewer = actor.viewer(clinic.clock.now());
    let (count, last) = prescriptions::unseen_refusals(&mut conn, &viewer).await?;
    Ok(Unseen { count, last })
}

/// The prescriptions that the actor may see, newest first.
///
/// # Errors
/// [`PrescribingError::NotFound`] and [`PrescribingError::Store`]
pub async fn list(
    clinic: &Clinic,
    actor: &Actor,
    patient: Option<PatientId>,
    stage: Option<Stage>,
) -> Result<Vec<Prescription>, PrescribingError> {
    let now = clinic.clock.now();
    let mut tx = clinic.db.look().await?;
    let (found, act) = list_in(&mut tx, (actor, now), patient, stage).await?;
    tx.commit(act).await?;
    Ok(found)
}

/// [`list`] in an open transaction, with the audit entry that it needs.
pub(crate) async fn list_in(
    conn: &mut Conn,
    (actor, now): (&Actor, Micros),
    patient: Option<PatientId>,
    stage: Option<Stage>,
) -> Result<(Vec<Prescription>, AuditEntry), PrescribingError> {
    let found = prescriptions::list(conn, &actor.viewer(now), patient, stage).await?;
    let act = match patient {
        Some(patient) => match Access::to(conn, actor, patient, now).await {
            Ok(access) => access.entry(actor, "prescription.list"),
            // A pharmacist has a right to prescriptions, not to the patient.
            Err(crate::AccessDenied::NotFound) if found.is_empty() => {
                return Err(PrescribingError::NotFound);
            }
            Err(crate::AccessDenied::NotFound) => {
                actor.did("prescription.list", now).of_patient(patient)
            }
            Err(crate::AccessDenied::Store(error)) => return Err(error.into()),
        },
        None => actor.did("prescription.list", now),
    };
    Ok((found, act))
}

/// A prescription with what the check finds at this moment.
#[derive(Debug)]
pub struct Today {
    /// The prescription.
    pub prescription: Prescription,
    /// What the check finds now.
    pub report: Report,
}

/// Verifies a prescription against the chart of this moment.
///
/// # Errors
/// [`PrescribingError`]
pub async fn today(
    clinic: &Clinic,
    checker: Checker,
    actor: &Actor,
    id: PrescriptionId,
) -> Result<Today, PrescribingError> {
    let now = clinic.clock.now();
    let mut tx = clinic.db.look().await?;
    let found = prescriptions::find(&mut tx, &actor.viewer(now), id).await?;
    let found = found.ok_or(PrescribingError::NotFound)?;
    let screening = screen(&mut tx, checker, &found, now).await?;
    tx.commit(entry(actor, "prescription.verify", &found, now))
        .await?;
    Ok(Today {
        prescription: found,
        report: screening.report().clone(),
    })
}

/// How long the loop from refusal to replacement took in the facility, over the last 90 days.
///
/// # Errors
/// [`PrescribingError::Store`]
pub async fn refusal_times(
    clinic: &Clinic,
    actor: &Actor,
) -> Result<RefusalTimes, PrescribingError> {
    let from = Micros(clinic.clock.now().0.saturating_sub(MEASURED_US));
    let mut conn = clinic.db.read().await?;
    Ok(prescriptions::refusal_times(&mut conn, actor.tenant, from).await?)
}
