//! The operations, one folder per domain, one file per operation.

mod access;
mod account;
mod admin;
mod assistant;
mod auth;
mod authority;
mod booking;
pub(crate) mod fhir;
mod notes;
mod notify;
mod people;
mod prescriptions;
mod recordings;
mod records;
mod results;
mod rights;
mod threads;
mod triage;
mod visits;

use axum::Router;
use utoipa::openapi::OpenApi;

use crate::operation::Operation;
use crate::router::ApiState;

/// What a domain adds to the API.
pub(crate) struct Domain {
    /// Its operations and who may call them.
    pub(crate) operations: &'static [Operation],
    /// Its handlers.
    pub(crate) router: fn() -> Router<ApiState>,
    /// Its part of the OpenAPI description, with paths below [`clinical_api::BASE`].
    pub(crate) openapi: fn() -> OpenApi,
}

/// Every domain of the API.
pub(crate) const DOMAINS: &[Domain] = &[
    auth::DOMAIN,
    account::DOMAIN,
    people::DOMAIN,
    booking::DOMAIN,
    visits::DOMAIN,
    notes::DOMAIN,
    threads::DOMAIN,
    triage::DOMAIN,
    assistant::DOMAIN,
    notify::DOMAIN,
    access::DOMAIN,
    rights::DOMAIN,
    fhir::DOMAIN,
    prescriptions::DOMAIN,
    results::DOMAIN,
    records::DOMAIN,
    recordings::DOMAIN,
    admin::DOMAIN,
    authority::DOMAIN,
];
