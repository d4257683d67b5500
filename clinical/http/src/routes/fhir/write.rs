//! `POST`, `PUT`, `PATCH` and `DELETE` on resources, and `$validate`

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{RawQuery, State};
use axum::http::header::{CONTENT_TYPE, IF_MATCH, LOCATION};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::{IntoResponse as _, Response};
use clinical_api::ProblemCode;
use clinical_app::Actor;
use clinical_app::exchange::Work;
use clinical_fhir::map::{demographics, incoming};
use clinical_fhir::{Checked, Issue, IssueType, Request, Verb, operation_outcome, version_of};
use serde_json::Value;

use super::Source;
use super::answer::{FhirError, Resource, base, served};
use super::carry::carry;
use crate::actor::Caller;
use crate::error::ApiError;
use crate::extract::Segments;
use crate::router::ApiState;

/// A new resource. With `If-None-Exist`, only if that search finds nothing.
#[utoipa::path(post, path = "/fhir/R4/{kind}", tag = "fhir", params(("kind" = String, Path)),
    request_body(content = Object, content_type = "application/fhir+json"),
    responses((status = 201, description = "The resource", content_type = "application/fhir+json", body = Object)))]
pub(super) async fn fhir_create(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Segments(kind): Segments<String>,
    headers: HeaderMap,
    body: Sent,
) -> Result<Response, FhirError> {
    let mut request = asked(Verb::Post, &kind, &headers)?;
    request.body = Some(json(&headers, body)?);
    request.if_none_exist = text(&headers, "if-none-exist")?;
    single(&state, &actor, (request, &headers)).await
}

/// The next version of a resource; with `If-Match` only on top of that version.
#[utoipa::path(put, path = "/fhir/R4/{kind}/{id}", tag = "fhir",
    params(("kind" = String, Path), ("id" = String, Path)),
    request_body(content = Object, content_type = "application/fhir+json"),
    responses((status = 200, description = "The resource", content_type = "application/fhir+json", body = Object)))]
pub(super) async fn fhir_update(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Segments((kind, id)): Segments<(String, String)>,
    headers: HeaderMap,
    body: Sent,
) -> Result<Response, FhirError> {
    let mut request = asked(Verb::Put, &kind, &headers)?;
    request.id = Some(id);
    request.body = Some(json(&headers, body)?);
    single(&state, &actor, (request, &headers)).await
}

/// The next version of the one resource that the query means, or a new one when it means none.
#[utoipa::path(put, path = "/fhir/R4/{kind}", tag = "fhir", params(("kind" = String, Path)),
    request_body(content = Object, content_type = "application/fhir+json"),
    responses((status = 200, description = "The resource", content_type = "application/fhir+json", body = Object)))]
pub(super) async fn fhir_update_found(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Segments(kind): Segments<String>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
    body: Sent,
) -> Result<Response, FhirError> {
    let mut request = asked(Verb::Put, &kind, &headers)?;
    request.query = query;
    request.body = Some(json(&headers, body)?);
    single(&state, &actor, (request, &headers)).await
}

/// The next version of a resource, by a JSON Patch (RFC 6902).
#[utoipa::path(patch, path = "/fhir/R4/{kind}/{id}", tag = "fhir",
    params(("kind" = String, Path), ("id" = String, Path)),
    request_body(content = Object, content_type = "application/json-patch+json"),
    responses((status = 200, description = "The resource", content_type = "application/fhir+json", body = Object)))]
pub(super) async fn fhir_patch(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Segments((kind, id)): Segments<(String, String)>,
    headers: HeaderMap,
    body: Sent,
) -> Result<Response, FhirError> {
    let mut request = asked(Verb::Patch, &kind, &headers)?;
    request.id = Some(id);
    request.body = Some(json(&headers, body)?);
    single(&state, &actor, (request, &headers)).await
}

/// Takes an entry back: it stays readable as entered in error and counts nowhere.
#[utoipa::path(delete, path = "/fhir/R4/{kind}/{id}", tag = "fhir",
    params(("kind" = String, Path), ("id" = String, Path)),
    responses((status = 200, description = "The resource as entered in error",
        content_type = "application/fhir+json", body = Object)))]
pub(super) async fn fhir_delete(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Segments((kind, id)): Segments<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, FhirError> {
    let mut request = asked(Verb::Delete, &kind, &headers)?;
    request.id = Some(id);
    single(&state, &actor, (request, &headers)).await
}

/// Whether a resource would be taken. Nothing is written, and rights are not asked for.
#[utoipa::path(post, path = "/fhir/R4/{kind}/$validate", tag = "fhir", params(("kind" = String, Path)),
    request_body(content = Object, content_type = "application/fhir+json"),
    responses((status = 200, description = "OperationOutcome", content_type = "application/fhir+json", body = Object)))]
pub(super) async fn fhir_validate(
    Segments(kind): Segments<String>,
    headers: HeaderMap,
    body: Sent,
) -> Result<Resource, FhirError> {
    let (kind, source) = served(&kind)?;
    let mut body = json(&headers, body)?;
    let parameters = body.get("parameter").and_then(Value::as_array);
    let wrapped = parameters.and_then(|them| {
        let named = |it: &&Value| it.get("name").and_then(Value::as_str) == Some("resource");
        them.iter().find(named)?.get("resource").cloned()
    });
    if let Some(resource) = wrapped {
        body = resource;
    }
    let issues = match Checked::parse(body) {
        Err(issues) => issues,
        Ok(it) if it.kind() != kind.as_str() => {
            vec![Issue::error(
                IssueType::Invalid,
                "the resource is of another type than the path",
            )]
        }
        Ok(it) if source == Source::Patients => demographics(&it).err().into_iter().collect(),
        Ok(it) => incoming(&it).err().into_iter().collect(),
    };
    Ok(Resource(operation_outcome(&issues)))
}

/// Carries one request out in a transaction of its own.
async fn single(
    state: &ApiState,
    actor: &Actor,
    (request, headers): (Request, &HeaderMap),
) -> Result<Response, FhirError> {
    let base = base(headers);
    let mut work = Work::begin(&state.desk, actor).await?;
    let done = carry(&mut work, &base, request).await?;
    work.commit().await?;
    let location = done.location().map(|place| format!("{base}/{place}"));
    let mut response = (done.status, Resource(done.resource)).into_response();
    if let Some(location) = location.and_then(|it| HeaderValue::try_from(it).ok()) {
        response.headers_mut().insert(LOCATION, location);
    }
    Ok(response)
}

/// A request without a body yet.
fn asked(verb: Verb, kind: &str, headers: &HeaderMap) -> Result<Request, FhirError> {
    let (kind, _) = served(kind)?;
    let if_match = text(headers, IF_MATCH.as_str())?;
    let if_match = if_match.map(|it| version_of(&it).ok_or_else(|| malformed("if-match")));
    Ok(Request {
        place: 0,
        full_url: None,
        verb,
        kind,
        id: None,
        query: None,
        body: None,
        if_match: if_match.transpose()?,
        if_none_exist: None,
    })
}

fn text(headers: &HeaderMap, name: &str) -> Result<Option<String>, FhirError> {
    let value = headers.get(name).map(|it| it.to_str().map(str::to_owned));
    value.transpose().or(Err(malformed(name)))
}

fn malformed(name: &str) -> FhirError {
    ApiError::malformed(name).into()
}

/// A body, or why there is none.
pub(super) type Sent = Result<Bytes, BytesRejection>;

/// A body of JSON, under one of the names that clients give it.
pub(super) fn json(headers: &HeaderMap, body: Sent) -> Result<Value, FhirError> {
    let body = body.or(Err(ApiError::new(ProblemCode::TooLarge)))?;
    let media = headers.get(CONTENT_TYPE).and_then(|it| it.to_str().ok());
    let media = media
        .and_then(|it| it.split(';').next())
        .unwrap_or_default();
    let known = [
        "application/fhir+json",
        "application/json",
        "application/json-patch+json",
    ];
    if !known.contains(&media.trim()) {
        return Err(ApiError::new(ProblemCode::UnsupportedMediaType).into());
    }
    serde_json::from_slice(&body).map_err(|error| {
        let place = format!("not JSON: line {}, column {}", error.line(), error.column());
        FhirError::issue(IssueType::Structure, &place)
    })
}
