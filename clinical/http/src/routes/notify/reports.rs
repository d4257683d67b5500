//! `POST /notifications/reports/{secret}`

use axum::extract::State;
use axum::http::StatusCode;
use clinical_api::ProblemCode;
use clinical_app::notify::{self, ReportError};

use crate::error::ApiError;
use crate::extract::Segments;
use crate::router::ApiState;

/// What the provider of short messages reports about one. The provider can not sign in: the secret of
/// the address says that it is the provider.
#[utoipa::path(post, path = "/notifications/reports/{secret}", tag = "notifications",
    params(("secret" = String, Path)),
    request_body(content = String, content_type = "application/x-www-form-urlencoded"),
    responses((status = 204)))]
pub(super) async fn take_report(
    State(state): State<ApiState>,
    Segments(secret): Segments<String>,
    body: String,
) -> Result<StatusCode, ApiError> {
    let mailroom = state.mailroom.as_ref().ok_or(ProblemCode::NotFound)?;
    notify::take_report(&state.clinic, mailroom, &secret, &body)
        .await
        .map_err(|error| match error {
            ReportError::Unknown => ApiError::not_found(),
            ReportError::Malformed(_) => ProblemCode::Malformed.into(),
            ReportError::Store(error) => error.into(),
        })?;
    Ok(StatusCode::NO_CONTENT)
}
