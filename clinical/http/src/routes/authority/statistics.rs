//! `GET /health-authority/statistics`

use axum::Json;
use axum::extract::State;
use clinical_api::{CountsView, ProblemCode, StatisticsView};
use clinical_app::statistics::{self, StatisticsError};
use clinical_model::statistics::{CELL_MIN, Published};

use crate::actor::Caller;
use crate::error::ApiError;
use crate::router::ApiState;

/// Counts of the last twelve finished months. Small counts are suppressed.
#[utoipa::path(get, path = "/health-authority/statistics", tag = "health-authority",
    responses((status = 200, body = StatisticsView)))]
pub(super) async fn get_statistics(
    State(state): State<ApiState>,
    Caller(actor): Caller,
) -> Result<Json<StatisticsView>, ApiError> {
    let found = statistics::statistics(&state.clinic, &actor)
        .await
        .map_err(|error| match error {
            StatisticsError::Forbidden => ProblemCode::Forbidden.into(),
            StatisticsError::Months(error) => ApiError::internal(error),
            StatisticsError::Store(error) => error.into(),
        })?;
    Ok(Json(StatisticsView {
        threshold: CELL_MIN,
        months: found.months,
        visits_held: counts(found.held),
        appointments_cancelled: counts(found.cancelled),
    }))
}

fn counts(row: Published) -> CountsView {
    CountsView {
        counts: row.cells,
        total: row.total,
    }
}
