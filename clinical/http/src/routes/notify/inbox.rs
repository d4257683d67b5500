//! `POST /notifications/inbox/{secret}`

use axum::extract::State;
use axum::http::StatusCode;
use clinical_api::ProblemCode;
use clinical_app::sms::{self, TakeError};

use crate::error::ApiError;
use crate::extract::Segments;
use crate::router::ApiState;

/// A short message of somebody, which the provider of short messages posts. The provider can not sign in:
/// the secret of the address says that it is the provider. It is written down before this answers, and
/// answered by short message; the same one again changes nothing.
#[utoipa::path(post, path = "/notifications/inbox/{secret}", tag = "notifications",
    params(("secret" = String, Path)),
    request_body(content = String, content_type = "application/x-www-form-urlencoded"),
    responses((status = 204)))]
pub(super) async fn take_message(
    State(state): State<ApiState>,
    Segments(secret): Segments<String>,
    body: String,
) -> Result<StatusCode, ApiError> {
    let mailroom = state.mailroom.as_ref().ok_or(ProblemCode::NotFound)?;
    sms::take_message(&state.clinic, mailroom, (&secret, &body))
        .await
        .map_err(|error| match error {
            TakeError::Unknown => ApiError::not_found(),
            TakeError::Malformed(_) => ProblemCode::Malformed.into(),
            TakeError::Full => ApiError::unavailable(error),
            TakeError::Store(error) => error.into(),
        })?;
    Ok(StatusCode::NO_CONTENT)
}
