//! Rights to a record: care team, proxies, consents, emergencies, and who looked.

pub(super) mod consents;
mod emergencies;
mod looks;
mod proxies;
mod team;

use axum::Router;
use axum::http::Method;
use axum::routing::{delete, get, post};
use clinical_model::Role;
use utoipa::OpenApi as _;

use super::Domain;
use crate::operation::{Operation, Who};
use crate::router::ApiState;

const CARERS: Who = Who::Roles(&[
    Role::Doctor,
    Role::Nurse,
    Role::Radiologist,
    Role::Pathologist,
]);
const DECIDERS: Who = Who::Roles(&[Role::Doctor, Role::Nurse, Role::Admin]);
const TEAM: Who = Who::Roles(&[Role::Patient, Role::Doctor, Role::Nurse, Role::Admin]);
const TRUSTED: Who = Who::Roles(&[Role::Patient, Role::Doctor, Role::Nurse]);
const PATIENT: Who = Who::Roles(&[Role::Patient]);
const LOOKERS: Who = Who::Roles(&[Role::Patient, Role::Admin]);
const ADMIN: Who = Who::Roles(&[Role::Admin]);

pub(super) const DOMAIN: Domain = Domain {
    operations: &[
        Operation::new(Method::GET, "/patients/{id}/care-team", TEAM),
        Operation::new(Method::POST, "/patients/{id}/care-team", DECIDERS),
        Operation::new(Method::DELETE, "/patients/{id}/care-team/{grant}", TEAM),
        Operation::new(Method::POST, "/patients/{id}/hand-over", DECIDERS),
        Operation::new(Method::GET, "/patients/{id}/proxies", TRUSTED),
        Operation::new(Method::POST, "/patients/{id}/proxies", TRUSTED),
        Operation::new(Method::DELETE, "/patients/{id}/proxies/{grant}", TRUSTED),
        Operation::new(Method::GET, "/patients/{id}/consents", TRUSTED),
        Operation::new(Method::POST, "/patients/{id}/consents", PATIENT),
        Operation::new(
            Method::POST,
            "/patients/{id}/consents/{grant}/withdraw",
            PATIENT,
        ),
        Operation::new(Method::GET, "/patients/{id}/accesses", LOOKERS),
        Operation::new(Method::GET, "/me/charges", PATIENT),
        Operation::new(Method::POST, "/break-glass", CARERS),
        Operation::new(Method::GET, "/break-glass", CARERS),
        Operation::new(Method::POST, "/break-glass/{grant}/end", CARERS),
        Operation::new(Method::GET, "/admin/break-glass", ADMIN),
        Operation::new(Method::POST, "/admin/break-glass/{grant}/review", ADMIN),
    ],
    router,
    openapi: Description::openapi,
};

#[derive(utoipa::OpenApi)]
#[openapi(paths(
    team::list_team,
    team::join_team,
    team::leave_team,
    team::hand_over,
    proxies::list_proxies,
    proxies::give_proxy,
    proxies::end_proxy,
    proxies::list_charges,
    consents::list_consents,
    consents::give_consent,
    consents::withdraw_consent,
    looks::list_looks,
    emergencies::break_glass,
    emergencies::list_running,
    emergencies::end_emergency,
    emergencies::list_emergencies,
    emergencies::review_emergency
))]
struct Description;

fn router() -> Router<ApiState> {
    Router::new()
        .route(
            "/patients/{id}/care-team",
            get(team::list_team).post(team::join_team),
        )
        .route("/patients/{id}/care-team/{grant}", delete(team::leave_team))
        .route("/patients/{id}/hand-over", post(team::hand_over))
        .route(
            "/patients/{id}/proxies",
            get(proxies::list_proxies).post(proxies::give_proxy),
        )
        .route("/patients/{id}/proxies/{grant}", delete(proxies::end_proxy))
        .route("/me/charges", get(proxies::list_charges))
        .route(
            "/patients/{id}/consents",
            get(consents::list_consents).post(consents::give_consent),
        )
        .route(
            "/patients/{id}/consents/{grant}/withdraw",
            post(consents::withdraw_consent),
        )
        .route("/patients/{id}/accesses", get(looks::list_looks))
        .route(
            "/break-glass",
            get(emergencies::list_running).post(emergencies::break_glass),
        )
        .route("/break-glass/{grant}/end", post(emergencies::end_emergency))
        .route("/admin/break-glass", get(emergencies::list_emergencies))
        .route(
            "/admin/break-glass/{grant}/review",
            post(emergencies::review_emergency),
        )
}
