//! The rights of patients over their record: a copy, corrections, questions, erasure; the register.

mod export;
mod packing;
mod reading;
mod register;
mod requests;
mod words;

use axum::Router;
use axum::http::Method;
use axum::routing::{get, post};
use clinical_model::Role;
use utoipa::OpenApi as _;

use super::Domain;
use crate::operation::{Operation, Who};
use crate::router::ApiState;

const PATIENT: Who = Who::Roles(&[Role::Patient]);
const READERS: Who = Who::Roles(&[Role::Patient, Role::Doctor, Role::Nurse]);
const DECIDERS: Who = Who::Roles(&[Role::Doctor, Role::Nurse, Role::Admin]);
const ADMIN: Who = Who::Roles(&[Role::Admin]);

pub(super) const DOMAIN: Domain = Domain {
    operations: &[
        Operation::new(Method::POST, "/patients/{id}/exports", PATIENT),
        Operation::new(Method::POST, "/patients/{id}/corrections", PATIENT),
        Operation::new(Method::POST, "/patients/{id}/access-questions", PATIENT),
        Operation::new(Method::POST, "/patients/{id}/erasure-requests", PATIENT),
        Operation::new(Method::GET, "/patients/{id}/requests", READERS),
        Operation::new(Method::GET, "/requests", DECIDERS),
        Operation::new(Method::POST, "/requests/{grant}/answer", DECIDERS),
        Operation::new(Method::GET, "/admin/register", ADMIN),
        Operation::new(Method::GET, "/consent-wordings", Who::SignedIn),
    ],
    router,
    openapi: Description::openapi,
};

#[derive(utoipa::OpenApi)]
#[openapi(paths(
    export::export_record,
    requests::ask_correction,
    requests::ask_about_access,
    requests::ask_erasure,
    requests::list_asked,
    requests::list_waiting,
    requests::answer_request,
    register::read_register,
    register::list_wordings
))]
struct Description;

fn router() -> Router<ApiState> {
    Router::new()
        .route("/patients/{id}/exports", post(export::export_record))
        .route("/patients/{id}/corrections", post(requests::ask_correction))
        .route(
            "/patients/{id}/access-questions",
            post(requests::ask_about_access),
        )
        .route(
            "/patients/{id}/erasure-requests",
            post(requests::ask_erasure),
        )
        .route("/patients/{id}/requests", get(requests::list_asked))
        .route("/requests", get(requests::list_waiting))
        .route("/requests/{grant}/answer", post(requests::answer_request))
        .route("/admin/register", get(register::read_register))
        .route("/consent-wordings", get(register::list_wordings))
}
