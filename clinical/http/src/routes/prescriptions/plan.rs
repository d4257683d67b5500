//! What a patient takes now, and being reminded of it.

use axum::Json;
use axum::extract::State;
use clinical_api::{
    DueDoseView, MedicationPlanView, MedicationReminderRequest, MedicationReminderView,
    PlannedMedicineView, RecordedMedicineView,
};
use clinical_app::prescribing::{self, LineReminder, ReminderCommand, ShownPlan};
use clinical_model::chart::{Entry, Fact};
use clinical_model::prescribing::{ClockTime, PlannedLine};
use clinical_model::{PatientId, PrescriptionId};

use super::views::{line_view, names};
use crate::actor::Caller;
use crate::error::ApiError;
use crate::extract::{Body, Segments};
use crate::router::ApiState;

/// More times than doses of any day are not even read.
const TIMES_MAX: usize = 24;

/// What the caller takes now.
#[utoipa::path(get, path = "/me/medication-plan", tag = "prescriptions",
    responses((status = 200, body = MedicationPlanView)))]
pub(super) async fn read_own_plan(
    State(state): State<ApiState>,
    Caller(actor): Caller,
) -> Result<Json<MedicationPlanView>, ApiError> {
    let shown = prescribing::own_plan(&state.clinic, &actor).await?;
    Ok(Json(plan_view(shown)))
}

/// What a patient takes now, as far as the caller may see it.
#[utoipa::path(get, path = "/patients/{id}/medication-plan", tag = "prescriptions",
    params(("id" = String, Path, format = Uuid)),
    responses((status = 200, body = MedicationPlanView)))]
pub(super) async fn read_plan(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Segments(patient): Segments<PatientId>,
) -> Result<Json<MedicationPlanView>, ApiError> {
    let shown = prescribing::plan_of(&state.clinic, &actor, patient).await?;
    Ok(Json(plan_view(shown)))
}

/// Reminding of every line that the caller takes.
#[utoipa::path(get, path = "/me/medication-reminders", tag = "prescriptions",
    responses((status = 200, body = Vec<MedicationReminderView>)))]
pub(super) async fn list_reminders(
    State(state): State<ApiState>,
    Caller(actor): Caller,
) -> Result<Json<Vec<MedicationReminderView>>, ApiError> {
    let all = prescribing::reminders(&state.clinic, &actor).await?;
    Ok(Json(all.into_iter().map(reminder_view).collect()))
}

/// Switch reminding of a line on or off.
#[utoipa::path(put, path = "/me/medication-reminders/{prescription}/{line}", tag = "prescriptions",
    params(("prescription" = String, Path, format = Uuid), ("line" = u32, Path)),
    request_body = MedicationReminderRequest,
    responses((status = 200, body = MedicationReminderView)))]
pub(super) async fn put_reminder(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Segments((prescription, line)): Segments<(PrescriptionId, u32)>,
    Body(request): Body<MedicationReminderRequest>,
) -> Result<Json<MedicationReminderView>, ApiError> {
    let times = match request.times {
        Some(times) if times.len() > TIMES_MAX => return Err(ApiError::invalid("times")),
        Some(times) => {
            let read = times.iter().map(|it| it.parse::<ClockTime>());
            let read = read.collect::<Result<Vec<_>, _>>();
            Some(read.or(Err(ApiError::invalid("times")))?)
        }
        None => None,
    };
    let command = ReminderCommand {
        is_on: request.on,
        times,
        version: request.version,
    };
    let line = usize::try_from(line).or(Err(ApiError::not_found()))?;
    let place = (prescription, line);
    let done = prescribing::put_reminder(&state.clinic, &actor, place, command).await?;
    Ok(Json(reminder_view(done)))
}

fn reminder_view(it: LineReminder) -> MedicationReminderView {
    MedicationReminderView {
        prescription: it.prescription,
        line: number(it.line),
        possible: it.is_possible,
        on: it.is_on,
        times: it.times.iter().map(ToString::to_string).collect(),
        next_us: it.next.map(|at| at.0),
        version: it.version,
    }
}

fn number(line: usize) -> u32 {
    u32::try_from(line).unwrap_or(u32::MAX)
}

fn plan_view(shown: ShownPlan) -> MedicationPlanView {
    let plan = &shown.plan;
    MedicationPlanView {
        today: plan.today.to_string(),
        zone: shown.zone.iana_name().unwrap_or("UTC").to_owned(),
        prescribed: plan
            .prescribed
            .iter()
            .map(|it| planned_view(it, &shown))
            .collect(),
        recorded: plan
            .recorded
            .iter()
            .filter_map(|it| recorded_view(it, &shown))
            .collect(),
    }
}

fn planned_view(it: &PlannedLine, shown: &ShownPlan) -> PlannedMedicineView {
    PlannedMedicineView {
        prescription: it.prescription,
        line: number(it.line),
        name: names(&it.prescribed),
        taken: line_view(&it.prescribed),
        prescriber_name: shown.names.get(&it.prescriber).cloned().unwrap_or_default(),
        confidential: it.is_confidential,
        from: it.from.to_string(),
        until: it.until.map(|date| date.to_string()),
        current: it.is_current,
        supply: it.supply.as_str().to_owned(),
        units: it.units,
        units_handed_out: it.units_handed_out,
        collect_until_us: it.collect_until.map(|at| at.0),
        today: it
            .today
            .iter()
            .map(|dose| DueDoseView {
                time: dose.time.to_string(),
                at_us: dose.at.0,
            })
            .collect(),
    }
}

fn recorded_view(it: &Entry, shown: &ShownPlan) -> Option<RecordedMedicineView> {
    let Fact::Medication(fact) = &it.fact else {
        return None;
    };
    Some(RecordedMedicineView {
        entry: it.id,
        name: fact.substance.display.as_str().to_owned(),
        dosage: fact.dosage.as_ref().map(|words| words.as_str().to_owned()),
        from: fact.from.as_ref().map(|date| date.as_str().to_owned()),
        until: fact.until.as_ref().map(|date| date.as_str().to_owned()),
        author_name: shown.names.get(&it.author).cloned().unwrap_or_default(),
    })
}
