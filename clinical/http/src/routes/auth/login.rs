//! `POST /auth/login`

use axum::extract::State;
use axum::response::Response;
use clinical_api::{LoginRequest, ProblemCode, Token};
use clinical_app::identity::{self, LoginError};

use crate::error::ApiError;
use crate::extract::{Body, Peer};
use crate::router::ApiState;

/// Sign in with e-mail and password. The answer also sets the refresh cookie.
#[utoipa::path(post, path = "/auth/login", tag = "auth", request_body = LoginRequest,
    responses((status = 200, body = Token)))]
pub(super) async fn handler(
    State(state): State<ApiState>,
    Peer(from): Peer,
    Body(request): Body<LoginRequest>,
) -> Result<Response, ApiError> {
    let LoginRequest { email, password } = &request;
    let signed_in = identity::login(&state.clinic, &state.sign_in, email, password, from)
        .await
        .map_err(|error| match error {
            LoginError::Failed => ProblemCode::LoginFailed.into(),
            LoginError::Limited(limited) => limited.into(),
            LoginError::Password(error) => error.into(),
            LoginError::Store(error) => error.into(),
            LoginError::Sign(error) => ApiError::internal(error),
        })?;
    super::signed_in(&state, signed_in)
}
