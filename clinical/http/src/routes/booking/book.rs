//! `POST /appointments`

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use clinical_api::{AppointmentView, BookRequest, ProblemCode};
use clinical_app::booking::{self, BookCommand, BookError};
use clinical_model::Micros;
use clinical_model::booking::Reason;

use super::views::{appointment_view, link_view};
use crate::actor::Caller;
use crate::error::ApiError;
use crate::extract::Body;
use crate::router::ApiState;

/// Book a free time. The answer has the patient's way in, this once.
#[utoipa::path(post, path = "/appointments", tag = "booking", request_body = BookRequest,
    responses((status = 201, body = AppointmentView)))]
pub(super) async fn book_appointment(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Body(request): Body<BookRequest>,
) -> Result<(StatusCode, Json<AppointmentView>), ApiError> {
    let reason = Reason::try_from(request.reason.as_str());
    let command = BookCommand {
        doctor: request.doctor,
        service: None,
        start: Micros(request.start_us),
        reason: reason.or(Err(ApiError::invalid("reason")))?,
    };
    let booked =
        booking::book(&state.desk, &actor, command)
            .await
            .map_err(|error| match error {
                BookError::Forbidden => ProblemCode::Forbidden.into(),
                BookError::NoDoctor => ApiError::invalid("doctor"),
                BookError::NoSlot => ApiError::invalid("start_us"),
                BookError::SlotTaken => ProblemCode::SlotTaken.into(),
                // The patient's own other appointment has that time.
                BookError::OwnOverlap => ApiError::new(ProblemCode::SlotTaken).field("start_us"),
                BookError::NoHold | BookError::NoPatient => ApiError::not_found(),
                BookError::Written(_) => ProblemCode::Changed.into(),
                BookError::Store(error) => error.into(),
            })?;
    let mut view = appointment_view(booked.record);
    view.link = Some(link_view(&booked.link));
    Ok((StatusCode::CREATED, Json(view)))
}
