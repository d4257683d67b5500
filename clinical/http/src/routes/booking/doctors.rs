//! `GET /doctors`

use axum::Json;
use axum::extract::State;
use clinical_api::DoctorView;
use clinical_app::booking;

use super::views::doctor_view;
use crate::actor::Caller;
use crate::error::ApiError;
use crate::router::ApiState;

/// Everybody who can be booked, by name.
#[utoipa::path(get, path = "/doctors", tag = "booking",
    responses((status = 200, body = Vec<DoctorView>)))]
pub(super) async fn list_doctors(
    State(state): State<ApiState>,
    Caller(actor): Caller,
) -> Result<Json<Vec<DoctorView>>, ApiError> {
    let doctors = booking::doctors(&state.desk, &actor).await?;
    Ok(Json(doctors.into_iter().map(doctor_view).collect()))
}
