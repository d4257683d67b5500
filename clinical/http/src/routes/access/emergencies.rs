//! `GET`, `POST /break-glass`, `POST /break-glass/{grant}/end`, `GET /admin/break-glass`, `POST /admin/break-glass/{grant}/review`

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use clinical_api::{
    BreakGlassRequest, BreakGlassView, EmergencyView, ProblemCode, ReviewRequest,
    RunningEmergencyView,
};
use clinical_app::access::{self, EmergencyCommand, EmergencyError, ReviewError, Target};
use clinical_model::GrantId;
use clinical_model::text::Line;

use crate::actor::Caller;
use crate::error::ApiError;
use crate::extract::{Body, Segments};
use crate::router::ApiState;

/// Open a record for an hour in an emergency, after a fresh proof (`POST /auth/step-up`). The
/// patient is told, and an admin reviews it.
#[utoipa::path(post, path = "/break-glass", tag = "access", request_body = BreakGlassRequest,
    responses((status = 201, body = BreakGlassView)))]
pub(super) async fn break_glass(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Body(request): Body<BreakGlassRequest>,
) -> Result<(StatusCode, Json<BreakGlassView>), ApiError> {
    let target = match (request.patient, &request.phone) {
        (Some(patient), None) => Target::Record(patient),
        (None, Some(phone)) => Target::Phone(phone.parse().or(Err(ApiError::invalid("phone")))?),
        (None, None) | (Some(_), Some(_)) => return Err(ApiError::invalid("patient")),
    };
    let command = EmergencyCommand {
        target,
        reason: request.reason,
        words: Line::try_from(request.words.as_str()).or(Err(ApiError::invalid("words")))?,
    };
    let emergency = access::break_glass(&state.clinic, &actor, command)
        .await
        .map_err(|error| match error {
            EmergencyError::Forbidden => ProblemCode::Forbidden.into(),
            EmergencyError::NotFound => ApiError::not_found(),
            EmergencyError::StepUpNeeded => ProblemCode::StepUpNeeded.into(),
            EmergencyError::Store(error) => error.into(),
        })?;
    let view = BreakGlassView {
        id: emergency.id,
        patient: emergency.patient,
        until_us: emergency.until.0,
    };
    Ok((StatusCode::CREATED, Json(view)))
}

/// The emergency accesses of the caller that run now.
#[utoipa::path(get, path = "/break-glass", tag = "access",
    responses((status = 200, body = Vec<RunningEmergencyView>)))]
pub(super) async fn list_running(
    State(state): State<ApiState>,
    Caller(actor): Caller,
) -> Result<Json<Vec<RunningEmergencyView>>, ApiError> {
    let running = access::running(&state.clinic, &actor).await?;
    let views = running.into_iter().map(|it| RunningEmergencyView {
        id: it.access.id,
        patient: it.access.patient,
        patient_name: it.patient_name,
        reason: it.access.reason,
        until_us: it.access.until.0,
    });
    Ok(Json(views.collect()))
}

/// End an emergency access of the caller before its hour is over.
#[utoipa::path(post, path = "/break-glass/{grant}/end", tag = "access",
    params(("grant" = String, Path, format = Uuid)), responses((status = 204)))]
pub(super) async fn end_emergency(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Segments(grant): Segments<GrantId>,
) -> Result<StatusCode, ApiError> {
    access::end_emergency(&state.clinic, &actor, grant).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The emergency accesses of the facility, those without a review first.
#[utoipa::path(get, path = "/admin/break-glass", tag = "access",
    responses((status = 200, body = Vec<EmergencyView>)))]
pub(super) async fn list_emergencies(
    State(state): State<ApiState>,
    Caller(actor): Caller,
) -> Result<Json<Vec<EmergencyView>>, ApiError> {
    let list = access::emergencies(&state.clinic, &actor).await?;
    let views = list.into_iter().map(|it| EmergencyView {
        id: it.access.id,
        person: it.person_name,
        patient: it.access.patient,
        patient_name: it.patient_name,
        reason: it.access.reason,
        words: it.words.into_exposed(),
        from_us: it.access.from.0,
        until_us: it.access.until.0,
        review: it.access.review,
    });
    Ok(Json(views.collect()))
}

/// Close an emergency access with a verdict. Nobody reviews their own.
#[utoipa::path(post, path = "/admin/break-glass/{grant}/review", tag = "access",
    params(("grant" = String, Path, format = Uuid)), request_body = ReviewRequest,
    responses((status = 204)))]
pub(super) async fn review_emergency(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Segments(grant): Segments<GrantId>,
    Body(request): Body<ReviewRequest>,
) -> Result<StatusCode, ApiError> {
    access::review(&state.clinic, &actor, grant, request.verdict).await?;
    Ok(StatusCode::NO_CONTENT)
}

impl From<ReviewError> for ApiError {
    fn from(error: ReviewError) -> Self {
        match error {
            ReviewError::Forbidden => ProblemCode::Forbidden.into(),
            ReviewError::NotFound => Self::not_found(),
            ReviewError::State => ProblemCode::WrongState.into(),
            ReviewError::Store(error) => error.into(),
        }
    }
}
