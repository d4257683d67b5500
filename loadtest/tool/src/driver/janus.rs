//! Janus 1.x: its VideoRoom over its WebSocket API. A person who sends and receives has two
//! connections there, one of each kind; that is how Janus works.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use futures_util::{SinkExt as _, StreamExt as _};
use loadtest_core::{Scenario, VideoCodec};
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio_tungstenite::tungstenite::Message;

use super::{Door, Presence, Seat, free_port, log_of, wait_for};
use crate::engine::{Engine, Plan};
use crate::http;
use crate::process::Server;

/// A session that says nothing for a minute is ended by Janus.
const KEEP_ALIVE: Duration = Duration::from_secs(20);
/// How long one answer may take.
const PATIENCE: Duration = Duration::from_secs(20);
/// More than anybody sends: nothing is held back.
const BITRATE_MAX_BPS: u32 = 20_000_000;
/// How long a feed may take to be known, and how often it is asked for.
const FEED_MAX: Duration = Duration::from_secs(5);
const FEED_AGAIN: Duration = Duration::from_millis(50);
const PLUGINS: &str = "/usr/lib/x86_64-linux-gnu/janus";

#[derive(Debug)]
pub(super) struct Janus {
    address: SocketAddr,
    /// Of each room, how many publish: subscribers wait for all, because Janus gives them who is
    /// there.
    published: Vec<watch::Sender<u32>>,
}

/// Writes a configuration and starts Janus with it: one transport, one plugin, no address but this
/// machine's.
pub(super) async fn start(
    program: &Path,
    (core, event_loops): (Option<u32>, Option<u32>),
    folder: &Path,
    scenario: &Scenario,
) -> anyhow::Result<(Server, Door)> {
    let address = free_port()?;
    let loops = event_loops.map_or_else(String::new, |loops| format!("event_loops = {loops}"));
    let plugins = disabled(&format!("{PLUGINS}/plugins"), "libjanus_videoroom.so")?;
    let transports = disabled(&format!("{PLUGINS}/transports"), "libjanus_websockets.so")?;
    let main = format!(
        "general: {{ configs_folder = \"{folder}\" plugins_folder = \"{PLUGINS}/plugins\" \
         transports_folder = \"{PLUGINS}/transports\" events_folder = \"{folder}/none\" \
         loggers_folder = \"{folder}/none\" debug_level = 3 {loops} }}\n\
         nat: {{ ice_lite = true }}\n\
         plugins: {{ disable = \"{plugins}\" }}\n\
         transports: {{ disable = \"{transports}\" }}\n",
        folder = folder.display()
    );
    let sockets = format!(
        "general: {{ json = \"plain\" ws = true ws_port = {} ws_ip = \"127.0.0.1\" wss = false }}\n",
        address.port()
    );
    let video = scenario.media.video;
    if video.is_some_and(|video| video.layers > 1) {
        bail!("with encodings side by side Janus has to be told which to forward: not played");
    }
    let codec = match video.map_or(VideoCodec::Vp8, |video| video.codec) {
        VideoCodec::Vp8 => "vp8",
        VideoCodec::H264 => "h264",
    };
    let mut rooms = String::from("general: { }\n");
    for room in 0..scenario.people.rooms {
        let number = room + 1;
        let people = scenario.people.senders + 1;
        rooms.push_str(&format!(
            "room-{number}: {{ publishers = {people} bitrate = {BITRATE_MAX_BPS} audiocodec = \"opus\" \
             videocodec = \"{codec}\" notify_joining = false record = false }}\n"
        ));
    }
    for (name, text) in [
        ("janus.jcfg", main),
        ("janus.transport.websockets.jcfg", sockets),
        ("janus.plugin.videoroom.jcfg", rooms),
    ] {
        std::fs::write(folder.join(name), text).context("cannot write a configuration")?;
    }
    std::fs::create_dir_all(folder.join("none"))?;
    let config = folder.join("janus.jcfg");
    let words = [
        "-C".as_ref(),
        config.as_os_str(),
        "-F".as_ref(),
        folder.as_os_str(),
    ];
    let mut server = Server::start(program, words, core, &log_of(folder))?;
    wait_for(address, &mut server).await?;
    let rooms = 0..scenario.people.rooms;
    let janus = Janus {
        address,
        published: rooms.map(|_| watch::Sender::new(0)).collect(),
    };
    Ok((server, Door::Janus(janus)))
}

/// The libraries of a folder except the one that is needed.
fn disabled(folder: &str, needed: &str) -> anyhow::Result<String> {
    let entries = std::fs::read_dir(folder).with_context(|| format!("cannot read {folder}"))?;
    let names: Vec<String> = entries
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| name.ends_with(".so") && name != needed)
        .collect();
    Ok(names.join(","))
}

/// One WebSocket with one session and the handles on it.
struct Session {
    socket: http::Socket,
    session: u64,
    asked: u64,
}

impl Session {
    async fn open(address: SocketAddr, person: u32) -> anyhow::Result<Self> {
        let socket = http::socket(&address.into(), person, ("/", Some("janus-protocol"))).await?;
        let mut session = Self {
            socket,
            session: 0,
            asked: 0,
        };
        let made = session.ask(json!({ "janus": "create" }), "success").await?;
        session.session = number(&made, "/data/id")?;
        Ok(session)
    }

    async fn attach(&mut self) -> anyhow::Result<u64> {
        let wish = json!({ "janus": "attach", "plugin": "janus.plugin.videoroom" });
        let made = self.ask(wish, "success").await?;
        number(&made, "/data/id")
    }

    /// Says something to the plugin, and waits for its answer.
    async fn tell(
        &mut self,
        handle: u64,
        body: Value,
        jsep: Option<Value>,
    ) -> anyhow::Result<Value> {
        let mut wish = json!({ "janus": "message", "handle_id": handle, "body": body });
        if let (Some(jsep), Some(wish)) = (jsep, wish.as_object_mut()) {
            wish.insert("jsep".to_owned(), jsep);
        }
        let event = self.ask(wish, "event").await?;
        if let Some(error) = event.pointer("/plugindata/data/error") {
            anyhow::bail!("Janus refused: {error}");
        }
        Ok(event)
    }

    async fn ask(&mut self, mut wish: Value, kind: &str) -> anyhow::Result<Value> {
        self.asked += 1;
        let transaction = self.asked.to_string();
        if let Some(wish) = wish.as_object_mut() {
            wish.insert("transaction".to_owned(), transaction.clone().into());
            if self.session != 0 {
                wish.insert("session_id".to_owned(), self.session.into());
            }
        }
        self.socket.send(Message::text(wish.to_string())).await?;
        let answer = async {
            loop {
                let message = self.socket.next().await.context("Janus hung up")??;
                let Message::Text(text) = message else {
                    continue;
                };
                let said: Value = serde_json::from_str(text.as_str())?;
                let of_us = said.pointer("/transaction").and_then(Value::as_str);
                if of_us != Some(&transaction) {
                    continue;
                }
                match said.pointer("/janus").and_then(Value::as_str) {
                    Some(word) if word == kind => return anyhow::Ok(said),
                    Some("error") => anyhow::bail!("Janus: {said}"),
                    _ => {}
                }
            }
        };
        tokio::time::timeout(PATIENCE, answer)
            .await
            .context("Janus did not answer in time")?
    }

    /// Keeps the session for as long as the run lasts.
    async fn keep(mut self) {
        let mut beat = tokio::time::interval(KEEP_ALIVE);
        let mut said = 0_u64;
        loop {
            tokio::select! {
                message = self.socket.next() => match message {
                    Some(Ok(_)) => {}
                    Some(Err(_)) | None => return,
                },
                _ = beat.tick() => {
                    said += 1;
                    let wish = json!({
                        "janus": "keepalive", "session_id": self.session, "transaction": format!("k{said}"),
                    });
                    if self.socket.send(Message::text(wish.to_string())).await.is_err() {
                        return;
                    }
                }
            }
        }
    }
}

impl Janus {
    pub(super) async fn join(&self, engine: &Arc<Engine>, seat: Seat) -> anyhow::Result<Presence> {
        let mut session = Session::open(self.address, seat.person).await?;
        let room = seat.room + 1;
        let published = usize::try_from(seat.room)
            .ok()
            .and_then(|it| self.published.get(it));
        let published = published.context("no such room")?;
        let mut clients = Vec::new();
        let sends = seat.plan.camera.is_some() || seat.plan.microphone.is_some();
        if sends {
            clients.push(publish(&mut session, engine, (room, seat)).await?);
            published.send_modify(|count| *count += 1);
        }
        if seat.plan.slots.audio + seat.plan.slots.video > 0 {
            let mut published = published.subscribe();
            let all = published.wait_for(|count| *count >= seat.senders);
            tokio::time::timeout(PATIENCE, all)
                .await
                .context("somebody does not publish")??;
            clients.push(subscribe(&mut session, engine, (room, seat)).await?);
        }
        Ok(Presence {
            clients,
            session: Some(tokio::spawn(session.keep())),
            bye: None,
            session_at: None,
        })
    }
}

/// Names of people in a room; the room gives them otherwise by chance.
const fn feed(seat: &Seat, place: u32) -> u32 {
    seat.first + place + 1
}

async fn publish(
    session: &mut Session,
    engine: &Arc<Engine>,
    (room, seat): (u32, Seat),
) -> anyhow::Result<crate::engine::ClientId> {
    let handle = session.attach().await?;
    let join = json!({
        "request": "join", "ptype": "publisher", "room": room, "id": feed(&seat, seat.place),
    });
    session.tell(handle, join, None).await?;
    let plan = Plan {
        slots: crate::engine::SlotPlan::default(),
        ..seat.plan
    };
    let offered = engine.offer(plan).await?;
    let jsep = json!({ "type": "offer", "sdp": offered.sdp });
    let answer = session
        .tell(handle, json!({ "request": "publish" }), Some(jsep))
        .await?;
    engine.connect(offered.client, sdp_of(&answer)?).await?;
    Ok(offered.client)
}

/// Subscribes to everybody else who sends.
async fn subscribe(
    session: &mut Session,
    engine: &Arc<Engine>,
    (room, seat): (u32, Seat),
) -> anyhow::Result<crate::engine::ClientId> {
    let others = (0..seat.senders).filter(|place| *place != seat.place);
    let streams: Vec<Value> = others
        .map(|place| json!({ "feed": feed(&seat, place) }))
        .collect();
    let handle = session.attach().await?;
    let join = json!({
        "request": "join", "ptype": "subscriber", "room": room, "streams": streams,
    });
    let begun = std::time::Instant::now();
    let offer = loop {
        match session.tell(handle, join.clone(), None).await {
            Ok(offer) => break offer,
            // Janus takes a moment after the publisher's handshake before it knows the feed.
            Err(_) if begun.elapsed() < FEED_MAX => tokio::time::sleep(FEED_AGAIN).await,
            Err(error) => return Err(error),
        }
    };
    let (offered, connected) = engine.accept(sdp_of(&offer)?).await?;
    let jsep = json!({ "type": "answer", "sdp": offered.sdp });
    session
        .tell(handle, json!({ "request": "start" }), Some(jsep))
        .await?;
    connected.await.context("the generator has stopped")??;
    Ok(offered.client)
}

fn sdp_of(event: &Value) -> anyhow::Result<String> {
    let sdp = event.pointer("/jsep/sdp").and_then(Value::as_str);
    Ok(sdp.context("Janus gave no description")?.to_owned())
}

fn number(event: &Value, at: &str) -> anyhow::Result<u64> {
    event
        .pointer(at)
        .and_then(Value::as_u64)
        .context("Janus gave no number")
}
