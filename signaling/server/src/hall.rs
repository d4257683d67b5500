//! The way in at a node without rooms: everybody is carried to a node that has some.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::ws::WebSocket;
use axum::extract::{Request, State, WebSocketUpgrade};
use axum::response::Response;
use signaling_ticket::PassChecker;
use tracing::Instrument as _;

use crate::clock::Clock;
use crate::cluster::{Comer, Entrance, Nodes, carry, enter, enter_any};
use crate::config::SignalingConfig;
use crate::counts::{Counts, Place};
use crate::hello::{Refusal, belongs, receive, refuse};
use crate::observer::Hub;
use crate::socket::{let_in, sized};
use crate::trace::{Trace, WAY};

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
    let trace = Trace::of(request.headers());
    match let_in((&hall.config, &hall.counts), &request) {
        Ok(who) => sized(ws).on_upgrade(move |socket| serve(hall, socket, who, trace)),
        Err(refused) => *refused,
    }
}

/// A Hello is only read for its room. Whether it is good is judged where it is carried to.
async fn serve(
    hall: Arc<Hall>,
    mut socket: WebSocket,
    (place, address): (Place, Option<IpAddr>),
    trace: Trace,
) {
    let hello = match receive((&hall.config, &hall.hub), &mut socket).await {
        None => return,
        Some(Ok(hello)) => hello,
        Some(Err(refusal)) => return refuse(socket, refusal).await,
    };
    let (span, traceparent) = trace.carry();
    let comer = Comer {
        address,
        traceparent,
    };
    let way = async {
        match belongs((&hall.checker, &hall.clock, &hall.nodes), &hello) {
            Some(sought) => enter(&hall.nodes, &sought, &comer).await,
            None => enter_any(&hall.nodes, &comer).await,
        }
    };
    let entrance = way.instrument(span.clone()).await;
    span.record(WAY, entrance.word());
    // A visit lasts; its trace ends here.
    drop((span, trace));
    match entrance {
        Entrance::Elsewhere(owner) => carry(&hall.hub, socket, hello, *owner).await,
        Entrance::Unknown => refuse(socket, Refusal::unknown_token()).await,
        // No room is ever here.
        Entrance::Here | Entrance::Unavailable => refuse(socket, Refusal::no_node()).await,
    }
    drop(place);
}
