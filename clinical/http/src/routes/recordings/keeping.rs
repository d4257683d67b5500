//! Holding and deleting recordings.

use axum::Json;
use axum::extract::State;
use clinical_api::{RecordingReasonRequest, RecordingRowView};
use clinical_app::recordings;
use clinical_model::RecordingId;
use clinical_model::text::Line;

use super::archive;
use super::views::row_view;
use crate::actor::Caller;
use crate::error::ApiError;
use crate::extract::{Body, Segments};
use crate::router::ApiState;

fn reason(request: RecordingReasonRequest) -> Result<Line, ApiError> {
    Line::try_from(request.reason).or(Err(ApiError::invalid("reason")))
}

/// A recording must not be deleted from now on, such as during a dispute.
#[utoipa::path(post, path = "/recordings/{id}/hold", tag = "recordings",
    params(("id" = String, Path, format = Uuid)), request_body = RecordingReasonRequest,
    responses((status = 200, body = RecordingRowView)))]
pub(super) async fn hold_recording(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Segments(id): Segments<RecordingId>,
    Body(request): Body<RecordingReasonRequest>,
) -> Result<Json<RecordingRowView>, ApiError> {
    let act = (id, reason(request)?);
    let held = recordings::hold(&state.clinic, archive(&state)?, &actor, act).await?;
    Ok(Json(row_view(held, actor.role)))
}

/// A recording may be deleted again.
#[utoipa::path(post, path = "/recordings/{id}/release", tag = "recordings",
    params(("id" = String, Path, format = Uuid)),
    responses((status = 200, body = RecordingRowView)))]
pub(super) async fn release_recording(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Segments(id): Segments<RecordingId>,
) -> Result<Json<RecordingRowView>, ApiError> {
    let free = recordings::release(&state.clinic, archive(&state)?, &actor, id).await?;
    Ok(Json(row_view(free, actor.role)))
}

/// Destroy the key of a recording. It cannot be undone; that there was one stays known.
#[utoipa::path(post, path = "/recordings/{id}/delete", tag = "recordings",
    params(("id" = String, Path, format = Uuid)), request_body = RecordingReasonRequest,
    responses((status = 200, body = RecordingRowView)))]
pub(super) async fn delete_recording(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Segments(id): Segments<RecordingId>,
    Body(request): Body<RecordingReasonRequest>,
) -> Result<Json<RecordingRowView>, ApiError> {
    let act = (id, reason(request)?);
    let gone = recordings::delete(&state.clinic, archive(&state)?, &actor, act).await?;
    Ok(Json(row_view(gone, actor.role)))
}
