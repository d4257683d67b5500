//! Conditional requests (RFC 9110 8.8.3 and 13, RFC 6585 3): versions as entity tags.
//!
//! Handlers know nothing of it. They read and answer `version` in JSON; what they read may come from
//! `If-Match`, and what they answer also stands in `ETag`. Which operations have versions stands in
//! the OpenAPI text, [`versions`], so a new operation is under these rules as soon as it exists.
//!
//! Writes without a version refuse `If-Match`, for they could not keep its promise. They cannot
//! overwrite what somebody else wrote: they add something (an entry, a document, an order, a
//! booking, a message, a consent), they end or undo something whatever its version (cancel,
//! suspend, withdraw, revoke), or they set the caller's own things (hours, tags, password).

pub(crate) mod tags;
pub(crate) mod versions;

use core::hash::Hasher as _;
use std::hash::DefaultHasher;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::Request;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, ETAG, IF_MATCH, IF_NONE_MATCH};
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use clinical_api::ProblemCode;
use serde::Deserialize;
use serde_json::Value;

use self::tags::Tags;
use self::versions::Versions;
use crate::error::ApiError;
use crate::extract::is_json;
use crate::operation::Operation;
use crate::router::BODY_BYTES_MAX;

/// What this layer needs to know of a body.
#[derive(Deserialize)]
struct Peek {
    version: Option<Value>,
}

/// Runs a request under its conditions. FHIR has its own rules for the same headers.
pub(crate) async fn run(operation: &Operation, request: Request, next: Next) -> Response {
    if operation.path.starts_with("/fhir/") {
        return next.run(request).await;
    }
    let versions = Versions::of(operation);
    let answer = if operation.method == Method::GET {
        read(versions, request, next).await
    } else {
        write(versions, request, next).await
    };
    answer.unwrap_or_else(|error| error.into_response())
}

async fn read(versions: Versions, request: Request, next: Next) -> Result<Response, ApiError> {
    let wanted = Tags::of(request.headers(), &IF_MATCH)?;
    let known = Tags::of(request.headers(), &IF_NONE_MATCH)?;
    let response = tagged(versions, next.run(request).await).await?;
    if response.status() != StatusCode::OK {
        return Ok(response);
    }
    let tag = response.headers().get(ETAG).cloned();
    let text = tag.as_ref().and_then(|it| it.to_str().ok());
    if wanted.is_some_and(|it| !it.strongly_name(text)) {
        return Err(ApiError::new(ProblemCode::Changed).field(IF_MATCH.as_str()));
    }
    match (known, tag) {
        (Some(known), Some(tag)) if known.name(tag.to_str().ok()) => {
            Ok((StatusCode::NOT_MODIFIED, [(ETAG, tag)]).into_response())
        }
        _ => Ok(response),
    }
}

async fn write(versions: Versions, request: Request, next: Next) -> Result<Response, ApiError> {
    let named = named(versions, &request)?;
    if !versions.takes {
        return tagged(versions, next.run(request).await).await;
    }
    let (mut parts, body) = request.into_parts();
    let body = to_bytes(body, BODY_BYTES_MAX)
        .await
        .or(Err(ProblemCode::TooLarge))?;
    let bodies = bodies(&mut parts, body, named)?;
    let last = bodies.len().saturating_sub(1);
    for (place, body) in bodies.into_iter().enumerate() {
        let request = Request::from_parts(parts.clone(), Body::from(body));
        let response = next.clone().run(request).await;
        // Of several versions one may be the current one: what found another did nothing.
        if place == last || response.status() != StatusCode::PRECONDITION_FAILED {
            return tagged(versions, response).await;
        }
    }
    // Not one of the tags is a version that we gave, or all are weak, and those match nothing.
    Err(ApiError::new(ProblemCode::Changed).field(IF_MATCH.as_str()))
}

/// The versions over which the headers let a write happen; none when they say nothing.
fn named(versions: Versions, request: &Request) -> Result<Option<Vec<u32>>, ApiError> {
    let wanted = Tags::of(request.headers(), &IF_MATCH)?;
    let known = Tags::of(request.headers(), &IF_NONE_MATCH)?;
    match (wanted, known) {
        (None, None) => Ok(None),
        (Some(Tags::Listed(tags)), None) if versions.takes => {
            Ok(Some(tags.iter().filter_map(tags::Tag::version).collect()))
        }
        // "Whatever is there" would overwrite what nobody has read.
        (Some(Tags::Any), None) if versions.takes => {
            Err(ApiError::new(ProblemCode::VersionNeeded).field(IF_MATCH.as_str()))
        }
        // Only if nothing is there, and what is not there has version 0.
        (None, Some(Tags::Any)) if versions.takes => Ok(Some(vec![0])),
        (Some(_), _) => Err(ApiError::malformed(IF_MATCH.as_str())),
        (None, Some(_)) => Err(ApiError::malformed(IF_NONE_MATCH.as_str())),
    }
}

/// The bodies to try in turn, each with its version.
fn bodies(parts: &mut Parts, body: Bytes, named: Option<Vec<u32>>) -> Result<Vec<Bytes>, ApiError> {
    let body = if body.is_empty() && !parts.headers.contains_key(CONTENT_TYPE) {
        let json = HeaderValue::from_static("application/json");
        parts.headers.insert(CONTENT_TYPE, json);
        Bytes::from_static(b"{}")
    } else {
        body
    };
    parts.headers.remove(CONTENT_LENGTH);
    if !is_json(&parts.headers) {
        return Err(ProblemCode::UnsupportedMediaType.into());
    }
    let body = body.trim_ascii_start();
    let inner = body.strip_prefix(b"{").ok_or(ProblemCode::Malformed)?;
    let Ok(peek) = serde_json::from_slice::<Peek>(body) else {
        return Err(ProblemCode::Malformed.into());
    };
    match (named, peek.version) {
        (None, None) => Err(ProblemCode::VersionNeeded.into()),
        (None, Some(_)) => Ok(vec![Bytes::copy_from_slice(body)]),
        (Some(named), None) => Ok(named.iter().map(|it| with_version(inner, *it)).collect()),
        (Some(named), Some(version)) => {
            if named.is_empty() {
                Ok(Vec::new())
            } else if named.iter().any(|it| version == *it) {
                Ok(vec![Bytes::copy_from_slice(body)])
            } else {
                Err(ApiError::malformed(IF_MATCH.as_str()))
            }
        }
    }
}

/// An object with a version before its other members, which stay as they were sent.
fn with_version(inner: &[u8], version: u32) -> Bytes {
    let comma = if inner.trim_ascii_start().starts_with(b"}") {
        ""
    } else {
        ","
    };
    let mut body = format!("{{\"version\":{version}{comma}").into_bytes();
    body.extend_from_slice(inner);
    body.into()
}

/// Gives a view that has a version its tag: the version, and after a point a digest of the answer.
/// The version alone would be no strong validator: names, rights and times in a view change without
/// it.
async fn tagged(versions: Versions, response: Response) -> Result<Response, ApiError> {
    if !versions.tells || !response.status().is_success() {
        return Ok(response);
    }
    let (mut parts, body) = response.into_parts();
    let body = to_bytes(body, usize::MAX)
        .await
        .map_err(ApiError::internal)?;
    let version = serde_json::from_slice::<Peek>(&body)
        .ok()
        .and_then(|it| it.version?.as_u64());
    if let Some(version) = version {
        let mut digest = DefaultHasher::new();
        digest.write(&body);
        let tag = format!("\"{version}.{:016x}\"", digest.finish());
        let tag = HeaderValue::from_str(&tag).map_err(ApiError::internal)?;
        parts.headers.insert(ETAG, tag);
    }
    Ok(Response::from_parts(parts, Body::from(body)))
}
