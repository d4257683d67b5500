//! The trace of a request (W3C Trace Context) beyond its answer: a WebSocket is answered long before
//! anybody is in a room, and in a cluster the room may be another node's.
//!
//! Whoever wires this crate writes the trace into the header of the request that comes in here.

use axum::http::{HeaderMap, HeaderName};
use tracing::Span;
use tracing::field::Empty;
use uuid::Uuid;

/// The header.
pub(crate) const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// The attribute that says which way somebody went.
pub(crate) const WAY: &str = "telehealth.way";
/// The attribute that says what became of somebody who wanted in.
pub(crate) const OUTCOME: &str = "telehealth.outcome";

/// The request that somebody came in by.
#[derive(Debug)]
pub(crate) struct Trace {
    request: Span,
    header: Option<String>,
}

/// Whether the messages of a socket are traced: where the request was that opened it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Messages {
    are_traced: bool,
}

impl Trace {
    /// The trace of the request that is being answered.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let header = headers.get(TRACEPARENT).and_then(|it| it.to_str().ok());
        Self {
            request: Span::current(),
            header: header.map(str::to_owned),
        }
    }

    /// The span of finding out where a Hello leads.
    pub(crate) fn join(&self) -> Span {
        tracing::info_span!(
            target: "span", parent: &self.request, "signal.join", telehealth.outcome = Empty
        )
    }

    /// The span of the way to another node, and the header that this node is sent.
    pub(crate) fn carry(&self) -> (Span, Option<String>) {
        let id = Uuid::new_v4().as_u64_pair().1;
        let header = self.header.as_deref().and_then(|header| onward(header, id));
        let span = tracing::info_span!(
            target: "span", parent: &self.request, "cluster.carry", kind = "client",
            trace.span = id, telehealth.way = Empty
        );
        (span, header)
    }

    /// What becomes of messages after the request.
    pub(crate) fn messages(&self) -> Messages {
        let flags = self.header.as_deref().and_then(|it| it.rsplit('-').next());
        let flags = flags.and_then(|it| u8::from_str_radix(it, 16).ok());
        Messages {
            are_traced: flags.is_some_and(|flags| flags & 1 == 1),
        }
    }
}

impl Messages {
    /// The span of one message, in a trace of its own: a socket is open for as long as a visit.
    pub(crate) fn span(self, kind: &'static str) -> Span {
        if !self.are_traced {
            return Span::none();
        }
        tracing::info_span!(
            target: "span", parent: None, "signal.message", kind = "server",
            trace.id = Uuid::new_v4().as_u128(), telehealth.message = kind
        )
    }
}

/// The same trace from the span `id`.
fn onward(header: &str, id: u64) -> Option<String> {
    let mut parts = header.split('-');
    let (version, trace) = (parts.next()?, parts.next()?);
    let flags = parts.nth(1)?;
    Some(format!("{version}-{trace}-{id:016x}-{flags}"))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    const SAMPLED: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    fn trace(header: &'static str) -> Trace {
        let mut headers = HeaderMap::new();
        headers.insert(TRACEPARENT, HeaderValue::from_static(header));
        Trace::of(&headers)
    }

    #[test]
    fn the_next_node_hears_of_the_same_trace_from_this_span() {
        let next = "00-4bf92f3577b34da6a3ce929d0e0e4736-00000000000000ff-01";
        assert_eq!(onward(SAMPLED, 255).as_deref(), Some(next));
        assert_eq!(onward("nothing", 255), None);
    }

    #[test]
    fn without_a_trace_there_is_nothing_to_tell() {
        let trace = Trace::of(&HeaderMap::new());
        assert_eq!(trace.carry().1, None);
        assert!(!trace.messages().are_traced);
    }

    #[test]
    fn messages_are_traced_where_the_request_was() {
        assert!(trace(SAMPLED).messages().are_traced);
        let not = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00";
        assert!(!trace(not).messages().are_traced);
        assert!(trace(not).carry().1.is_some_and(|it| it.ends_with("-00")));
    }
}
