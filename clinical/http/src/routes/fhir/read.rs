//! `GET /fhir/R4/{kind}/{id}`

use axum::extract::State;
use clinical_app::exchange::{Work, read_patient, read_versions};
use clinical_fhir::map::patient_resource;
use clinical_model::{EntryId, PatientId};

use super::answer::{FhirError, Resource, id_of, served, shown};
use super::{Source, views};
use crate::actor::Caller;
use crate::error::ApiError;
use crate::extract::Segments;
use crate::router::ApiState;

/// The present version of a resource.
#[utoipa::path(get, path = "/fhir/R4/{kind}/{id}", tag = "fhir",
    params(("kind" = String, Path), ("id" = String, Path)),
    responses((status = 200, description = "The resource",
        content_type = "application/fhir+json", body = Object)))]
pub(super) async fn fhir_read(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Segments((kind, id)): Segments<(String, String)>,
) -> Result<Resource, FhirError> {
    let kind = match served(&kind)? {
        (_, Source::Chart(kind)) => kind,
        (_, Source::Patients) => {
            let id = PatientId::from_uuid(id_of(&id)?);
            let patient = read_patient(&state.clinic, &actor, id).await?;
            return Ok(Resource(patient_resource(&patient, None)));
        }
        (kind, Source::Views) => {
            let mut work = Work::look(&state.clinic, &actor).await?;
            let found = views::read(&mut work, kind, &id).await?;
            work.commit().await?;
            return Ok(Resource(found));
        }
    };
    let id = EntryId::from_uuid(id_of(&id)?);
    let versions = read_versions(&state.clinic, &actor, id).await?;
    let newest = versions.last();
    let found = newest.filter(|it| it.entry.fact.kind() == kind);
    let found = found.ok_or_else(ApiError::not_found)?;
    Ok(Resource(shown(found)))
}
