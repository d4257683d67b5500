//! `POST /patients/{id}/exports`

use axum::extract::State;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE, HOST};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::{IntoResponse as _, Response};
use clinical_api::{ExportRequest, ProblemCode};
use clinical_app::rights::{self, ExportError};
use clinical_model::PatientId;
use clinical_model::notify::Language;

use super::packing::pack;
use crate::actor::Caller;
use crate::error::ApiError;
use crate::extract::{Body, Segments};
use crate::router::ApiState;

/// A copy of everything that is known of a patient: a ZIP with a page to read, a FHIR bundle, the
/// rest as JSON, and the files. For the patient, or somebody who acts for them.
#[utoipa::path(post, path = "/patients/{id}/exports", tag = "rights",
    params(("id" = String, Path, format = Uuid)), request_body = ExportRequest,
    responses((status = 200, content_type = "application/zip", body = Vec<u8>)))]
pub(super) async fn export_record(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Segments(id): Segments<PatientId>,
    headers: HeaderMap,
    Body(request): Body<ExportRequest>,
) -> Result<Response, ApiError> {
    let language =
        Language::from_word(&request.language).ok_or_else(|| ApiError::invalid("language"))?;
    let dossier = rights::export(&state.clinic, &actor, id).await?;
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    let base = format!("https://{}/fhir/R4", host.unwrap_or("localhost"));
    // Packing is work for a processor: it must not stand in the way of other requests.
    let packed = tokio::task::spawn_blocking(move || pack(dossier, language, &base))
        .await
        .map_err(ApiError::internal)?
        .map_err(ApiError::internal)?;
    let name = match language {
        Language::French => "attachment; filename=\"dossier-medical.zip\"",
        Language::English => "attachment; filename=\"medical-record.zip\"",
    };
    let mut response = packed.into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/zip"));
    headers.insert(CONTENT_DISPOSITION, HeaderValue::from_static(name));
    Ok(response)
}

impl From<ExportError> for ApiError {
    fn from(error: ExportError) -> Self {
        match error {
            ExportError::NotFound => Self::not_found(),
            ExportError::Forbidden => ProblemCode::Forbidden.into(),
            ExportError::Limited(limited) => limited.into(),
            ExportError::TooLarge => ProblemCode::TooLarge.into(),
            ExportError::Store(error) => error.into(),
        }
    }
}
