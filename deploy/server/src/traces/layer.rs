//! Collects the spans that were opened for a trace. What is told of them is a list.

use core::fmt;
use std::borrow::Cow;
use std::time::{SystemTime, UNIX_EPOCH};

use tokio::sync::mpsc;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Metadata, Subscriber};
use tracing_subscriber::layer::{Context, Layer};
use tracing_subscriber::registry::LookupSpan;

use super::context::span_id;

/// The target of spans that are meant for a trace.
pub(crate) const TARGET: &str = "span";

/// Everything that a span may say beside its name and its times. What is not here stays in the process,
/// whatever a span is given: no id of a person, no address and no text of anybody has a name here.
pub(super) const ATTRIBUTES: [&str; 6] = [
    "http.request.method",
    "http.response.status_code",
    "http.route",
    "telehealth.message",
    "telehealth.outcome",
    "telehealth.way",
];

/// Longest text of an attribute, in characters: they are words and patterns of ours.
const TEXT_MAX: usize = 96;

/// The end of a request, said before its span is forgotten: a WebSocket keeps it as a parent.
const STATUS: &str = "http.response.status_code";

/// A span that has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ended {
    pub(super) trace: u128,
    pub(super) span: u64,
    pub(super) parent: Option<u64>,
    pub(super) name: Cow<'static, str>,
    pub(super) kind: Kind,
    /// Unix time.
    pub(super) begin_ns: u64,
    pub(super) end_ns: u64,
    pub(super) attributes: Vec<(&'static str, Value)>,
    pub(super) failed: bool,
}

/// What a span is to whoever asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Kind {
    /// Work inside this process.
    #[default]
    Internal,
    /// The answer to somebody outside.
    Server,
    /// A question to somebody outside.
    Client,
}

/// What an attribute says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    Text(String),
    Number(i64),
}

/// The layer. A queue that is full drops and counts.
#[derive(Debug)]
pub(crate) struct Spans {
    to: mpsc::Sender<Ended>,
}

/// A span that lasts, beside what `tracing` keeps of it.
#[derive(Debug)]
struct Lasting {
    span: Ended,
    is_told: bool,
}

impl Spans {
    pub(super) const fn new(to: mpsc::Sender<Ended>) -> Self {
        Self { to }
    }

    /// Whether a span is meant for a trace.
    pub(crate) fn wants(metadata: &Metadata<'_>) -> bool {
        metadata.is_span() && metadata.target() == TARGET
    }

    fn tell(&self, lasting: &mut Lasting) {
        if lasting.is_told {
            return;
        }
        lasting.is_told = true;
        lasting.span.end_ns = now_ns();
        if self.to.try_send(lasting.span.clone()).is_err() {
            metrics::counter!("telemetry_spans_dropped_total").increment(1);
        }
    }
}

impl<S> Layer<S> for Spans
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let Some(span) = context.span(id) else {
            return;
        };
        let mut said = Said::default();
        attributes.record(&mut said);
        let above = span.parent().and_then(|parent| {
            let extensions = parent.extensions();
            let lasting: &Lasting = extensions.get()?;
            Some((lasting.span.trace, lasting.span.span))
        });
        let (trace, parent) = match (said.trace, above) {
            (Some(trace), _) => (trace, said.parent),
            (None, Some((trace, parent))) => (trace, Some(parent)),
            // Work that nobody asked for, such as looking for messages every few seconds.
            (None, None) => return,
        };
        let ended = Ended {
            trace,
            span: said.span.unwrap_or_else(span_id),
            parent,
            name: said
                .name
                .map_or(Cow::Borrowed(attributes.metadata().name()), Cow::Owned),
            kind: said.kind,
            begin_ns: now_ns(),
            end_ns: 0,
            attributes: said.attributes,
            failed: said.failed,
        };
        span.extensions_mut().insert(Lasting {
            span: ended,
            is_told: false,
        });
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let Some(span) = context.span(id) else {
            return;
        };
        let mut said = Said::default();
        values.record(&mut said);
        let mut extensions = span.extensions_mut();
        let Some(lasting) = extensions.get_mut::<Lasting>() else {
            return;
        };
        lasting.span.failed |= said.failed;
        let is_answered = said.attributes.iter().any(|(key, _)| *key == STATUS);
        lasting.span.attributes.append(&mut said.attributes);
        if is_answered {
            self.tell(lasting);
        }
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        let Some(span) = context.span(&id) else {
            return;
        };
        if let Some(lasting) = span.extensions_mut().get_mut::<Lasting>() {
            self.tell(lasting);
        }
    }
}

fn now_ns() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    u64::try_from(since.unwrap_or_default().as_nanos()).unwrap_or(u64::MAX)
}

/// What the fields of a span say.
#[derive(Debug, Default)]
struct Said {
    trace: Option<u128>,
    span: Option<u64>,
    parent: Option<u64>,
    name: Option<String>,
    kind: Kind,
    failed: bool,
    attributes: Vec<(&'static str, Value)>,
}

impl Said {
    fn keep(&mut self, field: &Field, value: Value) {
        if let Some(name) = ATTRIBUTES.iter().find(|name| **name == field.name()) {
            self.attributes.push((name, value));
        }
    }
}

impl Visit for Said {
    fn record_u128(&mut self, field: &Field, value: u128) {
        if field.name() == "trace.id" {
            self.trace = Some(value);
        }
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        match field.name() {
            "trace.span" => self.span = Some(value),
            "trace.parent" => self.parent = Some(value),
            _ => self.keep(
                field,
                Value::Number(i64::try_from(value).unwrap_or(i64::MAX)),
            ),
        }
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.keep(field, Value::Number(value));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        if field.name() == "failed" {
            self.failed = value;
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        match (field.name(), value) {
            ("kind", "server") => self.kind = Kind::Server,
            ("kind", "client") => self.kind = Kind::Client,
            ("name", name) => self.name = Some(short(name)),
            _ => self.keep(field, Value::Text(short(value))),
        }
    }

    fn record_debug(&mut self, _field: &Field, _value: &dyn fmt::Debug) {
        // What has no plain form may hold anything.
    }
}

fn short(text: &str) -> String {
    text.chars().take(TEXT_MAX).collect()
}

#[cfg(test)]
mod tests {
    use tracing_subscriber::layer::SubscriberExt as _;

    use super::*;

    /// What is told of what runs in `work`.
    fn told(room: usize, work: impl FnOnce()) -> Vec<Ended> {
        let (to, mut spans) = mpsc::channel(room);
        let registry = tracing_subscriber::registry().with(Spans::new(to));
        tracing::subscriber::with_default(registry, work);
        let mut told = Vec::new();
        while let Ok(span) = spans.try_recv() {
            told.push(span);
        }
        told
    }

    fn request() -> tracing::Span {
        tracing::info_span!(
            target: TARGET,
            "http.request",
            kind = "server",
            trace.id = 7_u128,
            trace.span = 8_u64,
            trace.parent = 9_u64,
            http.response.status_code = tracing::field::Empty
        )
    }

    #[test]
    fn spans_below_a_request_belong_to_its_trace() {
        let told = told(8, || {
            let request = request();
            request.in_scope(|| drop(tracing::info_span!(target: TARGET, "inside")));
        });
        let [inside, request] = told.as_slice() else {
            panic!("{told:?}")
        };
        assert_eq!(
            (request.trace, request.span, request.parent),
            (7, 8, Some(9))
        );
        assert_eq!((inside.trace, inside.parent), (7, Some(8)));
        assert_eq!((&*inside.name, inside.kind), ("inside", Kind::Internal));
        assert!(request.end_ns >= inside.end_ns && inside.begin_ns >= request.begin_ns);
    }

    #[test]
    fn what_nobody_asked_for_is_not_told() {
        let told = told(8, || drop(tracing::info_span!(target: TARGET, "alone")));
        assert!(told.is_empty(), "{told:?}");
    }

    #[test]
    fn only_listed_attributes_are_told() {
        let told = told(8, || {
            let name = "Aline";
            drop(tracing::info_span!(
                target: TARGET, "a", trace.id = 1_u128, patient = name, other = ?name,
                number = 5, http.route = "/x",
            ));
        });
        let [span] = told.as_slice() else {
            panic!("{told:?}")
        };
        let route = ("http.route", Value::Text("/x".to_owned()));
        assert_eq!(span.attributes, [route]);
    }

    #[test]
    fn an_answered_request_is_told_once_though_it_is_still_a_parent() {
        let told = told(8, || {
            let request = request();
            request.record(STATUS, 101);
            drop(tracing::info_span!(target: TARGET, parent: &request, "later"));
        });
        let names: Vec<_> = told.iter().map(|span| &*span.name).collect();
        assert_eq!(names, ["http.request", "later"]);
    }

    #[test]
    fn a_full_queue_drops() {
        let told = told(1, || {
            drop(request());
            drop(request());
        });
        assert_eq!(told.len(), 1);
    }
}
