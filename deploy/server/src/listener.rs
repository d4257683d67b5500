//! Accepts connections: bounded waits, the client's address, a calm end.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{HeaderMap, Request, Response};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
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
    mut stopped: watch::Receiver<bool>,
) {
    let graceful = GracefulShutdown::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            // A dropped sender means stop as well.
            _ = stopped.wait_for(|stop| *stop) => break,
        };
        match accepted {
            Ok((stream, peer)) => serve(stream, peer, app.clone(), front, &graceful),
            Err(error) => {
                tracing::warn!(%error, "a connection was not accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    drop(listener);
    graceful.shutdown().await;
}

fn serve(
    stream: TcpStream,
    peer: SocketAddr,
    app: Router,
    front: Front,
    graceful: &GracefulShutdown,
) {
    // Signaling sends small messages that must not wait for each other.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "a connection closed at once");
        return;
    }
    let service = service_fn(move |request| answer(app.clone(), request, peer, front));
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADERS_MAX);
    let connection = builder
        .serve_connection_with_upgrades(TokioIo::new(stream), service)
        .into_owned();
    let connection = graceful.watch(connection);
    // The task ends with its connection; `graceful` waits for all of them.
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::debug!(error, "a connection ended early");
        }
    });
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
    use super::*;

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
