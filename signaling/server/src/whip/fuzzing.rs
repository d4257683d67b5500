//! What must hold of every offer and fragment at the standard doors. For the fuzz targets only.

use axum::http::header::IF_MATCH;
use axum::http::{HeaderMap, HeaderValue};
use signaling_protocol::SDP_BYTES_MAX;

use super::fragment::{self, Credentials};
use super::offer::prepare;
use super::{Way, precondition};

/// Most sources of one program: a sound and two pictures.
const SOURCES_MAX: usize = 3;

/// An offer behind a byte that names the door.
pub fn offer(bytes: &[u8]) {
    let Some((first, rest)) = bytes.split_first() else {
        return;
    };
    let Ok(text) = core::str::from_utf8(rest) else {
        return;
    };
    let way = if first & 1 == 0 {
        Way::Publish
    } else {
        Way::Play
    };
    let Ok(prepared) = prepare(way, text) else {
        return;
    };
    let sdp = prepared.sdp.as_str();
    assert!(sdp.len() <= SDP_BYTES_MAX && prepared.sources.len() <= SOURCES_MAX);
    let has = |line: &str| sdp.lines().any(|it| it == line);
    assert!(!has("a=sendrecv") && !sdp.contains("\r\na=candidate:"));
    match way {
        Way::Publish => assert!(has("a=sendonly") && !prepared.sources.is_empty()),
        Way::Play => assert!(has("a=recvonly") && !has("a=sendonly")),
    }
    let again = prepare(way, sdp).ok();
    assert!(again.is_some_and(|again| {
        again.sdp == prepared.sdp
            && again.sources == prepared.sources
            && again.credentials == prepared.credentials
    }));
}

/// News about ICE; the same text is also taken for an answer of which ICE is told.
pub fn fragment(bytes: &[u8]) {
    let Ok(text) = core::str::from_utf8(bytes) else {
        return;
    };
    if let Ok(Some(credentials)) = fragment::read(text) {
        let put = credentials.put_into(text);
        assert_eq!(Credentials::find(put.lines()), Some(credentials));
        assert_eq!(put.lines().count(), text.lines().count());
    }
    let told = fragment::write(text);
    assert_eq!(fragment::write(&told), told);
    assert!(told.lines().all(|line| text.lines().any(|it| it == line)));
}

/// Lines of `If-Match` of somebody who tells news of an ICE session.
pub fn precondition(bytes: &[u8]) {
    const CURRENT: &str = "\"5d41402abc4b2a76\"";
    let mut headers = HeaderMap::new();
    for line in bytes.split(|byte| *byte == b'\n') {
        if let Ok(value) = HeaderValue::from_bytes(line) {
            headers.append(IF_MATCH, value);
        }
    }
    let names = |word: &str| {
        let mut fields = headers.get_all(IF_MATCH).iter();
        fields.any(|field| field.to_str().is_ok_and(|field| field.contains(word)))
    };
    if precondition::check(&headers, CURRENT).is_ok() {
        assert!(names(CURRENT) || names("*"), "another session is meant");
    }
    headers.append(IF_MATCH, HeaderValue::from_static(CURRENT));
    assert!(precondition::check(&headers, CURRENT).is_ok());
}
