//! `GET /fhir/R4/{kind}/{id}/_history` and one version of it

use axum::extract::State;
use axum::http::HeaderMap;
use clinical_api::ProblemCode;
use clinical_app::Actor;
use clinical_app::exchange::{read_patient, read_versions};
use clinical_fhir::full_url;
use clinical_fhir::map::patient_resource;
use clinical_model::{EntryId, PatientId};
use serde_json::{Value, json};

use super::Source;
use super::answer::{FhirError, Resource, base, id_of, served, shown};
use crate::actor::Caller;
use crate::error::ApiError;
use crate::extract::Segments;
use crate::router::ApiState;

/// Every version of a resource, newest first. Of a patient only the present one is kept.
#[utoipa::path(get, path = "/fhir/R4/{kind}/{id}/_history", tag = "fhir",
    params(("kind" = String, Path), ("id" = String, Path)),
    responses((status = 200, description = "Bundle of type history",
        content_type = "application/fhir+json", body = Object)))]
pub(super) async fn fhir_history(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Segments((kind, id)): Segments<(String, String)>,
    headers: HeaderMap,
) -> Result<Resource, FhirError> {
    let base = base(&headers);
    let mut versions = versions(&state, &actor, (&kind, &id)).await?;
    versions.reverse();
    let total = versions.len();
    let entries: Vec<Value> = versions.into_iter().map(|it| entry(&base, it)).collect();
    Ok(Resource(json!({
        "resourceType": "Bundle",
        "type": "history",
        "total": total,
        "entry": entries,
    })))
}

/// One version of a resource.
#[utoipa::path(get, path = "/fhir/R4/{kind}/{id}/_history/{version}", tag = "fhir",
    params(("kind" = String, Path), ("id" = String, Path), ("version" = String, Path)),
    responses((status = 200, description = "The resource as it was",
        content_type = "application/fhir+json", body = Object)))]
pub(super) async fn fhir_vread(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Segments((kind, id, version)): Segments<(String, String, String)>,
) -> Result<Resource, FhirError> {
    let versions = versions(&state, &actor, (&kind, &id)).await?;
    let found = versions
        .into_iter()
        .find(|it| it.pointer("/meta/versionId").and_then(Value::as_str) == Some(&version));
    Ok(Resource(found.ok_or_else(ApiError::not_found)?))
}

/// The versions that are kept, oldest first.
async fn versions(
    state: &ApiState,
    actor: &Actor,
    (kind, id): (&str, &str),
) -> Result<Vec<Value>, FhirError> {
    let (_, source) = served(kind)?;
    let kind = match source {
        Source::Chart(kind) => kind,
        Source::Patients => {
            let id = PatientId::from_uuid(id_of(id)?);
            let patient = read_patient(&state.clinic, actor, id).await?;
            return Ok(vec![patient_resource(&patient, None)]);
        }
        Source::Views => return Err(ApiError::new(ProblemCode::MethodNotAllowed).into()),
    };
    let id = id_of(id)?;
    let versions = read_versions(&state.clinic, actor, EntryId::from_uuid(id)).await?;
    if versions.iter().any(|it| it.entry.fact.kind() != kind) {
        return Err(ApiError::not_found().into());
    }
    Ok(versions.iter().map(shown).collect())
}

fn entry(base: &str, resource: Value) -> Value {
    let text = |path| resource.pointer(path).and_then(Value::as_str);
    let kind = text("/resourceType").unwrap_or_default();
    let id = text("/id").unwrap_or_default();
    let version = text("/meta/versionId").unwrap_or_default();
    let is_first = version == "1";
    let request = if is_first {
        json!({ "method": "POST", "url": kind })
    } else {
        json!({ "method": "PUT", "url": format!("{kind}/{id}") })
    };
    let response = json!({
        "status": if is_first { "201" } else { "200" },
        "etag": format!("W/\"{version}\""),
    });
    json!({
        "fullUrl": full_url(base, &resource),
        "request": request,
        "response": response,
        "resource": resource,
    })
}
