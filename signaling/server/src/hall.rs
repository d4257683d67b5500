//! The way in at a node without rooms: everybody is carried to a node that has some.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::ws::WebSocket;
use axum::extract::{Request, State, WebSocketUpgrade};
use axum::response::Response;
use signaling_ticket::PassChecker;

use crate::clock::Clock;
use crate::cluster::{Entrance, Nodes, carry, enter, enter_any};
use crate::config::SignalingConfig;
use crate::counts::{Counts, Place};
use crate::hello::{Refusal, belongs, receive, refuse};
use crate::observer::Hub;
use crate::socket::{let_in, sized};

/// What all sockets share.
pub(crate) struct Hall {
    pub(crate) config: SignalingConfig,
    pub(crate) checker: PassChecker,
    pub(crate) clock: Clock,
    pub(crate) counts: Arc<Counts>,
    pub(crate) hub: Arc<Hub>,
    pub(crate) nodes: Arc<Nodes>,
}

/// `GET /signal/v1`.
pub(crate) async fn upgrade(
    State(hall): State<Arc<Hall>>,
    ws: WebSocketUpgrade,
    request: Request,
) -> Response {
    match let_in((&hall.config, &hall.counts), &request) {
        Ok(who) => sized(ws).on_upgrade(move |socket| serve(hall, socket, who)),
        Err(refused) => *refused,
    }
}

/// A Hello is only read for its room. Whether it is good is judged where it is carried to.
async fn serve(hall: Arc<Hall>, mut socket: WebSocket, who: (Place, Option<IpAddr>)) {
    let (place, address) = who;
    let hello = match receive((&hall.config, &hall.hub), &mut socket).await {
        None => return,
        Some(Ok(hello)) => hello,
        Some(Err(refusal)) => return refuse(socket, refusal).await,
    };
    let entrance = match belongs((&hall.checker, &hall.clock), &hello) {
        Some((room, may_open)) => enter(&hall.nodes, room, address, may_open).await,
        None => enter_any(&hall.nodes, address).await,
    };
    match entrance {
        Entrance::Elsewhere(owner) => carry(&hall.hub, socket, hello, *owner).await,
        Entrance::Unknown => refuse(socket, Refusal::unknown_token()).await,
        // No room is ever here.
        Entrance::Here | Entrance::Unavailable => refuse(socket, Refusal::no_node()).await,
    }
    drop(place);
}
