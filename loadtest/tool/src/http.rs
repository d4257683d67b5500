//! One HTTP request on a connection of its own, and one WebSocket, to a server on this machine.

use std::net::{Ipv4Addr, SocketAddr};

use anyhow::Context as _;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper::{Method, Request, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpSocket, TcpStream};
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

/// Connects from an address of 127.0.0.0/8 that belongs to this person and few others.
pub(crate) async fn connect(server: SocketAddr, person: u32) -> std::io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    if server.ip().is_loopback() {
        let place = u32::from_be_bytes([127, 32, 0, 1]) + person / PER_ADDRESS;
        socket.bind(SocketAddr::new(Ipv4Addr::from(place).into(), 0))?;
    }
    let stream = socket.connect(server).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// Asks, and reads the whole answer.
pub(crate) async fn ask(
    server: SocketAddr,
    person: u32,
    question: Question<'_>,
) -> anyhow::Result<Answer> {
    let stream = connect(server, person).await.context("cannot connect")?;
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    let mut request = Request::builder()
        .method(question.method)
        .uri(question.path)
        .header("host", server.to_string())
        .header("x-requested-with", "telehealth")
        .header("content-type", question.kind);
    if let Some(bearer) = question.bearer {
        request = request.header("authorization", format!("Bearer {bearer}"));
    }
    let request = request.body(Full::new(Bytes::from(question.body)))?;
    let asked = async {
        let answer = sender.send_request(request).await?;
        let status = answer.status();
        let location = answer.headers().get("location");
        let location = location.and_then(|it| it.to_str().ok()).map(str::to_owned);
        let body = answer.into_body().collect().await?.to_bytes();
        anyhow::Ok(Answer {
            status,
            location,
            body,
        })
    };
    tokio::select! {
        answer = asked => answer,
        ended = connection => {
            ended?;
            anyhow::bail!("the server closed the connection")
        }
    }
}

/// Opens a WebSocket.
pub(crate) async fn socket(
    server: SocketAddr,
    person: u32,
    (path, protocol): (&str, Option<&'static str>),
) -> anyhow::Result<WebSocketStream<TcpStream>> {
    let stream = connect(server, person).await.context("cannot connect")?;
    let mut request = format!("ws://{server}{path}").into_client_request()?;
    if let Some(protocol) = protocol {
        let name = HeaderValue::from_static(protocol);
        request.headers_mut().insert("sec-websocket-protocol", name);
    }
    let config = WebSocketConfig::default().read_buffer_size(READ_BUFFER_BYTES);
    let (socket, _) =
        tokio_tungstenite::client_async_with_config(request, stream, Some(config)).await?;
    Ok(socket)
}
