//! Accepts connections: what is it that connects, bounded waits, the client's address, a calm end.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderValue, Request, Response, StatusCode, Version, header};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use sfu_net::{Door, Ends, Opening, Prefixed};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt as _;

/// A client that has not sent its request headers by then is hung up on (slowloris).
const HEADERS_MAX: Duration = Duration::from_secs(10);

/// After a failed accept (usually too many open files) the next try waits for others to close.
const ACCEPT_PAUSE: Duration = Duration::from_millis(200);

/// Browsers that have been here encrypted come back no other way for a year (RFC 6797 section 6.1).
/// The examples of proxies say the same.
const ENCRYPTED_ONLY: HeaderValue = HeaderValue::from_static("max-age=31536000");

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
    run_with(listener, app, front, Inside::default(), stopped).await;
}

/// The same, for a port that serves more than HTTP.
pub(crate) async fn run_with(
    listener: TcpListener,
    app: Router,
    front: Front,
    inside: Inside,
    stopped: watch::Receiver<bool>,
) {
    let terms = Terms {
        front,
        headers_max: HEADERS_MAX,
        inside,
    };
    run_on(listener, app, terms, stopped).await;
}

/// What a port serves besides plain HTTP.
#[derive(Clone, Default)]
pub(crate) struct Inside {
    /// TLS. With it, plain HTTP is sent on to `https`.
    pub(crate) tls: Option<TlsAcceptor>,
    /// Media.
    pub(crate) media: Option<Door>,
}

/// What holds for every connection.
#[derive(Clone)]
struct Terms {
    front: Front,
    headers_max: Duration,
    inside: Inside,
}

/// What holds for the requests of one connection.
#[derive(Debug, Clone, Copy)]
struct Asker {
    peer: SocketAddr,
    front: Front,
    encryption: Encryption,
}

/// How a request came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Encryption {
    /// By TLS of this server.
    Ours,
    /// Without it, to a server that has it.
    Avoided,
    /// This server has none; perhaps a proxy does.
    Elsewhere,
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
                let connection = serve(stream, peer, app.clone(), terms.clone(), stopped.clone());
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

/// One connection until its end.
async fn serve(
    stream: TcpStream,
    peer: SocketAddr,
    app: Router,
    terms: Terms,
    mut stopped: watch::Receiver<bool>,
) {
    let Ok(local) = stream.local_addr() else {
        return;
    };
    let ends = Ends {
        local,
        remote: peer,
    };
    // Signaling sends small messages that must not wait for each other.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "a connection closed at once");
        return;
    }
    let looked = tokio::select! {
        looked = tokio::time::timeout(terms.headers_max, look(stream, &terms.inside)) => looked,
        // A dropped sender means stop as well.
        _ = stopped.wait_for(|stop| *stop) => return,
    };
    let Ok(Some(looked)) = looked else {
        return;
    };
    let asker = Asker {
        peer,
        front: terms.front,
        encryption: match looked {
            Looked::Tls(..) => Encryption::Ours,
            Looked::Plain(..) if terms.inside.tls.is_some() => Encryption::Avoided,
            Looked::Plain(..) => Encryption::Elsewhere,
        },
    };
    match looked {
        Looked::Plain(Opening::Media(media), stream) => {
            let door = terms.inside.media;
            until_stopped(
                door.as_ref().map(|it| it.carry(stream, media, ends)),
                stopped,
            )
            .await;
        }
        Looked::Tls(Opening::Media(media), stream) => {
            let door = terms.inside.media;
            until_stopped(
                door.as_ref().map(|it| it.carry(stream, media, ends)),
                stopped,
            )
            .await;
        }
        Looked::Plain(Opening::Http, stream) => {
            http(stream, app, asker, terms.headers_max, stopped).await;
        }
        Looked::Tls(Opening::Http, stream) => {
            http(stream, app, asker, terms.headers_max, stopped).await;
        }
        Looked::Plain(..) | Looked::Tls(..) => {}
    }
}

/// A stream, and what is in it.
enum Looked {
    Plain(Opening, Prefixed<TcpStream>),
    Tls(Opening, Box<Prefixed<Encrypted>>),
}

type Encrypted = tokio_rustls::server::TlsStream<Prefixed<TcpStream>>;

/// Finds out what connects, inside TLS too. `None`: it is gone, or not served here.
async fn look(stream: TcpStream, inside: &Inside) -> Option<Looked> {
    let (opening, stream) = Prefixed::look(stream).await.ok()?;
    match (opening, &inside.tls) {
        (Opening::Tls, Some(tls)) => {
            let stream = tls.accept(stream).await;
            let stream = stream
                .inspect_err(|error| tracing::debug!(%error, "a TLS handshake failed"))
                .ok()?;
            let (opening, stream) = Prefixed::look(stream).await.ok()?;
            Some(Looked::Tls(opening, Box::new(stream)))
        }
        (Opening::Http | Opening::Media(_), _) => Some(Looked::Plain(opening, stream)),
        (Opening::Tls | Opening::Unknown, _) => None,
    }
}

async fn until_stopped(
    carried: Option<impl Future<Output = ()>>,
    mut stopped: watch::Receiver<bool>,
) {
    let Some(carried) = carried else {
        return;
    };
    tokio::select! {
        () = carried => {}
        // A dropped sender means stop as well.
        _ = stopped.wait_for(|stop| *stop) => {}
    }
}

/// HTTP until its end, which the order to stop brings about after the open request.
async fn http<S>(
    stream: S,
    app: Router,
    asker: Asker,
    headers_max: Duration,
    mut stopped: watch::Receiver<bool>,
) where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = service_fn(move |request| answer(app.clone(), request, asker));
    // HTTP/1.1 only: browsers speak HTTP/2 over TLS only, and a server that looks at the first bytes
    // for it waits for them for ever.
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(headers_max)
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
    Asker {
        peer,
        front,
        encryption,
    }: Asker,
) -> Result<Response<Body>, Infallible> {
    if !names_one_host(request.version(), request.headers()) {
        let mut refusal = Response::new(Body::from("one Host header is needed\n"));
        *refusal.status_mut() = StatusCode::BAD_REQUEST;
        return Ok(refusal);
    }
    if encryption == Encryption::Avoided {
        return Ok(send_on(&request));
    }
    let mut request = request.map(Body::new);
    let client = match front {
        Front::Direct => peer,
        Front::Proxy => forwarded_for(request.headers())
            .map_or(peer, |address| SocketAddr::new(address, peer.port())),
    };
    request.extensions_mut().insert(ConnectInfo(client));
    let mut response = app.oneshot(request).await?;
    if encryption == Encryption::Ours {
        let headers = response.headers_mut();
        headers.insert(header::STRICT_TRANSPORT_SECURITY, ENCRYPTED_ONLY);
    }
    Ok(response)
}

/// Whether a request says once, and readably, to whom it goes. Others are refused, so that no proxy reads
/// them in another way (RFC 9112 section 3.2). An older client may leave it out.
fn names_one_host(version: Version, headers: &HeaderMap) -> bool {
    let mut hosts = headers.get_all(header::HOST).iter();
    match (hosts.next(), hosts.next()) {
        (None, _) => version < Version::HTTP_11,
        (Some(host), None) => host.to_str().is_ok_and(|host| {
            let reads = |host: &str| host.parse::<Authority>().is_ok();
            // A user's name is no part of it; nothing at all is allowed.
            !host.contains('@') && (host.is_empty() || reads(host))
        }),
        (Some(_), Some(_)) => false,
    }
}

/// To the same place, encrypted. Without a host there is no such place.
fn send_on<B>(request: &Request<B>) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    let host = request.headers().get(header::HOST);
    let place = host.and_then(|host| {
        let path = request
            .uri()
            .path_and_query()
            .map_or("/", |path| path.as_str());
        format!("https://{}{path}", host.to_str().ok()?)
            .parse()
            .ok()
    });
    *response.status_mut() = match place {
        Some(place) => {
            response.headers_mut().insert(header::LOCATION, place);
            StatusCode::PERMANENT_REDIRECT
        }
        None => StatusCode::BAD_REQUEST,
    };
    response
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
            inside: Inside::default(),
        };
        tokio::spawn(run_on(listener, Router::new(), terms, stopped));
        for sent in ["", "GET / HTTP/1.1\r\nhost: a", "\0", "\u{16}"] {
            let mut client = TcpStream::connect(address).await.unwrap();
            client.write_all(sent.as_bytes()).await.unwrap();
            let mut answer = Vec::new();
            // Only so that a failure does not hang.
            let patience = Duration::from_secs(10);
            let end = tokio::time::timeout(patience, client.read_to_end(&mut answer)).await;
            assert!(end.is_ok(), "still connected after {sent:?}");
        }
    }

    /// A port that serves everything.
    async fn everything() -> (SocketAddr, tokio_rustls::TlsConnector, watch::Sender<bool>) {
        let files = crate::tls::tests::files("listener");
        let shown = crate::tls::tests::write(&files);
        let certificate = crate::tls::Certificate::read(files).unwrap();
        let (sfu, _events) = sfu_net::start(sfu_net::SfuConfig {
            bind: [127, 0, 0, 1].into(),
            udp_port: 0,
            shards: 1,
            loopback: true,
            ..sfu_net::SfuConfig::default()
        })
        .unwrap();
        let inside = Inside {
            tls: Some(certificate.acceptor().unwrap()),
            media: Some(sfu.door().clone()),
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let app = Router::new().route("/a", axum::routing::get(async || "inside"));
        let (stop, stopped) = watch::channel(false);
        tokio::spawn(run_with(listener, app, Front::Direct, inside, stopped));
        let mut roots = tokio_rustls::rustls::RootCertStore::empty();
        roots.add(shown).unwrap();
        let mut config = tokio_rustls::rustls::ClientConfig::builder()
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        (address, std::sync::Arc::new(config).into(), stop)
    }

    async fn asked<S: AsyncRead + AsyncWrite + Unpin>(mut stream: S) -> String {
        let ask = b"GET /a?b HTTP/1.1\r\nhost: localhost:9\r\nconnection: close\r\n\r\n";
        stream.write_all(ask).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    }

    /// Asks the relay what it always answers; a Binding request of RFC 8489 without attributes.
    async fn is_relay<S: AsyncRead + AsyncWrite + Unpin>(mut stream: S) -> bool {
        let mut ask = vec![0, 1, 0, 0, 0x21, 0x12, 0xA4, 0x42];
        ask.extend_from_slice(&[7; 12]);
        stream.write_all(&ask).await.unwrap();
        stream.flush().await.unwrap();
        let mut answer = [0; 32];
        stream.read_exact(&mut answer).await.unwrap();
        answer.starts_with(&[1, 1, 0, 12])
    }

    #[tokio::test]
    async fn one_port_speaks_https_and_media_and_sends_http_on() {
        let (address, tls, _stop) = everything().await;
        let connect = || TcpStream::connect(address);
        let secure = async || {
            let name = "localhost".try_into().unwrap();
            tls.connect(name, connect().await.unwrap()).await.unwrap()
        };

        let answer = asked(connect().await.unwrap()).await;
        assert!(answer.starts_with("HTTP/1.1 308"), "{answer}");
        assert!(
            answer.contains("location: https://localhost:9/a?b\r\n"),
            "{answer}"
        );
        // RFC 6797 section 7.2: nobody believes it without encryption.
        let encrypted_only = "strict-transport-security: max-age=31536000\r\n";
        assert!(!answer.contains(encrypted_only), "{answer}");

        let stream = secure().await;
        assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"http/1.1"[..]));
        let answer = asked(stream).await;
        assert!(
            answer.starts_with("HTTP/1.1 200") && answer.ends_with("inside"),
            "{answer}"
        );
        assert!(answer.contains(encrypted_only), "{answer}");

        assert!(is_relay(connect().await.unwrap()).await, "bare");
        assert!(is_relay(secure().await).await, "inside TLS");
    }

    #[test]
    fn a_request_names_one_host() {
        let asked = |version, hosts: &[&str]| {
            let mut headers = HeaderMap::new();
            for host in hosts {
                headers.append(header::HOST, host.parse().unwrap());
            }
            names_one_host(version, &headers)
        };
        for good in ["a.example", "a_b:8080", "[::1]:80", "192.0.2.1", ""] {
            assert!(asked(Version::HTTP_11, &[good]), "{good}");
        }
        for bad in ["a b", "a/b", "user@a", "a:b:c"] {
            assert!(!asked(Version::HTTP_11, &[bad]), "{bad}");
        }
        assert!(!asked(Version::HTTP_11, &["a", "a"]));
        assert!(!asked(Version::HTTP_11, &[]));
        assert!(asked(Version::HTTP_10, &[]));
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
