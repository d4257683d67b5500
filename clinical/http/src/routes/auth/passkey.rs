//! `POST /auth/passkey` and `POST /auth/passkey/finish`: signing in with a passkey alone

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use clinical_api::{CeremonyView, PasskeySignInRequest, Token};
use clinical_app::identity::{self, Visitor};

use super::proof;
use super::second_factor::refused;
use crate::error::ApiError;
use crate::extract::{Body, Browser, Peer};
use crate::router::ApiState;

/// Begin a sign-in with a passkey alone: the device knows whose it is.
#[utoipa::path(post, operation_id = "begin_passkey_sign_in", path = "/auth/passkey", tag = "auth",
    responses((status = 200, body = CeremonyView)))]
pub(super) async fn begin(
    State(state): State<ApiState>,
    Peer(address): Peer,
    Browser(device): Browser,
) -> Result<Json<CeremonyView>, ApiError> {
    let from = Visitor { address, device };
    let offer = identity::begin_passkey_sign_in(&state.clinic, &state.sign_in, &from)
        .await
        .map_err(refused)?;
    Ok(Json(proof::ceremony(offer)))
}

/// End a sign-in with a passkey alone. The answer also sets the refresh cookie.
#[utoipa::path(post, operation_id = "finish_passkey_sign_in", path = "/auth/passkey/finish", tag = "auth",
    request_body = PasskeySignInRequest, responses((status = 200, body = Token)))]
pub(super) async fn finish(
    State(state): State<ApiState>,
    Peer(address): Peer,
    Browser(device): Browser,
    Body(request): Body<PasskeySignInRequest>,
) -> Result<Response, ApiError> {
    let from = Visitor { address, device };
    let answer = (request.ceremony.as_uuid(), request.credential.as_str());
    let signed_in = identity::finish_passkey_sign_in(&state.clinic, &state.sign_in, answer, &from)
        .await
        .map_err(refused)?;
    super::signed_in(&state, signed_in)
}
