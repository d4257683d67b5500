//! What people say over a WebSocket of the product, and what they hear.

use std::time::{Duration, Instant};

use anyhow::Context as _;
use futures_util::{SinkExt as _, StreamExt as _};
use signaling_protocol::{
    Auth, ClientMessage, ConnectionId, ErrorCode, Sdp, ServerFrame, ServerMessage, Source,
    SourceMid, Sources, Stage, VERSION,
};
use tokio::sync::watch;
use tokio::time::Interval;
use tokio_tungstenite::tungstenite::Message;

use super::chat::Mouth;
use crate::engine::Offered;
use crate::http::{self, At, Socket};

/// A client says something this often, so that the server does not take it for lost.
const BEAT: Duration = Duration::from_secs(4);
const PATIENCE: Duration = Duration::from_secs(20);
/// How often somebody tries again whom the server asks to.
const TRIES: u32 = 5;

/// A WebSocket of somebody without media.
pub(crate) struct IdleSocket(Socket);

/// The server said no.
#[derive(Debug, thiserror::Error)]
#[error("the server refused: {0:?}, {1}")]
struct Refused(ErrorCode, String);

fn is_busy(error: &anyhow::Error) -> bool {
    let refused = error.downcast_ref::<Refused>();
    refused.is_some_and(|Refused(code, _)| *code == ErrorCode::Unavailable)
}

/// A person's WebSocket, after they were let in.
pub(super) struct Talk {
    socket: Socket,
}

impl Talk {
    pub(super) async fn enter(at: &At, person: u32, pass: &str) -> anyhow::Result<Self> {
        let socket = http::socket(at, person, ("/signal/v1", None)).await?;
        let mut talk = Self { socket };
        talk.say(&ClientMessage::Hello {
            version: VERSION,
            auth: Auth::Ticket {
                ticket: pass.to_owned(),
                connection: None,
            },
        })
        .await?;
        let stage = talk
            .hear(|message| match message {
                ServerMessage::Welcome { snapshot, .. } => Some(snapshot.stage),
                _ => None,
            })
            .await?;
        anyhow::ensure!(stage == Stage::Admitted, "the pass leads into the lobby");
        Ok(talk)
    }

    async fn say(&mut self, message: &ClientMessage) -> anyhow::Result<()> {
        let text = serde_json::to_string(message)?;
        Ok(self.socket.send(Message::text(text)).await?)
    }

    /// Waits for a message that answers.
    async fn hear<T>(
        &mut self,
        mut answer: impl FnMut(ServerMessage) -> Option<T>,
    ) -> anyhow::Result<T> {
        let heard = async {
            loop {
                let message = self.socket.next().await.context("the server hung up")??;
                let Message::Text(text) = message else {
                    continue;
                };
                let frame: ServerFrame = serde_json::from_str(text.as_str())?;
                if let ServerMessage::Error { code, detail } = &frame.message {
                    return Err(anyhow::Error::from(Refused(*code, detail.clone())));
                }
                if let Some(answered) = answer(frame.message) {
                    return Ok(answered);
                }
            }
        };
        tokio::time::timeout(PATIENCE, heard)
            .await
            .context("the server did not answer in time")?
    }

    pub(super) async fn connect(
        &mut self,
        offered: &Offered,
        (mine, offer_no): (ConnectionId, u32),
    ) -> anyhow::Result<String> {
        let named = [
            (&offered.microphone, Source::Microphone),
            (&offered.camera, Source::Camera),
        ];
        let named = named.into_iter().filter_map(|(mid, source)| {
            let mid = mid.clone()?;
            Some(SourceMid { mid, source })
        });
        let sources = Sources {
            microphone: offered.microphone.is_some(),
            camera: offered.camera.is_some(),
            screen: false,
        };
        self.say(&ClientMessage::Media { sources }).await?;
        self.say(&ClientMessage::Offer {
            connection: mine,
            offer_no,
            sdp: Sdp::try_from(offered.sdp.clone())?,
            sources: named.collect(),
        })
        .await?;
        self.hear(|message| match message {
            ServerMessage::Answer {
                connection,
                offer_no: of,
                sdp,
            } if connection == mine && of == offer_no => Some(sdp.as_str().to_owned()),
            _ => None,
        })
        .await
    }

    /// Stays until told to leave, or for as long as the run lasts; says and hears what `chats` wants in
    /// this room.
    pub(super) async fn keep(
        mut self,
        mut told: tokio::sync::oneshot::Receiver<()>,
        (room, chats, lobby): (u32, Option<Mouth>, Option<watch::Sender<bool>>),
    ) {
        let mut beat = tokio::time::interval(BEAT);
        let mut turn = chats.as_ref().map(|mouth| turns(mouth.period));
        loop {
            tokio::select! {
                message = self.socket.next() => match message {
                    Some(Ok(Message::Text(text))) => {
                        if let Some(mouth) = &chats {
                            hear(mouth, text.as_str()).await;
                        }
                        if let Some(lobby) = &lobby
                            && self.let_in(lobby, text.as_str()).await.is_err()
                        {
                            return;
                        }
                    }
                    Some(Ok(_)) => {}
                    Some(Err(_)) | None => return,
                },
                _ = &mut told => {
                    // A server that is gone needs no last word.
                    let _ = self.say(&ClientMessage::Leave).await;
                    return;
                }
                () = next(turn.as_mut()) => if let Some(mouth) = &chats
                    && let Some(words) = mouth.say(room).await
                    && self.say(&words).await.is_err()
                {
                    return;
                },
                _ = beat.tick() => {
                    let ping = Message::Ping(Vec::new().into());
                    if self.socket.send(ping).await.is_err() {
                        return;
                    }
                }
            }
        }
    }
}

impl Talk {
    /// Lets in who waits at the telephone, and tells when they are in.
    async fn let_in(&mut self, lobby: &watch::Sender<bool>, text: &str) -> anyhow::Result<()> {
        let frame = serde_json::from_str::<ServerFrame>(text);
        let Ok(ServerMessage::Participant { participant }) = frame.map(|frame| frame.message)
        else {
            return Ok(());
        };
        match (participant.phone, participant.stage) {
            (Some(_), Stage::Lobby) => {
                let participant = participant.id;
                self.say(&ClientMessage::Admit { participant }).await?;
            }
            (Some(_), Stage::Admitted) => {
                lobby.send_replace(true);
            }
            (None, _) => {}
        }
        Ok(())
    }
}

/// Everybody's turns begin at a moment of their own.
fn turns(period: Duration) -> Interval {
    let first = Instant::now() + period.mul_f64(fastrand::f64());
    tokio::time::interval_at(first.into(), period)
}

async fn next(turn: Option<&mut Interval>) {
    match turn {
        Some(turn) => {
            turn.tick().await;
        }
        None => core::future::pending().await,
    }
}

async fn hear(mouth: &Mouth, text: &str) {
    let frame = serde_json::from_str::<ServerFrame>(text);
    if let Ok(ServerMessage::Chat { message }) = frame.map(|frame| frame.message) {
        mouth.hear(message.text.as_str()).await;
    }
}

impl IdleSocket {
    /// Comes in; as often as the server asks to try again.
    pub(super) async fn enter(at: &At, person: u32, pass: &str) -> anyhow::Result<Self> {
        let mut tries = 1;
        loop {
            match Talk::enter(at, person, pass).await {
                Ok(talk) => return Ok(Self(talk.socket)),
                Err(error) if tries < TRIES && is_busy(&error) => tries += 1,
                Err(error) => return Err(error),
            }
        }
    }

    /// Stays, and tells how long each ping took, until nobody listens.
    pub(crate) async fn keep(mut self, took: tokio::sync::mpsc::Sender<Duration>) {
        let mut beat = tokio::time::interval(BEAT);
        let mut asked: Option<Instant> = None;
        loop {
            tokio::select! {
                message = self.0.next() => match message {
                    Some(Ok(Message::Pong(_))) => {
                        if let Some(asked) = asked.take()
                            && took.send(asked.elapsed()).await.is_err()
                        {
                            return;
                        }
                    }
                    Some(Ok(_)) => {}
                    Some(Err(_)) | None => return,
                },
                _ = beat.tick() => {
                    asked = Some(Instant::now());
                    if self.0.send(Message::Ping(Vec::new().into())).await.is_err() {
                        return;
                    }
                }
            }
        }
    }
}
