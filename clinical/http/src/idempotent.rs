//! `Idempotency-Key`: a POST that is sent again is answered again and not carried out again
//! (draft-ietf-httpapi-idempotency-key-header).

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::Request;
use axum::http::header::{CONTENT_TYPE, ETAG, IF_MATCH, IF_NONE_MATCH, LOCATION};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use clinical_api::ProblemCode;
use clinical_app::Actor;
use clinical_app::idempotency::{self, Earlier, KEY_BYTES_MAX};
use serde::{Deserialize, Serialize};

use crate::conditional;
use crate::error::ApiError;
use crate::operation::Operation;
use crate::router::ApiState;

/// The header with the key that the sender chose.
pub(crate) const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// Says that the answer is that of an earlier request.
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
/// What of an answer's headers is kept.
const KEPT_HEADERS: [HeaderName; 3] = [CONTENT_TYPE, ETAG, LOCATION];
/// Largest body of a request with a key, in bytes: the largest upload.
const BODY_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Largest answer that is kept, in bytes; a longer one is told to be lost.
const ANSWER_BYTES_MAX: usize = 1024 * 1024;

/// An answer as it is kept.
#[derive(Serialize, Deserialize)]
struct Kept {
    status: u16,
    headers: Vec<(String, String)>,
    body: String,
}

/// Runs a request; one with a key at most once.
pub(crate) async fn run(
    state: &ApiState,
    request: Request,
    (operation, next): (&Operation, Next),
) -> Response {
    let key = match key_of(request.method(), request.headers()) {
        Ok(Some(key)) => key,
        Ok(None) => return conditional::run(operation, request, next).await,
        Err(error) => return error.into_response(),
    };
    match with_key(state, request, (&key, operation, next)).await {
        Ok(response) => response,
        Err(error) => error.into_response(),
    }
}

/// The key of a POST. Other methods are idempotent by themselves or change nothing.
fn key_of(method: &Method, headers: &HeaderMap) -> Result<Option<String>, ApiError> {
    let mut values = headers.get_all(IDEMPOTENCY_KEY).iter();
    let (Some(value), true) = (values.next(), method == Method::POST) else {
        return Ok(None);
    };
    let bad = || ApiError::malformed(IDEMPOTENCY_KEY.as_str());
    let Ok(key) = value.to_str() else {
        return Err(bad());
    };
    let fits = !key.is_empty() && key.len() <= KEY_BYTES_MAX && values.next().is_none();
    if fits {
        Ok(Some(key.to_owned()))
    } else {
        Err(bad())
    }
}

async fn with_key(
    state: &ApiState,
    request: Request,
    (key, operation, next): (&str, &Operation, Next),
) -> Result<Response, ApiError> {
    let Some(mut actor) = request.extensions().get::<Actor>().copied() else {
        // What is public belongs to nobody, so nobody can ask for it again.
        return Ok(conditional::run(operation, request, next).await);
    };
    let (mut parts, body) = request.into_parts();
    let body = to_bytes(body, BODY_BYTES_MAX)
        .await
        .or(Err(ProblemCode::TooLarge))?;
    let target = parts.uri.path_and_query().map_or("", |it| it.as_str());
    let mut asked: Vec<&[u8]> = vec![target.as_bytes(), &body];
    // Over another version it is another request.
    let conditions = [IF_MATCH, IF_NONE_MATCH];
    let conditions = conditions.iter().flat_map(|it| parts.headers.get_all(it));
    asked.extend(conditions.map(HeaderValue::as_bytes));
    let once = idempotency::once(&actor, key, &asked);
    match idempotency::earlier(&state.clinic, &actor, once).await? {
        Earlier::Never => {}
        earlier => return answer_again(earlier),
    }
    actor.once = Some(once);
    parts.extensions.insert(actor);
    let request = Request::from_parts(parts, Body::from(body));
    let response = conditional::run(operation, request, next).await;
    if response.status() == StatusCode::CONFLICT {
        // Perhaps another of the same requests was quicker.
        match idempotency::earlier(&state.clinic, &actor, once).await? {
            Earlier::Never => return Ok(response),
            earlier => return answer_again(earlier),
        }
    }
    if !response.status().is_success() {
        return Ok(response);
    }
    let (parts, body) = response.into_parts();
    let body = to_bytes(body, usize::MAX)
        .await
        .map_err(ApiError::internal)?;
    if let Some(kept) = kept(parts.status, &parts.headers, &body) {
        // The request is carried out; that its answer is not kept is no reason to deny it.
        if let Err(error) = idempotency::keep(&state.clinic, &actor, (once, &kept)).await {
            tracing::warn!(error.message = %error, "an answer was not kept for repetitions");
        }
    }
    Ok(Response::from_parts(parts, Body::from(body)))
}

fn kept(status: StatusCode, headers: &HeaderMap, body: &Bytes) -> Option<String> {
    let body = core::str::from_utf8(body).ok()?;
    if body.len() > ANSWER_BYTES_MAX {
        return None;
    }
    let headers = KEPT_HEADERS
        .iter()
        .filter_map(|name| {
            let value = headers.get(name)?.to_str().ok()?;
            Some((name.as_str().to_owned(), value.to_owned()))
        })
        .collect();
    serde_json::to_string(&Kept {
        status: status.as_u16(),
        headers,
        body: body.to_owned(),
    })
    .ok()
}

fn answer_again(earlier: Earlier) -> Result<Response, ApiError> {
    let answer = match earlier {
        Earlier::Answered(answer) => answer,
        Earlier::Another => return Err(ProblemCode::KeyReused.into()),
        Earlier::Unanswered | Earlier::Never => return Err(ProblemCode::Repeated.into()),
    };
    let kept: Kept = serde_json::from_str(&answer).map_err(ApiError::internal)?;
    let status = StatusCode::from_u16(kept.status).map_err(ApiError::internal)?;
    let mut response = (status, kept.body).into_response();
    response.headers_mut().remove(CONTENT_TYPE);
    for (name, value) in &kept.headers {
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(ApiError::internal)?;
        let value = HeaderValue::from_str(value).map_err(ApiError::internal)?;
        response.headers_mut().insert(name, value);
    }
    let replayed = HeaderValue::from_static("true");
    response.headers_mut().insert(REPLAYED, replayed);
    Ok(response)
}
