//! What is counted and traced of every request: route, status, time. Never a path, an id or an address.

use std::sync::Arc;
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::Response;
use tracing::Instrument as _;
use tracing::field::Empty;

use crate::status::Tally;
use crate::traces::{Sampling, TARGET, TRACEPARENT, TraceContext};

/// Marks an answer that came because the time for one was over. That may be the fault of who asks: a body
/// that drips. A database that is late is answered for earlier.
#[derive(Debug, Clone)]
pub(crate) struct Overdue;

/// Traces a request of another node, which is counted where it came in.
pub(crate) async fn trace(
    State(sampling): State<Option<Sampling>>,
    request: Request,
    next: Next,
) -> Response {
    let context = sampling.and_then(|_| TraceContext::of_node(request.headers()));
    let (method, route) = (label(request.method()), route(&request, "none"));
    in_trace(request, next, (method, &route), context).await
}

/// The pattern of a route.
fn route(request: &Request, otherwise: &str) -> String {
    let path = request.extensions().get::<MatchedPath>();
    path.map_or(otherwise, MatchedPath::as_str).to_owned()
}

/// Answers a request inside a span of its trace. Whatever is asked on its behalf reads the trace from its
/// header, which is of this span from here on; without a trace there is none.
async fn in_trace(
    mut request: Request,
    next: Next,
    (method, route): (&str, &str),
    context: Option<TraceContext>,
) -> Response {
    request.headers_mut().remove(TRACEPARENT);
    let Some(context) = context else {
        return next.run(request).await;
    };
    if let Some(header) = context.header() {
        request.headers_mut().insert(TRACEPARENT, header);
    }
    if !context.sampled {
        return next.run(request).await;
    }
    let name = format!("{method} {route}");
    let span = tracing::info_span!(
        target: TARGET, "http.request", kind = "server", name,
        trace.id = context.trace, trace.span = context.span, trace.parent = context.parent,
        http.request.method = method, http.route = route,
        http.response.status_code = Empty, failed = Empty,
    );
    let response = next.run(request).instrument(span.clone()).await;
    let status = response.status();
    if status.is_server_error() {
        span.record("failed", true);
    }
    // Says that it has ended as well.
    span.record("http.response.status_code", u64::from(status.as_u16()));
    response
}

/// Counts a request and its time under the pattern of its route.
pub(crate) async fn measure(
    State((sampling, tally)): State<(Option<Sampling>, Arc<Tally>)>,
    request: Request,
    next: Next,
) -> Response {
    let begin = Instant::now();
    let (method, route) = (label(request.method()), route(&request, "pages"));
    let context = sampling.map(|it| TraceContext::of_people(request.headers(), it));
    let response = in_trace(request, next, (method, &route), context).await;
    let status = response.status();
    let elapsed = begin.elapsed();
    // Or whoever sends half of a request could have the public page say that we fail.
    if response.extensions().get::<Overdue>().is_none() {
        tally.note(&route, status);
    }
    let labels = [
        ("method", method.to_owned()),
        ("route", route.clone()),
        ("status", status.as_u16().to_string()),
    ];
    metrics::counter!("http_requests_total", &labels).increment(1);
    metrics::histogram!("http_request_seconds", "route" => route.clone())
        .record(elapsed.as_secs_f64());
    let elapsed_ms = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
    if status.is_server_error() {
        tracing::warn!(
            method,
            route,
            status = status.as_u16(),
            elapsed_ms,
            "request failed"
        );
    } else {
        tracing::debug!(
            method,
            route,
            status = status.as_u16(),
            elapsed_ms,
            "request"
        );
    }
    response
}

/// Methods that clients make up are one: every label is a time series that is kept for ever.
fn label(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        Method::PATCH => "PATCH",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_method_that_a_client_made_up_is_no_label() {
        assert_eq!(label(&Method::GET), "GET");
        assert_eq!(label(&Method::from_bytes(b"X-42").unwrap()), "other");
    }
}
