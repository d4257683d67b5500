//! The doctor's note and the patient's summary.

mod draft;
mod note;
mod summary;

use axum::Router;
use axum::http::Method;
use axum::routing::{get, post};
use clinical_model::Role;
use utoipa::OpenApi as _;

use super::Domain;
use crate::operation::{Operation, Who};
use crate::router::ApiState;

const DOCTOR: Who = Who::Roles(&[Role::Doctor]);

pub(super) const DOMAIN: Domain = Domain {
    operations: &[
        Operation::new(Method::GET, "/appointments/{id}/note", DOCTOR),
        Operation::new(Method::PUT, "/appointments/{id}/note", DOCTOR),
        Operation::new(Method::POST, "/appointments/{id}/note/sign", DOCTOR),
        Operation::new(Method::GET, "/appointments/{id}/note/draft", DOCTOR),
        Operation::new(
            Method::GET,
            "/appointments/{id}/summary",
            Who::Roles(&[Role::Patient, Role::Doctor]),
        ),
    ],
    router,
    openapi: Description::openapi,
};

#[derive(utoipa::OpenApi)]
#[openapi(paths(
    note::get_note,
    note::save_note,
    note::sign_note,
    draft::get_note_draft,
    summary::get_summary
))]
struct Description;

fn router() -> Router<ApiState> {
    Router::new()
        .route(
            "/appointments/{id}/note",
            get(note::get_note).put(note::save_note),
        )
        .route("/appointments/{id}/note/sign", post(note::sign_note))
        .route("/appointments/{id}/note/draft", get(draft::get_note_draft))
        .route("/appointments/{id}/summary", get(summary::get_summary))
}
