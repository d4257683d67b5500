//! `POST /appointments/overbook`

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use clinical_api::{AppointmentView, OverbookBecause, OverbookRequest};
use clinical_app::booking::{self, OverbookCommand, OverbookReason};
use clinical_model::Micros;
use clinical_model::booking::Reason;

use super::views::appointment_view;
use crate::actor::Caller;
use crate::error::ApiError;
use crate::extract::Body;
use crate::router::ApiState;

/// Give a patient a time, also over another appointment of the doctor. Rooms, devices and the
/// patient are never booked twice. Nurses with every doctor, doctors with themselves.
#[utoipa::path(post, path = "/appointments/overbook", tag = "booking",
    request_body = OverbookRequest, responses((status = 201, body = AppointmentView)))]
pub(super) async fn overbook(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Body(request): Body<OverbookRequest>,
) -> Result<(StatusCode, Json<AppointmentView>), ApiError> {
    let reason = Reason::try_from(request.reason.as_str()).or(Err(ApiError::invalid("reason")))?;
    let command = OverbookCommand {
        patient: request.patient,
        doctor: request.doctor,
        service: request.service,
        start: Micros(request.start_us),
        reason,
        because: match request.because {
            OverbookBecause::Urgent => OverbookReason::Urgent,
            OverbookBecause::DoctorAsked => OverbookReason::DoctorAsked,
            OverbookBecause::ClinicError => OverbookReason::ClinicError,
        },
    };
    let booked = booking::overbook(&state.desk, &actor, command).await?;
    // The way in is the patient's; they are sent it.
    Ok((StatusCode::CREATED, Json(appointment_view(booked.record))))
}
