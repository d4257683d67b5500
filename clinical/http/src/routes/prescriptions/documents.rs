//! Prescriptions as sealed files.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use clinical_api::{DocumentVerdictView, ProblemCode};
use clinical_app::Origin;
use clinical_app::prescribing::{self, DocumentLanguage, VerifiedDocument};
use clinical_model::PrescriptionId;
use serde::Deserialize;

use super::reading::paper_view;
use crate::actor::Caller;
use crate::error::ApiError;
use crate::extract::{Params, Peer, Segments};
use crate::router::ApiState;

/// Larger files are refused: ours have about a tenth of this.
pub(super) const DOCUMENT_BYTES_MAX: usize = 1024 * 1024;

/// Of which kind.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct DocumentQuery {
    /// `fr` or `en`.
    #[serde(default)]
    language: Option<String>,
}

/// A signed prescription as a sealed PDF with its code.
#[utoipa::path(get, path = "/prescriptions/{id}/document", tag = "prescriptions",
    params(("id" = String, Path, format = Uuid), DocumentQuery),
    responses((status = 200, content_type = "application/pdf", body = Vec<u8>)))]
pub(super) async fn read_document(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Segments(id): Segments<PrescriptionId>,
    Params(query): Params<DocumentQuery>,
) -> Result<Response, ApiError> {
    let language = match query.language.as_deref() {
        None | Some("fr") => DocumentLanguage::French,
        Some("en") => DocumentLanguage::English,
        Some(_) => return Err(ApiError::invalid("language")),
    };
    let seal = &state.dispensary.seal;
    let pdf = prescribing::document(&state.clinic, seal, &actor, id, language).await?;
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("application/pdf")),
        (
            CONTENT_DISPOSITION,
            HeaderValue::from_static("attachment; filename=\"prescription.pdf\""),
        ),
    ];
    Ok((headers, pdf).into_response())
}

/// Whether a file is a prescription of this service, byte for byte, and how it stands. The file is
/// not kept.
#[utoipa::path(post, path = "/verify/document", tag = "prescriptions",
    request_body(content = Vec<u8>, content_type = "application/pdf"),
    responses((status = 200, body = DocumentVerdictView)))]
pub(super) async fn verify_document(
    State(state): State<ApiState>,
    Peer(peer): Peer,
    pdf: Result<Bytes, BytesRejection>,
) -> Result<Json<DocumentVerdictView>, ApiError> {
    let pdf = pdf.map_err(|rejection| match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => ApiError::new(ProblemCode::TooLarge),
        _ => ApiError::new(ProblemCode::Malformed),
    })?;
    let from = Origin::from(peer);
    let found = prescribing::verify_document(&state.clinic, &state.dispensary, from, &pdf).await?;
    let (verdict, paper) = match found? {
        VerifiedDocument::Genuine(paper) => ("genuine", Some(paper_view(paper))),
        VerifiedDocument::Altered => ("altered", None),
        VerifiedDocument::Foreign => ("foreign", None),
        VerifiedDocument::Unknown => ("unknown", None),
    };
    Ok(Json(DocumentVerdictView {
        verdict: verdict.to_owned(),
        paper,
    }))
}
