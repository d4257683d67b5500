//! Secure messages.

mod acting;
mod reading;
mod views;

use axum::Router;
use axum::http::Method;
use axum::routing::{get, post};
use clinical_model::Role;
use utoipa::OpenApi as _;

use super::Domain;
use crate::operation::{Operation, Who};
use crate::router::ApiState;

const BEGIN: Who = Who::Roles(&[Role::Patient, Role::Doctor, Role::Nurse]);
const DOCTOR: Who = Who::Roles(&[Role::Doctor]);
const MEMBERS: Who = Who::Roles(&[
    Role::Patient,
    Role::Doctor,
    Role::Nurse,
    Role::Pharmacist,
    Role::LabTechnician,
]);

pub(super) const DOMAIN: Domain = Domain {
    operations: &[
        Operation::new(Method::GET, "/threads", MEMBERS),
        Operation::new(Method::POST, "/threads", BEGIN),
        Operation::new(Method::GET, "/threads/unread", MEMBERS),
        Operation::new(Method::GET, "/threads/people", BEGIN),
        Operation::new(Method::GET, "/threads/{id}", MEMBERS),
        Operation::new(Method::GET, "/threads/{id}/messages", MEMBERS),
        Operation::new(Method::POST, "/threads/{id}/messages", MEMBERS),
        Operation::new(Method::POST, "/threads/{id}/read", MEMBERS),
        Operation::new(Method::POST, "/threads/{id}/members", DOCTOR),
        Operation::new(Method::POST, "/threads/{id}/leave", MEMBERS),
        Operation::new(Method::POST, "/threads/{id}/close", DOCTOR),
        Operation::new(Method::POST, "/threads/{id}/reopen", DOCTOR),
    ],
    router,
    openapi: Description::openapi,
};

#[derive(utoipa::OpenApi)]
#[openapi(paths(
    reading::list_threads,
    reading::count_unread_messages,
    reading::list_correspondents,
    reading::read_thread,
    reading::list_messages,
    acting::begin_thread,
    acting::send_message,
    acting::mark_thread_read,
    acting::add_thread_member,
    acting::leave_thread,
    acting::close_thread,
    acting::reopen_thread
))]
struct Description;

fn router() -> Router<ApiState> {
    Router::new()
        .route(
            "/threads",
            get(reading::list_threads).post(acting::begin_thread),
        )
        .route("/threads/unread", get(reading::count_unread_messages))
        .route("/threads/people", get(reading::list_correspondents))
        .route("/threads/{id}", get(reading::read_thread))
        .route(
            "/threads/{id}/messages",
            get(reading::list_messages).post(acting::send_message),
        )
        .route("/threads/{id}/read", post(acting::mark_thread_read))
        .route("/threads/{id}/members", post(acting::add_thread_member))
        .route("/threads/{id}/leave", post(acting::leave_thread))
        .route("/threads/{id}/close", post(acting::close_thread))
        .route("/threads/{id}/reopen", post(acting::reopen_thread))
}
