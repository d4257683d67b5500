//! What a node does, one function for each of its roles.

use std::sync::Arc;

use anyhow::Context as _;
use axum::Router;
use clinical_app::notify;
use clinical_app::prescribing::{Checker, Dispensary};
use clinical_app::results::LabInterface;
use clinical_http::{ApiState, CookiePolicy};
use sfu_net::SfuHandle;
use signaling_server::{Foyer, PeerDoor, Signaling, SignalingHandle, WallClock};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::DRAIN_MAX;
use super::doors::{Doors, listen};
use super::open::{self, Open};
use crate::captions::Scribes;
use crate::config::Config;
use crate::phone::{CallBacks, LineWatch, Telephones};
use crate::recordings::{Background, Recorders};
use crate::roles::{Role, Roles};
use crate::{checkpoints, laboratory, wiring};

/// Visits of this node, or the way to those of others.
pub(super) struct Rooms {
    /// The WebSocket of signaling, and the standard doors where there are rooms.
    pub(super) router: Router,
    pub(super) peers: Option<PeerDoor>,
    pub(super) signaling: SignalingHandle,
    /// Sound and pictures; none where there are no rooms.
    pub(super) sfu: Option<SfuHandle>,
    media_events: Option<JoinHandle<()>>,
    telephones: Option<Telephones>,
    recording: Option<Background>,
    recorders: Recorders,
    scribes: Option<Scribes>,
}

impl Rooms {
    /// Starts media and signaling, or without rooms the way to other nodes.
    pub(super) async fn start(
        config: &Config,
        roles: &Roles,
        open: &Open,
        doors: &Doors,
        stopped: watch::Receiver<bool>,
    ) -> anyhow::Result<Self> {
        let (recorders, recording) = Recorders::open(
            config,
            (&open.desk, &open.tickets),
            roles.has(Role::Recorder),
            stopped,
        )
        .await?;
        let cluster = config.cluster.as_ref();
        let cluster = cluster
            .map(|it| it.settings(open.key_id.clone(), &config.sfu))
            .transpose()?;
        let clock = Arc::clone(&open.clinic.clock);
        let wall: WallClock = Arc::new(move || clock.now().0);
        let terms = config.signaling.clone();
        if !roles.has_rooms() {
            let cluster = cluster.context("a node without signaling needs [cluster]")?;
            let checker = open.checker.clone();
            let Foyer {
                router,
                peers,
                handle,
            } = signaling_server::start_without_rooms(terms, checker, wall, cluster)?;
            return Ok(Self {
                router,
                peers: Some(peers),
                signaling: handle,
                sfu: None,
                media_events: None,
                telephones: None,
                recording,
                recorders,
                scribes: None,
            });
        }
        let call_backs = CallBacks::new(open.desk.clone());
        let scribes = Scribes::open(&config.captions);
        let port = wiring::ClinicPort::new(&open.desk, &recorders, &scribes, &call_backs);
        let (sfu, events) =
            sfu_net::start(doors.media_config(config)?).context("cannot start media")?;
        let Signaling {
            router,
            peers,
            handle: signaling,
            phones,
            media_events,
        } = signaling_server::start_in_cluster(
            terms,
            port,
            (sfu.clone(), events),
            open.checker.clone(),
            wall,
            cluster,
        )?;
        if roles.has(Role::Recorder) {
            recorders.meet(signaling.clone());
        }
        scribes.meet(signaling.clone());
        let settings = config.phone.clone().filter(|_| roles.has(Role::Phone));
        let line = (open.desk.clone(), phones, signaling.clone());
        let telephones = Telephones::open(settings, line, &sfu, &call_backs).await?;
        Ok(Self {
            router,
            peers,
            signaling,
            sfu: Some(sfu),
            media_events: Some(media_events),
            telephones,
            recording,
            recorders,
            scribes: Some(scribes),
        })
    }

    /// For whoever wants to know how the telephone line is, if there is one.
    pub(super) fn line(&self) -> Option<LineWatch> {
        self.telephones.as_ref().map(Telephones::watch)
    }

    /// The clinical API, if this node answers it.
    pub(super) fn api(
        &self,
        config: &Config,
        roles: &Roles,
        open: &Open,
    ) -> anyhow::Result<Option<Router>> {
        if !roles.has(Role::Clinical) {
            return Ok(None);
        }
        let seal = open::document_seal(config, &open.clinic)?;
        Ok(Some(clinical_http::router(ApiState {
            clinic: open.clinic.clone(),
            desk: open.desk.clone(),
            sign_in: Arc::clone(&open.sign_in),
            cookies: cookie_policy(config),
            dispensary: Arc::new(Dispensary::new(Checker::shipped(), seal)),
            recordings: Some(self.recorders.archive().clone()),
            mailroom: Some(open.mailroom.clone()),
            triage: open::start_triage(config)?,
        })))
    }

    /// Ends what is left after everybody has gone.
    pub(super) async fn end(self) {
        if let Some(telephones) = self.telephones {
            telephones.stop();
        }
        if let Some(sfu) = self.sfu {
            sfu.shutdown();
        }
        if let Some(events) = self.media_events {
            drop(tokio::time::timeout(DRAIN_MAX, events).await);
        }
        if let Some(recording) = self.recording {
            recording.end(&self.recorders, DRAIN_MAX).await;
        }
        if let Some(scribes) = self.scribes {
            scribes.stop();
        }
    }
}

/// Work in the background.
pub(super) struct Work {
    tasks: Vec<JoinHandle<()>>,
    signing: Option<checkpoints::Signing>,
}

impl Work {
    /// Begins it, if this node does it.
    pub(super) async fn start(
        config: &Config,
        roles: &Roles,
        open: &Open,
        stopped: &watch::Receiver<bool>,
    ) -> anyhow::Result<Self> {
        if !roles.has(Role::Worker) {
            return Ok(Self {
                tasks: Vec::new(),
                signing: None,
            });
        }
        let signing = checkpoints::start(open::signing_plan(config, open.clinic.db.clone())?);
        let (clinic, mailroom) = (open.clinic.clone(), open.mailroom.clone());
        let post = notify::run_until_stopped(clinic, mailroom.clone(), stopped.clone());
        let desk = open.desk.clone();
        let sms = clinical_app::sms::answer_until_stopped(desk.clone(), mailroom, stopped.clone());
        let waiting = clinical_app::booking::offer_until_stopped(desk, stopped.clone());
        let mut tasks = vec![tokio::spawn(sms), tokio::spawn(post), tokio::spawn(waiting)];
        tasks.extend(start_laboratory(config, open, stopped.clone()).await?);
        Ok(Self {
            tasks,
            signing: Some(signing),
        })
    }

    /// A round of messages that was begun is ended; what takes longer is settled as unknown later.
    pub(super) async fn end(&mut self) {
        for task in self.tasks.drain(..) {
            drop(tokio::time::timeout(DRAIN_MAX, task).await);
        }
    }

    /// Signs what was done until now.
    pub(super) async fn sign_off(self) {
        if let Some(signing) = self.signing {
            signing.stop().await;
        }
    }
}

/// Takes the results of the laboratory's machine, if there is one.
async fn start_laboratory(
    config: &Config,
    open: &Open,
    stopped: watch::Receiver<bool>,
) -> anyhow::Result<Option<JoinHandle<()>>> {
    let Some((bind, facility, name)) = config.lab.interface()? else {
        return Ok(None);
    };
    let lab = LabInterface::of(&open.clinic, facility, name)
        .await
        .context("lab.facility is no facility of this installation")?;
    let listener = listen(bind).await?;
    tracing::info!(address = %listener.local_addr()?, "listening for a laboratory");
    let terms = (open.clinic.clone(), lab, config.lab.allow.clone());
    Ok(Some(tokio::spawn(laboratory::run(
        listener, terms, stopped,
    ))))
}

const fn cookie_policy(config: &Config) -> CookiePolicy {
    if config.http.plain_http {
        CookiePolicy::PlainHttp
    } else {
        CookiePolicy::Secure
    }
}
