//! The URL of a session. Whoever knows it has been told it in the answer to a good ticket, so the
//! secret in it is enough; a bearer token that comes along is not looked at.

use core::future::{Ready, ready};
use core::time::Duration;
use std::sync::Arc;

use axum::Extension;
use axum::extract::{Path, Request, State};
use axum::http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, ETAG};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use signaling_protocol::RoomId;
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;
use uuid::Uuid;

use super::endpoint::{ACCEPT_PATCH, ANSWER_MAX, expect_type, read};
use super::fragment;
use super::problem::Problem;
use super::session::{Answered, Order, Outcome};
use super::{FRAGMENT_TYPE, Way};
use crate::port::VisitPort;
use crate::start::Shared;

/// How long a goodbye waits for the room; what is left happens without anybody waiting.
const END_MAX: Duration = Duration::from_secs(5);

/// News about ICE (RFC 9725 section 4.3).
pub(super) async fn change<P: VisitPort>(
    State(shared): State<Arc<Shared<P>>>,
    Extension(way): Extension<Way>,
    Path((room, secret)): Path<(String, String)>,
    request: Request,
) -> Response {
    let patience = Duration::from_secs(u64::from(shared.config.hello_timeout_s));
    let changed = async {
        let orders = find(&shared, way, &room, &secret)?;
        tell_ice(&orders, request, patience).await
    };
    match changed.await {
        Ok(Outcome::Noted) => StatusCode::NO_CONTENT.into_response(),
        Ok(Outcome::Answered(answered)) => restarted(&answered),
        Err(problem) => problem.into_response(),
    }
}

/// The client leaves. Conditions are not looked at (RFC 9725 section 4.3.1).
pub(super) async fn end<P: VisitPort>(
    State(shared): State<Arc<Shared<P>>>,
    Extension(way): Extension<Way>,
    Path((room, secret)): Path<(String, String)>,
) -> Response {
    let orders = match find(&shared, way, &room, &secret) {
        Ok(orders) => orders,
        Err(problem) => return problem.into_response(),
    };
    let (done, ended) = oneshot::channel();
    // A session that is over drops the order.
    let _ = orders.send(Order::End(done)).await;
    match timeout(END_MAX, ended).await {
        Ok(Err(_over)) => Problem::not_found().into_response(),
        Ok(Ok(())) | Err(_) => StatusCode::OK.into_response(),
    }
}

/// A session without a representation; only its owner learns that it lives.
pub(super) fn nothing<P: VisitPort>(
    State(shared): State<Arc<Shared<P>>>,
    Extension(way): Extension<Way>,
    Path((room, secret)): Path<(String, String)>,
) -> Ready<Result<StatusCode, Problem>> {
    ready(find(&shared, way, &room, &secret).map(|_orders| StatusCode::NO_CONTENT))
}

pub(super) fn options() -> Ready<impl IntoResponse> {
    let allow = "GET, HEAD, PATCH, DELETE, OPTIONS";
    ready([(ACCEPT_PATCH, FRAGMENT_TYPE), (ALLOW, allow)])
}

fn find<P: VisitPort>(
    shared: &Shared<P>,
    way: Way,
    room: &str,
    secret: &str,
) -> Result<mpsc::Sender<Order>, Problem> {
    let room = Uuid::try_parse(room).ok().map(RoomId::from_uuid);
    room.and_then(|room| shared.doors.find(way, room, secret))
        .ok_or_else(Problem::not_found)
}

async fn tell_ice(
    orders: &mpsc::Sender<Order>,
    request: Request,
    patience: Duration,
) -> Result<Outcome, Problem> {
    let headers = request.headers().clone();
    expect_type(&headers, FRAGMENT_TYPE)?;
    let told = fragment::read(&read(request, patience).await?)?;
    let (reply, outcome) = oneshot::channel();
    let asked = async {
        let order = Order::Ice(headers, told, reply);
        orders.send(order).await.ok()?;
        outcome.await.ok()
    };
    match timeout(ANSWER_MAX, asked).await {
        Ok(Some(outcome)) => outcome,
        Ok(None) => Err(Problem::not_found()),
        Err(_elapsed) => Err(Problem::unavailable("the session is busy")),
    }
}

fn restarted(answered: &Answered) -> Response {
    let mut response = fragment::write(answered.answer.as_str()).into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(FRAGMENT_TYPE));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Ok(etag) = HeaderValue::from_str(&answered.etag) {
        headers.insert(ETAG, etag);
    }
    response
}
