//! `POST /auth/second-factor` and its passkey ceremony

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use clinical_api::{CeremonyView, ProblemCode, SecondFactorRequest, TicketRequest, Token};
use clinical_app::identity::{self, Evidence, OneTimeToken, SecondStepError, Visitor};

use super::proof;
use crate::error::ApiError;
use crate::extract::{Body, Browser, Peer};
use crate::router::ApiState;

/// End a sign-in with the second factor. The answer also sets the refresh cookie.
#[utoipa::path(post, operation_id = "finish_second_factor", path = "/auth/second-factor", tag = "auth",
    request_body = SecondFactorRequest, responses((status = 200, body = Token)))]
pub(super) async fn finish(
    State(state): State<ApiState>,
    Peer(address): Peer,
    Browser(device): Browser,
    Body(request): Body<SecondFactorRequest>,
) -> Result<Response, ApiError> {
    let ticket = OneTimeToken::parse(&request.ticket.0).ok_or(ProblemCode::SignInOver)?;
    let shown: Evidence = proof::evidence(request.proof);
    let from = Visitor { address, device };
    let signed_in = identity::finish_second(&state.clinic, &state.sign_in, &ticket, &shown, &from)
        .await
        .map_err(refused)?;
    super::signed_in(&state, signed_in)
}

/// Begin the passkey ceremony of a second step.
#[utoipa::path(post, operation_id = "begin_second_factor_passkey", path = "/auth/second-factor/passkey", tag = "auth",
    request_body = TicketRequest, responses((status = 200, body = CeremonyView)))]
pub(super) async fn begin(
    State(state): State<ApiState>,
    Body(request): Body<TicketRequest>,
) -> Result<Json<CeremonyView>, ApiError> {
    let ticket = OneTimeToken::parse(&request.ticket.0).ok_or(ProblemCode::SignInOver)?;
    let offer = identity::begin_second_passkey(&state.clinic, &state.sign_in, &ticket)
        .await
        .map_err(refused)?;
    Ok(Json(proof::ceremony(offer)))
}

pub(super) fn refused(error: SecondStepError) -> ApiError {
    match error {
        SecondStepError::Over => ProblemCode::SignInOver.into(),
        SecondStepError::Refused => ProblemCode::ProofRefused.into(),
        SecondStepError::Limited(limited) => limited.into(),
        SecondStepError::NoPasskey => ProblemCode::NotFound.into(),
        SecondStepError::Login(error) => super::login::refused(error),
        SecondStepError::Store(error) => error.into(),
    }
}
