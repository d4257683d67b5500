//! Small questions to SIP messages, so that little else here knows how the stack stores them.

use rsipstack::sip::headers::make_header;
use rsipstack::sip::prelude::HeadersExt;
use rsipstack::sip::{Header, Method, Request, Response, StatusCode};
use rsipstack::transaction::endpoint::EndpointInner;
use signaling_sip::SessionTerms;

/// What we answer to.
pub(crate) const ALLOWED: &str = "INVITE, ACK, BYE, CANCEL, OPTIONS, INFO, UPDATE, PRACK";
/// What we may be asked to support.
pub(crate) const SUPPORTED: [&str; 2] = ["timer", "100rel"];
/// Lists of option tags, in bytes; real ones have some dozen.
const LIST_MAX: usize = 512;

/// A header with a name and a value of ours.
pub(crate) fn header(name: &str, value: impl Into<String>) -> Header {
    make_header(name, value.into())
}

/// The first header with this name.
pub(crate) fn value(message: &impl HeadersExt, name: &str) -> Option<String> {
    message.header_value(name)
}

/// The values of all headers with this name.
pub(crate) fn values(message: &impl HeadersExt, name: &str) -> Vec<String> {
    let all = message.headers().iter();
    all.filter(|header| header.name().eq_ignore_ascii_case(name))
        .map(|header| header.value().trim().to_owned())
        .collect()
}

/// The tokens in all headers with this name, in small letters.
pub(crate) fn tokens(message: &impl HeadersExt, name: &str) -> Vec<String> {
    let mut found = Vec::new();
    for value in values(message, name) {
        let value = value.get(..value.len().min(LIST_MAX)).unwrap_or_default();
        let one = value
            .split(',')
            .map(|token| token.trim().to_ascii_lowercase());
        found.extend(one.filter(|token| !token.is_empty()));
    }
    found
}

/// Option tags of `Require` that are not known here (RFC 3261 section 8.2.2.3).
pub(crate) fn unknown_required(request: &Request) -> Vec<String> {
    tokens(request, "Require")
        .into_iter()
        .filter(|token| !SUPPORTED.contains(&token.as_str()))
        .collect()
}

/// Whether an answer with a description is taken (RFC 3261 section 20.1). Nobody has to say so.
pub(crate) fn accepts_descriptions(request: &Request) -> bool {
    let kinds = tokens(request, "Accept");
    kinds.is_empty()
        || kinds.iter().any(|kind| {
            let kind = kind.split(';').next().unwrap_or_default().trim_end();
            matches!(kind, "application/sdp" | "application/*" | "*/*")
        })
}

/// What is said beside a refusal of a body.
pub(crate) fn refusal_headers(code: &StatusCode) -> Vec<Header> {
    if *code == StatusCode::UnsupportedMediaType {
        vec![header("Accept", "application/sdp")]
    } else {
        Vec::new()
    }
}

/// Whether `Supported` or `Require` names this option.
pub(crate) fn supports(message: &impl HeadersExt, option: &str) -> bool {
    let is_it = |token: &String| token == option;
    tokens(message, "Supported").iter().any(is_it) || tokens(message, "Require").iter().any(is_it)
}

/// What a message says of session timers.
pub(crate) fn session_terms(message: &impl HeadersExt) -> SessionTerms {
    SessionTerms::parse(
        value(message, "Session-Expires").as_deref(),
        value(message, "Min-SE").as_deref(),
        supports(message, "timer"),
    )
}

/// The user part of a SIP or tel URI, which may stand between angle brackets and behind a name.
pub(crate) fn user_of(text: &str) -> &str {
    let inside = match text.split_once('<') {
        Some((_, rest)) => rest.split('>').next().unwrap_or_default(),
        None => text,
    };
    let Some((scheme, rest)) = inside.trim().split_once(':') else {
        return "";
    };
    match rest.split_once('@') {
        Some((user, _)) => user.split([':', ';']).next().unwrap_or_default(),
        None if scheme.eq_ignore_ascii_case("tel") => rest.split(';').next().unwrap_or_default(),
        None => "",
    }
}

/// The number that a call says it comes from: what the trunk asserts (RFC 3325), or else `From`.
pub(crate) fn caller_of(request: &Request) -> String {
    let asserted = value(request, "P-Asserted-Identity");
    let from = || value(request, "From");
    let text = asserted.or_else(from).unwrap_or_default();
    user_of(&text).to_owned()
}

/// The body if it is a session description.
pub(crate) fn description(
    content_type: Option<String>,
    body: &[u8],
) -> Result<Option<String>, StatusCode> {
    if body.is_empty() {
        return Ok(None);
    }
    let kind = content_type.unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    if !kind.eq_ignore_ascii_case("application/sdp") {
        return Err(StatusCode::UnsupportedMediaType);
    }
    String::from_utf8(body.to_vec())
        .map(Some)
        .map_err(|_bytes: std::string::FromUtf8Error| StatusCode::BadRequest)
}

/// A response with our tag.
pub(crate) fn response(
    endpoint: &EndpointInner,
    request: &Request,
    (code, tag): (StatusCode, &str),
    headers: Vec<Header>,
    body: Option<String>,
) -> Response {
    let has_body = body.is_some();
    let mut response = endpoint.make_response(request, code, body.map(String::into_bytes));
    if let Ok(to) = request.to_header()
        && !matches!(to.tag(), Ok(Some(_)))
    {
        let tagged = to.with_tag(tag.into());
        response.headers.unique_push(tagged.into());
    }
    for record_route in values(request, "Record-Route") {
        response.headers.push(header("Record-Route", record_route));
    }
    response.headers.extend(headers);
    if has_body {
        response
            .headers
            .push(header("Content-Type", "application/sdp"));
    }
    response
}

/// The number of a method's request within its call.
pub(crate) fn sequence(message: &impl HeadersExt) -> Option<(u32, Method)> {
    let header = message.cseq_header().ok()?;
    Some((header.seq().ok()?, header.method().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_of_all_kinds_of_uris_are_found() {
        for (text, user) in [
            (
                "\"A\" <sip:+33612345678@h;user=phone>;tag=1",
                "+33612345678",
            ),
            ("sip:100@h", "100"),
            ("<tel:+33-6-12;phone-context=x>", "+33-6-12"),
            ("sips:a:secret@h", "a"),
            ("sip:h", ""),
            ("", ""),
        ] {
            assert_eq!(user_of(text), user, "{text}");
        }
    }
}
