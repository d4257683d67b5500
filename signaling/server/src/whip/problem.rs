//! Why a request was not carried out: RFC 9457, in the words of the HTTP API, with a detail for
//! whoever sets up the program.

use axum::http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use signaling_protocol::{Bye, ErrorCode};

/// How long somebody should stay away when the server is busy, in seconds.
const RETRY_AFTER_S: u32 = 5;

/// A refused request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    pub(crate) status: StatusCode,
    /// For programs.
    code: &'static str,
    /// For people, in English.
    detail: String,
    retry_after_s: Option<u32>,
    /// The `error` of a `WWW-Authenticate: Bearer`, RFC 6750 section 3.1; empty without a token.
    challenge: Option<&'static str>,
}

impl Problem {
    pub(crate) fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            status,
            code,
            detail: detail.into(),
            retry_after_s: None,
            challenge: None,
        }
    }

    /// The body cannot be read.
    pub(crate) fn malformed(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "malformed", detail)
    }

    /// The body can be read and asks for something that is not done here.
    pub(crate) fn invalid(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", detail)
    }

    /// No bearer token.
    pub(crate) fn no_token() -> Self {
        let detail = "send a join ticket as `Authorization: Bearer`";
        Self {
            challenge: Some(""),
            ..Self::new(StatusCode::UNAUTHORIZED, "unauthenticated", detail)
        }
    }

    /// A bearer token that opens nothing, or nothing any more.
    pub(crate) fn bad_token(detail: &'static str) -> Self {
        Self {
            challenge: Some("invalid_token"),
            ..Self::new(StatusCode::UNAUTHORIZED, "unauthenticated", detail)
        }
    }

    /// A good token for something else.
    pub(crate) fn other_token() -> Self {
        let detail = "this ticket is not for taking part in a visit";
        Self {
            challenge: Some("insufficient_scope"),
            ..Self::new(StatusCode::FORBIDDEN, "forbidden", detail)
        }
    }

    /// Not there, or not for this caller to know.
    pub(crate) fn not_found() -> Self {
        let detail = "there is nothing here that this request may see";
        Self::new(StatusCode::NOT_FOUND, "not_found", detail)
    }

    /// The body is too long.
    pub(crate) fn too_large(max: usize) -> Self {
        let detail = format!("at most {max} bytes are read");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", detail)
    }

    /// The same client asks too often or holds too much.
    pub(crate) fn too_many(detail: impl Into<String>) -> Self {
        Self {
            retry_after_s: Some(RETRY_AFTER_S),
            ..Self::new(StatusCode::TOO_MANY_REQUESTS, "rate_limited", detail)
        }
    }

    /// Not now.
    pub(crate) fn unavailable(detail: impl Into<String>) -> Self {
        Self {
            retry_after_s: Some(RETRY_AFTER_S),
            ..Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", detail)
        }
    }

    /// What a room says to a program that wants to come in or to restart ICE.
    pub(crate) fn from_room(code: ErrorCode, detail: String) -> Self {
        match code {
            ErrorCode::Malformed => Self::malformed(detail),
            ErrorCode::TooLarge => Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", detail),
            ErrorCode::BadOffer => Self::invalid(detail),
            ErrorCode::OutOfOrder => Self::new(StatusCode::CONFLICT, "wrong_state", detail),
            ErrorCode::RateLimited => Self::too_many(detail),
            ErrorCode::Full | ErrorCode::Unavailable => Self::unavailable(detail),
            ErrorCode::Version
            | ErrorCode::Unauthorized
            | ErrorCode::NotAdmitted
            | ErrorCode::Forbidden
            | ErrorCode::UnknownParticipant => {
                Self::new(StatusCode::FORBIDDEN, "forbidden", detail)
            }
        }
    }

    /// The last word of a room.
    pub(crate) fn from_bye(reason: Bye) -> Self {
        match reason {
            Bye::Ended => Self::new(StatusCode::GONE, "ended", "the visit is over"),
            Bye::Restarting => Self::unavailable("the server restarts"),
            Bye::Replaced => {
                let detail = "the same person came in from somewhere else";
                Self::new(StatusCode::CONFLICT, "wrong_state", detail)
            }
            Bye::Left
            | Bye::Refused
            | Bye::Removed
            | Bye::TestOver
            | Bye::Unauthorized
            | Bye::SlowReader
            | Bye::Misbehaved => {
                let detail = "the room did not keep this client";
                Self::new(StatusCode::FORBIDDEN, "forbidden", detail)
            }
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        metrics::counter!("signal_refused_total", "code" => self.code).increment(1);
        let mut body = serde_json::json!({
            "type": format!("urn:telehealth:problem:{}", self.code),
            "status": self.status.as_u16(),
            "code": self.code,
            "title": self.status.canonical_reason().unwrap_or_default(),
            "detail": self.detail,
        });
        if let (Some(seconds), Some(fields)) = (self.retry_after_s, body.as_object_mut()) {
            fields.insert("retry_after_s".to_owned(), seconds.into());
        }
        let kind = HeaderValue::from_static("application/problem+json");
        let mut response = (self.status, body.to_string()).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, kind);
        if let Some(seconds) = self.retry_after_s {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        let challenge = self.challenge.and_then(|error| {
            let text = if error.is_empty() {
                "Bearer realm=\"telehealth\"".to_owned()
            } else {
                format!("Bearer realm=\"telehealth\", error=\"{error}\"")
            };
            HeaderValue::try_from(text).ok()
        });
        if let Some(challenge) = challenge {
            headers.insert(WWW_AUTHENTICATE, challenge);
        }
        response
    }
}
