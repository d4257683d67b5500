//! `/livez` says that this process works, `/readyz` that it can serve, `/metrics` how much it does.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use clinical_app::Db;
use metrics_exporter_prometheus::PrometheusHandle;
use signaling_server::SignalingHandle;

/// How long the store may take to answer before this server calls itself not ready.
const STORE_PATIENCE: Duration = Duration::from_secs(2);

/// `/livez` looks at nothing but this process: a lost database must not restart live visits.
/// `/readyz` asks the store, and whether this node may be given visits. `/readyz/visits` asks the latter
/// only: without the store people still come back into visits that run.
pub(crate) fn router(db: Db, signaling: SignalingHandle) -> Router {
    Router::new()
        .route("/livez", get(|| async { "alive\n" }))
        .route("/readyz", get(ready))
        .route("/readyz/visits", get(ready_for_visits))
        .with_state((db, signaling))
}

async fn ready_for_visits(State((_, signaling)): State<(Db, SignalingHandle)>) -> Response {
    if signaling.takes_rooms() {
        "ready\n".into_response()
    } else {
        let why = "this node takes no new visits: it stops, is being emptied, or has not met the register yet\n";
        (StatusCode::SERVICE_UNAVAILABLE, why).into_response()
    }
}

async fn ready(State((db, signaling)): State<(Db, SignalingHandle)>) -> Response {
    if !signaling.takes_rooms() {
        return ready_for_visits(State((db, signaling))).await;
    }
    match tokio::time::timeout(STORE_PATIENCE, db.ping()).await {
        Ok(Ok(())) => "ready\n".into_response(),
        Ok(Err(_)) | Err(_) => (
            StatusCode::SERVICE_UNAVAILABLE,
            "the store does not answer\n",
        )
            .into_response(),
    }
}

/// `/metrics` for everybody who reaches the listener.
pub(crate) fn metrics_router(metrics: PrometheusHandle) -> Router {
    Router::new()
        .route("/metrics", get(render))
        .with_state(metrics)
}

/// `/metrics` for this machine only, and not through a proxy on this machine.
pub(crate) fn local_metrics_router(metrics: PrometheusHandle) -> Router {
    Router::new()
        .route("/metrics", get(render_locally))
        .with_state(metrics)
}

async fn render(State(metrics): State<PrometheusHandle>) -> Response {
    let kind = [("content-type", "text/plain; version=0.0.4")];
    (kind, metrics.render()).into_response()
}

async fn render_locally(
    State(metrics): State<PrometheusHandle>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
) -> Response {
    let proxied = headers.contains_key("x-forwarded-for") || headers.contains_key("forwarded");
    if proxied || !peer.ip().is_loopback() {
        return StatusCode::NOT_FOUND.into_response();
    }
    render(State(metrics)).await
}
