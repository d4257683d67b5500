//! Which pages may connect (RFC 6455 section 10.2), and from where a client comes.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use axum::extract::ConnectInfo;
use axum::http::{Extensions, HeaderMap, Uri, header};

/// Whether a page of the request's `Origin` may connect. A program without one may: what counts is
/// its ticket, which no page could make it send.
pub(crate) fn is_allowed(headers: &HeaderMap, uri: &Uri, allowed: &[String]) -> bool {
    let mut origins = headers.get_all(header::ORIGIN).iter();
    let Some(origin) = origins.next() else {
        return true;
    };
    let Ok(origin) = origin.to_str() else {
        return false;
    };
    if origins.next().is_some() {
        return false;
    }
    if !allowed.is_empty() {
        return allowed
            .iter()
            .any(|one| one.trim_end_matches('/').eq_ignore_ascii_case(origin));
    }
    let host = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok())
        .or_else(|| uri.authority().map(|authority| authority.as_str()));
    let page = origin.split_once("://").map(|(_, authority)| authority);
    match (page, host) {
        (Some(page), Some(host)) => page.eq_ignore_ascii_case(host),
        _ => false,
    }
}

/// The client's address, as far as the server that took the connection knows it. IPv6 clients own a
/// /64, so they are told apart by nothing finer.
pub(crate) fn address(extensions: &Extensions) -> Option<IpAddr> {
    let ConnectInfo(peer) = extensions.get::<ConnectInfo<SocketAddr>>()?;
    Some(match peer.ip().to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
    })
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn check(origin: Option<&str>, host: &str, allowed: &[&str]) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, HeaderValue::from_str(host).unwrap());
        if let Some(origin) = origin {
            headers.insert(header::ORIGIN, HeaderValue::from_str(origin).unwrap());
        }
        let allowed: Vec<_> = allowed.iter().map(|&one| one.to_owned()).collect();
        is_allowed(&headers, &Uri::from_static("/signal/v1"), &allowed)
    }

    #[test]
    fn only_pages_of_the_host_or_of_the_list_may_connect() {
        assert!(check(None, "a.example", &[]));
        assert!(check(Some("https://a.example"), "a.example", &[]));
        assert!(check(Some("http://127.0.0.1:8080"), "127.0.0.1:8080", &[]));
        assert!(!check(Some("https://b.example"), "a.example", &[]));
        assert!(!check(Some("https://a.example:8443"), "a.example", &[]));
        assert!(!check(
            Some("https://a.example.b.example"),
            "a.example",
            &[]
        ));
        assert!(!check(Some("null"), "a.example", &[]));
        let list = ["https://b.example/"];
        assert!(check(Some("https://B.example"), "a.example", &list));
        assert!(!check(Some("https://a.example"), "a.example", &list));
        assert!(!check(Some("http://b.example"), "a.example", &list));
    }

    #[test]
    fn neighbours_in_one_ipv6_network_count_together() {
        let seen = |text: &str| {
            let mut extensions = Extensions::new();
            extensions.insert(ConnectInfo(SocketAddr::new(text.parse().unwrap(), 1)));
            address(&extensions)
        };
        assert_eq!(address(&Extensions::new()), None);
        assert_eq!(seen("2001:db8::1"), seen("2001:db8::ffff"));
        assert_ne!(seen("2001:db8::1"), seen("2001:db8:0:1::1"));
        assert_eq!(seen("::ffff:1.2.3.4"), Some(IpAddr::from([1, 2, 3, 4])));
    }
}
