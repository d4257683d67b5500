//! `POST /auth/refresh`

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use clinical_api::{ProblemCode, Token};
use clinical_app::identity::{self, RefreshError};

use crate::cookies::{refresh_token, require_own_page};
use crate::error::ApiError;
use crate::router::ApiState;

/// A new access token for the refresh cookie, which is replaced. Needs the header
/// `X-Requested-With: telehealth`.
#[utoipa::path(post, operation_id = "refresh_token", path = "/auth/refresh", tag = "auth",
    params(("X-Requested-With" = String, Header, description = "`telehealth`")),
    responses((status = 200, body = Token)))]
pub(super) async fn handler(
    State(state): State<ApiState>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    require_own_page(&headers)?;
    let shown = refresh_token(&headers).ok_or(ProblemCode::Unauthenticated)?;
    let signed_in = identity::refresh(&state.clinic, &state.sign_in, &shown)
        .await
        .map_err(|error| match error {
            RefreshError::Refused => ProblemCode::Unauthenticated.into(),
            RefreshError::Store(error) => error.into(),
            RefreshError::Sign(error) => ApiError::internal(error),
        })?;
    super::signed_in(&state, signed_in)
}
