//! Spans as bytes: the protobuf of OTLP (`opentelemetry/proto/trace/v1/trace.proto`, release 1).
//!
//! Written by hand: it is a dozen fields of one message, and the crates that know all of OTLP would bring
//! a code generator's runtime, a second HTTP stack and minutes of building with them.

use super::layer::{Ended, Kind, Value};

/// Kinds of fields on the wire (protobuf encoding).
const VARINT: u64 = 0;
const FIXED64: u64 = 1;
const BYTES: u64 = 2;
const FIXED32: u64 = 5;

/// `STATUS_CODE_ERROR`.
const ERROR: u64 = 2;
/// The flags of W3C Trace Context: sampled.
const SAMPLED: u32 = 1;

/// An `ExportTraceServiceRequest` of these spans, all of one process.
pub(super) fn request(node: Option<&str>, spans: &[Ended]) -> Vec<u8> {
    let mut resource = Vec::new();
    let version = env!("CARGO_PKG_VERSION");
    for (key, value) in [("service.name", "telehealth"), ("service.version", version)] {
        bytes(&mut resource, 1, &attribute(key, &text(value)));
    }
    if let Some(node) = node {
        bytes(
            &mut resource,
            1,
            &attribute("service.instance.id", &text(node)),
        );
    }
    let mut scope = Vec::new();
    bytes(&mut scope, 1, b"telehealth");
    let mut of_scope = Vec::new();
    bytes(&mut of_scope, 1, &scope);
    for span in spans {
        bytes(&mut of_scope, 2, &span_message(span));
    }
    let mut of_resource = Vec::new();
    bytes(&mut of_resource, 1, &resource);
    bytes(&mut of_resource, 2, &of_scope);
    let mut request = Vec::new();
    bytes(&mut request, 1, &of_resource);
    request
}

fn span_message(span: &Ended) -> Vec<u8> {
    let mut message = Vec::new();
    bytes(&mut message, 1, &span.trace.to_be_bytes());
    bytes(&mut message, 2, &span.span.to_be_bytes());
    if let Some(parent) = span.parent {
        bytes(&mut message, 4, &parent.to_be_bytes());
    }
    bytes(&mut message, 5, span.name.as_bytes());
    let kind = match span.kind {
        Kind::Internal => 1,
        Kind::Server => 2,
        Kind::Client => 3,
    };
    number(&mut message, 6, kind);
    fixed64(&mut message, 7, span.begin_ns);
    fixed64(&mut message, 8, span.end_ns);
    for (key, value) in &span.attributes {
        let value = match value {
            Value::Text(it) => text(it),
            Value::Number(it) => {
                let mut value = Vec::new();
                // Negative numbers are written as ten bytes, which is what a cast does.
                number(&mut value, 3, it.cast_unsigned());
                value
            }
        };
        bytes(&mut message, 9, &attribute(key, &value));
    }
    if span.failed {
        let mut status = Vec::new();
        number(&mut status, 3, ERROR);
        bytes(&mut message, 15, &status);
    }
    tag(&mut message, 16, FIXED32);
    message.extend(SAMPLED.to_le_bytes());
    message
}

/// A `KeyValue`.
fn attribute(key: &str, value: &[u8]) -> Vec<u8> {
    let mut message = Vec::new();
    bytes(&mut message, 1, key.as_bytes());
    bytes(&mut message, 2, value);
    message
}

/// An `AnyValue` that is a text.
fn text(value: &str) -> Vec<u8> {
    let mut message = Vec::new();
    bytes(&mut message, 1, value.as_bytes());
    message
}

fn tag(to: &mut Vec<u8>, field: u64, kind: u64) {
    varint(to, (field << 3) | kind);
}

fn bytes(to: &mut Vec<u8>, field: u64, value: &[u8]) {
    tag(to, field, BYTES);
    varint(to, u64::try_from(value.len()).unwrap_or_default());
    to.extend(value);
}

fn number(to: &mut Vec<u8>, field: u64, value: u64) {
    tag(to, field, VARINT);
    varint(to, value);
}

fn fixed64(to: &mut Vec<u8>, field: u64, value: u64) {
    tag(to, field, FIXED64);
    to.extend(value.to_le_bytes());
}

fn varint(to: &mut Vec<u8>, mut value: u64) {
    loop {
        let [low, ..] = value.to_le_bytes();
        value >>= 7;
        if value == 0 {
            to.push(low & 0x7f);
            return;
        }
        to.push(low | 0x80);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_in_groups_of_seven_bits() {
        let of = |value| {
            let mut to = Vec::new();
            varint(&mut to, value);
            to
        };
        assert_eq!(of(0), [0]);
        assert_eq!(of(127), [127]);
        assert_eq!(of(300), [0xac, 0x02]);
        assert_eq!(of(u64::MAX).len(), 10);
    }

    #[test]
    fn a_span_is_the_bytes_that_protoc_makes() {
        let span = Ended {
            trace: 1,
            span: 2,
            parent: Some(3),
            name: "a".into(),
            kind: Kind::Server,
            begin_ns: 4,
            end_ns: 5,
            attributes: vec![("k", Value::Number(200))],
            failed: true,
        };
        let told: String = span_message(&span)
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        // `protoc --encode=opentelemetry.proto.trace.v1.Span` of the same values.
        let protoc = "0a1000000000000000000000000000000001120800000000000000022208000000000000000\
                      32a016130023904000000000000004105000000000000004a080a016b120318c8017a021802\
                      850101000000";
        assert_eq!(told, protoc);
    }
}
