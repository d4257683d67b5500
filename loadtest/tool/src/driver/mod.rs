//! How people come in, server by server. Media is the same for all.

mod account;
mod chat;
mod clinic;
mod hub;
mod janus;
mod mediasoup;
mod plane;
mod talk;
mod telephone;

use std::collections::HashMap;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use hyper::Method;
use loadtest_core::{People, Scenario, Work};

use crate::engine::{ClientId, Engine, Plan, SlotPlan, Stack};
use crate::http::{At, Question, ask};
use crate::phone::Calls;
use crate::process::{Processes, Server};
pub(crate) use mediasoup::Parts;

/// How long a server may take to start.
const START_MAX: Duration = Duration::from_secs(180);
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Which server, and where its program is.
#[derive(Debug, Clone)]
pub(crate) enum Target {
    /// The product: tickets, and WebSockets or the standard doors.
    Hub {
        program: PathBuf,
        core: Option<u32>,
        whip: bool,
        /// The folder of what callers are told.
        prompts: PathBuf,
        /// Sabotage: the first caller types another PIN.
        wrong_pin: bool,
    },
    /// The product's media server alone.
    Plane {
        program: PathBuf,
        core: Option<u32>,
        shards: u32,
    },
    /// Janus 1.x with its VideoRoom.
    Janus {
        program: PathBuf,
        core: Option<u32>,
        /// `None`: as it comes, a thread for each connection.
        event_loops: Option<u32>,
    },
    /// mediasoup 3 with one worker.
    Mediasoup { parts: Parts, core: Option<u32> },
}

/// One person's place.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seat {
    /// Which room of the run.
    pub(crate) room: u32,
    /// Which person of the room; the senders come first.
    pub(crate) place: u32,
    /// Which coming of which person: sources are named after it.
    pub(crate) person: u32,
    /// Which person; the same when they come again.
    pub(crate) key: u32,
    pub(crate) plan: Plan,
    /// How many people of the room send.
    pub(crate) senders: u32,
    /// The first person of the room.
    pub(crate) first: u32,
    /// Which pass of the room, where passes open once.
    pub(crate) pass: u32,
}

/// A person who is in.
#[derive(Debug)]
pub(crate) struct Presence {
    /// Connections over which they receive.
    pub(crate) clients: Vec<ClientId>,
    /// Dropping it ends their signaling.
    pub(crate) session: Option<tokio::task::JoinHandle<()>>,
    /// Tells it to take leave.
    pub(crate) bye: Option<tokio::sync::oneshot::Sender<()>>,
    /// What is deleted to take leave.
    pub(crate) session_at: Option<(At, String)>,
}

impl Drop for Presence {
    fn drop(&mut self) {
        if let Some(session) = &self.session {
            session.abort();
        }
    }
}

/// A server that runs.
#[derive(Debug)]
pub(crate) struct Running {
    server: Server,
    folder: PathBuf,
    door: Door,
}

#[derive(Debug)]
enum Door {
    Hub(Box<hub::Hub>),
    Plane(plane::Plane),
    Janus(janus::Janus),
    Mediasoup(mediasoup::Mediasoup),
}

impl Target {
    pub(crate) fn name(&self) -> String {
        let (name, core) = match self {
            Self::Hub { core, whip, .. } => {
                let by = if *whip { ", by WHIP and WHEP" } else { "" };
                (format!("telehealth{by}"), core)
            }
            Self::Plane { core, shards, .. } => {
                (format!("telehealth's media server, {shards} shards"), core)
            }
            Self::Janus {
                core,
                event_loops: None,
                ..
            } => ("Janus as it comes".to_owned(), core),
            Self::Janus {
                core,
                event_loops: Some(loops),
                ..
            } => (format!("Janus with event_loops = {loops}"), core),
            Self::Mediasoup { core, .. } => ("mediasoup, one worker and its node".to_owned(), core),
        };
        match core {
            Some(core) => format!("{name}, core {core}"),
            None => name,
        }
    }

    /// Starts the server, and prepares its rooms.
    pub(crate) async fn start(&self, scenario: &Scenario) -> anyhow::Result<Running> {
        let speaks = matches!(self, Self::Hub { whip: false, .. });
        anyhow::ensure!(
            speaks || !scenario.times.camera_later,
            "cameras that are switched on later need the driver `hub`"
        );
        let asks = scenario.clinic.per_s > 0 || scenario.people.tls;
        anyhow::ensure!(
            matches!(self, Self::Hub { .. }) || !asks,
            "the clinic and TLS need the drivers `hub` or `whip`"
        );
        anyhow::ensure!(
            speaks || (scenario.people.chat_per_min == 0 && scenario.people.callers == 0),
            "chat and callers need the driver `hub`"
        );
        let folder =
            std::env::temp_dir().join(format!("telehealth-loadtest-{}", uuid::Uuid::new_v4()));
        std::fs::create_dir_all(&folder).context("cannot make a temporary folder")?;
        let started = match self {
            Self::Hub {
                program,
                core,
                whip,
                prompts,
                wrong_pin,
            } => {
                let how = hub::Start {
                    program,
                    core: *core,
                    whip: *whip,
                    prompts,
                    wrong_pin: *wrong_pin,
                };
                hub::start(how, &folder, scenario).await
            }
            Self::Plane {
                program,
                core,
                shards,
            } => plane::start(program, (*core, *shards), &folder).await,
            Self::Janus {
                program,
                core,
                event_loops,
            } => janus::start(program, (*core, *event_loops), &folder, scenario).await,
            Self::Mediasoup { parts, core } => {
                mediasoup::start(parts, *core, &folder, scenario).await
            }
        };
        match started {
            Ok((server, door)) => Ok(Running {
                server,
                folder,
                door,
            }),
            Err(error) => {
                let log = std::fs::read_to_string(folder.join("log")).unwrap_or_default();
                let last: Vec<&str> = log.lines().rev().take(20).collect();
                let last: Vec<&str> = last.into_iter().rev().collect();
                let _ = std::fs::remove_dir_all(&folder);
                Err(error.context(last.join("\n")))
            }
        }
    }
}

impl Running {
    /// Everything whose cost is the server's.
    pub(crate) const fn processes(&self) -> &Processes {
        &self.server.processes
    }

    pub(crate) fn has_ended(&mut self) -> bool {
        self.server.has_ended()
    }

    /// Where WebSockets are opened, and with what nobody sees media; only for the product.
    pub(crate) async fn idle(&self, person: u32) -> anyhow::Result<talk::IdleSocket> {
        match &self.door {
            Door::Hub(hub) => hub.idle(person).await,
            Door::Plane(_) | Door::Janus(_) | Door::Mediasoup(_) => {
                anyhow::bail!("this server has no idle sockets")
            }
        }
    }

    /// One person comes in; media flows when this is done.
    pub(crate) async fn join(&self, engine: &Arc<Engine>, seat: Seat) -> anyhow::Result<Presence> {
        match &self.door {
            Door::Hub(hub) => hub.join(engine, seat).await,
            Door::Plane(plane) => plane.join(engine, seat).await,
            Door::Janus(janus) => janus.join(engine, seat).await,
            Door::Mediasoup(mediasoup) => mediasoup.join(engine, seat).await,
        }
    }

    /// What is done beside media from now on, until its last answer.
    pub(crate) async fn work(&self) -> anyhow::Result<Vec<Work>> {
        match &self.door {
            Door::Hub(hub) => hub.work().await,
            Door::Plane(_) | Door::Janus(_) | Door::Mediasoup(_) => Ok(Vec::new()),
        }
    }

    /// Everybody who is to call does; of what comes to them, so much is thrown away.
    pub(crate) async fn calls(&self, lose_per_million: u32) -> Calls {
        match &self.door {
            Door::Hub(hub) => hub.calls(lose_per_million).await,
            Door::Plane(_) | Door::Janus(_) | Door::Mediasoup(_) => {
                Calls::come(None, Vec::new()).await
            }
        }
    }

    /// Begins or ends the chat.
    pub(crate) fn speak(&self, on: bool) {
        match &self.door {
            Door::Hub(hub) => hub.speak(on),
            Door::Plane(_) | Door::Janus(_) | Door::Mediasoup(_) => {}
        }
    }

    /// What was said in the chat and who heard it, when so many people are in each room.
    pub(crate) async fn chat(&self, people: &HashMap<u32, u64>, wall_s: f64) -> Option<Work> {
        match &self.door {
            Door::Hub(hub) => hub.chat(people, wall_s).await,
            Door::Plane(_) | Door::Janus(_) | Door::Mediasoup(_) => None,
        }
    }

    /// One person takes leave.
    pub(crate) async fn leave(
        engine: &Engine,
        (seat, mut presence): (Seat, Presence),
    ) -> anyhow::Result<()> {
        if let (Some(bye), Some(session)) = (presence.bye.take(), presence.session.take()) {
            // A session that has ended by itself needs not be told.
            let _ = bye.send(());
            session.await?;
        }
        if let Some((server, path)) = presence.session_at.take() {
            let question = Question {
                method: Method::DELETE,
                path: &path,
                kind: "text/plain",
                bearer: None,
                body: Vec::new(),
            };
            let answer = ask(&server, seat.person, question).await?;
            anyhow::ensure!(answer.status.is_success(), "leaving: {}", answer.status);
        }
        cut(engine, &presence).await
    }

    pub(crate) async fn stop(self) -> anyhow::Result<()> {
        let stopped = self.server.stop().await;
        if stopped.is_ok() {
            // A folder in the temporary directory that stays behind harms nobody.
            let _ = std::fs::remove_dir_all(&self.folder);
        }
        stopped
    }
}

/// Who sits where. Whoever comes a second time is the same person with other sources.
pub(crate) fn seats(scenario: &Scenario, coming: u32) -> Vec<Seat> {
    let people = scenario.people;
    let each = people.senders + people.viewers;
    let rooms = 0..people.rooms;
    rooms
        .flat_map(|room| (0..each).map(move |place| (room, place)))
        .map(|(room, place)| {
            let first = coming * scenario.people() + room * each;
            let person = first + place;
            Seat {
                room,
                place,
                person,
                key: room * each + place,
                plan: plan(scenario, (person, place)),
                senders: people.senders,
                first,
                pass: coming * each + place,
            }
        })
        .collect()
}

/// A person's connections are gone from one moment to the next, without a word.
pub(crate) async fn cut(engine: &Engine, presence: &Presence) -> anyhow::Result<()> {
    for client in &presence.clients {
        engine.close(*client).await?;
    }
    Ok(())
}

/// Sources with even numbers are microphones, those with odd ones cameras.
pub(crate) const fn sources_of(person: u32) -> (u32, u32) {
    (person * 2, person * 2 + 1)
}

fn plan(scenario: &Scenario, (person, place): (u32, u32)) -> Plan {
    let (microphone, camera) = sources_of(person);
    let media = scenario.media;
    let People {
        senders,
        independent,
        ..
    } = scenario.people;
    let sends = place < senders;
    let stack = if sends && place + independent >= senders {
        Stack::Independent
    } else {
        Stack::Light
    };
    let others = if sends { senders - 1 } else { senders };
    let receives = !(sends && media.one_way);
    // Where nobody sends, people still have somewhere to receive: else they had no connection.
    let slots = |on: bool| match senders {
        0 => 1,
        _ if on && receives => others,
        _ => 0,
    };
    let callers = if receives { scenario.people.callers } else { 0 };
    Plan {
        microphone: (sends && media.audio.is_some()).then_some(microphone),
        camera: (sends && media.video.is_some()).then_some(camera),
        camera_later: scenario.times.camera_later,
        stack,
        slots: SlotPlan {
            audio: slots(media.audio.is_some()) + callers,
            video: slots(media.video.is_some()),
        },
    }
}

/// A TCP port of 127.0.0.1 that was free a moment ago.
fn free_port() -> anyhow::Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0").context("no port is free")?;
    Ok(listener.local_addr()?)
}

/// Waits until somebody listens.
async fn wait_for(door: SocketAddr, server: &mut Server) -> anyhow::Result<()> {
    let begun = std::time::Instant::now();
    while TcpStream::connect(door).is_err() {
        anyhow::ensure!(!server.has_ended(), "the server ended while it started");
        anyhow::ensure!(
            begun.elapsed() < START_MAX,
            "the server did not start in time"
        );
        tokio::time::sleep(LOOK_EVERY).await;
    }
    Ok(())
}

/// Where a server writes what it says.
fn log_of(folder: &Path) -> PathBuf {
    folder.join("log")
}
