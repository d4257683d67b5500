//! `POST /auth/set-password`

use axum::extract::State;
use axum::http::StatusCode;
use clinical_api::{ProblemCode, SetPasswordRequest};
use clinical_app::identity::{self, PasswordChangeError};

use crate::error::ApiError;
use crate::extract::{Body, Peer};
use crate::router::ApiState;

/// Choose a password with a link that an administrator handed out. The link works once; every
/// sign-in of the account ends.
#[utoipa::path(post, operation_id = "set_password", path = "/auth/set-password", tag = "auth",
    request_body = SetPasswordRequest, responses((status = 204)))]
pub(super) async fn handler(
    State(state): State<ApiState>,
    Peer(address): Peer,
    Body(request): Body<SetPasswordRequest>,
) -> Result<StatusCode, ApiError> {
    let what = (request.token.as_str(), request.password.as_str());
    identity::set_password(&state.clinic, &state.sign_in, what, address)
        .await
        .map_err(|error| refused(error, "password"))?;
    Ok(StatusCode::NO_CONTENT)
}

/// The problem of a password that was not changed; `field` is the name of the new one.
pub(crate) fn refused(error: PasswordChangeError, field: &'static str) -> ApiError {
    match error {
        PasswordChangeError::Weak => ApiError::invalid(field),
        PasswordChangeError::Wrong => ProblemCode::ProofRefused.into(),
        PasswordChangeError::StepUpNeeded => ProblemCode::StepUpNeeded.into(),
        PasswordChangeError::LinkOver => ProblemCode::LinkRevoked.into(),
        PasswordChangeError::Limited(limited) => limited.into(),
        PasswordChangeError::Password(error) => error.into(),
        PasswordChangeError::Store(error) => error.into(),
    }
}
