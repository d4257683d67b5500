//! The browser bundle and the headers that every page is served with.

use std::path::Path;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY as CONTENT_SECURITY, HeaderName};
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use tower_http::services::{ServeDir, ServeFile};

use crate::cluster::{ClusterConfig, is_origin};
use crate::config::Config;

/// What a page may load, and what it may not become part of (CSP Level 3).
const CONTENT_SECURITY_POLICY: &str = "default-src 'self'; \
    script-src 'self' 'wasm-unsafe-eval'; style-src 'self' 'unsafe-inline'; \
    img-src 'self' data: blob:; media-src 'self' blob: mediastream:; \
    object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; \
    connect-src 'self'";

/// Headers of every answer.
const HEADERS: [(&str, &str); 5] = [
    (
        "permissions-policy",
        "camera=(self), microphone=(self), display-capture=(self)",
    ),
    ("referrer-policy", "no-referrer"),
    ("x-content-type-options", "nosniff"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
];

/// Serves the files of `dir`, compressed ahead of time where the browser takes it. Every path
/// without a file extension is a page of the application and gets its `index.html`.
pub(crate) fn router(dir: &Path) -> Router {
    let index = ServeFile::new(dir.join("index.html")).precompressed_br();
    let files = ServeDir::new(dir).precompressed_br().fallback(index);
    Router::new()
        .fallback_service(files)
        .layer(middleware::from_fn(pages))
}

/// Longer paths, and longer parts of them, are no names of files anywhere.
const PATH_BYTES_MAX: usize = 2_048;
const PART_BYTES_MAX: usize = 255;

/// Whether somebody can mean a page with this path. Files have names with a point. Programs that try
/// whether something is there (RFC 8615, another version of the API) must hear that it is not.
fn is_page(path: &str) -> bool {
    let last = path.rsplit('/').next().unwrap_or_default();
    let is_file = last.contains('.') && last != "index.html";
    let for_programs = ["/assets/", "/api/", "/fhir/", "/whip/", "/whep/"];
    let is_hidden = path.split('/').any(|part| part.starts_with('.'));
    !is_file && !is_hidden && !for_programs.iter().any(|it| path.starts_with(it))
}

/// Whether a file system can be asked for this path.
fn can_be_looked_for(path: &str) -> bool {
    path.len() <= PATH_BYTES_MAX && path.split('/').all(|it| it.len() <= PART_BYTES_MAX)
}

/// A missing file is not found; a page is never taken from an old cache, an asset always is.
async fn pages(request: Request, next: Next) -> Response {
    let path = request.uri().path();
    if !can_be_looked_for(path) {
        return StatusCode::NOT_FOUND.into_response();
    }
    let is_asset = path.starts_with("/assets/");
    let wants_file = !is_page(path);
    let mut response = next.run(request).await;
    let got_page = response
        .headers()
        .get("content-type")
        .is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    if wants_file && got_page {
        return StatusCode::NOT_FOUND.into_response();
    }
    let caching = if is_asset && response.status().is_success() {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    response
        .headers_mut()
        .insert(CACHE_CONTROL, HeaderValue::from_static(caching));
    response
}

/// What pages of this node may load. Where people reach each node by its own address, they may also open a
/// WebSocket to the others, for when this one fails.
pub(crate) fn policy(config: &Config) -> HeaderValue {
    let mut policy = CONTENT_SECURITY_POLICY.to_owned();
    let has_pages = |it: &ClusterConfig| it.pages.is_some();
    if config.cluster.as_ref().is_some_and(has_pages) {
        let origins = config.signaling.allowed_origins.iter();
        for rest in origins
            .filter(|it| is_origin(it))
            .filter_map(|it| it.strip_prefix("http"))
        {
            policy.push_str(" ws");
            policy.push_str(rest);
        }
    }
    HeaderValue::try_from(policy)
        .unwrap_or_else(|_| HeaderValue::from_static(CONTENT_SECURITY_POLICY))
}

/// Puts the security headers on an answer.
pub(crate) async fn security_headers(
    State(policy): State<HeaderValue>,
    request: Request,
    next: Next,
) -> Response {
    let mut response = next.run(request).await;
    response.headers_mut().insert(CONTENT_SECURITY, policy);
    for (name, value) in HEADERS {
        response.headers_mut().insert(
            HeaderName::from_static(name),
            HeaderValue::from_static(value),
        );
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of a folder with a page.
    async fn status(path: &str) -> StatusCode {
        let dir = std::env::temp_dir().join(format!("telehealth-pages-{}", std::process::id()));
        std::fs::create_dir_all(&dir).unwrap();
        std::fs::write(dir.join("index.html"), "<!doctype html>").unwrap();
        let request = Request::get(path).body(axum::body::Body::empty()).unwrap();
        let answer = tower::ServiceExt::oneshot(router(&dir), request).await;
        answer.unwrap().status()
    }

    #[tokio::test]
    async fn only_what_can_be_a_page_is_answered_with_the_page() {
        for page in ["/", "/index.html", "/join", "/patients/7", "/apis"] {
            assert_eq!(status(page).await, StatusCode::OK, "{page}");
        }
        let long = format!("/{}", "a".repeat(16_000));
        let deep = "/a".repeat(4_000);
        for none in [
            "/.well-known/resource-that-should-not-exist-whose-status-code-should-not-be-200",
            "/.git/config",
            "/api/v2/me",
            "/fhir/metadata",
            "/whip/",
            "/assets/none",
            "/none.php",
            &long,
            &deep,
        ] {
            assert_eq!(status(none).await, StatusCode::NOT_FOUND, "{none}");
        }
    }

    fn connects(text: &str) -> String {
        let config: Config = toml::from_str(text).unwrap();
        let policy = policy(&config);
        let (_, connects) = policy.to_str().unwrap().rsplit_once("; ").unwrap();
        connects.to_owned()
    }

    #[test]
    fn pages_reach_other_nodes_only_where_nodes_have_addresses_of_their_own() {
        let origins = "[signaling]\nallowed_origins = [\"https://a.example\", \"https://b.example:8443\", \"https://c;x\"]\n";
        let cluster = "[cluster]\nnode = \"a\"\nbind = \"10.0.0.1:1\"\nsecret_file = \"s\"\n";
        assert_eq!(connects(""), "connect-src 'self'");
        assert_eq!(
            connects(&format!("{origins}{cluster}")),
            "connect-src 'self'"
        );
        let own = format!("{origins}{cluster}pages = \"https://a.example\"\n");
        assert_eq!(
            connects(&own),
            "connect-src 'self' wss://a.example wss://b.example:8443"
        );
    }
}
