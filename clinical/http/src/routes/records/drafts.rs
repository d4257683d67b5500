//! `/patients/{id}/draft`

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use clinical_api::{DraftRequest, DraftView};
use clinical_app::records::{self, Draft};
use clinical_model::{AppointmentId, PatientId};
use serde::Deserialize;

use crate::actor::Caller;
use crate::error::ApiError;
use crate::extract::{Body, Params, Segments};
use crate::router::ApiState;

/// Which draft.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct Which {
    /// Of this appointment; without it the one that belongs to none.
    #[param(value_type = Option<String>)]
    appointment: Option<AppointmentId>,
}

fn view(draft: Draft) -> DraftView {
    DraftView {
        body: draft.body,
        version: draft.version,
        saved_us: draft.saved.0,
    }
}

/// The caller's draft about a patient; `null` when there is none.
#[utoipa::path(get, path = "/patients/{id}/draft", tag = "records",
    params(("id" = String, Path, format = Uuid), Which),
    responses((status = 200, body = Option<DraftView>)))]
pub(super) async fn read_draft(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Segments(id): Segments<PatientId>,
    Params(which): Params<Which>,
) -> Result<Json<Option<DraftView>>, ApiError> {
    let found = records::draft(&state.clinic, &actor, (id, which.appointment)).await?;
    Ok(Json(found.map(view)))
}

/// Save the caller's draft about a patient.
#[utoipa::path(put, path = "/patients/{id}/draft", tag = "records",
    params(("id" = String, Path, format = Uuid), Which), request_body = DraftRequest,
    responses((status = 200, body = DraftView)))]
pub(super) async fn save_draft(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Segments(id): Segments<PatientId>,
    Params(which): Params<Which>,
    Body(request): Body<DraftRequest>,
) -> Result<Json<DraftView>, ApiError> {
    let place = (id, which.appointment);
    let text = (request.body.as_str(), request.version);
    let saved = records::save_draft(&state.clinic, &actor, place, text).await?;
    Ok(Json(view(saved)))
}

/// Forget the caller's draft about a patient.
#[utoipa::path(delete, path = "/patients/{id}/draft", tag = "records",
    params(("id" = String, Path, format = Uuid), Which), responses((status = 204)))]
pub(super) async fn discard_draft(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Segments(id): Segments<PatientId>,
    Params(which): Params<Which>,
) -> Result<StatusCode, ApiError> {
    records::discard_draft(&state.clinic, &actor, (id, which.appointment)).await?;
    Ok(StatusCode::NO_CONTENT)
}
