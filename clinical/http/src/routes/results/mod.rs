//! Orders to laboratory, radiology and pathology, and their results.

mod departments;
mod doctor;
mod reading;
mod unmatched;
mod views;

use axum::Router;
use axum::http::Method;
use axum::routing::{get, post};
use clinical_model::Role;
use utoipa::OpenApi as _;

use super::Domain;
use crate::operation::{Operation, Who};
use crate::router::ApiState;

const DOCTOR: Who = Who::Roles(&[Role::Doctor]);
const DEPARTMENTS: Who = Who::Roles(&[Role::LabTechnician, Role::Radiologist, Role::Pathologist]);
const ORDER_READERS: Who = Who::Roles(&[
    Role::Doctor,
    Role::LabTechnician,
    Role::Radiologist,
    Role::Pathologist,
]);
const LABORATORY: Who = Who::Roles(&[Role::LabTechnician, Role::Admin]);
const RESULT_READERS: Who = Who::Roles(&[Role::Patient, Role::Doctor, Role::Nurse]);

pub(super) const DOMAIN: Domain = Domain {
    operations: &[
        Operation::new(Method::GET, "/tests", Who::SignedIn),
        Operation::new(Method::POST, "/orders", DOCTOR),
        Operation::new(Method::GET, "/orders", ORDER_READERS),
        Operation::new(Method::GET, "/orders/{id}", DOCTOR),
        Operation::new(Method::POST, "/orders/{id}/cancel", DOCTOR),
        Operation::new(Method::POST, "/orders/{id}/seen", DOCTOR),
        Operation::new(Method::POST, "/orders/{id}/collect", DEPARTMENTS),
        Operation::new(Method::POST, "/orders/{id}/turn-down", DEPARTMENTS),
        Operation::new(Method::POST, "/orders/{id}/results", DEPARTMENTS),
        Operation::new(Method::POST, "/orders/{id}/verify", DEPARTMENTS),
        Operation::new(Method::GET, "/results", RESULT_READERS),
        Operation::new(Method::GET, "/results/series", RESULT_READERS),
        Operation::new(Method::GET, "/results/{id}", RESULT_READERS),
        Operation::new(Method::GET, "/results/unmatched", LABORATORY),
        Operation::new(Method::POST, "/results/unmatched/{id}/file", LABORATORY),
        Operation::new(Method::POST, "/results/unmatched/{id}/discard", LABORATORY),
    ],
    router,
    openapi: Description::openapi,
};

#[derive(utoipa::OpenApi)]
#[openapi(paths(
    reading::list_tests,
    reading::list_orders,
    reading::read_order,
    reading::list_results,
    reading::read_result,
    reading::read_series,
    doctor::place_order,
    doctor::cancel_order,
    doctor::mark_result_seen,
    departments::collect_specimen,
    departments::turn_down_order,
    departments::write_results,
    departments::verify_results,
    unmatched::list_unmatched_results,
    unmatched::file_unmatched_result,
    unmatched::discard_unmatched_result
))]
struct Description;

fn router() -> Router<ApiState> {
    Router::new()
        .route("/tests", get(reading::list_tests))
        .route(
            "/orders",
            get(reading::list_orders).post(doctor::place_order),
        )
        .route("/orders/{id}", get(reading::read_order))
        .route("/orders/{id}/cancel", post(doctor::cancel_order))
        .route("/orders/{id}/seen", post(doctor::mark_result_seen))
        .route("/orders/{id}/collect", post(departments::collect_specimen))
        .route("/orders/{id}/turn-down", post(departments::turn_down_order))
        .route("/orders/{id}/results", post(departments::write_results))
        .route("/orders/{id}/verify", post(departments::verify_results))
        .route("/results", get(reading::list_results))
        .route("/results/series", get(reading::read_series))
        .route("/results/{id}", get(reading::read_result))
        .route("/results/unmatched", get(unmatched::list_unmatched_results))
        .route(
            "/results/unmatched/{id}/file",
            post(unmatched::file_unmatched_result),
        )
        .route(
            "/results/unmatched/{id}/discard",
            post(unmatched::discard_unmatched_result),
        )
}
