//! `POST /appointments/{id}/link`, `DELETE /appointments/{id}/link`

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use clinical_api::{JoinLink, ProblemCode};
use clinical_app::booking::{self, LinkError};
use clinical_model::AppointmentId;

use super::views::link_view;
use crate::actor::Caller;
use crate::error::ApiError;
use crate::extract::Segments;
use crate::router::ApiState;

/// A new way in for the patient; the old one stops working.
#[utoipa::path(post, path = "/appointments/{id}/link", tag = "booking",
    params(("id" = String, Path, format = Uuid)),
    responses((status = 200, body = JoinLink)))]
pub(super) async fn make_link(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Segments(id): Segments<AppointmentId>,
) -> Result<Json<JoinLink>, ApiError> {
    let link = booking::new_link(&state.desk, &actor, id)
        .await
        .map_err(refuse)?;
    Ok(Json(link_view(&link)))
}

/// Take the patient's way in back. Whoever came in by it is taken out of the visit.
#[utoipa::path(delete, path = "/appointments/{id}/link", tag = "booking",
    params(("id" = String, Path, format = Uuid)), responses((status = 204)))]
pub(super) async fn revoke_link(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Segments(id): Segments<AppointmentId>,
) -> Result<StatusCode, ApiError> {
    booking::revoke_link(&state.desk, &actor, id)
        .await
        .map_err(refuse)?;
    Ok(StatusCode::NO_CONTENT)
}

fn refuse(error: LinkError) -> ApiError {
    match error {
        LinkError::NotFound => ApiError::not_found(),
        LinkError::Over => ProblemCode::WrongState.into(),
        LinkError::Store(error) => error.into(),
    }
}
