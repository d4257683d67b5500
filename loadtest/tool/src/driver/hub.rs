//! The product, by its public ways: rooms are booked over the HTTP interface, passes are signed with
//! the installation's key by `telehealth passes`, and everything else is said over the WebSocket, or at
//! the standard doors.

use std::collections::HashMap;
use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use futures_util::{StreamExt as _, TryStreamExt as _};
use hyper::{Method, StatusCode};
use loadtest_core::{Scenario, Work};
use signaling_protocol::{ConnectionId, PARTICIPANTS_MAX};

use super::account::{Office, Opens};
use super::chat::Chat;
use super::clinic::Day;
use super::talk::{IdleSocket, Talk};
use super::telephone::{Line, facility};
use super::{Door, Presence, Seat, free_port, log_of, wait_for};
use crate::engine::Engine;
use crate::http::{At, Question, ask};
use crate::phone::Calls;
use crate::process::Server;

/// Calls of `telehealth passes` at a time.
const PASSES_AT_ONCE: usize = 4;

const SETTINGS: &str = "[signaling]\nconnections_max = 40000\n[sfu]\nconnections_per_shard = 20000\n\
    [log]\nfilter = \"warn\"\n";

/// A running product.
#[derive(Debug)]
pub(crate) struct Hub {
    at: At,
    /// Passes by room and place; those of idle sockets come after all others.
    passes: Vec<Vec<String>>,
    rooms: u32,
    /// By the standard doors instead of the WebSocket.
    whip: bool,
    chat: Option<Chat>,
    day: Option<Day>,
    line: Option<Line>,
}

/// How the product is started.
#[derive(Debug, Clone, Copy)]
pub(super) struct Start<'a> {
    pub(super) program: &'a Path,
    pub(super) core: Option<u32>,
    pub(super) whip: bool,
    /// What callers are told, by its names.
    pub(super) prompts: &'a Path,
    /// The first caller types another PIN.
    pub(super) wrong_pin: bool,
}

/// Where a server lies, and how its program is called.
struct Place<'a> {
    how: Start<'a>,
    folder: &'a Path,
    config: PathBuf,
}

impl Place<'_> {
    /// The words of a command with this installation's settings.
    fn words(&self, command: &[&str]) -> Vec<OsString> {
        let data = self.folder.join("data");
        let mut words: Vec<OsString> = command.iter().map(Into::into).collect();
        for (flag, value) in [("--config", &self.config), ("--data-dir", &data)] {
            words.push(flag.into());
            words.push(value.into());
        }
        words
    }

    async fn serve(&self, address: SocketAddr) -> anyhow::Result<Server> {
        let mut words = self.words(&["serve", "--demo", "--udp-port", "0"]);
        let web = self.folder.join("web");
        let bind = address.to_string();
        for (flag, value) in [("--bind", bind.as_ref()), ("--web-dir", web.as_os_str())] {
            words.push(flag.into());
            words.push(value.to_owned());
        }
        let Start { program, core, .. } = self.how;
        let mut server = Server::start(program, words, core, &log_of(self.folder))?;
        wait_for(address, &mut server).await?;
        Ok(server)
    }

    /// The same, with a telephone line. It belongs to a facility, which is made by the first start.
    async fn serve_with_line(&self, address: SocketAddr) -> anyhow::Result<(Server, Option<Line>)> {
        let server = self.serve(address).await?;
        let facility = facility(self.how.program, self.words(&["facility", "list"])).await?;
        server.stop().await?;
        let line = Line::open(&self.config, (self.folder, self.how.prompts), &facility)?;
        Ok((self.serve(address).await?, Some(line)))
    }
}

pub(super) async fn start(
    how: Start<'_>,
    folder: &Path,
    scenario: &Scenario,
) -> anyhow::Result<(Server, Door)> {
    let people = scenario.people;
    let each = people.senders + people.viewers;
    let most = u32::try_from(PARTICIPANTS_MAX).unwrap_or(u32::MAX);
    anyhow::ensure!(
        each + people.callers <= most,
        "a visit takes {most} people, and this scenario has {each} in a room: use the driver `plane`"
    );
    let address = free_port()?;
    let config = folder.join("config.toml");
    std::fs::create_dir_all(folder.join("web"))?;
    let (at, tls) = if people.tls {
        shown(address, folder)?
    } else {
        (At::from(address), String::new())
    };
    std::fs::write(&config, format!("{SETTINGS}{tls}"))?;
    let place = Place {
        how,
        folder,
        config,
    };
    let (server, mut line) = match people.callers {
        0 => (place.serve(address).await?, None),
        _ => place.serve_with_line(address).await?,
    };
    let crowd = people.idle_sockets.div_ceil(most);
    let opens = line.as_ref().map_or(Opens::Later, |_| Opens::Now);
    let mut office = Office::open(&at, opens).await?;
    let booked = office.visits(people.rooms + crowd).await?;
    if let Some(line) = &mut line {
        line.expect(office.pins(&booked).await?, how.wrong_pin);
    }
    let times = scenario.times;
    let passers_by = times.churn_per_min * times.hold_s / 60;
    let passes = (0..).zip(&booked).map(|(number, visit)| {
        let people = match number < people.rooms {
            true if passers_by > 0 => (each + passers_by, 1),
            true if times.reconnect => (each, 2),
            true => (each, 1),
            false => (most, 1),
        };
        passes_for(how.program, place.words(&["passes", &visit.room]), people)
    });
    let passes = futures_util::stream::iter(passes).buffered(PASSES_AT_ONCE);
    let passes = passes.try_collect().await?;
    let day = match scenario.clinic.per_s {
        0 => None,
        _ => {
            let asked = (scenario.clinic, times.hold_s, scenario.seed);
            Some(Day::prepare(&at, office, asked).await?)
        }
    };
    let hub = Hub {
        at,
        passes,
        rooms: people.rooms,
        whip: how.whip,
        chat: Chat::new(people.chat_per_min),
        day,
        line,
    };
    Ok((server, Door::Hub(Box::new(hub))))
}

/// A certificate for this address, and the settings that name it.
fn shown(address: SocketAddr, folder: &Path) -> anyhow::Result<(At, String)> {
    let made = rcgen::generate_simple_self_signed([address.ip().to_string()])?;
    let (certificate, key) = (folder.join("certificate.pem"), folder.join("key.pem"));
    std::fs::write(&certificate, made.cert.pem())?;
    std::fs::write(&key, made.signing_key.serialize_pem())?;
    let at = At::with_tls(address, made.cert.der().clone())?;
    let settings = format!(
        "[http]\ntls_cert_file = \"{}\"\ntls_key_file = \"{}\"\n",
        certificate.display(),
        key.display()
    );
    Ok((at, settings))
}

/// Runs `telehealth passes`.
async fn passes_for(
    program: &Path,
    mut words: Vec<OsString>,
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
        let mut talk = Talk::enter(&self.at, seat.person, pass).await?;
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
        let chats = self.chat.as_ref().map(Chat::mouth);
        // The first one of a room is the clinician.
        let line = self.line.as_ref().filter(|_| seat.place == 0);
        let lobby = line.map(|line| line.lobby(seat.room));
        Ok(Presence {
            clients: vec![offered.client],
            session: Some(tokio::spawn(talk.keep(heard, (seat.room, chats, lobby)))),
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
        let answer = ask(&self.at, seat.person, question).await?;
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
            session_at: answer.location.map(|path| (self.at.clone(), path)),
        })
    }

    /// Everybody who is to call does; of what comes to them, so much is thrown away.
    pub(super) async fn calls(&self, lose_per_million: u32) -> Calls {
        let line = self.line.as_ref();
        let way = line.map(|line| line.way(lose_per_million));
        let callers = line.map(Line::callers).unwrap_or_default();
        Calls::come(way.as_ref(), callers).await
    }

    pub(super) async fn idle(&self, person: u32) -> anyhow::Result<IdleSocket> {
        let most = u32::try_from(PARTICIPANTS_MAX)?;
        let pass = self.pass(self.rooms + person / most, person % most)?;
        IdleSocket::enter(&self.at, person, pass).await
    }

    /// What is done beside media from now on, until its last answer.
    pub(super) async fn work(&self) -> anyhow::Result<Vec<Work>> {
        match &self.day {
            Some(day) => day.run().await,
            None => Ok(Vec::new()),
        }
    }

    /// Begins or ends the chat.
    pub(super) fn speak(&self, on: bool) {
        if let Some(chat) = &self.chat {
            chat.speak(on);
        }
    }

    /// What was said in the chat and who heard it, when so many people are in each room.
    pub(super) async fn chat(&self, people: &HashMap<u32, u64>, wall_s: f64) -> Option<Work> {
        self.chat.as_ref()?.work(people, wall_s).await
    }
}
