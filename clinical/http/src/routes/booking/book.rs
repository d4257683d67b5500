//! `POST /appointments`

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use clinical_api::{AppointmentView, BookRequest, ProblemCode};
use clinical_app::booking::{self, BookCommand};
use clinical_model::booking::Reason;
use clinical_model::{Micros, Role};

use super::views::{appointment_view, link_view};
use crate::actor::Caller;
use crate::error::ApiError;
use crate::extract::Body;
use crate::router::ApiState;

/// Book a free time; staff name the patient, and so does who acts for somebody. The answer to a patient or to who acts
/// for them has the way in, this once.
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
        service: request.service,
        start: Micros(request.start_us),
        reason: reason.or(Err(ApiError::invalid("reason")))?,
    };
    let (booked, is_own) = match (actor.role, request.patient) {
        (Role::Patient, None) => (booking::book(&state.desk, &actor, command).await?, true),
        (Role::Patient, Some(patient)) if actor.patient == Some(patient) => {
            (booking::book(&state.desk, &actor, command).await?, true)
        }
        (Role::Patient, Some(patient)) => {
            let booked = booking::book_as_proxy(&state.desk, &actor, patient, command).await?;
            (booked, true)
        }
        // For themselves only patients book.
        (_, None) => return Err(ProblemCode::Forbidden.into()),
        (_, Some(patient)) => {
            let booked = booking::book_for(&state.desk, &actor, patient, command).await?;
            (booked, false)
        }
    };
    let mut view = appointment_view(booked.record);
    // The way in is the patient's: when staff book, they are sent it.
    view.link = is_own.then(|| link_view(&booked.link));
    Ok((StatusCode::CREATED, Json(view)))
}
