//! Answers as FHIR has them: resources, bundles, and an OperationOutcome for everything else.

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, ETAG, HOST, LAST_MODIFIED};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use clinical_api::{Problem, ProblemCode};
use clinical_app::exchange::{ExchangeError, Written};
use clinical_app::records::RecordError;
use clinical_fhir::catalog::ResourceKind;
use clinical_fhir::map::{Writer, entry_resource};
use clinical_fhir::{Filter, Issue, IssueType, Moment, Search, Test, http_date, operation_outcome};
use clinical_model::PatientId;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{PATH, SERVED, Source};
use crate::error::ApiError;

const MEDIA_TYPE: &str = "application/fhir+json; charset=utf-8";
/// Longest problem that is turned into an outcome, in bytes; ours are far shorter.
const PROBLEM_BYTES_MAX: usize = 64 * 1024;
/// The code system of [`ProblemCode`].
const CODES: &str = "urn:telehealth:problem";

/// Why a request of FHIR was refused: as everywhere, or with issues.
#[derive(Debug)]
pub(super) enum FhirError {
    /// As everywhere; [`as_outcome`] words it.
    Api(ApiError),
    /// What the client has to change.
    Issues(Vec<Issue>),
    /// The same with another status than 400.
    Refused(StatusCode, Vec<Issue>),
    /// A finished answer.
    Told(StatusCode, Value),
}

impl From<ApiError> for FhirError {
    fn from(error: ApiError) -> Self {
        Self::Api(error)
    }
}

impl From<ExchangeError> for FhirError {
    fn from(error: ExchangeError) -> Self {
        match error {
            ExchangeError::NotFound => Self::Api(ApiError::not_found()),
            ExchangeError::TooMany => Self::issue(
                IssueType::TooLong,
                "there is more than one search looks through; name a patient or a type",
            ),
            ExchangeError::Store(error) => Self::Api(error.into()),
        }
    }
}

impl From<RecordError> for FhirError {
    fn from(error: RecordError) -> Self {
        Self::Api(error.into())
    }
}

impl FhirError {
    /// One issue.
    pub(super) fn issue(kind: IssueType, text: &str) -> Self {
        Self::Issues(vec![Issue::error(kind, text)])
    }

    /// One issue with something that is a resource of R4 and is not taken here.
    pub(super) fn unprocessable(kind: IssueType, text: &str) -> Self {
        let issues = vec![Issue::error(kind, text)];
        Self::Refused(StatusCode::UNPROCESSABLE_ENTITY, issues)
    }

    /// Status and outcome, as they are answered.
    pub(super) async fn told(self) -> (StatusCode, Value) {
        let error = match self {
            Self::Api(error) => error,
            Self::Issues(issues) => return (StatusCode::BAD_REQUEST, operation_outcome(&issues)),
            Self::Refused(status, issues) => return (status, operation_outcome(&issues)),
            Self::Told(status, outcome) => return (status, outcome),
        };
        let response = error.into_response();
        let status = response.status();
        (status, reworded(response.into_body()).await)
    }

    /// The same about one entry of a bundle.
    pub(super) async fn at(self, place: usize) -> Self {
        let (status, mut outcome) = self.told().await;
        if let Some(Value::Array(issues)) = outcome.get_mut("issue") {
            for issue in issues {
                // The place inside the resource, without the type that it begins with.
                let inner = issue.pointer("/expression/0").and_then(Value::as_str);
                let inner = inner.and_then(|it| it.split_once('.'));
                let inner = inner.map_or_else(String::new, |(_, it)| format!(".resource.{it}"));
                issue["expression"] = json!([format!("Bundle.entry[{place}]{inner}")]);
            }
        }
        Self::Told(status, outcome)
    }
}

impl IntoResponse for FhirError {
    fn into_response(self) -> Response {
        match self {
            Self::Api(error) => error.into_response(),
            Self::Issues(issues) => {
                let outcome = operation_outcome(&issues);
                (StatusCode::BAD_REQUEST, Resource(outcome)).into_response()
            }
            Self::Refused(status, issues) => {
                (status, Resource(operation_outcome(&issues))).into_response()
            }
            Self::Told(status, outcome) => (status, Resource(outcome)).into_response(),
        }
    }
}

/// A resource as an answer, with its version as the entity tag.
pub(super) struct Resource(pub(super) Value);

impl IntoResponse for Resource {
    fn into_response(self) -> Response {
        let version = self.0.pointer("/meta/versionId").and_then(Value::as_str);
        let version = version.and_then(|text| text.parse().ok());
        let tag = version.map(clinical_fhir::etag);
        let updated = self.0.pointer("/meta/lastUpdated").and_then(Value::as_str);
        let updated = updated.and_then(|it| http_date(Moment::parse(it).ok()?.start));
        let mut response = self.0.to_string().into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        if let Some(tag) = tag.and_then(|tag| HeaderValue::try_from(tag).ok()) {
            headers.insert(ETAG, tag);
        }
        if let Some(updated) = updated.and_then(|it| HeaderValue::try_from(it).ok()) {
            headers.insert(LAST_MODIFIED, updated);
        }
        response
    }
}

/// The type in a path, and where its resources come from.
pub(super) fn served(name: &str) -> Result<(ResourceKind, Source), FhirError> {
    let kind = ResourceKind::named(name);
    let row = SERVED.into_iter().find(|(served, _)| Some(*served) == kind);
    row.ok_or_else(|| FhirError::Api(ApiError::not_found()))
}

/// The id in a path. What is no id of ours names nothing.
pub(super) fn id_of(text: &str) -> Result<Uuid, FhirError> {
    let id = Uuid::try_parse(text);
    id.or(Err(FhirError::Api(ApiError::not_found())))
}

/// A search for what is not there, or not theirs to know, finds nothing.
pub(super) fn none_if_missing(error: FhirError) -> Result<Vec<Value>, FhirError> {
    match error {
        FhirError::Api(error) if error.is_not_found() => Ok(Vec::new()),
        other => Err(other),
    }
}

/// The one patient about whom is searched.
pub(super) fn patient_of(search: &Search) -> Option<PatientId> {
    let named = |it: &&Filter| matches!(it.param, "patient" | "subject");
    let filter = search.filters.iter().find(named)?;
    let Test::Reference(tests) = &filter.test else {
        return None;
    };
    match tests.as_slice() {
        [one] => Uuid::try_parse(&one.id).ok().map(PatientId::from_uuid),
        _ => None,
    }
}

/// An entry of the chart as its resource.
pub(super) fn shown(written: &Written) -> Value {
    let writer = if written.by_patient {
        Writer::Patient
    } else {
        Writer::Practitioner
    };
    entry_resource(&written.entry, writer)
}

/// Where this server is, as the client named it. It goes back to that client alone.
pub(super) fn base(headers: &HeaderMap) -> String {
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    let host = host.unwrap_or("localhost");
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    let is_here = matches!(name, "localhost" | "127.0.0.1" | "[::1]");
    let scheme = if is_here { "http" } else { "https" };
    format!("{scheme}://{host}{PATH}")
}

/// Rewords a problem below [`PATH`] as an OperationOutcome; the word of its code stays in
/// `details`.
pub(crate) async fn as_outcome(request: Request, next: Next) -> Response {
    let is_fhir = request.uri().path().starts_with(PATH);
    let response = next.run(request).await;
    let kind = response.headers().get(CONTENT_TYPE);
    if !is_fhir || kind.is_none_or(|kind| kind != "application/problem+json") {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let outcome = reworded(body).await;
    parts.headers.remove(CONTENT_LENGTH);
    parts
        .headers
        .insert(CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
    Response::from_parts(parts, Body::from(outcome.to_string()))
}

/// The body of a problem as an outcome.
async fn reworded(body: Body) -> Value {
    let bytes = to_bytes(body, PROBLEM_BYTES_MAX).await.unwrap_or_default();
    match serde_json::from_slice::<Problem>(&bytes) {
        Ok(problem) => outcome(&problem),
        Err(_) => operation_outcome(&[Issue::error(IssueType::Exception, "The request failed.")]),
    }
}

fn outcome(problem: &Problem) -> Value {
    let text = match &problem.field {
        Some(field) => format!("{} ({field})", problem.title),
        None => problem.title.clone(),
    };
    let mut outcome = operation_outcome(&[Issue::error(issue_type(problem.code), text)]);
    outcome["issue"][0]["details"] =
        json!({ "coding": [{ "system": CODES, "code": problem.code }] });
    outcome
}

const fn issue_type(code: ProblemCode) -> IssueType {
    match code {
        ProblemCode::Malformed => IssueType::Structure,
        ProblemCode::Invalid | ProblemCode::KeyReused => IssueType::Invalid,
        ProblemCode::Unauthenticated | ProblemCode::LoginFailed => IssueType::Login,
        ProblemCode::Forbidden => IssueType::Forbidden,
        ProblemCode::NotFound => IssueType::NotFound,
        ProblemCode::MethodNotAllowed | ProblemCode::UnsupportedMediaType => {
            IssueType::NotSupported
        }
        ProblemCode::Changed | ProblemCode::Repeated => IssueType::Conflict,
        ProblemCode::TooLarge => IssueType::TooLong,
        ProblemCode::RateLimited => IssueType::Throttled,
        ProblemCode::Unavailable | ProblemCode::Internal => IssueType::Exception,
        _ => IssueType::BusinessRule,
    }
}
