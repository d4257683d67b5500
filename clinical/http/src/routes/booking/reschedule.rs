//! `POST /appointments/{id}/reschedule`

use axum::Json;
use axum::extract::State;
use clinical_api::{AppointmentView, ProblemCode, RescheduleRequest};
use clinical_app::booking::{self, RescheduleError};
use clinical_model::{AppointmentId, Micros};

use super::views::appointment_view;
use crate::actor::Caller;
use crate::error::ApiError;
use crate::extract::{Body, Segments};
use crate::router::ApiState;

/// Move an appointment to another free time of the same doctor. Links go on working.
#[utoipa::path(post, path = "/appointments/{id}/reschedule", tag = "booking",
    params(("id" = String, Path, format = Uuid)), request_body = RescheduleRequest,
    responses((status = 200, body = AppointmentView)))]
pub(super) async fn reschedule_appointment(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Segments(id): Segments<AppointmentId>,
    Body(request): Body<RescheduleRequest>,
) -> Result<Json<AppointmentView>, ApiError> {
    let record = booking::reschedule(&state.desk, &actor, id, Micros(request.start_us))
        .await
        .map_err(|error| match error {
            RescheduleError::NotFound => ApiError::not_found(),
            RescheduleError::State(_) => ProblemCode::WrongState.into(),
            RescheduleError::NoSlot => ApiError::invalid("start_us"),
            RescheduleError::SlotTaken => ProblemCode::SlotTaken.into(),
            RescheduleError::PatientTaken => {
                ApiError::new(ProblemCode::SlotTaken).field("start_us")
            }
            RescheduleError::Changed => ProblemCode::Changed.into(),
            RescheduleError::Store(error) => error.into(),
        })?;
    Ok(Json(appointment_view(record)))
}
