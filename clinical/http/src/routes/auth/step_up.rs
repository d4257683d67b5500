//! `POST /auth/step-up` and its passkey ceremony

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use clinical_api::{CeremonyView, ProofRequest};
use clinical_app::identity;

use super::{proof, second_factor};
use crate::actor::Caller;
use crate::error::ApiError;
use crate::extract::{Body, Peer};
use crate::router::ApiState;

/// Prove again who one is: what needs a fresh proof works for five minutes. Who has a second factor
/// shows that, everybody else the password.
#[utoipa::path(post, operation_id = "step_up", path = "/auth/step-up", tag = "auth", request_body = ProofRequest,
    responses((status = 204)))]
pub(super) async fn handler(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Peer(address): Peer,
    Body(request): Body<ProofRequest>,
) -> Result<StatusCode, ApiError> {
    let shown = proof::evidence(request);
    identity::step_up(&state.clinic, &state.sign_in, &actor, &shown, address)
        .await
        .map_err(proof::refused)?;
    Ok(StatusCode::NO_CONTENT)
}

/// Begin the passkey ceremony of a step-up.
#[utoipa::path(post, operation_id = "begin_passkey_step_up", path = "/auth/step-up/passkey", tag = "auth",
    responses((status = 200, body = CeremonyView)))]
pub(super) async fn begin(
    State(state): State<ApiState>,
    Caller(actor): Caller,
) -> Result<Json<CeremonyView>, ApiError> {
    let offer = identity::begin_step_up_passkey(&state.clinic, &state.sign_in, &actor)
        .await
        .map_err(second_factor::refused)?;
    Ok(Json(proof::ceremony(offer)))
}
