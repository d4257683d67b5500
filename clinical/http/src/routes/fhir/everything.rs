//! `GET /fhir/R4/Patient/{id}/$everything`

use axum::extract::State;
use axum::http::HeaderMap;
use clinical_app::exchange::Work;
use clinical_fhir::catalog::ResourceKind;
use clinical_fhir::map::patient_resource;
use clinical_fhir::{Role, search_set};
use clinical_model::PatientId;

use super::answer::{FhirError, Resource, base, id_of, served, shown};
use super::views;
use crate::actor::Caller;
use crate::error::ApiError;
use crate::extract::Segments;
use crate::router::ApiState;

/// A patient with everything in the chart, and the prescriptions, appointments, orders and results,
/// that the caller may see, in one bundle.
#[utoipa::path(get, path = "/fhir/R4/{kind}/{id}/$everything", tag = "fhir",
    params(("kind" = String, Path, description = "Patient"), ("id" = String, Path)),
    responses((status = 200, description = "Bundle of type searchset",
        content_type = "application/fhir+json", body = Object)))]
pub(super) async fn fhir_everything(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Segments((kind, id)): Segments<(String, String)>,
    headers: HeaderMap,
) -> Result<Resource, FhirError> {
    let (kind, _) = served(&kind)?;
    if kind != ResourceKind::Patient {
        return Err(ApiError::not_found().into());
    }
    let id = PatientId::from_uuid(id_of(&id)?);
    let mut work = Work::look(&state.clinic, &actor).await?;
    let (patient, entries) = work.everything(id).await?;
    let more = views::about(&mut work, id, &views::OF_PATIENT).await?;
    work.commit().await?;
    let mut found = vec![(Role::Match, patient_resource(&patient, None))];
    found.extend(entries.iter().map(|it| (Role::Match, shown(it))));
    found.extend(more.into_iter().map(|it| (Role::Match, it)));
    let total = u64::try_from(found.len()).ok();
    Ok(Resource(search_set(&base(&headers), found, &[], total)))
}
