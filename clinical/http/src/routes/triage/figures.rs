//! Figures, the last evaluation, and what the facility decided.

use axum::Json;
use axum::extract::State;
use clinical_api::{EvaluatedView, TriageFiguresView, TriageSettingsRequest, TriageSettingsView};
use clinical_app::triage;
use clinical_model::triage::Settings;

use super::views::{evaluated_view, month_view};
use crate::actor::Caller;
use crate::error::ApiError;
use crate::extract::Body;
use crate::router::ApiState;

/// How triage went in the last 12 months. Nobody is named.
#[utoipa::path(get, path = "/triage/figures", tag = "triage",
    responses((status = 200, body = TriageFiguresView)))]
pub(super) async fn triage_figures(
    State(state): State<ApiState>,
    Caller(actor): Caller,
) -> Result<Json<TriageFiguresView>, ApiError> {
    let found = triage::figures(&state.clinic, &actor).await?;
    Ok(Json(TriageFiguresView {
        months: found.months.iter().map(month_view).collect(),
        all: month_view(&found.all),
    }))
}

/// The last saved report of `telehealth triage evaluate`.
#[utoipa::path(get, path = "/triage/evaluation", tag = "triage",
    responses((status = 200, body = EvaluatedView)))]
pub(super) async fn triage_evaluation(
    State(state): State<ApiState>,
    Caller(actor): Caller,
) -> Result<Json<EvaluatedView>, ApiError> {
    let found = triage::evaluation(&state.clinic, &state.triage, &actor).await?;
    let report = found.ok_or_else(ApiError::not_found)?;
    Ok(Json(evaluated_view(report)))
}

fn settings_view(it: Settings) -> TriageSettingsView {
    TriageSettingsView {
        show_hypotheses: it.show_hypotheses,
        service: it.service,
        phone: it.phone.map(|number| number.as_str().to_owned()),
        version: i64::from(it.version),
    }
}

/// What the facility decided about triage.
#[utoipa::path(get, path = "/triage/settings", tag = "triage",
    responses((status = 200, body = TriageSettingsView)))]
pub(super) async fn triage_settings(
    State(state): State<ApiState>,
    Caller(actor): Caller,
) -> Result<Json<TriageSettingsView>, ApiError> {
    let found = triage::read_settings(&state.clinic, &actor).await?;
    Ok(Json(settings_view(found)))
}

/// Decide about triage.
#[utoipa::path(put, path = "/triage/settings", tag = "triage",
    request_body = TriageSettingsRequest,
    responses((status = 200, body = TriageSettingsView)))]
pub(super) async fn put_triage_settings(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Body(request): Body<TriageSettingsRequest>,
) -> Result<Json<TriageSettingsView>, ApiError> {
    let read = u32::try_from(request.version).or(Err(ApiError::invalid("version")))?;
    let phone = request.phone.map(|number| number.parse()).transpose();
    let phone = phone.or(Err(ApiError::invalid("phone")))?;
    let decided = (request.show_hypotheses, request.service, phone);
    let put = triage::put_settings(&state.clinic, &actor, decided, read).await?;
    Ok(Json(settings_view(put)))
}
