//! Watching live visits.

mod observe;

use axum::Router;
use axum::http::Method;
use axum::routing::post;
use clinical_model::Role;
use utoipa::OpenApi as _;

use super::Domain;
use crate::operation::{Operation, Who};
use crate::router::ApiState;

pub(super) const DOMAIN: Domain = Domain {
    operations: &[Operation::new(
        Method::POST,
        "/observe",
        Who::Roles(&[Role::Doctor, Role::Admin]),
    )],
    router,
    openapi: Description::openapi,
};

#[derive(utoipa::OpenApi)]
#[openapi(paths(observe::observe_visits))]
struct Description;

fn router() -> Router<ApiState> {
    Router::new().route("/observe", post(observe::observe_visits))
}
