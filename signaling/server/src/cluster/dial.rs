//! Connects to a peer.

use core::time::Duration;
use std::io::ErrorKind;

use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use signaling_directory::NodeName;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Error;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;

use super::Nodes;
use super::secure::PeerStream;

/// How long a peer may take to accept. It is in the same house.
const CONNECT_MAX: Duration = Duration::from_secs(1);
/// How long it may take to answer; it may ask the register meanwhile.
const ANSWER_MAX: Duration = Duration::from_secs(3);
/// Largest message from a peer, in bytes: the list of its rooms.
const READ_BYTES_MAX: usize = 8 * 1024 * 1024;

pub(super) type PeerSocket = WebSocketStream<PeerStream>;

/// Why there is no socket.
#[derive(Debug)]
pub(super) enum DialError {
    /// Nobody listens there.
    Refused,
    /// Nothing comes back in time.
    Silent,
    /// The peer says no.
    Answered(StatusCode, Option<NodeName>),
}

/// Where a peer says that a room is elsewhere.
pub(super) const ELSEWHERE: HeaderName = HeaderName::from_static("telehealth-node");

impl Nodes {
    /// Opens a WebSocket to a peer.
    pub(super) async fn dial(
        &self,
        (name, address): (&NodeName, &str),
        path: &'static str,
        headers: &[(HeaderName, String)],
    ) -> Result<PeerSocket, DialError> {
        let stream = match timeout(CONNECT_MAX, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) if error.kind() == ErrorKind::ConnectionRefused => {
                return Err(DialError::Refused);
            }
            Ok(Err(_)) | Err(_) => return Err(DialError::Silent),
        };
        // Small frames go out at once; without it they only wait.
        let _ = stream.set_nodelay(true);
        let is_old = !self.bearings().speaks_tls(name);
        let stream = if is_old && self.secure.allows_plain {
            PeerStream::Plain(stream)
        } else {
            match self.secure.connect(stream).await {
                Ok(stream) => stream,
                Err(error) => {
                    tracing::error!(
                        node = %name, %error,
                        "a node shows another key: compare cluster.secret_file, and see whether it is \
                         of a version without TLS (cluster.plaintext)"
                    );
                    return Err(DialError::Silent);
                }
            }
        };
        let url = format!("ws://{address}{path}");
        let mut request = url.into_client_request().or(Err(DialError::Silent))?;
        let now_us = self.clock.wall_us();
        let proof = self.secret.prove(&self.me, name.as_str(), path, now_us);
        for (header, text) in [(header::AUTHORIZATION, &proof)]
            .into_iter()
            .chain(headers.iter().map(|(header, text)| (header.clone(), text)))
        {
            let text = HeaderValue::from_str(text).or(Err(DialError::Silent))?;
            request.headers_mut().insert(header, text);
        }
        let config = WebSocketConfig::default()
            .max_message_size(Some(READ_BYTES_MAX))
            .max_frame_size(Some(READ_BYTES_MAX));
        let opening = tokio_tungstenite::client_async_with_config(request, stream, Some(config));
        match timeout(ANSWER_MAX, opening).await {
            Ok(Ok((socket, _))) => Ok(socket),
            Ok(Err(Error::Http(response))) => {
                let elsewhere = response.headers().get(ELSEWHERE);
                let elsewhere = elsewhere.and_then(|it| it.to_str().ok()?.parse().ok());
                Err(DialError::Answered(response.status(), elsewhere))
            }
            Ok(Err(_)) | Err(_) => Err(DialError::Silent),
        }
    }
}
