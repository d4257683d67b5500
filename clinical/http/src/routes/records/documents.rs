//! `/patients/{id}/documents`, `GET /documents/{id}`

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use clinical_api::{DOCUMENT_HEADER, EntryView, ProblemCode};
use clinical_app::records::{self, UploadCommand};
use clinical_fhir::pairs;
use clinical_model::access::Label;
use clinical_model::chart::files::{DocumentClass, FileType};
use clinical_model::text::Line;
use clinical_model::{EntryId, Micros, PatientId};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::views::entry_view;
use crate::actor::Caller;
use crate::error::ApiError;
use crate::extract::Segments;
use crate::router::ApiState;

/// Browsers must not guess another type than the one that the bytes have.
const NO_SNIFF: (HeaderName, HeaderValue) = (
    HeaderName::from_static("x-content-type-options"),
    HeaderValue::from_static("nosniff"),
);
/// Nothing in a document may run or load anything.
const NOTHING_RUNS: &str = "default-src 'none'; sandbox";

/// The documents of a patient, newest first.
#[utoipa::path(get, path = "/patients/{id}/documents", tag = "records",
    params(("id" = String, Path, format = Uuid)),
    responses((status = 200, body = Vec<EntryView>)))]
pub(super) async fn list_documents(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Segments(id): Segments<PatientId>,
) -> Result<Json<Vec<EntryView>>, ApiError> {
    let found = records::documents(&state.clinic, &actor, id).await?;
    Ok(Json(found.into_iter().map(entry_view).collect()))
}

/// Keep a file: PDF, PNG, JPEG or plain text, at most 10 MiB. What it is, its bytes say. What is said
/// of it stands in the header `x-document` as a form: `title`, `class` (`laboratory`, `imaging`,
/// `referral`, `discharge`, `prescription`, `vaccination`, `other`), and perhaps `label` and
/// `effective_us`.
#[utoipa::path(post, path = "/patients/{id}/documents", tag = "records",
    params(("id" = String, Path, format = Uuid), ("x-document" = String, Header)),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = 201, body = EntryView)))]
pub(super) async fn upload_document(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Segments(id): Segments<PatientId>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<(StatusCode, Json<EntryView>), ApiError> {
    // Whose record it is comes before what is wrong with the file: a stranger hears nothing.
    records::may_upload(&state.clinic, &actor, id).await?;
    let bytes = body.or(Err(ProblemCode::TooLarge))?;
    let said = headers.get(CONTENT_TYPE).and_then(|it| it.to_str().ok());
    let command = UploadCommand {
        said: said.map(str::to_owned),
        bytes: bytes.to_vec(),
        ..words(&headers)?
    };
    let made = records::upload(&state.clinic, &actor, id, command).await?;
    Ok((StatusCode::CREATED, Json(entry_view(made))))
}

fn word<T: DeserializeOwned>(text: &str, field: &'static str) -> Result<T, ApiError> {
    serde_json::from_value(Value::String(text.to_owned())).or(Err(ApiError::invalid(field)))
}

fn words(headers: &HeaderMap) -> Result<UploadCommand, ApiError> {
    let form = headers.get(DOCUMENT_HEADER).and_then(|it| it.to_str().ok());
    let form = pairs(form.unwrap_or_default());
    let given = |name: &str| {
        let found = form.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str())
    };
    let title = Line::try_from(given("title").unwrap_or_default());
    let label = given("label").map(|text| word::<Label>(text, "label"));
    let effective = given("effective_us").map(|text| text.parse().map(Micros));
    let class: DocumentClass = word(given("class").unwrap_or_default(), "class")?;
    Ok(UploadCommand {
        title: title.or(Err(ApiError::invalid("title")))?,
        class,
        label: label.transpose()?.unwrap_or_default(),
        effective: effective
            .transpose()
            .or(Err(ApiError::malformed("effective_us")))?,
        said: None,
        bytes: Vec::new(),
    })
}

/// A document, to be kept by the browser and not shown by it.
#[utoipa::path(get, path = "/documents/{id}", tag = "records",
    params(("id" = String, Path, format = Uuid)),
    responses((status = 200, content_type = "application/octet-stream", body = Vec<u8>)))]
pub(super) async fn download_document(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Segments(id): Segments<EntryId>,
) -> Result<Response, ApiError> {
    let (document, bytes) = records::download(&state.clinic, &actor, id).await?;
    let kind = FileType::of_media_type(document.media_type.as_str());
    let kind = kind.ok_or_else(|| ApiError::internal("a stored file is of no kind"))?;
    let name = format!("attachment; filename=\"document.{}\"", kind.extension());
    let name = HeaderValue::from_str(&name).map_err(ApiError::internal)?;
    let mut response = bytes.into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind.media_type()));
    headers.insert(CONTENT_DISPOSITION, name);
    headers.insert(
        CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(NOTHING_RUNS),
    );
    headers.insert(NO_SNIFF.0, NO_SNIFF.1);
    Ok(response)
}
