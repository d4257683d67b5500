//! HTTP requests, on a connection of their own or one after the other on one, and WebSockets, to a server
//! on this machine, with or without TLS.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use anyhow::Context as _;
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1::SendRequest;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;

/// Most people that share an address: a server may limit what comes from one.
const PER_ADDRESS: u32 = 50;
/// Sockets read at once; thousands of them are idle most of the time.
const READ_BUFFER_BYTES: usize = 4096;

/// What was answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    /// Where what was made is found, RFC 9110 section 10.2.2.
    pub(crate) location: Option<String>,
    pub(crate) body: Bytes,
}

/// What is asked.
#[derive(Debug)]
pub(crate) struct Question<'a> {
    pub(crate) method: Method,
    pub(crate) path: &'a str,
    pub(crate) kind: &'a str,
    pub(crate) bearer: Option<&'a str>,
    pub(crate) body: Vec<u8>,
}

/// Bytes to a server and back.
pub(crate) trait Bothways: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Bothways for T {}

/// Where a server is, and whether it speaks TLS.
#[derive(Clone)]
pub(crate) struct At {
    pub(crate) address: SocketAddr,
    tls: Option<TlsConnector>,
}

impl core::fmt::Debug for At {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        self.address.fmt(f)
    }
}

impl From<SocketAddr> for At {
    fn from(address: SocketAddr) -> Self {
        Self { address, tls: None }
    }
}

impl At {
    /// A server that shows this certificate. Every connection is a whole handshake: as everybody is
    /// somebody else, nobody has a session to resume.
    pub(crate) fn with_tls(
        address: SocketAddr,
        shown: CertificateDer<'static>,
    ) -> anyhow::Result<Self> {
        let mut trusted = RootCertStore::empty();
        trusted.add(shown)?;
        let provider = Arc::new(aws_lc_rs::default_provider());
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(trusted)
            .with_no_client_auth();
        config.resumption = tokio_rustls::rustls::client::Resumption::disabled();
        Ok(Self {
            address,
            tls: Some(TlsConnector::from(Arc::new(config))),
        })
    }

    async fn connect(&self, person: u32) -> anyhow::Result<Box<dyn Bothways>> {
        let stream = connect(self.address, person)
            .await
            .context("cannot connect")?;
        let Some(tls) = &self.tls else {
            return Ok(Box::new(stream));
        };
        let name = ServerName::from(self.address.ip());
        Ok(Box::new(tls.connect(name, stream).await.context("no TLS")?))
    }
}

/// Connects from an address of 127.0.0.0/8 that belongs to this person and few others.
async fn connect(server: SocketAddr, person: u32) -> std::io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    if server.ip().is_loopback() {
        let place = u32::from_be_bytes([127, 32, 0, 1]) + person / PER_ADDRESS;
        socket.bind(SocketAddr::new(Ipv4Addr::from(place).into(), 0))?;
    }
    let stream = socket.connect(server).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// A connection for one request after the other.
#[derive(Debug)]
pub(crate) struct Line {
    at: At,
    person: u32,
    sender: SendRequest<Full<Bytes>>,
    /// Carries the bytes until this is dropped.
    carrier: JoinHandle<()>,
}

impl Drop for Line {
    fn drop(&mut self) {
        self.carrier.abort();
    }
}

impl Line {
    pub(crate) async fn open(at: &At, person: u32) -> anyhow::Result<Self> {
        let stream = at.connect(person).await?;
        let (sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
        let carrier = tokio::spawn(async move {
            // Whoever asks is told that the connection is gone.
            let _ = connection.await;
        });
        Ok(Self {
            at: at.clone(),
            person,
            sender,
            carrier,
        })
    }

    /// Asks, and reads the whole answer. A server closes a connection on which nothing was asked for a while
    /// (RFC 9112 section 9.8): then it is a new one.
    pub(crate) async fn ask(&mut self, question: Question<'_>) -> anyhow::Result<Answer> {
        if self.sender.ready().await.is_err() {
            *self = Self::open(&self.at, self.person).await?;
            self.sender.ready().await?;
        }
        let request = request(self.at.address, question)?;
        read(self.sender.send_request(request).await?).await
    }
}

/// Asks on a connection of its own, and reads the whole answer.
pub(crate) async fn ask(at: &At, person: u32, question: Question<'_>) -> anyhow::Result<Answer> {
    Line::open(at, person).await?.ask(question).await
}

fn request(server: SocketAddr, question: Question<'_>) -> anyhow::Result<Request<Full<Bytes>>> {
    let mut request = Request::builder()
        .method(question.method)
        .uri(question.path)
        .header("host", server.to_string())
        .header("x-requested-with", "telehealth")
        .header("content-type", question.kind);
    if let Some(bearer) = question.bearer {
        request = request.header("authorization", format!("Bearer {bearer}"));
    }
    Ok(request.body(Full::new(Bytes::from(question.body)))?)
}

async fn read(answer: Response<Incoming>) -> anyhow::Result<Answer> {
    let status = answer.status();
    let location = answer.headers().get("location");
    let location = location.and_then(|it| it.to_str().ok()).map(str::to_owned);
    let body = answer.into_body().collect().await?.to_bytes();
    Ok(Answer {
        status,
        location,
        body,
    })
}

/// A WebSocket.
pub(crate) type Socket = WebSocketStream<Box<dyn Bothways>>;

/// Opens a WebSocket.
pub(crate) async fn socket(
    at: &At,
    person: u32,
    (path, protocol): (&str, Option<&'static str>),
) -> anyhow::Result<Socket> {
    let stream = at.connect(person).await?;
    let mut request = format!("ws://{}{path}", at.address).into_client_request()?;
    if let Some(protocol) = protocol {
        let name = HeaderValue::from_static(protocol);
        request.headers_mut().insert("sec-websocket-protocol", name);
    }
    let config = WebSocketConfig::default().read_buffer_size(READ_BUFFER_BYTES);
    let (socket, _) =
        tokio_tungstenite::client_async_with_config(request, stream, Some(config)).await?;
    Ok(socket)
}
