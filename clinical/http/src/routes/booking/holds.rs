//! `POST /holds`, `GET`, `DELETE /holds/{id}`, `POST /holds/{id}/book`

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use clinical_api::{AppointmentView, BookHeldRequest, HoldRequest, HoldView};
use clinical_app::booking::{self, Hold, HoldCommand};
use clinical_model::booking::Reason;
use clinical_model::{HoldId, Micros};

use super::views::{appointment_view, link_view};
use crate::actor::Caller;
use crate::error::ApiError;
use crate::extract::{Body, Segments};
use crate::router::ApiState;

/// Keep a free time while one decides. An earlier hold ends.
#[utoipa::path(post, path = "/holds", tag = "booking", request_body = HoldRequest,
    responses((status = 201, body = HoldView)))]
pub(super) async fn hold_time(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Body(request): Body<HoldRequest>,
) -> Result<(StatusCode, Json<HoldView>), ApiError> {
    let command = HoldCommand {
        doctor: request.doctor,
        service: request.service,
        start: Micros(request.start_us),
    };
    let hold = booking::hold(&state.desk, &actor, command).await?;
    let now = state.clinic.clock.now();
    Ok((StatusCode::CREATED, Json(hold_view(&hold, now))))
}

/// One's own hold, while it lasts.
#[utoipa::path(get, path = "/holds/{id}", tag = "booking",
    params(("id" = String, Path, format = Uuid)), responses((status = 200, body = HoldView)))]
pub(super) async fn get_hold(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Segments(id): Segments<HoldId>,
) -> Result<Json<HoldView>, ApiError> {
    let hold = booking::held(&state.desk, &actor, id).await?;
    Ok(Json(hold_view(&hold, state.clinic.clock.now())))
}

/// Give a kept time back.
#[utoipa::path(delete, path = "/holds/{id}", tag = "booking",
    params(("id" = String, Path, format = Uuid)), responses((status = 204)))]
pub(super) async fn release_hold(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Segments(id): Segments<HoldId>,
) -> Result<StatusCode, ApiError> {
    booking::release(&state.desk, &actor, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Book what is kept. The answer has the patient's way in, this once.
#[utoipa::path(post, path = "/holds/{id}/book", tag = "booking",
    params(("id" = String, Path, format = Uuid)), request_body = BookHeldRequest,
    responses((status = 201, body = AppointmentView)))]
pub(super) async fn book_hold(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Segments(id): Segments<HoldId>,
    Body(request): Body<BookHeldRequest>,
) -> Result<(StatusCode, Json<AppointmentView>), ApiError> {
    let reason = Reason::try_from(request.reason.as_str()).or(Err(ApiError::invalid("reason")))?;
    let booked = booking::book_held(&state.desk, &actor, id, reason).await?;
    let mut view = appointment_view(booked.record);
    view.link = Some(link_view(&booked.link));
    Ok((StatusCode::CREATED, Json(view)))
}

pub(super) fn hold_view(hold: &Hold, now: Micros) -> HoldView {
    let left = hold.expires.since(now).max(0) / Micros::SECOND;
    HoldView {
        id: hold.id,
        doctor: hold.doctor,
        service: hold.service,
        start_us: hold.slot.start.0,
        end_us: hold.slot.end.0,
        expires_us: hold.expires.0,
        left_s: u32::try_from(left).unwrap_or(u32::MAX),
    }
}
