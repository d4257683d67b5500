//! `POST /appointments/{id}/cancel`

use axum::Json;
use axum::extract::State;
use clinical_api::{AppointmentView, ProblemCode};
use clinical_app::booking::{self, CancelError};
use clinical_model::AppointmentId;

use super::views::appointment_view;
use crate::actor::Caller;
use crate::error::ApiError;
use crate::extract::Segments;
use crate::router::ApiState;

/// Cancel an appointment. Whoever waits for it is told.
#[utoipa::path(post, path = "/appointments/{id}/cancel", tag = "booking",
    params(("id" = String, Path, format = Uuid)),
    responses((status = 200, body = AppointmentView)))]
pub(super) async fn cancel_appointment(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Segments(id): Segments<AppointmentId>,
) -> Result<Json<AppointmentView>, ApiError> {
    let record = booking::cancel(&state.desk, &actor, id)
        .await
        .map_err(|error| match error {
            CancelError::NotFound => ApiError::not_found(),
            CancelError::State(_) => ProblemCode::WrongState.into(),
            CancelError::Changed => ProblemCode::Changed.into(),
            CancelError::Store(error) => error.into(),
        })?;
    Ok(Json(appointment_view(record)))
}
