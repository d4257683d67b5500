//! `PUT /me/password`

use axum::extract::State;
use axum::http::StatusCode;
use clinical_api::PasswordRequest;
use clinical_app::identity;

use crate::actor::Caller;
use crate::error::ApiError;
use crate::extract::{Body, Peer};
use crate::router::ApiState;
use crate::routes::auth::set_password::refused;

/// Change one's own password. All other sign-ins end. Who has a second factor needs a fresh proof.
#[utoipa::path(put, operation_id = "change_password", path = "/me/password", tag = "account", request_body = PasswordRequest,
    responses((status = 204)))]
pub(super) async fn handler(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Peer(address): Peer,
    Body(request): Body<PasswordRequest>,
) -> Result<StatusCode, ApiError> {
    let passwords = (request.current.as_str(), request.new.as_str());
    identity::change_password(&state.clinic, &state.sign_in, &actor, passwords, address)
        .await
        .map_err(|error| refused(error, "new"))?;
    Ok(StatusCode::NO_CONTENT)
}
