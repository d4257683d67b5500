//! `GET /appointments/{id}/phone`, `POST /appointments/{id}/phone`

use axum::Json;
use axum::extract::State;
use clinical_api::{PhoneAccessView, PhoneWayView, ProblemCode};
use clinical_app::visits::{self, PhoneWay, PhoneWayError};
use clinical_model::AppointmentId;

use crate::actor::Caller;
use crate::error::ApiError;
use crate::extract::Segments;
use crate::router::ApiState;

/// How its patient comes into an appointment by telephone.
#[utoipa::path(get, path = "/appointments/{id}/phone", tag = "visits",
    params(("id" = String, Path, format = Uuid)),
    responses((status = 200, body = PhoneAccessView)))]
pub(super) async fn phone_way(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Segments(id): Segments<AppointmentId>,
) -> Result<Json<PhoneAccessView>, ApiError> {
    let way = visits::phone_way(&state.desk, &actor, id)
        .await
        .map_err(refuse)?;
    let way = way.map(way_view);
    Ok(Json(PhoneAccessView { way }))
}

/// A new PIN, for staff to tell the patient; the old one stops working.
#[utoipa::path(post, path = "/appointments/{id}/phone", tag = "visits",
    params(("id" = String, Path, format = Uuid)),
    responses((status = 200, body = PhoneWayView)))]
pub(super) async fn new_phone_pin(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Segments(id): Segments<AppointmentId>,
) -> Result<Json<PhoneWayView>, ApiError> {
    let way = visits::new_phone_pin(&state.desk, &actor, id)
        .await
        .map_err(refuse)?;
    Ok(Json(way_view(way)))
}

pub(super) fn way_view(way: PhoneWay) -> PhoneWayView {
    PhoneWayView {
        number: way.number,
        pin: way.pin.expose().to_owned(),
    }
}

fn refuse(error: PhoneWayError) -> ApiError {
    match error {
        PhoneWayError::NotFound => ApiError::not_found(),
        PhoneWayError::Unreachable => ProblemCode::WrongState.into(),
        PhoneWayError::Store(error) => error.into(),
    }
}
