//! `POST /patients/{id}/merge`, `POST /patients/{id}/unmerge`

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use clinical_api::{MergeRequest, VersionRequest};
use clinical_app::records;
use clinical_model::PatientId;

use crate::actor::Caller;
use crate::error::ApiError;
use crate::extract::{Body, Segments};
use crate::router::ApiState;

/// Go on with another record for both. This one is not used any more; its facts are shown with
/// those of the other.
#[utoipa::path(post, path = "/patients/{id}/merge", tag = "records",
    params(("id" = String, Path, format = Uuid)), request_body = MergeRequest,
    responses((status = 204)))]
pub(super) async fn merge_patient(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Segments(id): Segments<PatientId>,
    Body(request): Body<MergeRequest>,
) -> Result<StatusCode, ApiError> {
    let place = (id, request.version);
    records::merge(&state.clinic, &actor, place, request.into).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Take a merge back: this is a record of its own again.
#[utoipa::path(post, path = "/patients/{id}/unmerge", tag = "records",
    params(("id" = String, Path, format = Uuid)), request_body = VersionRequest,
    responses((status = 200, body = VersionRequest)))]
pub(super) async fn unmerge_patient(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Segments(id): Segments<PatientId>,
    Body(request): Body<VersionRequest>,
) -> Result<Json<VersionRequest>, ApiError> {
    let freed = records::unmerge(&state.clinic, &actor, (id, request.version)).await?;
    // An admin sees nothing of a patient but this.
    Ok(Json(VersionRequest {
        version: freed.version,
    }))
}
