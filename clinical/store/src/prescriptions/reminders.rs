//! When patients want to be reminded of their medicines, and which reminders are due.

use clinical_model::notify::MessageKind;
use clinical_model::prescribing::ClockTime;
use clinical_model::{Micros, PatientId, PrescriptionId, TenantId, UserId};
use clinical_vault::{DataKey, Place};
use uuid::Uuid;

use crate::statement::{execute, fetch_all};
use crate::{Conn, StoreError, Tx, keys, outbox};

/// Reminding of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reminder {
    /// Of which prescription.
    pub prescription: PrescriptionId,
    /// Which line, from 0.
    pub line: usize,
    /// Whether the patient wants it.
    pub is_on: bool,
    /// The clock times they chose.
    pub times: Vec<ClockTime>,
    /// When the worker looks next; none when nothing is left to remind of.
    pub look: Option<Micros>,
    /// Counts the changes; 0 before the first.
    pub version: u32,
}

/// Why a reminder was not written.
#[derive(Debug, thiserror::Error)]
pub enum ReminderWriteError {
    /// It has changed since it was read.
    #[error("the reminder has changed since it was read")]
    Changed,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    prescription: Uuid,
    line: i64,
    is_on: bool,
    times_sealed: Vec<u8>,
    look_us: Option<i64>,
    version: i64,
}

const fn place(id: Uuid, version: u64) -> Place<'static> {
    Place::value("medication_reminders", "times_sealed", id).at_version(version)
}

fn opened(key: &DataKey, row: &Row) -> Result<Reminder, StoreError> {
    let version = u32::try_from(row.version)
        .map_err(|source| StoreError::corrupt("medication_reminders.version", source))?;
    let text = key
        .open_text(place(row.id, u64::from(version)), &row.times_sealed)
        .map_err(|source| StoreError::Sealed {
            table: "medication_reminders",
            column: "times_sealed",
            source,
        })?;
    let times = text
        .split(',')
        .filter(|it| !it.is_empty())
        .map(|it| {
            it.parse()
                .map_err(|source| StoreError::corrupt("medication_reminders.times_sealed", source))
        })
        .collect::<Result<_, StoreError>>()?;
    Ok(Reminder {
        prescription: PrescriptionId::from_uuid(row.prescription),
        line: usize::try_from(row.line)
            .map_err(|source| StoreError::corrupt("medication_reminders.line", source))?,
        is_on: row.is_on,
        times,
        look: row.look_us.map(Micros),
        version,
    })
}

/// What a patient chose for their lines. Who may see it was decided before.
///
/// # Errors
/// The store failed.
pub async fn reminders_of(
    conn: &mut Conn,
    patient: PatientId,
) -> Result<Vec<Reminder>, StoreError> {
    let Some(key) = keys::patient_key(conn, patient).await? else {
        return Ok(Vec::new());
    };
    let rows = fetch_all!(
        conn,
        Row,
        "SELECT id, prescription, line, is_on, times_sealed, look_us, version
         FROM medication_reminders WHERE patient = $1 ORDER BY prescription, line",
        patient.as_uuid()
    )?;
    rows.iter().map(|row| opened(&key, row)).collect()
}

/// Writes a choice over the version that was read, under a new row's `id` when it is the first; what
/// was queued under the old one is taken back, and the worker looks at `now`. Answers the new version.
///
/// # Errors
/// [`ReminderWriteError`]
pub async fn put_reminder(
    tx: &mut Tx,
    (tenant, patient): (TenantId, PatientId),
    it: &Reminder,
    (id, now): (Uuid, Micros),
) -> Result<u32, ReminderWriteError> {
    let key = keys::living_patient_key(tx, patient).await?;
    let line = i64::try_from(it.line).unwrap_or(i64::MAX);
    let known = fetch_all!(
        tx,
        (Uuid,),
        "SELECT id FROM medication_reminders WHERE prescription = $1 AND line = $2",
        it.prescription.as_uuid(),
        line
    )?;
    let id = known.first().map_or(id, |(id,)| *id);
    let next = it.version.saturating_add(1);
    let times: Vec<String> = it.times.iter().map(ToString::to_string).collect();
    let place = place(id, u64::from(next));
    let sealed = key
        .seal(place, times.join(",").as_bytes())
        .map_err(StoreError::from)?;
    let touched = execute!(
        tx,
        "INSERT INTO medication_reminders
             (id, prescription, line, tenant, patient, is_on, times_sealed, look_us, version)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         ON CONFLICT (prescription, line) DO UPDATE SET is_on = $6, times_sealed = $7,
             look_us = $8, version = $9
         WHERE medication_reminders.id = $1 AND medication_reminders.version = $10",
        id,
        it.prescription.as_uuid(),
        line,
        tenant.as_uuid(),
        patient.as_uuid(),
        it.is_on,
        sealed,
        now.0,
        i64::from(next),
        i64::from(it.version)
    )?;
    // Somebody who says that it was chosen before, and it was not, has read something else.
    if touched != 1 || (it.version > 0) == known.is_empty() {
        return Err(ReminderWriteError::Changed);
    }
    outbox::supersede(tx, id, MessageKind::MedicationReminder, now).await?;
    Ok(next)
}

/// A reminder at which the worker must look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DueReminder {
    /// Its id: what messages are about.
    pub id: Uuid,
    /// Of which prescription.
    pub prescription: PrescriptionId,
    /// Which line, from 0.
    pub line: usize,
    /// Since when.
    pub look: Micros,
}

/// Reminders at which to look at `now`, longest waiting first, at most `max`.
///
/// # Errors
/// The store failed.
pub async fn reminders_due(
    conn: &mut Conn,
    now: Micros,
    max: u32,
) -> Result<Vec<DueReminder>, StoreError> {
    let rows = fetch_all!(
        conn,
        (Uuid, Uuid, i64, i64),
        "SELECT id, prescription, line, look_us FROM medication_reminders
         WHERE is_on = TRUE AND look_us IS NOT NULL AND look_us <= $1
         ORDER BY look_us, id LIMIT $2",
        now.0,
        i64::from(max)
    )?;
    rows.into_iter()
        .map(|(id, prescription, line, look)| {
            Ok(DueReminder {
                id,
                prescription: PrescriptionId::from_uuid(prescription),
                line: usize::try_from(line)
                    .map_err(|source| StoreError::corrupt("medication_reminders.line", source))?,
                look: Micros(look),
            })
        })
        .collect()
}

/// Sets when to look next, unless the reminder was switched off or another worker has looked since.
/// Answers whether it was set; from then until the end of the transaction nobody changes it.
///
/// # Errors
/// The store failed.
pub async fn look_next(
    tx: &mut Tx,
    due: &DueReminder,
    next: Option<Micros>,
) -> Result<bool, StoreError> {
    let touched = execute!(
        tx,
        "UPDATE medication_reminders SET look_us = $1
         WHERE id = $2 AND is_on = TRUE AND look_us = $3",
        next.map(|at| at.0),
        due.id,
        due.look.0
    )?;
    Ok(touched == 1)
}

/// Has the worker look anew at a prescription's reminders: its days have moved.
///
/// # Errors
/// The store failed.
pub(super) async fn look_again(
    tx: &mut Tx,
    prescription: PrescriptionId,
    now: Micros,
) -> Result<(), StoreError> {
    execute!(
        tx,
        "UPDATE medication_reminders SET look_us = $1
         WHERE prescription = $2 AND is_on = TRUE AND (look_us IS NULL OR look_us > $1)",
        now.0,
        prescription.as_uuid()
    )?;
    Ok(())
}

/// Has the worker look anew at the reminders of a person: they are in another zone.
///
/// # Errors
/// The store failed.
pub async fn look_again_for(tx: &mut Tx, person: UserId, now: Micros) -> Result<(), StoreError> {
    execute!(
        tx,
        "UPDATE medication_reminders SET look_us = $1
         WHERE patient = (SELECT u.patient FROM users u WHERE u.id = $2)
           AND is_on = TRUE AND (look_us IS NULL OR look_us > $1)",
        now.0,
        person.as_uuid()
    )?;
    Ok(())
}

/// Ends the reminders of a prescription and takes back what has not left: nothing of it is to be taken.
/// First the rows, so that a worker that is writing is waited for.
///
/// # Errors
/// The store failed.
pub(super) async fn stop_reminders(
    tx: &mut Tx,
    prescription: PrescriptionId,
    now: Micros,
) -> Result<(), StoreError> {
    let rows = fetch_all!(
        tx,
        (Uuid,),
        "UPDATE medication_reminders SET look_us = NULL WHERE prescription = $1 RETURNING id",
        prescription.as_uuid()
    )?;
    for (id,) in rows {
        outbox::supersede(tx, id, MessageKind::MedicationReminder, now).await?;
    }
    Ok(())
}

/// When the first of each line was handed out: line and time.
///
/// # Errors
/// The store failed.
pub async fn first_handed_out(
    conn: &mut Conn,
    prescription: PrescriptionId,
) -> Result<Vec<(usize, Micros)>, StoreError> {
    let rows = fetch_all!(
        conn,
        (i64, i64),
        "SELECT line, min(at_us) FROM dispenses WHERE prescription = $1 GROUP BY line",
        prescription.as_uuid()
    )?;
    rows.into_iter()
        .map(|(line, at)| {
            let line = usize::try_from(line)
                .map_err(|source| StoreError::corrupt("dispenses.line", source))?;
            Ok((line, Micros(at)))
        })
        .collect()
}
