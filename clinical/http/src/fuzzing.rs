//! What must hold of headers and words of a query that anybody can send. For the fuzz targets only.

use axum::http::header::{COOKIE, IF_MATCH};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use clinical_model::{RecordingId, ThreadId};

use crate::conditional::tags::{TAGS_MAX, Tags};
use crate::cookies::{
    CookiePolicy, copy_ticket, play_ticket, refresh_token, require_own_page, visitor_secret,
};
use crate::cursor::{after, cursor};

/// Each line as one header of that name; what cannot be one is left out.
fn headers(bytes: &[u8], name: &HeaderName) -> HeaderMap {
    let lines = bytes.split(|byte| *byte == b'\n');
    let mut headers = HeaderMap::new();
    for value in lines.filter_map(|line| HeaderValue::from_bytes(line).ok()) {
        headers.append(name, value);
    }
    headers
}

/// Lines of `Cookie`.
pub fn cookies(bytes: &[u8]) {
    let mut sent = headers(bytes, &COOKIE);
    let read = |headers: &HeaderMap| {
        [play_ticket, copy_ticket, visitor_secret].map(|of| of(headers).map(str::to_owned))
    };
    for value in read(&sent).into_iter().flatten() {
        assert!(!value.contains(';') && value.trim_end() == value);
    }
    // A cookie that we set comes back as it was.
    if let Some(secret) = visitor_secret(&sent) {
        let set = CookiePolicy::Secure.store_visitor(secret, 60).ok();
        let back = set.map(|set| HeaderMap::from_iter([(COOKIE, set)]));
        assert_eq!(back.as_ref().and_then(visitor_secret), Some(secret));
    }
    let token = refresh_token(&sent);
    if let Some(token) = &token {
        let set = CookiePolicy::PlainHttp.store(token, 60).ok();
        let back = set.map(|set| HeaderMap::from_iter([(COOKIE, set)]));
        assert!(back.and_then(|back| refresh_token(&back)).as_ref() == Some(token));
    }
    // No cookie proves that a page of ours asks.
    assert!(require_own_page(&sent).is_err());
    // Two of one name are none: nobody knows which one the browser was given by us.
    let twice = "refresh=x; play=x; copy=x; triage=x";
    let had = (read(&sent), token);
    sent.append(COOKIE, HeaderValue::from_static(twice));
    for (had, has) in had.0.into_iter().zip(read(&sent)) {
        assert!(had.is_none() || has.is_none());
    }
    assert!(refresh_token(&sent).is_none());
}

/// Where a page of a list is said to begin.
pub fn cursors(bytes: &[u8]) {
    let Ok(text) = core::str::from_utf8(bytes) else {
        return;
    };
    if let Some((at, id)) = after::<ThreadId>(text) {
        let again = after(&cursor(at.0, id));
        assert_eq!(again, Some((at, id)));
    }
    if let Some((at, id)) = after::<RecordingId>(text) {
        let again = after(&cursor(at.0, id));
        assert_eq!(again, Some((at, id)));
    }
}

/// Lines of `If-Match` or `If-None-Match`.
pub fn entity_tags(bytes: &[u8]) {
    let Ok(Some(tags)) = Tags::of(&headers(bytes, &IF_MATCH), &IF_MATCH) else {
        return;
    };
    let Tags::Listed(list) = &tags else {
        assert!(tags.name(None) && tags.strongly_name(None));
        return;
    };
    assert!((1..=TAGS_MAX).contains(&list.len()));
    assert!(!tags.name(None) && !tags.name(Some("no tag")));
    for tag in list {
        let text = tag.to_string();
        assert!(tags.name(Some(&text)), "{text}");
        // A version that is overwritten was named by a strong tag.
        if tag.version().is_some() {
            assert!(tags.strongly_name(Some(&text)), "{text}");
        }
    }
    let written: Vec<String> = list.iter().map(ToString::to_string).collect();
    let again = headers(written.join(", ").as_bytes(), &IF_MATCH);
    assert!(Tags::of(&again, &IF_MATCH).is_ok_and(|again| again.as_ref() == Some(&tags)));
}
