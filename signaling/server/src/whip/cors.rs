//! Which pages may use the doors. A ticket is no cookie, so no page can make a browser use somebody
//! else's; the list of origins is that of the WebSocket all the same.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ORIGIN, VARY,
};
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use super::problem::Problem;
use crate::origin::is_allowed;
use crate::port::VisitPort;
use crate::start::Shared;

/// How long a browser may remember the answer to a preflight, in seconds.
const MAX_AGE_S: u32 = 600;

/// Turns away pages of other origins, and tells browsers what pages of allowed ones may do.
pub(crate) async fn guard<P: VisitPort>(
    State(shared): State<Arc<Shared<P>>>,
    request: Request,
    next: Next,
) -> Response {
    let origin = request.headers().get(ORIGIN).cloned();
    let allowed = &shared.config.allowed_origins;
    if !is_allowed(request.headers(), request.uri(), allowed) {
        let detail = "pages of this origin may not connect";
        return Problem::new(StatusCode::FORBIDDEN, "forbidden", detail).into_response();
    }
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.append(VARY, HeaderValue::from_static("Origin"));
    if let Some(origin) = origin {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(
            ACCESS_CONTROL_ALLOW_METHODS,
            HeaderValue::from_static("GET, HEAD, POST, PATCH, DELETE, OPTIONS"),
        );
        headers.insert(
            ACCESS_CONTROL_ALLOW_HEADERS,
            HeaderValue::from_static("Authorization, Content-Type, If-Match"),
        );
        headers.insert(
            ACCESS_CONTROL_EXPOSE_HEADERS,
            HeaderValue::from_static(
                "Location, ETag, Link, Accept-Post, Accept-Patch, Retry-After, WWW-Authenticate",
            ),
        );
        headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from(MAX_AGE_S));
    }
    response
}
