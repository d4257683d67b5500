//! `GET /me`

use axum::Json;
use axum::extract::State;
use clinical_api::{Me, ProblemCode};
use clinical_app::identity;

use crate::actor::Caller;
use crate::error::ApiError;
use crate::router::ApiState;

/// The account that is signed in.
#[utoipa::path(get, operation_id = "read_me", path = "/me", tag = "auth", responses((status = 200, body = Me)))]
pub(super) async fn handler(
    State(state): State<ApiState>,
    Caller(actor): Caller,
) -> Result<Json<Me>, ApiError> {
    let account = identity::me(&state.clinic, &actor).await?;
    let (account, standing) = account.ok_or(ProblemCode::Unauthenticated)?;
    Ok(Json(super::me_view(account, standing)))
}
