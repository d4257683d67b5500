//! `GET /services/{id}/openings`

use axum::Json;
use axum::extract::State;
use clinical_api::OpeningView;
use clinical_app::booking::{self, SlotsError};
use clinical_model::{Micros, ServiceId, UserId};
use serde::Deserialize;

use crate::actor::Caller;
use crate::error::ApiError;
use crate::extract::{Params, Segments};
use crate::router::ApiState;

/// Which days, and perhaps with whom.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Range {
    from_us: i64,
    days: u32,
    doctor: Option<UserId>,
}

/// The times at which a doctor and all that a service needs are free together, within `days` days
/// after `from_us`, none in the past.
#[utoipa::path(get, path = "/services/{id}/openings", tag = "booking",
    params(("id" = String, Path, format = Uuid),
        ("from_us" = i64, Query, description = "Unix microseconds"),
        ("days" = u32, Query, minimum = 1, maximum = 31),
        ("doctor" = Option<String>, Query, format = Uuid, description = "With this one only")),
    responses((status = 200, body = Vec<OpeningView>)))]
pub(super) async fn list_openings(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Segments(service): Segments<ServiceId>,
    Params(range): Params<Range>,
) -> Result<Json<Vec<OpeningView>>, ApiError> {
    let when = (Micros(range.from_us), range.days);
    let found = booking::openings(&state.desk, &actor, (service, range.doctor), when)
        .await
        .map_err(|error| match error {
            SlotsError::Days => ApiError::invalid("days"),
            SlotsError::NotFound => ApiError::not_found(),
            SlotsError::Store(error) => error.into(),
        })?;
    let openings = found.into_iter().map(|it| OpeningView {
        doctor: it.doctor,
        start_us: it.slot.start.0,
        end_us: it.slot.end.0,
    });
    Ok(Json(openings.collect()))
}
