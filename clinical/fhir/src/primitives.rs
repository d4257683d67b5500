//! The primitive types of FHIR: which JSON value is one.

use serde_json::Value;

use crate::moment::{Moment, Precision};

/// Characters of a string that is no binary content. FHIR allows 1 MB; nothing here is that long.
pub(crate) const STRING_CHARS_MAX: usize = 64 * 1024;

/// A primitive type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Primitive {
    Base64Binary,
    Boolean,
    Code,
    Date,
    DateTime,
    Decimal,
    Id,
    Instant,
    Integer,
    Markdown,
    Oid,
    PositiveInt,
    Text,
    Time,
    UnsignedInt,
    Uri,
    Uuid,
    Xhtml,
}

impl Primitive {
    pub(crate) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "base64Binary" => Self::Base64Binary,
            "boolean" => Self::Boolean,
            "code" => Self::Code,
            "date" => Self::Date,
            "dateTime" => Self::DateTime,
            "decimal" => Self::Decimal,
            "id" => Self::Id,
            "instant" => Self::Instant,
            "integer" => Self::Integer,
            "markdown" => Self::Markdown,
            "oid" => Self::Oid,
            "positiveInt" => Self::PositiveInt,
            "string" => Self::Text,
            "time" => Self::Time,
            "unsignedInt" => Self::UnsignedInt,
            "uri" | "url" | "canonical" => Self::Uri,
            "uuid" => Self::Uuid,
            "xhtml" => Self::Xhtml,
            _ => return None,
        })
    }

    /// What is wrong with the value, as a sentence; none when it is one.
    pub(crate) fn fault(self, value: &Value) -> Option<&'static str> {
        match self {
            Self::Boolean => (!value.is_boolean()).then_some("must be true or false"),
            Self::Decimal => (!value.is_number()).then_some("must be a number"),
            Self::Integer => whole(
                value,
                i64::from(i32::MIN),
                "must be a whole number of 32 bits",
            ),
            Self::UnsignedInt => whole(value, 0, "must be a whole number from 0"),
            Self::PositiveInt => whole(value, 1, "must be a whole number from 1"),
            Self::Base64Binary
            | Self::Code
            | Self::Date
            | Self::DateTime
            | Self::Id
            | Self::Instant
            | Self::Markdown
            | Self::Oid
            | Self::Text
            | Self::Time
            | Self::Uri
            | Self::Uuid
            | Self::Xhtml => match value.as_str() {
                None => Some("must be a string"),
                Some("") => Some("must not be empty"),
                Some(text) => self.text_fault(text),
            },
        }
    }

    fn text_fault(self, text: &str) -> Option<&'static str> {
        if self != Self::Base64Binary && text.chars().nth(STRING_CHARS_MAX).is_some() {
            return Some("is too long");
        }
        match self {
            Self::Base64Binary => (!is_base64(text)).then_some("must be base64"),
            Self::Code => (!is_code(text)).then_some("must be a code without spaces around it"),
            Self::Id => (!is_id(text)).then_some("must be an id: 1 to 64 of A-Z a-z 0-9 - ."),
            Self::Date => {
                (!is_date(text)).then_some("must be a date like 2026, 2026-11 or 2026-11-25")
            }
            Self::DateTime => (!is_date_time(text)).then_some(
                "must be a date, or a time with seconds and zone like 2026-11-25T10:30:00Z",
            ),
            Self::Instant => (!is_instant(text))
                .then_some("must be a time with seconds and zone like 2026-11-25T10:30:00Z"),
            Self::Time => (!is_time(text)).then_some("must be a time of day like 10:30:00"),
            Self::Oid => (!is_oid(text)).then_some("must be an OID like urn:oid:1.2.3"),
            Self::Uuid => (!is_uuid(text)).then_some("must be a UUID like urn:uuid:..."),
            Self::Uri => text
                .contains(char::is_whitespace)
                .then_some("must be a URI without spaces"),
            Self::Text | Self::Markdown => text
                .chars()
                .any(|c| c.is_control() && !matches!(c, '\t' | '\n' | '\r'))
                .then_some("must not hold control characters"),
            Self::Xhtml => xhtml_fault(text),
            Self::Boolean
            | Self::Decimal
            | Self::Integer
            | Self::PositiveInt
            | Self::UnsignedInt => Some("must not be a string"),
        }
    }
}

fn whole(value: &Value, least: i64, fault: &'static str) -> Option<&'static str> {
    let fits = value
        .as_i64()
        .is_some_and(|number| (least..=i64::from(i32::MAX)).contains(&number));
    (!fits).then_some(fault)
}

/// Whether the text is an id of a resource.
#[must_use]
pub fn is_id(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'.')
}

fn is_code(text: &str) -> bool {
    text.trim() == text
        && !text.contains("  ")
        && !text
            .chars()
            .any(|c| c.is_control() || (c.is_whitespace() && c != ' '))
}

fn is_date(text: &str) -> bool {
    Moment::parse(text).is_ok_and(|moment| moment.precision <= Precision::Day)
}

fn is_date_time(text: &str) -> bool {
    is_date(text) || is_instant(text)
}

fn is_instant(text: &str) -> bool {
    Moment::parse(text).is_ok_and(|moment| moment.precision >= Precision::Second && moment.zoned)
}

fn is_time(text: &str) -> bool {
    let whole = format!("2000-01-01T{text}");
    Moment::parse(&whole).is_ok_and(|moment| moment.precision >= Precision::Second && !moment.zoned)
}

fn is_oid(text: &str) -> bool {
    text.strip_prefix("urn:oid:").is_some_and(|oid| {
        oid.contains('.')
            && oid.split('.').all(|part| {
                !part.is_empty()
                    && part.bytes().all(|b| b.is_ascii_digit())
                    && (part == "0" || !part.starts_with('0'))
            })
    })
}

fn is_uuid(text: &str) -> bool {
    text.strip_prefix("urn:uuid:")
        .is_some_and(|uuid| uuid.len() == 36 && uuid::Uuid::try_parse(uuid).is_ok())
}

fn is_base64(text: &str) -> bool {
    let body = text.trim_end_matches('=');
    text.len().is_multiple_of(4)
        && text.len() - body.len() <= 2
        && body
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'+' || b == b'/')
}

/// A narrative is shown to people, so what could run or load something is refused.
fn xhtml_fault(text: &str) -> Option<&'static str> {
    const FORBIDDEN: [&str; 10] = [
        "<script",
        "<style",
        "<iframe",
        "<object",
        "<embed",
        "<form",
        "<link",
        "<base",
        "javascript:",
        "<!",
    ];
    let lower = text.trim().to_ascii_lowercase();
    if !lower.starts_with("<div") || !lower.ends_with("</div>") {
        return Some("must be one XHTML div");
    }
    if FORBIDDEN.iter().any(|word| lower.contains(word)) || has_handler(&lower) {
        return Some("must not hold active content");
    }
    None
}

/// Whether an attribute such as `onclick=` stands in the text.
fn has_handler(lower: &str) -> bool {
    lower.split(char::is_whitespace).any(|word| {
        word.strip_prefix("on").is_some_and(|rest| {
            let name = rest.trim_start_matches(|c: char| c.is_ascii_lowercase());
            name.len() < rest.len() && name.starts_with('=')
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn is(kind: Primitive, value: Value) -> bool {
        kind.fault(&value).is_none()
    }

    #[test]
    fn a_date_time_with_a_clock_needs_seconds_and_a_zone() {
        assert!(is(Primitive::DateTime, json!("2026-11")));
        assert!(is(Primitive::DateTime, json!("2026-11-25T10:30:00+01:00")));
        assert!(!is(Primitive::DateTime, json!("2026-11-25T10:30+01:00")));
        assert!(!is(Primitive::DateTime, json!("2026-11-25T10:30:00")));
        assert!(!is(Primitive::Date, json!("2026-11-25T10:30:00Z")));
        assert!(!is(Primitive::Instant, json!("2026-11-25")));
        assert!(is(Primitive::Time, json!("10:30:00")));
        assert!(!is(Primitive::Time, json!("10:30:00Z")));
    }

    #[test]
    fn a_number_is_no_string_and_a_string_no_number() {
        assert!(!is(Primitive::Decimal, json!("1")));
        assert!(!is(Primitive::Text, json!(1)));
        assert!(!is(Primitive::PositiveInt, json!(0)));
        assert!(!is(Primitive::Integer, json!(1.5)));
        assert!(!is(Primitive::Integer, json!(3_000_000_000_i64)));
        assert!(is(Primitive::UnsignedInt, json!(0)));
    }

    #[test]
    fn a_narrative_cannot_run_anything() {
        assert!(is(
            Primitive::Xhtml,
            json!("<div xmlns=\"x\"><p>on time = fine</p></div>")
        ));
        assert!(!is(Primitive::Xhtml, json!("<p>x</p>")));
        assert!(!is(
            Primitive::Xhtml,
            json!("<div><SCRIPT>x</SCRIPT></div>")
        ));
        assert!(!is(
            Primitive::Xhtml,
            json!("<div><img\nonerror=\"x\"/></div>")
        ));
    }

    #[test]
    fn ids_codes_oids_and_base64_have_their_forms() {
        assert!(is(Primitive::Id, json!("a-1.B")) && !is(Primitive::Id, json!("a_1")));
        assert!(!is(Primitive::Id, json!("x".repeat(65))));
        assert!(is(Primitive::Code, json!("a b")) && !is(Primitive::Code, json!(" a")));
        assert!(is(Primitive::Oid, json!("urn:oid:1.2.0")) && !is(Primitive::Oid, json!("1.2.3")));
        assert!(
            is(Primitive::Base64Binary, json!("QUI="))
                && !is(Primitive::Base64Binary, json!("QUI"))
        );
        assert!(!is(Primitive::Text, json!("a\u{0}")));
    }
}
