//! `GET /doctors/{id}/slots`

use axum::Json;
use axum::extract::State;
use clinical_api::{SlotView, SlotsView};
use clinical_app::booking::{self, SlotsError};
use clinical_model::{Micros, UserId};
use serde::Deserialize;

use crate::actor::Caller;
use crate::error::ApiError;
use crate::extract::{Params, Segments};
use crate::router::ApiState;

/// Which days.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Range {
    from_us: i64,
    days: u32,
}

/// The free times of a doctor that begin within `days` days after `from_us`, none in the past.
#[utoipa::path(get, path = "/doctors/{id}/slots", tag = "booking",
    params(("id" = String, Path, format = Uuid),
        ("from_us" = i64, Query, description = "Unix microseconds"),
        ("days" = u32, Query, minimum = 1, maximum = 31)),
    responses((status = 200, body = SlotsView)))]
pub(super) async fn list_slots(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Segments(doctor): Segments<UserId>,
    Params(range): Params<Range>,
) -> Result<Json<SlotsView>, ApiError> {
    let found = booking::slots(
        &state.desk,
        &actor,
        doctor,
        Micros(range.from_us),
        range.days,
    )
    .await
    .map_err(|error| match error {
        SlotsError::Days => ApiError::invalid("days"),
        SlotsError::NotFound => ApiError::not_found(),
        SlotsError::Store(error) => error.into(),
    })?;
    Ok(Json(SlotsView {
        slots: found
            .slots
            .iter()
            .map(|slot| SlotView {
                start_us: slot.start.0,
                end_us: slot.end.0,
            })
            .collect(),
        zone: found.zone,
        next_us: found.next.map(|at| at.0),
    }))
}
