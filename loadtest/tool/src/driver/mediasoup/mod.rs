//! mediasoup 3 behind a small server of ours (`loadtest/peers/mediasoup/server.mjs`), with one worker. A person who
//! sends and receives has two connections there, one of each kind, as its own library for browsers makes them.

mod sdp;
#[cfg(test)]
mod tests;
mod words;

use std::collections::HashMap;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use hyper::Method;
use loadtest_core::{Scenario, VideoCodec};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::sync::watch;

use super::{Door, Presence, Seat, free_port, log_of, wait_for};
use crate::engine::{ClientId, Engine, Plan, SlotPlan};
use crate::http::{At, Question, ask};
use crate::process::Server;
use words::{Consumer, Made, Transport};

/// How long somebody waits for what the others of the room send.
const PATIENCE: Duration = Duration::from_secs(20);
/// What is started. It stands in this program, so that the two always fit.
const SERVER: &str = include_str!("../../../../peers/mediasoup/server.mjs");

/// Of a room: by person, the names of what they send.
type Published = HashMap<u32, Vec<String>>;

#[derive(Debug)]
pub(super) struct Mediasoup {
    at: At,
    rooms: Vec<watch::Sender<Published>>,
}

/// Where the parts are.
#[derive(Debug, Clone)]
pub(crate) struct Parts {
    pub(crate) node: PathBuf,
    /// Where `scripts/mediasoup` has built it.
    pub(crate) modules: PathBuf,
    /// Of this machine; connections are made on its ports.
    pub(crate) address: IpAddr,
}

/// Starts node, which starts the worker on the same core.
pub(super) async fn start(
    parts: &Parts,
    core: Option<u32>,
    folder: &Path,
    scenario: &Scenario,
) -> anyhow::Result<(Server, Door)> {
    if let Some(why) = unplayed(scenario) {
        bail!("{why}: not played with mediasoup");
    }
    ensure!(
        parts.modules.join("node_modules/mediasoup").is_dir(),
        "mediasoup is not in {}: scripts/mediasoup builds it, and `scripts/mediasoup --where` says where",
        parts.modules.display()
    );
    let address = free_port()?;
    let program = folder.join("server.mjs");
    std::fs::write(&program, SERVER).context("cannot write mediasoup's server")?;
    let words = [
        program.into_os_string(),
        parts.modules.clone().into_os_string(),
        address.port().to_string().into(),
        parts.address.to_string().into(),
    ];
    let mut server = Server::start(&parts.node, words, core, &log_of(folder))?;
    // It opens its door when the worker is there.
    wait_for(address, &mut server).await?;
    server.count_children()?;
    let rooms = 0..scenario.people.rooms;
    let mediasoup = Mediasoup {
        at: address.into(),
        rooms: rooms.map(|_| watch::Sender::new(HashMap::new())).collect(),
    };
    Ok((server, Door::Mediasoup(mediasoup)))
}

/// What this driver does not do.
fn unplayed(scenario: &Scenario) -> Option<&'static str> {
    let video = scenario.media.video;
    if video.is_some_and(|video| video.layers > 1) {
        return Some("encodings side by side");
    }
    if video.is_some_and(|video| video.codec != VideoCodec::Vp8) {
        return Some("another codec than VP8");
    }
    if scenario.people.independent > 0 {
        return Some("people on another stack");
    }
    // It keeps sending to a connection that fell silent, which would be counted against it.
    scenario.times.reconnect.then_some("a reconnect")
}

impl Mediasoup {
    pub(super) async fn join(&self, engine: &Arc<Engine>, seat: Seat) -> anyhow::Result<Presence> {
        let room = usize::try_from(seat.room).ok();
        let room = room.and_then(|it| self.rooms.get(it));
        let room = room.context("no such room")?;
        let mut clients = Vec::new();
        if seat.plan.camera.is_some() || seat.plan.microphone.is_some() {
            let (client, producers) = self.publish(engine, seat).await?;
            clients.push(client);
            room.send_modify(|all| drop(all.insert(seat.person, producers)));
        }
        if seat.plan.slots.audio + seat.plan.slots.video > 0 {
            let others = (seat.first..seat.first + seat.senders).filter(|it| *it != seat.person);
            let others: Vec<u32> = others.collect();
            let mut published = room.subscribe();
            let all = published.wait_for(|it| others.iter().all(|other| it.contains_key(other)));
            let all = tokio::time::timeout(PATIENCE, all).await;
            let producers = {
                let all = all.context("somebody does not publish")??;
                let of = others.iter().filter_map(|other| all.get(other));
                of.flatten().cloned().collect::<Vec<String>>()
            };
            clients.push(self.subscribe(engine, seat, &producers).await?);
        }
        Ok(Presence {
            clients,
            session: None,
            bye: None,
            session_at: Some((self.at.clone(), format!("/people/{}", seat.person))),
        })
    }

    /// Sends what the plan says; answers with the names of it.
    async fn publish(
        &self,
        engine: &Arc<Engine>,
        seat: Seat,
    ) -> anyhow::Result<(ClientId, Vec<String>)> {
        let plan = Plan {
            slots: SlotPlan::default(),
            ..seat.plan
        };
        let offered = engine.offer(plan).await?;
        let transport = self.transport(seat).await?;
        let id = &transport.id;
        self.connect(seat, id, &offered.sdp).await?;
        let mut producers = Vec::new();
        for wish in sdp::producing(&offered.sdp)? {
            let wish = serde_json::to_value(wish)?;
            let made: Made = self
                .tell(seat, &format!("/transports/{id}/produce"), wish)
                .await?;
            producers.push(made.id);
        }
        let answer = sdp::answer(&offered.sdp, &transport)?;
        engine.connect(offered.client, answer).await?;
        Ok((offered.client, producers))
    }

    /// Receives these.
    async fn subscribe(
        &self,
        engine: &Arc<Engine>,
        seat: Seat,
        producers: &[String],
    ) -> anyhow::Result<ClientId> {
        let transport = self.transport(seat).await?;
        let id = &transport.id;
        let wish = json!({ "producers": producers, "headerExtensions": sdp::EXTENSIONS });
        let path = format!("/transports/{id}/consume");
        let consumers: Vec<Consumer> = self.tell(seat, &path, wish).await?;
        let (offered, connected) = engine.accept(sdp::offer(&consumers, &transport)?).await?;
        self.connect(seat, id, &offered.sdp).await?;
        connected.await.context("the generator has stopped")??;
        Ok(offered.client)
    }

    async fn transport(&self, seat: Seat) -> anyhow::Result<Transport> {
        let wish = json!({ "room": seat.room, "person": seat.person });
        self.tell(seat, "/transports", wish).await
    }

    async fn connect(&self, seat: Seat, transport: &str, sdp: &str) -> anyhow::Result<()> {
        let wish = json!({ "dtlsParameters": sdp::dtls(sdp)? });
        let path = format!("/transports/{transport}/connect");
        let _: Value = self.tell(seat, &path, wish).await?;
        Ok(())
    }

    async fn tell<T: DeserializeOwned>(
        &self,
        seat: Seat,
        path: &str,
        wish: Value,
    ) -> anyhow::Result<T> {
        let question = Question {
            method: Method::POST,
            path,
            kind: "application/json",
            bearer: None,
            body: wish.to_string().into_bytes(),
        };
        let answer = ask(&self.at, seat.person, question).await?;
        ensure!(
            answer.status.is_success(),
            "mediasoup refused {path}: {}",
            String::from_utf8_lossy(&answer.body)
        );
        serde_json::from_slice(&answer.body)
            .with_context(|| format!("mediasoup's answer to {path}"))
    }
}
