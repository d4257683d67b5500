//! `POST /join/test`, `POST /connection-tests`

use axum::Json;
use axum::extract::State;
use clinical_api::{JoinRequest, TestTicket};
use clinical_app::Origin;
use clinical_app::visits::{self, SIGNAL_PATH, TestPass};

use super::join::refuse;
use crate::error::ApiError;
use crate::extract::{Body, Peer};
use crate::router::ApiState;

/// A connection test for the holder of a link, also long before the visit.
#[utoipa::path(post, path = "/join/test", tag = "visits", request_body = JoinRequest,
    responses((status = 200, body = TestTicket)))]
pub(super) async fn test_by_link(
    State(state): State<ApiState>,
    Peer(from): Peer,
    Body(request): Body<JoinRequest>,
) -> Result<Json<TestTicket>, ApiError> {
    let pass = visits::link_test(&state.desk, Origin::from(from), &request.token)
        .await
        .map_err(refuse)?;
    Ok(Json(view(pass)))
}

/// A connection test for a signed-in person.
#[utoipa::path(post, path = "/connection-tests", tag = "visits",
    responses((status = 200, body = TestTicket)))]
pub(super) async fn test_connection(
    State(state): State<ApiState>,
) -> Result<Json<TestTicket>, ApiError> {
    let pass = visits::connection_test(&state.desk).map_err(ApiError::internal)?;
    Ok(Json(view(pass)))
}

fn view(pass: TestPass) -> TestTicket {
    TestTicket {
        ticket: pass.ticket,
        signal_path: SIGNAL_PATH.to_owned(),
    }
}
