//! `GET`, `POST /waiting-list`, `DELETE /waiting-list/{id}`, `POST /waiting-list/{id}/accept` and
//! `/decline`

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use clinical_api::{
    AppointmentView, BookHeldRequest, DayPart, ProblemCode, WaitRequest, WaitingOfferView,
    WaitingView,
};
use clinical_app::booking::{self, WaitCommand, WaitError, WaitingEntry};
use clinical_model::booking::{DayParts, Reason, Wish};
use clinical_model::{Micros, Role, WaitingId};

use super::views::{appointment_view, link_view};
use crate::actor::Caller;
use crate::error::ApiError;
use crate::extract::{Body, Segments};
use crate::router::ApiState;

/// One's own places in the waiting list; to nurses, those of the patients whom they may see.
#[utoipa::path(get, operation_id = "list_waiting_list", path = "/waiting-list", tag = "booking",
    responses((status = 200, body = Vec<WaitingView>)))]
pub(super) async fn list_waiting(
    State(state): State<ApiState>,
    Caller(actor): Caller,
) -> Result<Json<Vec<WaitingView>>, ApiError> {
    let list = booking::waiting(&state.desk, &actor).await?;
    Ok(Json(list.iter().map(view).collect()))
}

/// Wait for a time that becomes free; a nurse names the patient.
#[utoipa::path(post, path = "/waiting-list", tag = "booking", request_body = WaitRequest,
    responses((status = 201, body = WaitingView)))]
pub(super) async fn join_waiting(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Body(request): Body<WaitRequest>,
) -> Result<(StatusCode, Json<WaitingView>), ApiError> {
    let any = request.parts.is_empty();
    let has = |part| any || request.parts.contains(&part);
    let command = WaitCommand {
        patient: request.patient,
        service: request.service,
        wish: Wish {
            doctor: request.doctor,
            from: Micros(request.from_us),
            until: Micros(request.until_us),
            parts: DayParts {
                morning: has(DayPart::Morning),
                afternoon: has(DayPart::Afternoon),
                evening: has(DayPart::Evening),
            },
        },
    };
    let entry = booking::wait(&state.desk, &actor, command).await?;
    Ok((StatusCode::CREATED, Json(view(&entry))))
}

/// Wait no more. What was offered goes to the next.
#[utoipa::path(delete, path = "/waiting-list/{id}", tag = "booking",
    params(("id" = String, Path, format = Uuid)), responses((status = 204)))]
pub(super) async fn leave_waiting(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Segments(id): Segments<WaitingId>,
) -> Result<StatusCode, ApiError> {
    booking::leave(&state.desk, &actor, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Take the offered time. A patient's answer has their way in, this once.
#[utoipa::path(post, path = "/waiting-list/{id}/accept", tag = "booking",
    params(("id" = String, Path, format = Uuid)), request_body = BookHeldRequest,
    responses((status = 201, body = AppointmentView)))]
pub(super) async fn accept_offer(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Segments(id): Segments<WaitingId>,
    Body(request): Body<BookHeldRequest>,
) -> Result<(StatusCode, Json<AppointmentView>), ApiError> {
    let reason = Reason::try_from(request.reason.as_str()).or(Err(ApiError::invalid("reason")))?;
    let booked = booking::accept(&state.desk, &actor, id, reason).await?;
    let mut view = appointment_view(booked.record);
    view.link = (actor.role == Role::Patient).then(|| link_view(&booked.link));
    Ok((StatusCode::CREATED, Json(view)))
}

/// Do not take the offered time and go on waiting. It goes to the next.
#[utoipa::path(post, path = "/waiting-list/{id}/decline", tag = "booking",
    params(("id" = String, Path, format = Uuid)), responses((status = 204)))]
pub(super) async fn decline_offer(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Segments(id): Segments<WaitingId>,
) -> Result<StatusCode, ApiError> {
    booking::decline(&state.desk, &actor, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn view(it: &WaitingEntry) -> WaitingView {
    let parts = it.wish.parts;
    let chosen = [
        (DayPart::Morning, parts.morning),
        (DayPart::Afternoon, parts.afternoon),
        (DayPart::Evening, parts.evening),
    ];
    WaitingView {
        id: it.id,
        patient: it.patient,
        service: it.service,
        doctor: it.wish.doctor,
        from_us: it.wish.from.0,
        until_us: it.wish.until.0,
        parts: chosen
            .into_iter()
            .filter_map(|(part, is_chosen)| is_chosen.then_some(part))
            .collect(),
        joined_us: it.joined.0,
        offer: it.offer.map(|offer| WaitingOfferView {
            doctor: offer.doctor,
            start_us: offer.slot.start.0,
            end_us: offer.slot.end.0,
            expires_us: offer.expires.0,
        }),
    }
}

impl From<WaitError> for ApiError {
    fn from(error: WaitError) -> Self {
        match error {
            WaitError::NotFound => Self::not_found(),
            WaitError::Forbidden => ProblemCode::Forbidden.into(),
            WaitError::Field(field) => Self::invalid(field),
            WaitError::Already => Self::new(ProblemCode::WrongState).field("service"),
            WaitError::NoOffer => ProblemCode::WrongState.into(),
            WaitError::Book(error) => error.into(),
            WaitError::Store(error) => error.into(),
        }
    }
}
