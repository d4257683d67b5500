//! `If-Match` of a PATCH (RFC 9110 section 13.1.1): which ICE session its news are about.

use axum::http::header::IF_MATCH;
use axum::http::{HeaderMap, StatusCode};

use super::problem::Problem;

/// Whether the request is about the ICE session that `etag` names, quotes included.
///
/// Any session is meant by `*`. RFC 9725 writes it in quotes in its example, and so do clients.
pub(crate) fn check(headers: &HeaderMap, etag: &str) -> Result<(), Problem> {
    let mut fields = headers.get_all(IF_MATCH).iter().peekable();
    if fields.peek().is_none() {
        let detail = "name the ICE session with If-Match: its entity tag, or * for a restart";
        let status = StatusCode::PRECONDITION_REQUIRED;
        return Err(Problem::new(status, "version_needed", detail));
    }
    let holds = fields
        .filter_map(|field| field.to_str().ok())
        .flat_map(|field| field.split(','))
        .map(str::trim)
        // A weak tag never matches: the comparison is a strong one.
        .any(|tag| tag == etag || tag == "*" || tag == "\"*\"");
    if holds {
        return Ok(());
    }
    let detail = "that ICE session is over; its news are not wanted any more";
    let status = StatusCode::PRECONDITION_FAILED;
    Err(Problem::new(status, "changed", detail))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn status(fields: &[&'static str]) -> Option<u16> {
        let mut headers = HeaderMap::new();
        for field in fields {
            headers.append(IF_MATCH, HeaderValue::from_static(field));
        }
        check(&headers, "\"abc\"")
            .err()
            .map(|problem| problem.status.as_u16())
    }

    #[test]
    fn the_current_tag_and_the_star_match() {
        for fields in [
            &["\"abc\""][..],
            &["*"],
            &["\"*\""],
            &["\"old\", \"abc\""],
            &["\"old\"", "\"abc\""],
        ] {
            assert_eq!(status(fields), None, "{fields:?}");
        }
    }

    #[test]
    fn no_tag_is_428_and_another_or_a_weak_one_412() {
        assert_eq!(status(&[]), Some(428));
        for fields in [&["\"old\""][..], &["W/\"abc\""], &["abc"], &[""]] {
            assert_eq!(status(fields), Some(412), "{fields:?}");
        }
    }
}
