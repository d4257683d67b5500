//! Accepts connections: bounded waits, the client's address, a calm end.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{HeaderMap, Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tower::ServiceExt as _;

/// A client that has not sent its request headers by then is hung up on (slowloris).
const HEADERS_MAX: Duration = Duration::from_secs(10);

/// After a failed accept (usually too many open files) the next try waits for others to close.
const ACCEPT_PAUSE: Duration = Duration::from_millis(200);

/// Whose word counts for where a client is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Front {
    /// Clients connect to this server.
    Direct,
    /// A proxy of the operator connects, and appends the client to `X-Forwarded-For`.
    Proxy,
}

/// Serves until `stopped` turns true, then lets open requests finish.
pub(crate) async fn run(
    listener: TcpListener,
    app: Router,
    front: Front,
    stopped: watch::Receiver<bool>,
) {
    let terms = Terms {
        front,
        headers_max: HEADERS_MAX,
    };
    run_on(listener, app, terms, stopped).await;
}

/// What holds for every connection.
#[derive(Debug, Clone, Copy)]
struct Terms {
    front: Front,
    headers_max: Duration,
}

async fn run_on(
    listener: TcpListener,
    app: Router,
    terms: Terms,
    mut stopped: watch::Receiver<bool>,
) {
    // Nothing is ever sent: when all connections have dropped their end, they are over.
    let (open, mut all_closed) = mpsc::channel::<()>(1);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            // A dropped sender means stop as well.
            _ = stopped.wait_for(|stop| *stop) => break,
        };
        match accepted {
            Ok((stream, peer)) => {
                let connection = serve(stream, peer, app.clone(), terms, stopped.clone());
                let open = open.clone();
                tokio::spawn(async move {
                    connection.await;
                    drop(open);
                });
            }
            Err(error) => {
                tracing::warn!(%error, "a connection was not accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    drop((listener, open));
    all_closed.recv().await;
}

/// One connection until its end, which the order to stop brings about after the open request.
async fn serve(
    stream: TcpStream,
    peer: SocketAddr,
    app: Router,
    terms: Terms,
    mut stopped: watch::Receiver<bool>,
) {
    // Signaling sends small messages that must not wait for each other.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "a connection closed at once");
        return;
    }
    let service = service_fn(move |request| answer(app.clone(), request, peer, terms.front));
    // HTTP/1.1 only: browsers speak HTTP/2 over TLS only, and a server that looks at the first bytes
    // for it waits for them for ever.
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(terms.headers_max)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    let mut connection = pin!(connection);
    let ended = tokio::select! {
        ended = &mut connection => Some(ended),
        // A dropped sender means stop as well.
        _ = stopped.wait_for(|stop| *stop) => None,
    };
    let ended = match ended {
        Some(ended) => ended,
        None => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended early");
    }
}

async fn answer(
    app: Router,
    request: Request<Incoming>,
    peer: SocketAddr,
    front: Front,
) -> Result<Response<Body>, Infallible> {
    let mut request = request.map(Body::new);
    let client = match front {
        Front::Direct => peer,
        Front::Proxy => forwarded_for(request.headers())
            .map_or(peer, |address| SocketAddr::new(address, peer.port())),
    };
    request.extensions_mut().insert(ConnectInfo(client));
    app.oneshot(request).await
}

/// The last entry of the last `X-Forwarded-For`: the one that the nearest proxy wrote. Earlier ones
/// can be made up by the client.
fn forwarded_for(headers: &HeaderMap) -> Option<IpAddr> {
    let line = headers
        .get_all("x-forwarded-for")
        .iter()
        .next_back()?
        .to_str()
        .ok()?;
    line.rsplit(',').next()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    #[tokio::test]
    async fn a_client_that_sends_nothing_or_half_a_request_is_hung_up_on() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (_stop, stopped) = watch::channel(false);
        let terms = Terms {
            front: Front::Direct,
            headers_max: Duration::from_millis(20),
        };
        tokio::spawn(run_on(listener, Router::new(), terms, stopped));
        for sent in ["", "GET / HTTP/1.1\r\nhost: a"] {
            let mut client = TcpStream::connect(address).await.unwrap();
            client.write_all(sent.as_bytes()).await.unwrap();
            let mut answer = Vec::new();
            // Only so that a failure does not hang.
            let patience = 500 * terms.headers_max;
            let end = tokio::time::timeout(patience, client.read_to_end(&mut answer)).await;
            assert!(end.is_ok(), "still connected after {sent:?}");
        }
    }

    #[test]
    fn a_client_cannot_choose_its_address_behind_a_proxy() {
        let mut headers = HeaderMap::new();
        assert_eq!(forwarded_for(&headers), None);
        headers.append("x-forwarded-for", "198.51.100.1".parse().unwrap());
        headers.append("x-forwarded-for", "203.0.113.9, 192.0.2.7".parse().unwrap());
        assert_eq!(forwarded_for(&headers), Some("192.0.2.7".parse().unwrap()));
        headers.append("x-forwarded-for", "unknown".parse().unwrap());
        assert_eq!(forwarded_for(&headers), None);
    }
}
