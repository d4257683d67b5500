//! `GET /nodes`, `POST /nodes/{name}/drain`, `DELETE /nodes/{name}/drain`

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use clinical_api::{NodeStateView, NodeView, NodesView, ProblemCode};
use clinical_app::nodes::{self, Node, NodeState, NodeWish, NodesError, WishError};

use crate::actor::Caller;
use crate::error::ApiError;
use crate::extract::Segments;
use crate::router::ApiState;

/// The machines of the installation.
#[utoipa::path(get, path = "/nodes", tag = "admin",
    responses((status = 200, body = NodesView)))]
pub(super) async fn nodes(
    State(state): State<ApiState>,
    Caller(actor): Caller,
) -> Result<Json<NodesView>, ApiError> {
    let (nodes, is_cluster) = nodes::nodes(&state.desk, &actor).map_err(refuse)?;
    Ok(Json(NodesView {
        nodes: nodes.into_iter().map(view).collect(),
        is_cluster,
    }))
}

/// Have a machine give its visits to the others and take no new ones.
#[utoipa::path(post, path = "/nodes/{name}/drain", tag = "admin",
    params(("name" = String, Path)), responses((status = 202)))]
pub(super) async fn drain(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Segments(name): Segments<String>,
) -> Result<StatusCode, ApiError> {
    nodes::wish(&state.desk, &actor, &name, NodeWish::Drain)
        .await
        .map_err(refuse)?;
    Ok(StatusCode::ACCEPTED)
}

/// Have a machine take visits again.
#[utoipa::path(delete, path = "/nodes/{name}/drain", tag = "admin",
    params(("name" = String, Path)), responses((status = 202)))]
pub(super) async fn serve(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Segments(name): Segments<String>,
) -> Result<StatusCode, ApiError> {
    nodes::wish(&state.desk, &actor, &name, NodeWish::Serve)
        .await
        .map_err(refuse)?;
    Ok(StatusCode::ACCEPTED)
}

fn refuse(error: NodesError) -> ApiError {
    match error {
        NodesError::Forbidden => ProblemCode::Forbidden.into(),
        NodesError::Wish(WishError::Unknown) => ApiError::not_found(),
        NodesError::Wish(WishError::Deaf | WishError::LastOne) => ProblemCode::WrongState.into(),
        NodesError::Store(error) => error.into(),
    }
}

fn view(node: Node) -> NodeView {
    NodeView {
        name: node.name,
        state: match node.state {
            NodeState::Ready => NodeStateView::Ready,
            NodeState::Draining => NodeStateView::Draining,
            NodeState::Gone => NodeStateView::Gone,
        },
        is_here: node.is_here,
        rooms: node.rooms,
        people: node.people,
        load: node.load,
        version: node.version,
        since_us: node.since_us,
    }
}
