//! `POST /observe`

use axum::Json;
use axum::extract::State;
use clinical_api::{ObserveTicket, ProblemCode};
use clinical_app::observe::{self, ObserveError};
use clinical_app::visits::SIGNAL_PATH;

use crate::actor::Caller;
use crate::error::ApiError;
use crate::router::ApiState;

/// A pass to watch live visits: a doctor her own ones of these days, an admin all.
#[utoipa::path(post, path = "/observe", tag = "admin",
    responses((status = 200, body = ObserveTicket)))]
pub(super) async fn observe_visits(
    State(state): State<ApiState>,
    Caller(actor): Caller,
) -> Result<Json<ObserveTicket>, ApiError> {
    let ticket = observe::observe(&state.desk, &actor)
        .await
        .map_err(|error| match error {
            ObserveError::Forbidden => ProblemCode::Forbidden.into(),
            ObserveError::Pass(error) => ApiError::internal(error),
            ObserveError::Store(error) => error.into(),
        })?;
    Ok(Json(ObserveTicket {
        ticket,
        signal_path: SIGNAL_PATH.to_owned(),
    }))
}
