//! Writing a draft. It is screened each time it is saved.

use clinical_model::access::Label;
use clinical_model::prescribing::{
    Content, Drafted, PRESCRIBED_LINES_MAX, PrescribedLine, Prescription, QUANTITY_MAX, Stage,
    VALID_DAYS_MAX,
};
use clinical_model::text::Line;
use clinical_model::{PatientId, PrescriptionId};
use clinical_safety::{self as safety, Drug, LineRef, SubstanceId};
use clinical_store::prescriptions;

use super::checker::rules;
use super::step::Step;
use super::{Checker, PrescribingError, screen};
use crate::{Access, Actor, Clinic};

/// One medicine to prescribe.
#[derive(Debug, Clone)]
pub struct LineCommand {
    /// Its slug in the formulary.
    pub medicine: SubstanceId,
    /// How much at once.
    pub dose: safety::Dose,
    /// How often.
    pub frequency: safety::Frequency,
    /// How it is given.
    pub route: safety::Route,
    /// For how many days.
    pub duration_days: u16,
    /// Units handed out at once.
    pub quantity: u32,
    /// How often that may be repeated.
    pub repeats: u8,
    /// ICD-10 code of the reason.
    pub indication: Option<String>,
    /// More words for the patient.
    pub directions: Option<Line>,
}

/// What to prescribe.
#[derive(Debug, Clone)]
pub struct DraftCommand {
    /// The medicines.
    pub lines: Vec<LineCommand>,
    /// Hidden from nurses and proxies.
    pub is_confidential: bool,
    /// For how many days after signing it may be dispensed.
    pub valid_days: u16,
    /// The refused prescription that it replaces.
    pub prior: Option<PrescriptionId>,
}

fn content(command: &DraftCommand) -> Result<Content, PrescribingError> {
    if command.lines.is_empty() || command.lines.len() > PRESCRIBED_LINES_MAX {
        return Err(PrescribingError::Invalid("lines"));
    }
    if command.valid_days == 0 || command.valid_days > VALID_DAYS_MAX {
        return Err(PrescribingError::Invalid("valid_days"));
    }
    let mut lines = Vec::with_capacity(command.lines.len());
    for (at, line) in command.lines.iter().enumerate() {
        lines.push(prescribed(at, line)?);
    }
    Ok(Content {
        lines,
        valid_days: command.valid_days,
        report: None,
        reasons: Vec::new(),
        code: None,
        refusal: None,
        overrides: Vec::new(),
        accepted: Vec::new(),
    })
}

fn prescribed(at: usize, line: &LineCommand) -> Result<PrescribedLine, PrescribingError> {
    let known = rules()?.substance(&line.medicine);
    let known = known.ok_or(PrescribingError::Invalid("lines.medicine"))?;
    if line.duration_days == 0 || line.duration_days > VALID_DAYS_MAX {
        return Err(PrescribingError::Invalid("lines.duration_days"));
    }
    let made = PrescribedLine {
        line: safety::Line {
            id: LineRef::new(at.to_string()),
            drug: Drug::Substance(line.medicine.clone()),
            dose: Some(line.dose),
            frequency: Some(line.frequency),
            route: Some(line.route),
            duration_days: Some(line.duration_days),
            indication: line.indication.clone(),
        },
        name: Line::try_from(known.name.fr.as_str())
            .or(Err(PrescribingError::Invalid("lines.medicine")))?,
        quantity: line.quantity,
        repeats: line.repeats,
        directions: line.directions.clone(),
    };
    if line.quantity == 0 || made.total() > QUANTITY_MAX {
        return Err(PrescribingError::Invalid("lines.quantity"));
    }
    Ok(made)
}

const fn label(command: &DraftCommand) -> Label {
    if command.is_confidential {
        Label::Restricted
    } else {
        Label::Normal
    }
}

/// Writes a new draft and says what the check finds in it.
///
/// # Errors
/// [`PrescribingError`]
pub async fn write_draft(
    clinic: &Clinic,
    checker: Checker,
    actor: &Actor,
    patient: PatientId,
    command: DraftCommand,
) -> Result<Prescription, PrescribingError> {
    let now = clinic.clock.now();
    let mut tx = clinic.db.begin().await?;
    let access = Access::to(&mut tx, actor, patient, now).await?;
    access.label_max()?;
    if let Some(prior) = command.prior {
        let prior = prescriptions::find(&mut tx, access.viewer(), prior).await?;
        prior
            .filter(|it| it.patient == patient && it.stage == Stage::Refused)
            .ok_or(PrescribingError::Invalid("prior"))?;
    }
    let mut draft = Prescription {
        id: PrescriptionId::from_uuid(clinic.entropy.uuid(now)),
        tenant: actor.tenant,
        patient,
        prescriber: actor.user,
        stage: Stage::Draft,
        label: label(&command),
        prior: command.prior,
        created: now,
        signed: None,
        expires: None,
        sent: None,
        refused: None,
        seen: None,
        replaced: None,
        cleared_chart: None,
        dispensed: vec![0; command.lines.len()],
        content: content(&command)?,
        version: 1,
    };
    let screening = screen(&mut tx, checker, &draft, now).await?;
    draft.content.report = Some(screening.report().clone());
    prescriptions::insert(&mut tx, &draft).await?;
    let entry = access.entry(actor, "prescription.draft");
    let entry = entry.about("prescription", draft.id.as_uuid());
    tx.commit(entry.at_version(draft.version)).await?;
    Ok(draft)
}

/// Writes a draft anew and says what the check finds in it.
///
/// # Errors
/// [`PrescribingError`]
pub async fn change_draft(
    clinic: &Clinic,
    checker: Checker,
    actor: &Actor,
    place: (PrescriptionId, u32),
    command: DraftCommand,
) -> Result<Prescription, PrescribingError> {
    let (mut step, old) = Step::own(clinic, actor, place).await?;
    let mut draft = Drafted::try_from(old)?.into_inner();
    draft.label = label(&command);
    draft.content = content(&command)?;
    draft.dispensed = vec![0; command.lines.len()];
    draft.version = draft.version.saturating_add(1);
    let screening = screen(&mut step.tx, checker, &draft, step.now).await?;
    draft.content.report = Some(screening.report().clone());
    let read = step.read();
    prescriptions::update_draft(&mut step.tx, &draft, read).await?;
    step.commit("prescription.change", draft).await
}
