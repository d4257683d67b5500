//! Prescriptions, the pharmacy and the formulary.

mod doctor;
mod documents;
mod medicines;
mod pharmacy;
mod plan;
mod reading;
pub(super) mod views;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::Method;
use axum::routing::{get, post, put};
use clinical_model::Role;
use utoipa::OpenApi as _;

use super::Domain;
use crate::operation::{Operation, Who};
use crate::router::ApiState;

const DOCTOR: Who = Who::Roles(&[Role::Doctor]);
const PHARMACIST: Who = Who::Roles(&[Role::Pharmacist]);
const READERS: Who = Who::Roles(&[Role::Patient, Role::Doctor, Role::Nurse, Role::Pharmacist]);
/// Whoever may hold the paper.
const HOLDERS: Who = Who::Roles(&[Role::Patient, Role::Doctor, Role::Pharmacist]);
const PATIENT: Who = Who::Roles(&[Role::Patient]);
/// Whoever looks after what a patient takes.
const CARERS: Who = Who::Roles(&[Role::Doctor, Role::Nurse, Role::Pharmacist]);
const MEASURERS: Who = Who::Roles(&[Role::Doctor, Role::Pharmacist, Role::Admin]);

pub(super) const DOMAIN: Domain = Domain {
    operations: &[
        Operation::new(Method::POST, "/prescriptions", DOCTOR),
        Operation::new(Method::GET, "/prescriptions", READERS),
        Operation::new(Method::GET, "/prescriptions/unseen-refusals", DOCTOR),
        Operation::new(Method::GET, "/prescriptions/refusal-times", MEASURERS),
        Operation::new(Method::GET, "/prescriptions/{id}", READERS),
        Operation::new(Method::PUT, "/prescriptions/{id}", DOCTOR),
        Operation::new(Method::POST, "/prescriptions/{id}/sign", DOCTOR),
        Operation::new(Method::POST, "/prescriptions/{id}/transmit", DOCTOR),
        Operation::new(Method::POST, "/prescriptions/{id}/cancel", DOCTOR),
        Operation::new(Method::POST, "/prescriptions/{id}/seen", DOCTOR),
        Operation::new(Method::POST, "/prescriptions/{id}/override", DOCTOR),
        Operation::new(Method::GET, "/prescriptions/{id}/verify", READERS),
        Operation::new(Method::POST, "/prescriptions/{id}/dispense", PHARMACIST),
        Operation::new(Method::POST, "/prescriptions/{id}/refuse", PHARMACIST),
        Operation::new(Method::GET, "/prescriptions/{id}/document", HOLDERS),
        Operation::new(Method::POST, "/verify/document", Who::Public),
        Operation::new(Method::GET, "/verify/{code}", Who::Public),
        Operation::new(Method::GET, "/me/medication-plan", PATIENT),
        Operation::new(Method::GET, "/patients/{id}/medication-plan", CARERS),
        Operation::new(Method::GET, "/me/medication-reminders", PATIENT),
        Operation::new(
            Method::PUT,
            "/me/medication-reminders/{prescription}/{line}",
            PATIENT,
        ),
        Operation::new(Method::GET, "/medicines", Who::SignedIn),
        Operation::new(Method::GET, "/medicines/{slug}", Who::SignedIn),
    ],
    router,
    openapi: Description::openapi,
};

#[derive(utoipa::OpenApi)]
#[openapi(paths(
    doctor::write_prescription,
    doctor::change_prescription,
    doctor::sign_prescription,
    doctor::transmit_prescription,
    doctor::cancel_prescription,
    doctor::mark_refusal_seen,
    doctor::override_refusal,
    pharmacy::dispense_prescription,
    pharmacy::refuse_prescription,
    reading::list_prescriptions,
    reading::read_prescription,
    reading::check_prescription,
    reading::count_unseen_refusals,
    reading::measure_refusals,
    reading::verify_paper,
    documents::read_document,
    documents::verify_document,
    plan::read_own_plan,
    plan::read_plan,
    plan::list_reminders,
    plan::put_reminder,
    medicines::search_medicines,
    medicines::read_medicine
))]
struct Description;

fn router() -> Router<ApiState> {
    Router::new()
        .route(
            "/prescriptions",
            get(reading::list_prescriptions).post(doctor::write_prescription),
        )
        .route(
            "/prescriptions/unseen-refusals",
            get(reading::count_unseen_refusals),
        )
        .route(
            "/prescriptions/refusal-times",
            get(reading::measure_refusals),
        )
        .route(
            "/prescriptions/{id}",
            get(reading::read_prescription).put(doctor::change_prescription),
        )
        .route("/prescriptions/{id}/sign", post(doctor::sign_prescription))
        .route(
            "/prescriptions/{id}/transmit",
            post(doctor::transmit_prescription),
        )
        .route(
            "/prescriptions/{id}/cancel",
            post(doctor::cancel_prescription),
        )
        .route("/prescriptions/{id}/seen", post(doctor::mark_refusal_seen))
        .route(
            "/prescriptions/{id}/override",
            post(doctor::override_refusal),
        )
        .route(
            "/prescriptions/{id}/verify",
            get(reading::check_prescription),
        )
        .route(
            "/prescriptions/{id}/dispense",
            post(pharmacy::dispense_prescription),
        )
        .route(
            "/prescriptions/{id}/refuse",
            post(pharmacy::refuse_prescription),
        )
        .route(
            "/prescriptions/{id}/document",
            get(documents::read_document),
        )
        .route(
            "/verify/document",
            post(documents::verify_document)
                .layer(DefaultBodyLimit::max(documents::DOCUMENT_BYTES_MAX)),
        )
        .route("/verify/{code}", get(reading::verify_paper))
        .route("/me/medication-plan", get(plan::read_own_plan))
        .route("/patients/{id}/medication-plan", get(plan::read_plan))
        .route("/me/medication-reminders", get(plan::list_reminders))
        .route(
            "/me/medication-reminders/{prescription}/{line}",
            put(plan::put_reminder),
        )
        .route("/medicines", get(medicines::search_medicines))
        .route("/medicines/{slug}", get(medicines::read_medicine))
}
