//! The media server alone, behind a bare HTTP door: no clinic, no rooms' rules, no tickets. For load
//! tests of what a visit's limit of people does not allow, such as one picture for fifty. Never for
//! people: whoever reaches the door is in.
//!
//! `media_plane 127.0.0.1:8090 SHARDS`. `POST /plane/{room}/{person}` with an offer answers with 201
//! and a description; `DELETE` ends the connection. Rooms and persons are numbers. `GET /plane` tells
//! what the media server thinks of everybody.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::Context as _;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use sfu_net::{
    ConnectRequest, ConnectionKey, Grants, Mode, ParticipantKey, Rank, RoomKey, SfuConfig,
    SfuHandle, Source, SourceMid, SourceSet,
};

/// More than any load test of one machine brings.
const CONNECTIONS_MAX: usize = 20_000;

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let mut words = std::env::args().skip(1);
    let bind: SocketAddr = words
        .next()
        .context("which address?")?
        .parse()
        .context("no address and port")?;
    let shards = words.next().map_or(Ok(1), |word| word.parse())?;
    let (sfu, mut events) = sfu_net::start(SfuConfig {
        bind: IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        udp_port: 0,
        shards,
        loopback: true,
        connections_per_shard: CONNECTIONS_MAX,
        tcp: false,
        ..SfuConfig::default()
    })?;
    // Nobody here wants to know who speaks.
    let unheard = tokio::spawn(async move { while events.recv().await.is_some() {} });
    let door = Router::new()
        .route("/plane", get(everybody))
        .route("/plane/{room}/{person}", post(enter).delete(leave))
        .with_state(sfu);
    axum::serve(tokio::net::TcpListener::bind(bind).await?, door).await?;
    unheard.abort();
    Ok(())
}

async fn enter(
    State(sfu): State<SfuHandle>,
    Path((room, person)): Path<(u128, u128)>,
    offer: String,
) -> (StatusCode, String) {
    static CONNECTIONS: AtomicU64 = AtomicU64::new(1);
    let connection = CONNECTIONS.fetch_add(1, Ordering::Relaxed);
    let request = ConnectRequest {
        room: RoomKey(room),
        participant: ParticipantKey(person),
        connection: ConnectionKey(connection.into()),
        mode: Mode::Room,
        sources: sources(&offer),
        offer_sdp: offer,
        on: SourceSet::ALL,
        rank: Rank::Other,
        grants: Grants::ALL,
    };
    match sfu.connect(request).await {
        Ok(answer) => (StatusCode::CREATED, answer),
        Err(error) => (StatusCode::UNPROCESSABLE_ENTITY, format!("{error:?}")),
    }
}

async fn leave(
    State(sfu): State<SfuHandle>,
    Path((room, person)): Path<(u128, u128)>,
) -> StatusCode {
    match sfu.disconnect(RoomKey(room), ParticipantKey(person)).await {
        Ok(()) => StatusCode::OK,
        Err(_stopped) => StatusCode::SERVICE_UNAVAILABLE,
    }
}

/// One line for each person.
async fn everybody(State(sfu): State<SfuHandle>) -> String {
    let rooms = sfu.stats().await;
    let people = rooms.iter().flat_map(|room| &room.participants);
    people.map(|person| format!("{person:?}\n")).collect()
}

/// What is sent is a microphone or a camera.
fn sources(offer: &str) -> Vec<SourceMid> {
    let sections = offer.split("\nm=").skip(1);
    sections
        .filter(|section| section.lines().any(|line| line.trim_end() == "a=sendonly"))
        .filter_map(|section| {
            let mid = section
                .lines()
                .find_map(|line| line.strip_prefix("a=mid:"))?;
            let source = if section.starts_with("audio") {
                Source::Microphone
            } else {
                Source::Camera
            };
            Some(SourceMid {
                mid: mid.trim_end().to_owned(),
                source,
            })
        })
        .collect()
}
