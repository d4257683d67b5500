//! `POST /auth/logout`

use axum::extract::State;
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::AppendHeaders;
use clinical_app::identity;

use crate::cookies::{refresh_token, require_own_page};
use crate::error::ApiError;
use crate::router::ApiState;

/// End the sign-in of the refresh cookie: its access tokens stop working at once. Needs the header
/// `X-Requested-With: telehealth`. Without a cookie there is nothing to do and the answer is the
/// same.
#[utoipa::path(post, operation_id = "sign_out", path = "/auth/logout", tag = "auth",
    params(("X-Requested-With" = String, Header, description = "`telehealth`")),
    responses((status = 204)))]
pub(super) async fn handler(
    State(state): State<ApiState>,
    headers: HeaderMap,
) -> Result<
    (
        StatusCode,
        AppendHeaders<[(axum::http::HeaderName, HeaderValue); 1]>,
    ),
    ApiError,
> {
    require_own_page(&headers)?;
    if let Some(shown) = refresh_token(&headers) {
        identity::logout(&state.clinic, &shown).await?;
    }
    let cookie = state.cookies.clear()?;
    Ok((
        StatusCode::NO_CONTENT,
        AppendHeaders([(SET_COOKIE, cookie)]),
    ))
}
