//! `GET /appointments`, `GET /appointments/{id}`

use axum::Json;
use axum::extract::State;
use clinical_api::{AppointmentView, ProblemCode};
use clinical_app::booking::{self, ListError};
use clinical_model::{AppointmentId, Micros};
use serde::Deserialize;

use super::views::appointment_view;
use crate::actor::Caller;
use crate::error::ApiError;
use crate::extract::{Params, Segments};
use crate::router::ApiState;

/// Which appointments.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Range {
    from_us: i64,
    to_us: i64,
}

/// A patient's own appointments or a doctor's own list: those that begin in `[from_us, to_us)`, in
/// order of time, at most 500.
#[utoipa::path(get, path = "/appointments", tag = "booking",
    params(("from_us" = i64, Query, description = "Unix microseconds"),
        ("to_us" = i64, Query, description = "Unix microseconds, at most 400 days later")),
    responses((status = 200, body = Vec<AppointmentView>)))]
pub(super) async fn list_appointments(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Params(range): Params<Range>,
) -> Result<Json<Vec<AppointmentView>>, ApiError> {
    let range = (Micros(range.from_us), Micros(range.to_us));
    let list = booking::appointments(&state.desk, &actor, range)
        .await
        .map_err(|error| match error {
            ListError::Range => ApiError::invalid("to_us"),
            ListError::Forbidden => ProblemCode::Forbidden.into(),
            ListError::Store(error) => error.into(),
        })?;
    Ok(Json(list.into_iter().map(appointment_view).collect()))
}

/// One appointment, for its patient and its doctor.
#[utoipa::path(get, path = "/appointments/{id}", tag = "booking",
    params(("id" = String, Path, format = Uuid)),
    responses((status = 200, body = AppointmentView)))]
pub(super) async fn get_appointment(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Segments(id): Segments<AppointmentId>,
) -> Result<Json<AppointmentView>, ApiError> {
    let record = booking::appointment(&state.desk, &actor, id).await?;
    Ok(Json(appointment_view(record)))
}
