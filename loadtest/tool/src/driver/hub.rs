//! The product, by its public ways: rooms are booked over the HTTP interface, passes are signed with
//! the installation's key by `telehealth passes`, and everything else is said over the WebSocket, or at
//! the standard doors.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use futures_util::{SinkExt as _, StreamExt as _};
use hyper::{Method, StatusCode};
use loadtest_core::Scenario;
use serde_json::{Value, json};
use signaling_protocol::{
    Auth, ClientMessage, ConnectionId, PARTICIPANTS_MAX, Sdp, ServerFrame, ServerMessage, Source,
    SourceMid, Sources, Stage, VERSION,
};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

use super::{Door, Presence, Seat, free_port, log_of, wait_for};
use crate::engine::{Engine, Offered};
use crate::http::{self, Question, ask};
use crate::process::Server;

/// Password of everybody in the demo clinic.
const DEMO_PASSWORD: &str = "demo-clinic-2026";
/// Days ahead in which rooms are booked at a time.
const DAYS: u64 = 7;
/// Bookings that are tried before giving up, for each that is needed.
const TRIES: usize = 3;
/// A client says something this often, so that the server does not take it for lost.
const BEAT: Duration = Duration::from_secs(4);
const PATIENCE: Duration = Duration::from_secs(20);

/// A running product.
#[derive(Debug)]
pub(crate) struct Hub {
    address: SocketAddr,
    /// Passes by room and place; those of idle sockets come after all others.
    passes: Vec<Vec<String>>,
    rooms: u32,
    /// By the standard doors instead of the WebSocket.
    whip: bool,
}

/// A WebSocket of somebody without media.
#[derive(Debug)]
pub(crate) struct IdleSocket(WebSocketStream<TcpStream>);

pub(super) async fn start(
    program: &Path,
    (core, whip): (Option<u32>, bool),
    folder: &Path,
    scenario: &Scenario,
) -> anyhow::Result<(Server, Door)> {
    let people = scenario.people;
    let each = people.senders + people.viewers;
    let most = u32::try_from(PARTICIPANTS_MAX).unwrap_or(u32::MAX);
    anyhow::ensure!(
        each <= most,
        "a visit takes {most} people, and this scenario has {each} in a room: use the driver `plane`"
    );
    let address = free_port()?;
    let (data, config) = (folder.join("data"), folder.join("config.toml"));
    std::fs::create_dir_all(folder.join("web"))?;
    std::fs::write(
        &config,
        "[signaling]\nconnections_max = 40000\n[sfu]\nconnections_per_shard = 20000\n[log]\nfilter = \"warn\"\n",
    )?;
    let settings = |command: &[&str]| {
        let mut words: Vec<std::ffi::OsString> = command.iter().map(Into::into).collect();
        for (flag, value) in [
            ("--config", config.as_os_str()),
            ("--data-dir", data.as_os_str()),
        ] {
            words.push(flag.into());
            words.push(value.to_owned());
        }
        words
    };
    let mut words = settings(&["serve", "--demo", "--udp-port", "0"]);
    let web = folder.join("web");
    let bind = address.to_string();
    for (flag, value) in [("--bind", bind.as_ref()), ("--web-dir", web.as_os_str())] {
        words.push(flag.into());
        words.push(value.to_owned());
    }
    let mut server = Server::start(program, words, core, &log_of(folder))?;
    wait_for(address, &mut server).await?;
    let crowd = people.idle_sockets.div_ceil(most);
    let booked = book(address, people.rooms + crowd).await?;
    let mut passes = Vec::new();
    for (number, room) in (0..).zip(&booked) {
        let times = scenario.times;
        let passers_by = times.churn_per_min * times.hold_s / 60;
        let people = match number < people.rooms {
            true if passers_by > 0 => (each + passers_by, 1),
            true if times.reconnect => (each, 2),
            true => (each, 1),
            false => (most, 1),
        };
        passes.push(passes_for(program, settings(&["passes", room]), people).await?);
    }
    let hub = Hub {
        address,
        passes,
        rooms: people.rooms,
        whip,
    };
    Ok((server, Door::Hub(hub)))
}

/// Runs `telehealth passes`.
async fn passes_for(
    program: &Path,
    mut words: Vec<std::ffi::OsString>,
    (people, each): (u32, u32),
) -> anyhow::Result<Vec<String>> {
    for (flag, value) in [("--people", people), ("--each", each)] {
        words.push(flag.into());
        words.push(value.to_string().into());
    }
    let mut command = tokio::process::Command::new(PathBuf::from(program));
    let output = command.args(words).output().await?;
    let said = String::from_utf8_lossy(&output.stderr);
    anyhow::ensure!(output.status.success(), "telehealth passes: {said}");
    let lines = String::from_utf8(output.stdout).context("passes are no text")?;
    Ok(lines.lines().map(str::to_owned).collect())
}

/// Somebody who is signed in.
struct Account {
    address: SocketAddr,
    token: Option<String>,
}

impl Account {
    async fn sign_in(address: SocketAddr, email: &str) -> anyhow::Result<(Self, Value)> {
        let mut account = Self {
            address,
            token: None,
        };
        let wish = json!({ "email": email, "password": DEMO_PASSWORD });
        let (_, answer) = account.call(Method::POST, "/auth/login", wish).await?;
        let token = answer.pointer("/access_token").and_then(Value::as_str);
        account.token = Some(token.context("signing in gave no token")?.to_owned());
        Ok((account, answer))
    }

    async fn call(
        &self,
        method: Method,
        path: &str,
        body: Value,
    ) -> anyhow::Result<(StatusCode, Value)> {
        let path = format!("/api/v1{path}");
        let body = if body.is_null() {
            Vec::new()
        } else {
            body.to_string().into_bytes()
        };
        let question = Question {
            method,
            path: &path,
            kind: "application/json",
            bearer: self.token.as_deref(),
            body,
        };
        let answer = ask(self.address, 0, question).await?;
        let value = serde_json::from_slice(&answer.body).unwrap_or(Value::Null);
        let fits = answer.status.is_success() || answer.status == StatusCode::CONFLICT;
        anyhow::ensure!(fits, "{path}: {} {value}", answer.status);
        Ok((answer.status, value))
    }
}

/// Books as many appointments as rooms are needed; answers with the rooms.
async fn book(address: SocketAddr, count: u32) -> anyhow::Result<Vec<String>> {
    let count = usize::try_from(count)?;
    let (doctor, entry) = Account::sign_in(address, "doctor@demo.clinic").await?;
    let (patient, _) = Account::sign_in(address, "patient@demo.clinic").await?;
    let id = entry.pointer("/me/id").and_then(Value::as_str);
    let id = id.context("the doctor has no id")?;
    let (_, hours) = doctor.call(Method::GET, "/hours", Value::Null).await?;
    let zone = hours.pointer("/zone").cloned().unwrap_or(Value::Null);
    let always = |weekday: u32| json!({ "weekday": weekday, "start_min": 0, "end_min": 1440 });
    let hours: Vec<Value> = (1..=7).map(always).collect();
    let wish = json!({ "zone": zone, "slot_min": 5, "hours": hours });
    doctor.call(Method::PUT, "/hours", wish).await?;
    let mut rooms = Vec::new();
    let mut from_us = crate::engine::unix_us() + 86_400_000_000;
    let mut tries = 0;
    while rooms.len() < count {
        let path = format!("/doctors/{id}/slots?from_us={from_us}&days={DAYS}");
        let (_, free) = patient.call(Method::GET, &path, Value::Null).await?;
        let slots = free.pointer("/slots").and_then(Value::as_array);
        for slot in slots.context("the doctor has no times")? {
            if rooms.len() == count {
                break;
            }
            tries += 1;
            anyhow::ensure!(tries <= TRIES * count + 100, "too few times are free");
            let start = slot.pointer("/start_us").cloned().unwrap_or(Value::Null);
            let wish = json!({ "doctor": id, "start_us": start, "reason": "Load test" });
            let (status, made) = patient.call(Method::POST, "/appointments", wish).await?;
            if status == StatusCode::CREATED {
                let room = made.pointer("/room").and_then(Value::as_str);
                rooms.push(room.context("an appointment without room")?.to_owned());
            }
        }
        from_us += DAYS * 86_400_000_000;
    }
    Ok(rooms)
}

/// A person's WebSocket, after they were let in.
struct Talk {
    socket: WebSocketStream<TcpStream>,
}

impl Talk {
    async fn enter(address: SocketAddr, person: u32, pass: &str) -> anyhow::Result<Self> {
        let socket = http::socket(address, person, ("/signal/v1", None)).await?;
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
                    anyhow::bail!("the server refused: {code:?}, {detail}");
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

    async fn connect(
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

    /// Stays until told to leave, or for as long as the run lasts.
    async fn keep(mut self, mut told: tokio::sync::oneshot::Receiver<()>) {
        let mut beat = tokio::time::interval(BEAT);
        loop {
            tokio::select! {
                message = self.socket.next() => match message {
                    Some(Ok(_)) => {}
                    Some(Err(_)) | None => return,
                },
                _ = &mut told => {
                    // A server that is gone needs no last word.
                    let _ = self.say(&ClientMessage::Leave).await;
                    return;
                }
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

impl Hub {
    fn pass(&self, room: u32, place: u32) -> anyhow::Result<&str> {
        let of_room = usize::try_from(room)
            .ok()
            .and_then(|room| self.passes.get(room));
        let pass = of_room.and_then(|it| it.get(usize::try_from(place).ok()?));
        Ok(pass.context("no pass is left")?)
    }

    pub(super) async fn join(&self, engine: &Arc<Engine>, seat: Seat) -> anyhow::Result<Presence> {
        let pass = self.pass(seat.room, seat.pass)?;
        if self.whip {
            return self.join_at_door(engine, seat, pass).await;
        }
        let mut talk = Talk::enter(self.address, seat.person, pass).await?;
        let offered = engine.offer(seat.plan).await?;
        let mine = ConnectionId::from_uuid(uuid::Uuid::new_v4());
        let answer = talk.connect(&offered, (mine, 1)).await?;
        engine.connect(offered.client, answer).await?;
        if let Some(camera) = seat.plan.camera.filter(|_| seat.plan.camera_later) {
            let again = engine.offer_camera(offered.client, camera).await?;
            let answer = talk.connect(&again, (mine, 2)).await?;
            engine.connect(offered.client, answer).await?;
        }
        let (bye, heard) = tokio::sync::oneshot::channel();
        Ok(Presence {
            clients: vec![offered.client],
            session: Some(tokio::spawn(talk.keep(heard))),
            bye: Some(bye),
            session_at: None,
        })
    }

    /// WHIP (RFC 9725) for who sends, whether they receive or not, and WHEP for who only receives.
    async fn join_at_door(
        &self,
        engine: &Arc<Engine>,
        seat: Seat,
        pass: &str,
    ) -> anyhow::Result<Presence> {
        let offered = engine.offer(seat.plan).await?;
        let sends = offered.microphone.is_some() || offered.camera.is_some();
        let question = Question {
            method: Method::POST,
            path: if sends { "/whip" } else { "/whep" },
            kind: "application/sdp",
            bearer: Some(pass),
            body: offered.sdp.into_bytes(),
        };
        let answer = ask(self.address, seat.person, question).await?;
        let text = String::from_utf8_lossy(&answer.body).into_owned();
        anyhow::ensure!(
            answer.status == StatusCode::CREATED,
            "{}: {text}",
            answer.status
        );
        engine.connect(offered.client, text).await?;
        Ok(Presence {
            clients: vec![offered.client],
            session: None,
            bye: None,
            session_at: answer.location.map(|path| (self.address, path)),
        })
    }

    pub(super) async fn idle(&self, person: u32) -> anyhow::Result<IdleSocket> {
        let most = u32::try_from(PARTICIPANTS_MAX)?;
        let pass = self.pass(self.rooms + person / most, person % most)?;
        Ok(IdleSocket(
            Talk::enter(self.address, person, pass).await?.socket,
        ))
    }
}

impl IdleSocket {
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
