//! Puts the parts together.

use core::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use axum::Router;
use axum::routing::get;
use futures_util::FutureExt as _;
use sfu_net::{SfuEvent, SfuHandle};
use signaling_protocol::RoomId;
use signaling_session::Limits;
use signaling_ticket::PassChecker;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use uuid::Uuid;

use crate::clinic::within;
use crate::clock::{Clock, WallClock};
use crate::cluster::{
    self, ClusterSettings, Nodes, PeerDoor, SecureError, follow_wishes, keep_beating,
};
use crate::config::SignalingConfig;
use crate::counts::Counts;
use crate::directory::{Directory, Door, Mail};
use crate::gauges::{self, Gauges};
use crate::hall::{self, Hall};
use crate::handle::SignalingHandle;
use crate::observer::Hub;
use crate::phone::PhoneDoor;
use crate::port::VisitPort;
use crate::socket::upgrade;
use crate::spent::{SpendError, Spent};
use crate::translate::translate;
use crate::whip::{self, Sessions};

/// Running signaling.
#[derive(Debug)]
pub struct Signaling {
    /// `GET /signal/v1`, and the standard doors under `/whip` and `/whep`. Serve it with `into_make_service_with_connect_info::<SocketAddr>()`, or
    /// connections are not counted by address.
    pub router: Router,
    /// Where the other nodes of a cluster come in.
    pub peers: Option<PeerDoor>,
    /// For the rest of the house.
    pub handle: SignalingHandle,
    /// The door for telephones.
    pub phones: PhoneDoor,
    /// Carries events and numbers of the media server to where they are wanted; ends with the media
    /// server.
    pub media_events: JoinHandle<()>,
}

/// Running signaling of a node without rooms.
#[derive(Debug)]
pub struct Foyer {
    /// `GET /signal/v1`, to be served as [`Signaling::router`] is.
    pub router: Router,
    /// Where the other nodes come in.
    pub peers: PeerDoor,
    /// For the rest of the house.
    pub handle: SignalingHandle,
}

/// What all sockets and rooms share.
pub(crate) struct Shared<P> {
    pub(crate) config: SignalingConfig,
    pub(crate) limits: Limits,
    pub(crate) port: Arc<P>,
    pub(crate) sfu: SfuHandle,
    pub(crate) checker: PassChecker,
    pub(crate) clock: Clock,
    pub(crate) spent: Spent,
    pub(crate) counts: Arc<Counts>,
    pub(crate) directory: Arc<Directory>,
    pub(crate) hub: Arc<Hub>,
    pub(crate) gauges: Arc<Gauges>,
    pub(crate) doors: Arc<Sessions>,
    /// The other nodes, if there are any.
    pub(crate) nodes: Option<Arc<Nodes>>,
}

impl<P: VisitPort> Shared<P> {
    /// Uses a pass up: here, and on all nodes of a cluster.
    pub(crate) async fn spend(&self, pass: Uuid, expires_us: i64) -> Result<(), SpendError> {
        self.spent.spend(pass, expires_us, self.clock.wall_us())?;
        if self.nodes.is_none() {
            return Ok(());
        }
        let spent = self.port.spend(pass, expires_us);
        match within("spend", spent).await {
            Some(true) => Ok(()),
            Some(false) => Err(SpendError::Replayed),
            None => Err(SpendError::Full),
        }
    }

    /// Whether a room may be opened here. In a cluster it may not if another node has it.
    pub(crate) async fn is_ours(&self, room: RoomId) -> bool {
        match &self.nodes {
            Some(nodes) => nodes.take(room).await,
            None => true,
        }
    }
}

/// Starts signaling of one node alone inside the running tokio runtime.
pub fn start<P: VisitPort>(
    config: SignalingConfig,
    port: Arc<P>,
    sfu: SfuHandle,
    sfu_events: mpsc::Receiver<SfuEvent>,
    checker: PassChecker,
    clock: WallClock,
) -> Signaling {
    let ground = Ground::new(clock);
    build(config, port, (sfu, sfu_events), checker, (ground, None))
}

/// Starts signaling inside the running tokio runtime, as one node of a cluster if it is one.
///
/// # Errors
/// [`SecureError`]
pub fn start_in_cluster<P: VisitPort>(
    config: SignalingConfig,
    port: Arc<P>,
    media: (SfuHandle, mpsc::Receiver<SfuEvent>),
    checker: PassChecker,
    clock: WallClock,
    cluster: Option<ClusterSettings>,
) -> Result<Signaling, SecureError> {
    let ground = Ground::new(clock);
    let nodes = cluster.map(|it| ground.join(it, true)).transpose()?;
    Ok(build(config, port, media, checker, (ground, nodes)))
}

/// Starts signaling of a node without rooms: it takes people in and carries them to the nodes that have
/// some. Nothing of its own is needed for that, neither media nor the clinic.
///
/// # Errors
/// [`SecureError`]
pub fn start_without_rooms(
    config: SignalingConfig,
    checker: PassChecker,
    clock: WallClock,
    cluster: ClusterSettings,
) -> Result<Foyer, SecureError> {
    let ground = Ground::new(clock);
    let nodes = ground.join(cluster, false)?;
    let counts = Counts::new(config.connections_max, config.connections_per_address_max);
    let hall = Arc::new(Hall {
        config,
        checker,
        clock: ground.clock,
        counts: Arc::clone(&counts),
        hub: Arc::clone(&ground.hub),
        nodes: Arc::clone(&nodes),
    });
    Ok(Foyer {
        peers: PeerDoor {
            router: Router::new()
                .route(cluster::LINE, get(cluster::open_line_of))
                .with_state(Arc::clone(&nodes)),
            nodes: Arc::clone(&nodes),
        },
        handle: SignalingHandle {
            directory: ground.directory,
            hub: ground.hub,
            counts,
            sfu: None,
            nodes: Some(nodes),
        },
        router: Router::new()
            .route("/signal/v1", get(hall::upgrade))
            .with_state(hall),
    })
}

/// What is there before anything else.
struct Ground {
    clock: Clock,
    directory: Arc<Directory>,
    hub: Arc<Hub>,
}

impl Ground {
    fn new(clock: WallClock) -> Self {
        Self {
            clock: Clock::new(clock),
            directory: Arc::default(),
            hub: Hub::new(),
        }
    }

    /// One node of a cluster from here on.
    fn join(&self, settings: ClusterSettings, has_rooms: bool) -> Result<Arc<Nodes>, SecureError> {
        let nodes = Nodes::new(
            settings,
            self.clock.clone(),
            (Arc::clone(&self.directory), Arc::clone(&self.hub)),
            has_rooms,
        )?;
        // Both end with the runtime: leases are kept until the last room is closed.
        tokio::spawn(keep_beating(Arc::clone(&nodes)));
        tokio::spawn(follow_wishes(Arc::clone(&nodes)));
        Ok(nodes)
    }
}

fn build<P: VisitPort>(
    config: SignalingConfig,
    port: Arc<P>,
    (sfu, sfu_events): (SfuHandle, mpsc::Receiver<SfuEvent>),
    checker: PassChecker,
    (ground, nodes): (Ground, Option<Arc<Nodes>>),
) -> Signaling {
    let counts = Counts::new(config.connections_max, config.connections_per_address_max);
    let shared = Arc::new(Shared {
        limits: Limits {
            vouch_us: nodes.is_some().then_some(cluster::VOUCH_US),
            ..config.limits()
        },
        config,
        port,
        sfu,
        checker,
        clock: ground.clock,
        spent: Spent::new(),
        counts,
        directory: ground.directory,
        hub: ground.hub,
        gauges: Gauges::new(),
        doors: Arc::default(),
        nodes,
    });
    let handle = SignalingHandle {
        directory: Arc::clone(&shared.directory),
        hub: Arc::clone(&shared.hub),
        counts: Arc::clone(&shared.counts),
        sfu: Some(shared.sfu.clone()),
        nodes: shared.nodes.clone(),
    };
    let directory = Arc::clone(&shared.directory);
    let measured = Arc::downgrade(&shared);
    let phones = PhoneDoor::new(&shared);
    let peers = shared.nodes.as_ref().map(|nodes| PeerDoor {
        router: cluster::routes(&shared),
        nodes: Arc::clone(nodes),
    });
    Signaling {
        peers,
        router: Router::new()
            .route("/signal/v1", get(upgrade::<P>))
            .merge(whip::routes(&shared))
            .with_state(shared),
        handle,
        phones,
        media_events: tokio::spawn(async move {
            tokio::select! {
                () = carry_events(directory, sfu_events) => {}
                () = gauges::read(measured) => {}
            }
        }),
    }
}

async fn carry_events(directory: Arc<Directory>, mut events: mpsc::Receiver<SfuEvent>) {
    while let Some(event) = events.recv().await {
        if let Some((room, input)) = translate(event)
            && let Some(door) = directory.find(room)
        {
            // Waits for a busy room: a lost event would leave a page with a frozen picture.
            let _ = door.send(Mail::Input(input)).await;
        }
    }
}

/// Runs a room's task. A panic costs this room only: its sockets close, and its people come back
/// into a fresh room, where they find their media connections again.
pub(crate) async fn supervise<P: VisitPort>(
    shared: Arc<Shared<P>>,
    room: RoomId,
    door: Door,
    run: impl Future<Output = ()> + Send,
) {
    if AssertUnwindSafe(run).catch_unwind().await.is_err() {
        tracing::error!(%room, "the task of a room failed");
        metrics::counter!("signal_room_panics_total").increment(1);
        shared.directory.bury(room, &door);
    }
}
