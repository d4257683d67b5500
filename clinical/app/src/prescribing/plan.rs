//! What a patient takes now, and being reminded of it.

use std::collections::HashMap;

use clinical_model::chart::Entry;
use clinical_model::prescribing::{
    ClockTime, DoseTimes, DoseTimesError, LineFacts, MedicationPlan, PlannedLine, Prescription,
    course, is_running, medication_plan,
};
use clinical_model::{Micros, PatientId, PrescriptionId, Role, UserId};
use clinical_store::prescriptions::{self, Reminder, ReminderWriteError};
use clinical_store::{Conn, StoreError, names};
use jiff::tz::TimeZone;

use super::PrescribingError;
use crate::notify::zone_of;
use crate::records::medicines_in_chart;
use crate::{Access, AccessDenied, Actor, Clinic};

/// A plan with what is shown beside it.
#[derive(Debug)]
pub struct ShownPlan {
    /// The plan.
    pub plan: MedicationPlan,
    /// The place whose clock and calendar it follows.
    pub zone: TimeZone,
    /// Names of who prescribed and who wrote it down.
    pub names: HashMap<UserId, String>,
}

/// What a patient takes now, as far as the actor may see it. A pharmacist without a right to the
/// record sees what was transmitted, and nothing of the chart.
///
/// # Errors
/// [`PrescribingError::NotFound`] and [`PrescribingError::Store`]
pub async fn plan_of(
    clinic: &Clinic,
    actor: &Actor,
    patient: PatientId,
) -> Result<ShownPlan, PrescribingError> {
    let now = clinic.clock.now();
    let mut tx = clinic.db.look().await?;
    let running = prescriptions::running(&mut tx, &actor.viewer(now), patient).await?;
    let (facts, entry) = match Access::to(&mut tx, actor, patient, now).await {
        Ok(access) => {
            let label_max = access.label_max()?;
            let facts = medicines_in_chart(&mut tx, &access, label_max).await?;
            (facts, access.entry(actor, "medication.plan"))
        }
        // A pharmacist has a right to prescriptions, not to the patient.
        Err(AccessDenied::NotFound) if actor.role == Role::Pharmacist && !running.is_empty() => {
            let entry = actor.did("medication.plan", now).of_patient(patient);
            (Vec::new(), entry)
        }
        Err(error) => return Err(error.into()),
    };
    let zone = zone_of(&mut tx, actor.tenant, patient).await?;
    let plan = planned(&mut tx, patient, running, facts, (now, &zone)).await?;
    let prescribers = plan.prescribed.iter().map(|it| it.prescriber);
    let people = prescribers.chain(plan.recorded.iter().map(|it| it.author));
    let names = names::of(&mut tx, actor.tenant, people).await?;
    tx.commit(entry).await?;
    Ok(ShownPlan { plan, zone, names })
}

/// As [`plan_of`], of the patient who asks.
///
/// # Errors
/// [`PrescribingError::NotFound`] and [`PrescribingError::Store`]
pub async fn own_plan(clinic: &Clinic, actor: &Actor) -> Result<ShownPlan, PrescribingError> {
    let patient = actor.patient.ok_or(PrescribingError::NotFound)?;
    plan_of(clinic, actor, patient).await
}

async fn planned(
    conn: &mut Conn,
    patient: PatientId,
    running: Vec<Prescription>,
    facts: Vec<Entry>,
    (now, zone): (Micros, &TimeZone),
) -> Result<MedicationPlan, PrescribingError> {
    let reminders = prescriptions::reminders_of(conn, patient).await?;
    let mut known = Vec::with_capacity(running.len());
    for it in running {
        let lines = facts_of(conn, &it, &reminders).await?;
        known.push((it, lines));
    }
    medication_plan(&known, facts, now, zone).ok_or(PrescribingError::Invalid("now"))
}

/// What is known of each line of a prescription besides.
async fn facts_of(
    conn: &mut Conn,
    it: &Prescription,
    reminders: &[Reminder],
) -> Result<Vec<LineFacts>, StoreError> {
    let handed_out = prescriptions::first_handed_out(conn, it.id).await?;
    let lines = it.content.lines.iter().enumerate();
    Ok(lines
        .map(|(at, line)| LineFacts {
            handed_out: handed_out.iter().find(|(of, _)| *of == at).map(|it| it.1),
            times: reminders
                .iter()
                .find(|of| of.prescription == it.id && of.line == at)
                .and_then(|of| DoseTimes::chosen(of.times.clone(), line.line.frequency).ok()),
        })
        .collect())
}

/// What is known of one line of a prescription, for the worker that reminds.
pub(crate) async fn facts_of_line(
    conn: &mut Conn,
    it: &Prescription,
    line: usize,
) -> Result<LineFacts, StoreError> {
    let reminders = prescriptions::reminders_of(conn, it.patient).await?;
    let mut all = facts_of(conn, it, &reminders).await?;
    Ok(if line < all.len() {
        all.swap_remove(line)
    } else {
        LineFacts::default()
    })
}

/// Reminding of a line, as the patient sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineReminder {
    /// Of which prescription.
    pub prescription: PrescriptionId,
    /// Which line, from 0.
    pub line: usize,
    /// Whether its frequency has times of the clock.
    pub is_possible: bool,
    /// Whether the patient wants it.
    pub is_on: bool,
    /// The times they chose, or the usual ones.
    pub times: Vec<ClockTime>,
    /// When the next dose is due that they are reminded of.
    pub next: Option<Micros>,
    /// Counts the changes; 0 before the first.
    pub version: u32,
}

/// Reminding of every line that the patient takes.
///
/// # Errors
/// [`PrescribingError::NotFound`] and [`PrescribingError::Store`]
pub async fn reminders(
    clinic: &Clinic,
    actor: &Actor,
) -> Result<Vec<LineReminder>, PrescribingError> {
    let patient = actor.patient.ok_or(PrescribingError::NotFound)?;
    let now = clinic.clock.now();
    let mut tx = clinic.db.look().await?;
    let access = Access::to(&mut tx, actor, patient, now).await?;
    let running = prescriptions::running(&mut tx, &actor.viewer(now), patient).await?;
    let zone = zone_of(&mut tx, actor.tenant, patient).await?;
    let chosen = prescriptions::reminders_of(&mut tx, patient).await?;
    let mut known = Vec::new();
    for it in running {
        let lines = facts_of(&mut tx, &it, &chosen).await?;
        known.push((it, lines));
    }
    let plan = medication_plan(&known, Vec::new(), now, &zone);
    let plan = plan.ok_or(PrescribingError::Invalid("now"))?;
    let all = plan.prescribed.iter().filter_map(|line| {
        let (it, facts) = known.iter().find(|(it, _)| it.id == line.prescription)?;
        let choice = chosen
            .iter()
            .find(|of| of.prescription == line.prescription && of.line == line.line);
        Some(line_reminder(
            line,
            (it, facts.get(line.line)?),
            choice,
            (now, &zone),
        ))
    });
    let all = all.collect();
    tx.commit(access.entry(actor, "medication.reminders"))
        .await?;
    Ok(all)
}

fn line_reminder(
    line: &PlannedLine,
    (it, facts): (&Prescription, &LineFacts),
    choice: Option<&Reminder>,
    (now, zone): (Micros, &TimeZone),
) -> LineReminder {
    let usual = DoseTimes::usual(line.prescribed.line.frequency);
    let is_possible = usual.is_some();
    let times = facts.times.clone().or(usual);
    let is_on = choice.is_some_and(|it| it.is_on);
    let course = course(it, line.line, facts, zone).filter(|_| is_on);
    LineReminder {
        prescription: line.prescription,
        line: line.line,
        is_possible,
        is_on,
        times: times.map_or_else(Vec::new, |it| it.as_slice().to_vec()),
        next: course
            .and_then(|it| it.doses_from(now).next())
            .map(|it| it.at),
        version: choice.map_or(0, |it| it.version),
    }
}

/// Being reminded of a line, or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReminderCommand {
    /// Whether to remind.
    pub is_on: bool,
    /// At which times of the clock; none for the usual ones.
    pub times: Option<Vec<ClockTime>>,
    /// The version that was read.
    pub version: u32,
}

/// Switches reminding of a line of one's own on or off. Doses that are due before this moment are not
/// reminded of.
///
/// # Errors
/// [`PrescribingError`]
pub async fn put_reminder(
    clinic: &Clinic,
    actor: &Actor,
    (prescription, line): (PrescriptionId, usize),
    command: ReminderCommand,
) -> Result<LineReminder, PrescribingError> {
    let patient = actor.patient.ok_or(PrescribingError::NotFound)?;
    let now = clinic.clock.now();
    let mut tx = clinic.db.begin().await?;
    let access = Access::to(&mut tx, actor, patient, now).await?;
    let found = prescriptions::find(&mut tx, &actor.viewer(now), prescription).await?;
    // Reminders go to who takes the medicine, so that somebody who acts for them does not set them.
    let it = found.filter(|it| it.patient == patient);
    let it = it.ok_or(PrescribingError::NotFound)?;
    let prescribed = it.content.lines.get(line);
    let prescribed = prescribed.ok_or(PrescribingError::NotFound)?.clone();
    if !is_running(it.stage) && command.is_on {
        return Err(PrescribingError::WrongStage);
    }
    let frequency = prescribed.line.frequency;
    let times = match command.times {
        Some(times) => DoseTimes::chosen(times, frequency).map_err(|error| match error {
            DoseTimesError::Frequency => PrescribingError::Invalid("on"),
            DoseTimesError::Count => PrescribingError::Invalid("times"),
        })?,
        None => DoseTimes::usual(frequency).ok_or(PrescribingError::Invalid("on"))?,
    };
    let choice = Reminder {
        prescription,
        line,
        is_on: command.is_on,
        times: times.as_slice().to_vec(),
        look: None,
        version: command.version,
    };
    let row = (clinic.entropy.uuid(now), now);
    let owner = (it.tenant, patient);
    let version = prescriptions::put_reminder(&mut tx, owner, &choice, row)
        .await
        .map_err(|error| match error {
            ReminderWriteError::Changed => PrescribingError::Changed,
            ReminderWriteError::Store(error) => PrescribingError::Store(error),
        })?;
    let facts = facts_of_line(&mut tx, &it, line).await?;
    let zone = zone_of(&mut tx, actor.tenant, patient).await?;
    let course = course(&it, line, &facts, &zone).filter(|_| command.is_on);
    let entry = access.entry(actor, "medication.remind");
    let entry = entry.about("prescription", prescription.as_uuid());
    tx.commit(entry.at_version(version)).await?;
    Ok(LineReminder {
        prescription,
        line,
        is_possible: true,
        is_on: command.is_on,
        times: choice.times,
        next: course
            .and_then(|it| it.doses_from(now).next())
            .map(|it| it.at),
        version,
    })
}
