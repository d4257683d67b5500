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

use crate::clock::{Clock, WallClock};
use crate::config::SignalingConfig;
use crate::counts::Counts;
use crate::directory::{Directory, Door, Mail};
use crate::gauges::{self, Gauges};
use crate::handle::SignalingHandle;
use crate::observer::Hub;
use crate::phone::PhoneDoor;
use crate::port::VisitPort;
use crate::socket::upgrade;
use crate::spent::Spent;
use crate::translate::translate;
use crate::whip::{self, Sessions};

/// Running signaling.
#[derive(Debug)]
pub struct Signaling {
    /// `GET /signal/v1`, and the standard doors under `/whip` and `/whep`. Serve it with `into_make_service_with_connect_info::<SocketAddr>()`, or
    /// connections are not counted by address.
    pub router: Router,
    /// For the rest of the house.
    pub handle: SignalingHandle,
    /// The door for telephones.
    pub phones: PhoneDoor,
    /// Carries events and numbers of the media server to where they are wanted; ends with the media
    /// server.
    pub media_events: JoinHandle<()>,
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
}

/// Starts signaling inside the running tokio runtime.
pub fn start<P: VisitPort>(
    config: SignalingConfig,
    port: Arc<P>,
    sfu: SfuHandle,
    sfu_events: mpsc::Receiver<SfuEvent>,
    checker: PassChecker,
    clock: WallClock,
) -> Signaling {
    let counts = Counts::new(config.connections_max, config.connections_per_address_max);
    let shared = Arc::new(Shared {
        limits: config.limits(),
        config,
        port,
        sfu,
        checker,
        clock: Clock::new(clock),
        spent: Spent::new(),
        counts,
        directory: Arc::new(Directory::default()),
        hub: Hub::new(),
        gauges: Gauges::new(),
        doors: Arc::default(),
    });
    let handle = SignalingHandle {
        directory: Arc::clone(&shared.directory),
        hub: Arc::clone(&shared.hub),
        counts: Arc::clone(&shared.counts),
        sfu: shared.sfu.clone(),
    };
    let directory = Arc::clone(&shared.directory);
    let measured = Arc::downgrade(&shared);
    let phones = PhoneDoor::new(&shared);
    Signaling {
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
