//! Prescriptions. Every change is guarded by the version and the stage that were read.

mod documents;
mod read;
mod reminders;

use clinical_model::prescribing::{Fill, Prescription, Stage, is_running};
use clinical_model::{Micros, PrescriptionId, TenantId, UserId};
use clinical_vault::Place;
use uuid::Uuid;

use crate::statement::{execute, execute_one, fetch_one};
use crate::{StoreError, Tx, keys};

pub use documents::{by_document, insert_document};
pub use read::{
    LIST_MAX, RefusalTimes, active_of, by_code, find, list, record, refusal_times, running,
    signed_for, unseen_refusals,
};
pub use reminders::{
    DueReminder, Reminder, ReminderWriteError, first_handed_out, look_again_for, look_next,
    put_reminder, reminders_due, reminders_of,
};

/// Why a prescription was not written.
#[derive(Debug, thiserror::Error)]
pub enum PrescriptionWriteError {
    /// It, or the chart that it was cleared for, has changed since it was read.
    #[error("the prescription or the chart has changed since it was read")]
    Changed,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

pub(super) const fn place(id: Uuid, version: u64) -> Place<'static> {
    Place::value("prescriptions", "body_sealed", id).at_version(version)
}

async fn sealed(tx: &mut Tx, it: &Prescription) -> Result<Vec<u8>, StoreError> {
    let key = keys::living_patient_key(tx, it.patient).await?;
    let json = serde_json::to_vec(&it.content)
        .map_err(|source| StoreError::corrupt("prescriptions.body_sealed", source))?;
    Ok(key.seal(place(it.id.as_uuid(), u64::from(it.version)), &json)?)
}

pub(super) async fn code_index(tx: &mut crate::Conn, code: &str) -> Result<Vec<u8>, StoreError> {
    let key = keys::tenant_key(tx, TenantId::INSTALLATION).await?;
    Ok(key.blind_index("prescription_code", code).to_vec())
}

async fn put_lines(tx: &mut Tx, it: &Prescription) -> Result<(), StoreError> {
    for (at, line) in it.content.lines.iter().enumerate() {
        execute_one!(
            tx,
            "INSERT INTO prescription_lines (prescription, line, prescribed, dispensed)
             VALUES ($1, $2, $3, 0)",
            it.id.as_uuid(),
            i64::try_from(at).unwrap_or(i64::MAX),
            i64::from(line.total())
        )?;
    }
    Ok(())
}

/// Writes a new draft.
///
/// # Errors
/// The record was erased, or the store failed.
pub async fn insert(tx: &mut Tx, it: &Prescription) -> Result<(), StoreError> {
    let body = sealed(tx, it).await?;
    execute_one!(
        tx,
        "INSERT INTO prescriptions
             (id, tenant, patient, prescriber, stage, label, prior, created_us, body_sealed,
              version)
         VALUES ($1, $2, $3, $4, 'draft', $5, $6, $7, $8, $9)",
        it.id.as_uuid(),
        it.tenant.as_uuid(),
        it.patient.as_uuid(),
        it.prescriber.as_uuid(),
        it.label.level(),
        it.prior.map(PrescriptionId::as_uuid),
        it.created.0,
        body,
        i64::from(it.version)
    )?;
    put_lines(tx, it).await
}

/// Writes a changed draft over the draft that was read.
///
/// # Errors
/// [`PrescriptionWriteError`]
pub async fn update_draft(
    tx: &mut Tx,
    it: &Prescription,
    read: (u32, Stage),
) -> Result<(), PrescriptionWriteError> {
    write(tx, it, read).await?;
    execute!(
        tx,
        "DELETE FROM prescription_lines WHERE prescription = $1",
        it.id.as_uuid()
    )?;
    put_lines(tx, it).await?;
    Ok(())
}

/// Writes a prescription over the version and stage that were read. A signature also demands that
/// the chart is still the one that it was cleared for. Reminders follow the stage: they end where
/// nothing is to be taken any more, and go on where it is taken again.
///
/// # Errors
/// [`PrescriptionWriteError`]
pub async fn update(
    tx: &mut Tx,
    it: &Prescription,
    read: (u32, Stage),
    now: Micros,
) -> Result<(), PrescriptionWriteError> {
    write(tx, it, read).await?;
    if is_running(it.stage) {
        reminders::look_again(tx, it.id, now).await?;
    } else {
        reminders::stop_reminders(tx, it.id, now).await?;
    }
    Ok(())
}

async fn write(
    tx: &mut Tx,
    it: &Prescription,
    (version, stage): (u32, Stage),
) -> Result<(), PrescriptionWriteError> {
    let body = sealed(tx, it).await?;
    let code = match &it.content.code {
        Some(code) => Some(code_index(tx, code).await?),
        None => None,
    };
    let chart = it
        .cleared_chart
        .filter(|_| it.stage == Stage::Signed)
        .map(|at| i64::try_from(at).unwrap_or(i64::MAX));
    let touched = execute!(
        tx,
        "UPDATE prescriptions
         SET stage = $1, label = $2, code_index = $3, signed_us = $4, expires_us = $5,
             refused_us = $6, seen_us = $7, replaced_us = $8, cleared_chart = $9,
             body_sealed = $10, version = $11, sent_us = $16
         WHERE id = $12 AND version = $13 AND stage = $14
           AND (CAST($15 AS BIGINT) IS NULL OR EXISTS (SELECT 1 FROM patients pa
               WHERE pa.id = prescriptions.patient AND pa.chart_version = $15))",
        it.stage.as_str(),
        it.label.level(),
        code,
        it.signed.map(|at| at.0),
        it.expires.map(|at| at.0),
        it.refused.map(|at| at.0),
        it.seen.map(|at| at.0),
        it.replaced.map(|at| at.0),
        it.cleared_chart
            .map(|at| i64::try_from(at).unwrap_or(i64::MAX)),
        body,
        i64::from(it.version),
        it.id.as_uuid(),
        i64::from(version),
        stage.as_str(),
        chart,
        it.sent.map(|at| at.0)
    )?;
    if touched == 1 {
        Ok(())
    } else {
        Err(PrescriptionWriteError::Changed)
    }
}

/// Writes what was handed out, on top of the version and stage that were read. Each line is guarded
/// by what is left of it, and by the table's own check.
///
/// # Errors
/// [`PrescriptionWriteError`]
pub async fn dispense(
    tx: &mut Tx,
    it: &Prescription,
    read: (u32, Stage),
    fills: &[Fill],
    (id, pharmacist, now): (Uuid, UserId, Micros),
) -> Result<(), PrescriptionWriteError> {
    update(tx, it, read, now).await?;
    for fill in fills {
        let line = i64::try_from(fill.line).unwrap_or(i64::MAX);
        let touched = execute!(
            tx,
            "UPDATE prescription_lines SET dispensed = dispensed + $1
             WHERE prescription = $2 AND line = $3 AND dispensed + $1 <= prescribed",
            i64::from(fill.quantity),
            it.id.as_uuid(),
            line
        )?;
        if touched != 1 {
            return Err(PrescriptionWriteError::Changed);
        }
        execute_one!(
            tx,
            "INSERT INTO dispenses (id, prescription, line, quantity, pharmacist, at_us)
             VALUES ($1, $2, $3, $4, $5, $6)",
            id,
            it.id.as_uuid(),
            line,
            i64::from(fill.quantity),
            pharmacist.as_uuid(),
            now.0
        )?;
    }
    Ok(())
}

/// Writes a doctor's signature under an override and answers how many different doctors have signed
/// against this refusal.
///
/// # Errors
/// This doctor has signed before, or the store failed.
pub async fn insert_override(
    tx: &mut Tx,
    (id, refused): (PrescriptionId, Micros),
    (doctor, now): (UserId, Micros),
) -> Result<i64, StoreError> {
    execute_one!(
        tx,
        "INSERT INTO prescription_overrides (prescription, refused_us, doctor, at_us)
         VALUES ($1, $2, $3, $4)",
        id.as_uuid(),
        refused.0,
        doctor.as_uuid(),
        now.0
    )?;
    let (count,) = fetch_one!(
        tx,
        (i64,),
        "SELECT count(*) FROM prescription_overrides WHERE prescription = $1 AND refused_us = $2",
        id.as_uuid(),
        refused.0
    )?;
    Ok(count)
}
