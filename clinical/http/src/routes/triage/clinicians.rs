//! What clinicians read and say of an interview.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use clinical_api::{ClinicalTriageView, FeedbackRequest, NoteTakenView, TakeOverRequest};
use clinical_app::triage::{self, FeedbackCommand};
use clinical_model::triage::InterviewLanguage;
use clinical_model::{AppointmentId, InterviewId};
use serde::Deserialize;

use super::views::clinical_view;
use crate::actor::Caller;
use crate::error::ApiError;
use crate::extract::{Body, Params, Segments};
use crate::router::ApiState;

/// In which language.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct ClinicalQuery {
    /// `en` or `fr`; English without it.
    #[serde(default)]
    #[param(value_type = Option<String>)]
    language: InterviewLanguage,
}

/// One interview with everything that the engine found.
#[utoipa::path(get, path = "/triage/interviews/{id}/clinical", tag = "triage",
    params(("id" = String, Path, format = Uuid), ClinicalQuery),
    responses((status = 200, body = ClinicalTriageView)))]
pub(super) async fn read_clinically(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Segments(id): Segments<InterviewId>,
    Params(query): Params<ClinicalQuery>,
) -> Result<Json<ClinicalTriageView>, ApiError> {
    let read = triage::clinical(&state.clinic, &actor, (id, query.language)).await?;
    Ok(Json(clinical_view(read)))
}

/// The interviews that an appointment carries, newest first.
#[utoipa::path(get, path = "/appointments/{id}/triage", tag = "triage",
    params(("id" = String, Path, format = Uuid), ClinicalQuery),
    responses((status = 200, body = Vec<ClinicalTriageView>)))]
pub(super) async fn triage_of_appointment(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Segments(id): Segments<AppointmentId>,
    Params(query): Params<ClinicalQuery>,
) -> Result<Json<Vec<ClinicalTriageView>>, ApiError> {
    let read = triage::of_appointment(&state.clinic, &actor, (id, query.language)).await?;
    Ok(Json(read.into_iter().map(clinical_view).collect()))
}

/// Accept, correct or reject a result or one of its hypotheses. It is kept as feedback; the record does not
/// change.
#[utoipa::path(post, path = "/triage/interviews/{id}/feedback", tag = "triage",
    params(("id" = String, Path, format = Uuid), ClinicalQuery), request_body = FeedbackRequest,
    responses((status = 201, body = ClinicalTriageView)))]
pub(super) async fn give_feedback(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Segments(id): Segments<InterviewId>,
    Params(query): Params<ClinicalQuery>,
    Body(request): Body<FeedbackRequest>,
) -> Result<(StatusCode, Json<ClinicalTriageView>), ApiError> {
    let command = FeedbackCommand {
        verdict: request.verdict,
        disposition: request.disposition,
        condition: request.condition,
        reason: request.reason,
    };
    let given = (command, query.language);
    let read = triage::give_feedback(&state.clinic, &actor, id, given).await?;
    Ok((StatusCode::CREATED, Json(clinical_view(read))))
}

/// Take the summary over into the draft note of the appointment that carries the interview.
#[utoipa::path(post, path = "/triage/interviews/{id}/note", tag = "triage",
    params(("id" = String, Path, format = Uuid)), request_body = TakeOverRequest,
    responses((status = 200, body = NoteTakenView)))]
pub(super) async fn take_over(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Segments(id): Segments<InterviewId>,
    Body(request): Body<TakeOverRequest>,
) -> Result<Json<NoteTakenView>, ApiError> {
    let taken = triage::take_over(&state.desk, &actor, (id, request.language)).await?;
    let (appointment, version) = taken;
    Ok(Json(NoteTakenView {
        appointment,
        version: i64::from(version),
    }))
}
