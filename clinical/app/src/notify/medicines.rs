//! Reminding patients of their medicines.
//!
//! Nothing is planned ahead: a reminder is queued when its dose is due, so that a prescription that
//! ends, a course that moves or a clock that changes leaves nothing to take back. The key of its message
//! holds day and time of the dose, so that it is queued once however often the worker looks.

use clinical_model::notify::MessageKind;
use clinical_model::prescribing::{Prescription, REMIND_WITHIN_US, course};
use clinical_model::{AuditActor, AuditEntry, Micros};
use clinical_store::prescriptions::{self, DueReminder};
use clinical_store::{StoreError, Tx, outbox};

use super::tell::{Addressee, Notice, tell, zone_of};
use crate::Clinic;
use crate::prescribing::facts_of_line;

/// Reminders that one round of the worker looks at: the others wait for the next, a second later.
const ROUND_MAX: u32 = 200;

/// The page that a reminder leads to.
const PAGE: &str = "/my-medicines";

/// Queues the reminders of the doses that are due; answers at how many lines it has looked.
///
/// # Errors
/// The store failed. Other lines are looked at all the same.
pub async fn remind_due(clinic: &Clinic) -> Result<usize, StoreError> {
    let now = clinic.clock.now();
    let mut conn = clinic.db.read().await?;
    let due = prescriptions::reminders_due(&mut conn, now, ROUND_MAX).await?;
    drop(conn);
    let mut answer = Ok(due.len());
    for line in due {
        if let Err(error) = remind(clinic, &line, now).await {
            answer = Err(error);
        }
    }
    answer
}

async fn remind(clinic: &Clinic, due: &DueReminder, now: Micros) -> Result<(), StoreError> {
    let mut tx = clinic.db.begin().await?;
    // The row is held before the prescription is read, so that nobody ends it meanwhile.
    if !prescriptions::look_next(&mut tx, due, Some(due.look)).await? {
        return Ok(());
    }
    let Some(it) = prescriptions::record(&mut tx, due.prescription).await? else {
        prescriptions::look_next(&mut tx, due, None).await?;
        let entry = AuditEntry::done(AuditActor::System, "notify.remind", now);
        let entry = entry.about("prescription", due.prescription.as_uuid());
        return tx.commit(entry).await;
    };
    let next = queue(&mut tx, clinic, (due, &it), now).await?;
    prescriptions::look_next(&mut tx, due, next).await?;
    let entry = AuditEntry::done(AuditActor::System, "notify.remind", now)
        .within(it.tenant)
        .about("prescription", it.id.as_uuid());
    tx.commit(entry).await
}

/// Queues what is due; answers when the next dose is.
async fn queue(
    tx: &mut Tx,
    clinic: &Clinic,
    (due, it): (&DueReminder, &Prescription),
    now: Micros,
) -> Result<Option<Micros>, StoreError> {
    // Only who signs in can switch it off.
    if outbox::account_of(tx, it.tenant, it.patient)
        .await?
        .is_none()
    {
        return Ok(None);
    }
    let zone = zone_of(tx, it.tenant, it.patient).await?;
    let facts = facts_of_line(tx, it, due.line).await?;
    let Some(course) = course(it, due.line, &facts, &zone) else {
        return Ok(None);
    };
    let come = course
        .doses_from(due.look)
        .take_while(|dose| dose.at <= now);
    for dose in come {
        let worthless = dose.at.plus(REMIND_WITHIN_US);
        if worthless <= now {
            continue;
        }
        let to = Addressee::Patient(it.patient);
        let kind = (MessageKind::MedicationReminder, it.tenant);
        let notice = Notice {
            window: dose.number(),
            moment: Some(dose.at),
            expires: Some(worthless),
            ..Notice::now(kind, to, due.id, dose.at, PAGE)
        };
        tell(tx, clinic, &notice, now).await?;
    }
    Ok(course.doses_from(now.plus(1)).next().map(|dose| dose.at))
}
