//! `POST /me/factors/passkeys` and `POST /me/factors/passkeys/finish`

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use clinical_api::{CeremonyView, NewPasskeyRequest};
use clinical_app::identity;

use crate::actor::Caller;
use crate::error::ApiError;
use crate::extract::Body;
use crate::router::ApiState;
use crate::routes::auth::proof;

/// Begin to make a passkey. Needs a fresh proof.
#[utoipa::path(post, operation_id = "begin_passkey", path = "/me/factors/passkeys", tag = "account",
    responses((status = 200, body = CeremonyView)))]
pub(super) async fn begin(
    State(state): State<ApiState>,
    Caller(actor): Caller,
) -> Result<Json<CeremonyView>, ApiError> {
    let fresh = super::fresh(&state, &actor).await?;
    let offer = identity::begin_passkey(&state.clinic, &state.sign_in, &actor, fresh)
        .await
        .map_err(super::refused)?;
    Ok(Json(proof::ceremony(offer)))
}

/// Store a new passkey. With the first factor all other sign-ins end.
#[utoipa::path(post, operation_id = "finish_passkey", path = "/me/factors/passkeys/finish", tag = "account",
    request_body = NewPasskeyRequest, responses((status = 204)))]
pub(super) async fn finish(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Body(request): Body<NewPasskeyRequest>,
) -> Result<StatusCode, ApiError> {
    let made = (
        request.ceremony.as_uuid(),
        request.label.as_str(),
        request.credential.as_str(),
    );
    identity::finish_passkey(&state.clinic, &state.sign_in, &actor, made)
        .await
        .map_err(super::refused)?;
    Ok(StatusCode::NO_CONTENT)
}
