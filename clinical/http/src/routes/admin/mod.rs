//! Watching live visits, and looking after machines.

mod nodes;
mod observe;

use axum::Router;
use axum::http::Method;
use axum::routing::{get, post};
use clinical_model::Role;
use utoipa::OpenApi as _;

use super::Domain;
use crate::operation::{Operation, Who};
use crate::router::ApiState;

const ADMIN: Who = Who::Roles(&[Role::Admin]);

pub(super) const DOMAIN: Domain = Domain {
    operations: &[
        Operation::new(
            Method::POST,
            "/observe",
            Who::Roles(&[Role::Doctor, Role::Admin]),
        ),
        Operation::new(Method::GET, "/nodes", ADMIN),
        Operation::new(Method::POST, "/nodes/{name}/drain", ADMIN),
        Operation::new(Method::DELETE, "/nodes/{name}/drain", ADMIN),
    ],
    router,
    openapi: Description::openapi,
};

#[derive(utoipa::OpenApi)]
#[openapi(paths(observe::observe_visits, nodes::nodes, nodes::drain, nodes::serve))]
struct Description;

fn router() -> Router<ApiState> {
    Router::new()
        .route("/observe", post(observe::observe_visits))
        .route("/nodes", get(nodes::nodes))
        .route(
            "/nodes/{name}/drain",
            post(nodes::drain).delete(nodes::serve),
        )
}
