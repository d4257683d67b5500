//! Errors on the wire: RFC 9457, one shape for everything.

use axum::http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use clinical_api::{CandidateView, Problem, ProblemCode};
use clinical_app::{Limited, PasswordError, StoreError};

/// Seconds after which it is worth trying again when the store or the hashing was busy.
const BUSY_RETRY_S: u32 = 2;

/// What a client is told, and what caused it, which only the log is told.
#[derive(Debug)]
pub(crate) struct ApiError {
    problem: Box<Problem>,
    cause: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl ApiError {
    /// An answer for a code, with that code's sentence.
    pub(crate) fn new(code: ProblemCode) -> Self {
        let (status, title) = describe(code);
        let word = serde_json::to_value(code).unwrap_or_default();
        Self {
            problem: Box::new(Problem {
                kind: format!(
                    "urn:telehealth:problem:{}",
                    word.as_str().unwrap_or("internal")
                ),
                status: status.as_u16(),
                code,
                title: title.to_owned(),
                field: None,
                opens_at_us: None,
                retry_after_s: None,
                candidates: Vec::new(),
            }),
            cause: None,
        }
    }

    /// A value that is well-formed and not acceptable.
    pub(crate) fn invalid(field: impl Into<String>) -> Self {
        Self::new(ProblemCode::Invalid).field(field)
    }

    /// A parameter that is no value of its type.
    pub(crate) fn malformed(field: impl Into<String>) -> Self {
        Self::new(ProblemCode::Malformed).field(field)
    }

    /// There is no such thing, or it is not theirs to know.
    pub(crate) fn not_found() -> Self {
        Self::new(ProblemCode::NotFound)
    }

    /// Whether it says that there is no such thing.
    pub(crate) fn is_not_found(&self) -> bool {
        self.problem.code == ProblemCode::NotFound
    }

    /// A bug.
    pub(crate) fn internal(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::new(ProblemCode::Internal).because(cause)
    }

    /// The store, the hashing or another part does not answer now.
    pub(crate) fn unavailable(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::new(ProblemCode::Unavailable)
            .retry_after(BUSY_RETRY_S)
            .because(cause)
    }

    /// Names the field that was refused.
    pub(crate) fn field(mut self, field: impl Into<String>) -> Self {
        self.problem.field = Some(field.into());
        self
    }

    /// Says when the request becomes possible.
    pub(crate) fn opens_at(mut self, at: clinical_model::Micros) -> Self {
        self.problem.opens_at_us = Some(at.0);
        self
    }

    /// Says how long to wait.
    pub(crate) fn retry_after(mut self, seconds: u32) -> Self {
        self.problem.retry_after_s = Some(seconds);
        self
    }

    /// Names those who may be the same person.
    pub(crate) fn candidates(mut self, candidates: Vec<CandidateView>) -> Self {
        self.problem.candidates = candidates;
        self
    }

    fn because(mut self, cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.cause = Some(cause.into());
        self
    }
}

/// The answer to a request that took too long.
#[must_use]
pub fn overdue() -> Response {
    ApiError::new(ProblemCode::Unavailable)
        .retry_after(BUSY_RETRY_S)
        .into_response()
}

impl From<ProblemCode> for ApiError {
    fn from(code: ProblemCode) -> Self {
        Self::new(code)
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        if error.is_unavailable() {
            Self::unavailable(error)
        } else if matches!(error, StoreError::Repeated) {
            Self::new(ProblemCode::Repeated)
        } else if matches!(error, StoreError::Erased) {
            Self::new(ProblemCode::Erased)
        } else {
            Self::internal(error)
        }
    }
}

impl From<Limited> for ApiError {
    fn from(limited: Limited) -> Self {
        Self::new(ProblemCode::RateLimited).retry_after(limited.retry_after_s)
    }
}

impl From<PasswordError> for ApiError {
    fn from(error: PasswordError) -> Self {
        match error {
            PasswordError::Busy => Self::unavailable(error),
            other => Self::internal(other),
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        if let Some(cause) = &self.cause {
            log(self.problem.code, cause.as_ref());
        }
        let status =
            StatusCode::from_u16(self.problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = serde_json::to_vec(&self.problem).unwrap_or_default();
        let mut response = (status, body).into_response();
        let headers = response.headers_mut();
        headers.insert(
            CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        if let Some(seconds) = self.problem.retry_after_s {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.problem.code == ProblemCode::Unauthenticated {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

/// The chain of causes as the program words them; database messages are left out below TRACE,
/// because a constraint's message can quote the row.
fn log(code: ProblemCode, cause: &(dyn std::error::Error + 'static)) {
    if code == ProblemCode::Unavailable {
        tracing::warn!(error.message = %cause, "a request found a part that does not answer");
    } else {
        tracing::error!(error.message = %cause, "a request failed");
    }
    let mut source = cause.source();
    while let Some(error) = source {
        tracing::trace!(error.message = %error, "caused by");
        source = error.source();
    }
}

#[expect(clippy::too_many_lines, reason = "a table: one line for each code")]
const fn describe(code: ProblemCode) -> (StatusCode, &'static str) {
    match code {
        ProblemCode::Malformed => (StatusCode::BAD_REQUEST, "The request has another shape."),
        ProblemCode::Invalid => (
            StatusCode::UNPROCESSABLE_ENTITY,
            "A value is not acceptable.",
        ),
        ProblemCode::Unauthenticated => {
            (StatusCode::UNAUTHORIZED, "There is no valid access token.")
        }
        ProblemCode::LoginFailed => (
            StatusCode::UNAUTHORIZED,
            "The e-mail or the password is wrong.",
        ),
        ProblemCode::SignInOver => (StatusCode::UNAUTHORIZED, "The sign-in must begin anew."),
        ProblemCode::ProofRefused => (StatusCode::FORBIDDEN, "The proof is not accepted."),
        ProblemCode::StepUpNeeded => (
            StatusCode::FORBIDDEN,
            "Prove again who you are, then ask again.",
        ),
        ProblemCode::EnrolmentNeeded => (StatusCode::FORBIDDEN, "Set up a second factor first."),
        ProblemCode::Forbidden => (StatusCode::FORBIDDEN, "This is not allowed to this caller."),
        ProblemCode::NotFound => (StatusCode::NOT_FOUND, "There is no such thing."),
        ProblemCode::MethodNotAllowed => (
            StatusCode::METHOD_NOT_ALLOWED,
            "This path does not know this method.",
        ),
        ProblemCode::SlotTaken => (StatusCode::CONFLICT, "That time is taken."),
        ProblemCode::WrongState => (
            StatusCode::CONFLICT,
            "The thing is in a state in which this cannot be done.",
        ),
        ProblemCode::Duplicate => (StatusCode::CONFLICT, "Somebody like that is registered."),
        ProblemCode::Contraindicated => (
            StatusCode::CONFLICT,
            "The prescription may neither be signed nor handed out.",
        ),
        ProblemCode::NeedsReason => (
            StatusCode::CONFLICT,
            "A finding of the safety check needs a reason, or two doctors.",
        ),
        ProblemCode::CheckFailed => (
            StatusCode::SERVICE_UNAVAILABLE,
            "The safety check did not answer; nothing was signed or handed out.",
        ),
        ProblemCode::Repeated => (
            StatusCode::CONFLICT,
            "The request was carried out before; look for what it made.",
        ),
        ProblemCode::KeyReused => (
            StatusCode::UNPROCESSABLE_ENTITY,
            "The idempotency key belonged to another request.",
        ),
        ProblemCode::Changed => (
            StatusCode::PRECONDITION_FAILED,
            "The thing has changed since it was read.",
        ),
        ProblemCode::VersionNeeded => (
            StatusCode::PRECONDITION_REQUIRED,
            "Say which version was read: `If-Match` with its entity tag, or `version` in the body.",
        ),
        ProblemCode::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "The request is too large."),
        ProblemCode::UnsupportedMediaType => (
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "The body is not of a type that is taken here.",
        ),
        ProblemCode::TooEarly => (StatusCode::CONFLICT, "The visit opens later."),
        ProblemCode::Erased => (StatusCode::GONE, "The record was erased for ever."),
        ProblemCode::Retained => (StatusCode::CONFLICT, "The law keeps the record."),
        ProblemCode::Ended => (StatusCode::GONE, "The visit is over."),
        ProblemCode::Cancelled => (StatusCode::GONE, "The appointment was cancelled."),
        ProblemCode::LinkRevoked => (StatusCode::GONE, "The link does not work any more."),
        ProblemCode::RateLimited => (StatusCode::TOO_MANY_REQUESTS, "Too many tries."),
        ProblemCode::Unavailable => (
            StatusCode::SERVICE_UNAVAILABLE,
            "The service can not answer now.",
        ),
        ProblemCode::Internal => (
            StatusCode::INTERNAL_SERVER_ERROR,
            "The service failed; nothing was done.",
        ),
    }
}
