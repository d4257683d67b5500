//! FHIR R4: records for other programs, read and written under the same rights as in the pages.
//!
//! It is served below [`clinical_api::BASE`] like every operation, and at [`PATH`] itself, where
//! programs look for it.

mod answer;
mod bundle;
mod carry;
mod everything;
mod history;
mod include;
mod metadata;
mod read;
mod search;
mod views;
mod write;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::Method;
use axum::routing::{MethodRouter, get, post};
use clinical_fhir::catalog::{Interaction, ResourceKind};
use clinical_model::Role;
use clinical_model::chart::Kind;
use utoipa::OpenApi as _;

use super::Domain;
use crate::operation::{Operation, Who};
use crate::router::ApiState;

pub(crate) use answer::as_outcome;

/// Where FHIR is.
pub(crate) const PATH: &str = "/fhir/R4";

/// Largest bundle in bytes: a hundred requests of a dozen kilobytes.
const BUNDLE_BYTES_MAX: usize = 1024 * 1024;

/// Whoever can have a right to a record; what they may write in it, the use cases ask.
const READERS: Who = Who::Roles(&[
    Role::Patient,
    Role::Doctor,
    Role::Nurse,
    Role::Pharmacist,
    Role::LabTechnician,
    Role::Radiologist,
    Role::Pathologist,
]);

/// Where the resources of a type come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    /// The patients themselves.
    Patients,
    /// Entries of the chart.
    Chart(Kind),
    /// What is written elsewhere and shown here.
    Views,
}

/// What is served.
const SERVED: [(ResourceKind, Source); 17] = [
    (ResourceKind::Patient, Source::Patients),
    (ResourceKind::Practitioner, Source::Views),
    (ResourceKind::Appointment, Source::Views),
    (ResourceKind::Condition, Source::Chart(Kind::Condition)),
    (
        ResourceKind::AllergyIntolerance,
        Source::Chart(Kind::Allergy),
    ),
    (
        ResourceKind::MedicationStatement,
        Source::Chart(Kind::Medication),
    ),
    (ResourceKind::Observation, Source::Chart(Kind::Observation)),
    (
        ResourceKind::Immunization,
        Source::Chart(Kind::Immunization),
    ),
    (
        ResourceKind::FamilyMemberHistory,
        Source::Chart(Kind::FamilyHistory),
    ),
    (ResourceKind::Procedure, Source::Chart(Kind::Procedure)),
    (
        ResourceKind::DocumentReference,
        Source::Chart(Kind::Document),
    ),
    (ResourceKind::ClinicalImpression, Source::Chart(Kind::Note)),
    (ResourceKind::MedicationRequest, Source::Views),
    (ResourceKind::ServiceRequest, Source::Views),
    (ResourceKind::DiagnosticReport, Source::Views),
    (ResourceKind::QuestionnaireResponse, Source::Views),
    (ResourceKind::RiskAssessment, Source::Views),
];

/// What can be done with it.
const INTERACTIONS: [Interaction; 10] = [
    Interaction::Read,
    Interaction::Vread,
    Interaction::HistoryInstance,
    Interaction::Search,
    Interaction::Create,
    Interaction::Update,
    Interaction::Patch,
    Interaction::Delete,
    Interaction::Batch,
    Interaction::Transaction,
];

pub(super) const DOMAIN: Domain = Domain {
    operations: &[
        Operation::new(Method::GET, "/fhir/R4/metadata", Who::Public),
        Operation::new(Method::POST, "/fhir/R4", READERS),
        Operation::new(Method::GET, "/fhir/R4/{kind}", READERS),
        Operation::new(Method::POST, "/fhir/R4/{kind}", READERS),
        Operation::new(Method::PUT, "/fhir/R4/{kind}", READERS),
        Operation::new(Method::POST, "/fhir/R4/{kind}/$validate", READERS),
        Operation::new(Method::PUT, "/fhir/R4/{kind}/{id}", READERS),
        Operation::new(Method::PATCH, "/fhir/R4/{kind}/{id}", READERS),
        Operation::new(Method::DELETE, "/fhir/R4/{kind}/{id}", READERS),
        Operation::new(Method::POST, "/fhir/R4/{kind}/_search", READERS),
        Operation::new(Method::GET, "/fhir/R4/{kind}/{id}", READERS),
        Operation::new(Method::GET, "/fhir/R4/{kind}/{id}/$everything", READERS),
        Operation::new(Method::GET, "/fhir/R4/{kind}/{id}/_history", READERS),
        Operation::new(
            Method::GET,
            "/fhir/R4/{kind}/{id}/_history/{version}",
            READERS,
        ),
    ],
    router,
    openapi: Description::openapi,
};

#[derive(utoipa::OpenApi)]
#[openapi(paths(
    metadata::fhir_metadata,
    search::fhir_search,
    search::fhir_search_by_form,
    read::fhir_read,
    everything::fhir_everything,
    history::fhir_history,
    history::fhir_vread,
    write::fhir_create,
    write::fhir_update,
    write::fhir_update_found,
    write::fhir_patch,
    write::fhir_delete,
    write::fhir_validate,
    bundle::fhir_bundle
))]
struct Description;

pub(crate) fn router() -> Router<ApiState> {
    Router::new()
        .route("/fhir/R4/metadata", get(metadata::fhir_metadata))
        .route("/fhir/R4", bundles())
        // Clients put a slash behind the base.
        .route("/fhir/R4/", bundles())
        .route(
            "/fhir/R4/{kind}",
            get(search::fhir_search)
                .post(write::fhir_create)
                .put(write::fhir_update_found),
        )
        .route("/fhir/R4/{kind}/$validate", post(write::fhir_validate))
        .route("/fhir/R4/{kind}/_search", post(search::fhir_search_by_form))
        .route(
            "/fhir/R4/{kind}/{id}",
            get(read::fhir_read)
                .put(write::fhir_update)
                .patch(write::fhir_patch)
                .delete(write::fhir_delete),
        )
        .route(
            "/fhir/R4/{kind}/{id}/$everything",
            get(everything::fhir_everything),
        )
        .route("/fhir/R4/{kind}/{id}/_history", get(history::fhir_history))
        .route(
            "/fhir/R4/{kind}/{id}/_history/{version}",
            get(history::fhir_vread),
        )
}

fn bundles() -> MethodRouter<ApiState> {
    post(bundle::fhir_bundle).layer(DefaultBodyLimit::max(BUNDLE_BYTES_MAX))
}
