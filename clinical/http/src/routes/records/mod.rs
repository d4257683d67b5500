//! Patients and their charts.

mod chart;
mod documents;
mod drafts;
mod entries;
mod merging;
mod patients;
mod views;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::Method;
use axum::routing::{get, post, put};
use clinical_model::Role;
use clinical_model::chart::files::FILE_BYTES_MAX;
use utoipa::OpenApi as _;

use super::Domain;
use crate::operation::{Operation, Who};
use crate::router::ApiState;

/// Whoever can have a right to a record.
const READERS: Who = Who::Roles(&[
    Role::Patient,
    Role::Doctor,
    Role::Nurse,
    Role::Pharmacist,
    Role::LabTechnician,
    Role::Radiologist,
    Role::Pathologist,
]);
/// Staff who look for patients.
const STAFF: Who = Who::Roles(&[
    Role::Doctor,
    Role::Nurse,
    Role::Pharmacist,
    Role::LabTechnician,
    Role::Radiologist,
    Role::Pathologist,
]);
const REGISTRARS: Who = Who::Roles(&[Role::Doctor, Role::Nurse]);
const MERGERS: Who = Who::Roles(&[Role::Nurse, Role::Admin]);

pub(super) const DOMAIN: Domain = Domain {
    operations: &[
        Operation::new(Method::GET, "/patients", STAFF),
        Operation::new(Method::POST, "/patients", REGISTRARS),
        Operation::new(Method::GET, "/patients/{id}", READERS),
        Operation::new(Method::PUT, "/patients/{id}", REGISTRARS),
        Operation::new(Method::POST, "/patients/{id}/merge", MERGERS),
        Operation::new(Method::POST, "/patients/{id}/unmerge", MERGERS),
        Operation::new(Method::GET, "/patients/{id}/chart", READERS),
        Operation::new(Method::GET, "/patients/{id}/series/{slug}", READERS),
        Operation::new(Method::GET, "/patients/{id}/timeline", READERS),
        Operation::new(Method::POST, "/patients/{id}/entries", READERS),
        Operation::new(Method::GET, "/entries/{id}", READERS),
        Operation::new(Method::PUT, "/entries/{id}", READERS),
        Operation::new(Method::GET, "/entries/{id}/versions", READERS),
        Operation::new(Method::PUT, "/entries/{id}/tags", READERS),
        Operation::new(Method::POST, "/entries/{id}/error", READERS),
        Operation::new(Method::GET, "/patients/{id}/documents", READERS),
        Operation::new(Method::POST, "/patients/{id}/documents", READERS),
        Operation::new(Method::GET, "/documents/{id}", READERS),
        Operation::new(Method::GET, "/patients/{id}/draft", READERS),
        Operation::new(Method::PUT, "/patients/{id}/draft", READERS),
        Operation::new(Method::DELETE, "/patients/{id}/draft", READERS),
        Operation::new(Method::POST, "/patients/{id}/family-interview", READERS),
    ],
    router,
    openapi: Description::openapi,
};

#[derive(utoipa::OpenApi)]
#[openapi(paths(
    patients::search_patients,
    patients::register_patient,
    patients::read_patient,
    patients::change_patient,
    merging::merge_patient,
    merging::unmerge_patient,
    chart::read_chart,
    chart::read_series,
    chart::read_timeline,
    chart::interview_family,
    entries::write_entry,
    entries::read_entry,
    entries::amend_entry,
    entries::list_versions,
    entries::tag_entry,
    entries::enter_in_error,
    documents::list_documents,
    documents::upload_document,
    documents::download_document,
    drafts::read_draft,
    drafts::save_draft,
    drafts::discard_draft
))]
struct Description;

fn router() -> Router<ApiState> {
    Router::new()
        .route(
            "/patients",
            get(patients::search_patients).post(patients::register_patient),
        )
        .route(
            "/patients/{id}",
            get(patients::read_patient).put(patients::change_patient),
        )
        .route("/patients/{id}/merge", post(merging::merge_patient))
        .route("/patients/{id}/unmerge", post(merging::unmerge_patient))
        .route("/patients/{id}/chart", get(chart::read_chart))
        .route("/patients/{id}/series/{slug}", get(chart::read_series))
        .route("/patients/{id}/timeline", get(chart::read_timeline))
        .route("/patients/{id}/entries", post(entries::write_entry))
        .route(
            "/entries/{id}",
            get(entries::read_entry).put(entries::amend_entry),
        )
        .route("/entries/{id}/versions", get(entries::list_versions))
        .route("/entries/{id}/tags", put(entries::tag_entry))
        .route("/entries/{id}/error", post(entries::enter_in_error))
        .route(
            "/patients/{id}/documents",
            get(documents::list_documents)
                .post(documents::upload_document)
                // One byte more than is taken, so that the rule about files answers and not the router.
                .layer(DefaultBodyLimit::max(FILE_BYTES_MAX + 1)),
        )
        .route("/documents/{id}", get(documents::download_document))
        .route(
            "/patients/{id}/draft",
            get(drafts::read_draft)
                .put(drafts::save_draft)
                .delete(drafts::discard_draft),
        )
        .route(
            "/patients/{id}/family-interview",
            post(chart::interview_family),
        )
}
