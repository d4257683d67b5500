//! A client that reads every frame and believes it.

use core::time::Duration;
use std::net::SocketAddr;

use futures_util::{SinkExt as _, StreamExt as _};
use signaling_protocol::{
    Auth, Bye, ChatId, ChatText, ClientMessage, ConnectionId, ErrorCode, FailoverTicket,
    ServerFrame, ServerMessage, Snapshot, Stage, VERSION,
};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::{Instant, timeout, timeout_at};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::http::{HeaderValue, Response};
use tokio_tungstenite::tungstenite::{Error, Message};
use uuid::Uuid;

use crate::house::who;

/// Longer than anything takes here; a test that waits for this has failed.
const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) struct Client {
    socket: WebSocketStream<TcpStream>,
    seq: u64,
    pub(crate) token: String,
    /// The last failover ticket.
    pub(crate) failover: Option<FailoverTicket>,
    pub(crate) closed_with: Option<u16>,
}

impl Client {
    pub(crate) async fn connect(address: SocketAddr) -> Self {
        Self::from(address, None).await.unwrap()
    }

    /// Connects as a page of `origin`; the error is the HTTP answer.
    pub(crate) async fn from(
        address: SocketAddr,
        origin: Option<&str>,
    ) -> Result<Self, Box<Response<Option<Vec<u8>>>>> {
        let tcp = TcpSocket::new_v4().unwrap();
        tcp.set_recv_buffer_size(8 * 1024).unwrap();
        let stream = tcp.connect(address).await.unwrap();
        let url = format!("ws://{address}/signal/v1");
        let mut request = url.into_client_request().unwrap();
        if let Some(origin) = origin {
            let origin = HeaderValue::from_str(origin).unwrap();
            request.headers_mut().insert("origin", origin);
        }
        match tokio_tungstenite::client_async(request, stream).await {
            Ok((socket, _)) => Ok(Self {
                socket,
                seq: 0,
                token: String::new(),
                failover: None,
                closed_with: None,
            }),
            Err(Error::Http(response)) => Err(response),
            Err(error) => panic!("{error}"),
        }
    }

    pub(crate) async fn hello(&mut self, ticket: &str) {
        self.hello_with(ticket, None).await;
    }

    /// With the media connection that this page still has.
    pub(crate) async fn hello_with(&mut self, ticket: &str, connection: Option<ConnectionId>) {
        self.say(&ClientMessage::Hello {
            version: VERSION,
            auth: Auth::Ticket {
                ticket: ticket.to_owned(),
                connection,
            },
        })
        .await;
    }

    /// A new socket with the token of this one.
    pub(crate) async fn resume(address: SocketAddr, token: &str, last_seq: u64) -> Self {
        let mut client = Self::connect(address).await;
        client.seq = last_seq;
        client
            .say(&ClientMessage::Hello {
                version: VERSION,
                auth: Auth::Resume {
                    token: token.to_owned(),
                    last_seq,
                },
            })
            .await;
        client
    }

    pub(crate) fn last_seq(&self) -> u64 {
        self.seq
    }

    pub(crate) async fn say(&mut self, message: &ClientMessage) {
        self.write(&serde_json::to_string(message).unwrap()).await;
    }

    pub(crate) async fn write(&mut self, text: &str) {
        self.send(Message::Text(text.into())).await;
    }

    /// A server that has closed its side takes nothing more; the tests look at what it said.
    pub(crate) async fn send(&mut self, message: Message) {
        let sent = timeout(PATIENCE, self.socket.send(message)).await;
        let _ = sent.expect("the server reads in time");
    }

    /// The next message that is no heartbeat and no failover ticket; `None` when the server has closed.
    pub(crate) async fn next(&mut self) -> Option<ServerMessage> {
        let end = Instant::now() + PATIENCE;
        loop {
            let next = timeout_at(end, self.socket.next()).await;
            match next.expect("the server speaks in time") {
                Some(Ok(Message::Text(text))) => {
                    let frame: ServerFrame = serde_json::from_str(text.as_str()).unwrap();
                    assert!(frame.seq > self.seq, "numbers rise");
                    self.seq = frame.seq;
                    match frame.message {
                        ServerMessage::Heartbeat => {}
                        ServerMessage::Failover(failover) => self.failover = Some(failover),
                        message => return Some(message),
                    }
                }
                Some(Ok(Message::Close(frame))) => {
                    self.closed_with = frame.map(|frame| frame.code.into());
                }
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return None,
            }
        }
    }

    /// Reads until `find` finds something.
    pub(crate) async fn until<T>(&mut self, find: impl Fn(&ServerMessage) -> Option<T>) -> T {
        loop {
            let message = self.next().await.expect("the socket stays open");
            if let Some(found) = find(&message) {
                return found;
            }
        }
    }

    pub(crate) async fn welcome(&mut self) -> Snapshot {
        match self.next().await {
            Some(ServerMessage::Welcome {
                resume_token,
                snapshot,
            }) => {
                self.token = resume_token;
                snapshot
            }
            other => panic!("no welcome: {other:?}"),
        }
    }

    pub(crate) async fn admit(&mut self, n: u128) {
        let participant = who(n);
        self.say(&ClientMessage::Admit { participant }).await;
    }

    pub(crate) async fn admitted(&mut self) -> Snapshot {
        self.until(|message| match message {
            ServerMessage::Admitted { snapshot } => Some(snapshot.clone()),
            _ => None,
        })
        .await
    }

    pub(crate) async fn sees_admitted(&mut self, n: u128) {
        self.until(|message| match message {
            ServerMessage::Participant { participant } => {
                (participant.id == who(n) && participant.stage == Stage::Admitted).then_some(())
            }
            _ => None,
        })
        .await;
    }

    pub(crate) async fn chat(&mut self, id: u128, text: &str) {
        self.say(&ClientMessage::Chat {
            id: ChatId::from_uuid(Uuid::from_u128(id)),
            text: ChatText::try_from(text.to_owned()).unwrap(),
        })
        .await;
    }

    pub(crate) async fn hears_chat(&mut self) -> (u64, String) {
        self.until(|message| match message {
            ServerMessage::Chat { message } => {
                Some((message.seq, message.text.as_str().to_owned()))
            }
            _ => None,
        })
        .await
    }

    pub(crate) async fn error(&mut self) -> ErrorCode {
        self.until(|message| match message {
            ServerMessage::Error { code, .. } => Some(*code),
            _ => None,
        })
        .await
    }

    /// The Bye, after which the server closes.
    pub(crate) async fn bye(&mut self) -> Bye {
        let reason = self
            .until(|message| match message {
                ServerMessage::Bye { reason } => Some(*reason),
                _ => None,
            })
            .await;
        assert_eq!(self.next().await, None, "nothing after the last message");
        reason
    }

    /// Reads what is left.
    pub(crate) async fn drain(&mut self) -> Vec<ServerMessage> {
        let mut rest = Vec::new();
        while let Some(message) = self.next().await {
            rest.push(message);
        }
        rest
    }
}
