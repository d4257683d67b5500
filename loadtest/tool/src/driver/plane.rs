//! The media server alone: an offer over HTTP, as with WHIP (RFC 9725), without tickets.

use std::path::Path;
use std::sync::Arc;

use hyper::{Method, StatusCode};

use super::{Door, Presence, Seat, free_port, log_of, wait_for};
use crate::engine::Engine;
use crate::http::{At, Question, ask};
use crate::process::Server;

#[derive(Debug)]
pub(super) struct Plane {
    at: At,
}

pub(super) async fn start(
    program: &Path,
    (core, shards): (Option<u32>, u32),
    folder: &Path,
) -> anyhow::Result<(Server, Door)> {
    let address = free_port()?;
    let words = [address.to_string(), shards.to_string()];
    let mut server = Server::start(program, words, core, &log_of(folder))?;
    wait_for(address, &mut server).await?;
    Ok((server, Door::Plane(Plane { at: address.into() })))
}

impl Plane {
    pub(super) async fn join(&self, engine: &Arc<Engine>, seat: Seat) -> anyhow::Result<Presence> {
        let offered = engine.offer(seat.plan).await?;
        let path = format!("/plane/{}/{}", seat.room, seat.key);
        let answer = ask(
            &self.at,
            seat.person,
            Question {
                method: Method::POST,
                path: &path,
                kind: "application/sdp",
                bearer: None,
                body: offered.sdp.into_bytes(),
            },
        )
        .await?;
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
            session_at: Some((self.at.clone(), path)),
        })
    }
}
