//! What the health authority reads.

mod statistics;

use axum::Router;
use axum::http::Method;
use axum::routing::get;
use clinical_model::Role;
use utoipa::OpenApi as _;

use super::Domain;
use crate::operation::{Operation, Who};
use crate::router::ApiState;

pub(super) const DOMAIN: Domain = Domain {
    operations: &[Operation::new(
        Method::GET,
        "/health-authority/statistics",
        Who::Roles(&[Role::HealthAuthority]),
    )],
    router,
    openapi: Description::openapi,
};

#[derive(utoipa::OpenApi)]
#[openapi(paths(statistics::get_statistics))]
struct Description;

fn router() -> Router<ApiState> {
    Router::new().route(
        "/health-authority/statistics",
        get(statistics::get_statistics),
    )
}
