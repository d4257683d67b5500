//! `Link` header fields with relays (RFC 9725 section 4.6, RFC 8288).

use axum::http::HeaderValue;
use signaling_protocol::IceServer;

/// One `Link` for every URL of every relay; what a header cannot carry is left out.
pub(crate) fn ice_servers(relays: &[IceServer]) -> Vec<HeaderValue> {
    let links = relays.iter().flat_map(|relay| {
        relay.urls.iter().filter_map(|url| {
            let mut link = format!("<{url}>; rel=\"ice-server\"");
            if !relay.username.is_empty() {
                let (username, credential) = (quoted(&relay.username), quoted(&relay.credential));
                link.push_str(&format!(
                    "; username={username}; credential={credential}; credential-type=\"password\""
                ));
            }
            let is_uri = !url.contains(['<', '>', ' ']);
            HeaderValue::try_from(link).ok().filter(|_| is_uri)
        })
    });
    links.collect()
}

/// A quoted string, RFC 9110 section 5.6.4.
fn quoted(text: &str) -> String {
    let escaped = text.replace('\\', "\\\\").replace('"', "\\\"");
    format!("\"{escaped}\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relays_become_links_with_their_credentials() {
        let relay = IceServer {
            urls: vec![
                "turns:clinic.example:443?transport=tcp".to_owned(),
                "turn:x>; rel=\"stylesheet".to_owned(),
            ],
            username: "1800000000:me".to_owned(),
            credential: "a\"b\\c".to_owned(),
        };
        let stun = IceServer {
            urls: vec!["stun:clinic.example".to_owned()],
            username: String::new(),
            credential: String::new(),
        };
        assert_eq!(
            ice_servers(&[relay, stun]),
            [
                "<turns:clinic.example:443?transport=tcp>; rel=\"ice-server\"; \
                 username=\"1800000000:me\"; credential=\"a\\\"b\\\\c\"; credential-type=\"password\"",
                "<stun:clinic.example>; rel=\"ice-server\"",
            ]
        );
    }
}
