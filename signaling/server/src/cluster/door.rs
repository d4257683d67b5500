//! Where peers come in. It is served on an address of its own, never where people come in.

use core::time::Duration;
use std::net::IpAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::ws::{Message, WebSocket};
use axum::extract::{Request, State, WebSocketUpgrade};
use axum::http::{HeaderMap, HeaderName, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use signaling_directory::{Advice, Asked, Epoch, NodeName};
use signaling_protocol::RoomId;
use signaling_ticket::Observed;
use tokio::time::{MissedTickBehavior, interval, timeout};

use super::dial::ELSEWHERE;
use super::line::{self, Done, Numbered, Said};
use super::{Nodes, PEER_SILENCE_MAX, Way};
use crate::port::VisitPort;
use crate::socket::{READ_BYTES_MAX, serve_here};
use crate::start::Shared;
use crate::trace::Trace;

/// Where a person is carried to their room.
pub(super) const SIGNAL: &str = "/cluster/v1/signal";
/// Into which room.
pub(super) const ROOM: HeaderName = HeaderName::from_static("telehealth-room");
/// From which address they came.
pub(super) const CLIENT: HeaderName = HeaderName::from_static("telehealth-client");
/// Present if they come back with a token, and can use no fresh room.
pub(super) const RETURN: HeaderName = HeaderName::from_static("telehealth-return");
/// Under which epoch the room was, as their failover ticket says. Whoever opens it does it under a later one.
pub(super) const EPOCH: HeaderName = HeaderName::from_static("telehealth-epoch");

/// Present if they want into no room that has a name: any node with rooms will do.
pub(super) const ANYWHERE: HeaderName = HeaderName::from_static("telehealth-anywhere");

/// How often a node says something on a line.
const LINE_BEAT: Duration = Duration::from_secs(1);
/// Changes within this time are told together.
const SETTLE: Duration = Duration::from_millis(100);

/// What peers may ask for.
pub(crate) fn routes<P: VisitPort>(shared: &Arc<Shared<P>>) -> Router {
    Router::new()
        .route(SIGNAL, get(signal::<P>))
        .route(line::PATH, get(open_line::<P>))
        .with_state(Arc::clone(shared))
}

fn peer(nodes: &Nodes, headers: &HeaderMap, path: &str) -> Option<NodeName> {
    let now_us = nodes.clock.wall_us();
    let from = nodes.secret.check(headers, nodes.me.as_str(), path, now_us);
    if from.is_none() {
        metrics::counter!("signal_refused_total", "code" => "node").increment(1);
        tracing::warn!("somebody who is no node of this cluster came to the door of nodes");
    }
    from
}

/// Lets nobody through who does not prove to be a node.
pub(super) async fn nodes_alone(
    State(nodes): State<Arc<Nodes>>,
    request: Request,
    next: Next,
) -> Response {
    if peer(&nodes, request.headers(), request.uri().path()).is_none() {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    next.run(request).await
}

async fn signal<P: VisitPort>(
    State(shared): State<Arc<Shared<P>>>,
    ws: WebSocketUpgrade,
    request: Request,
) -> Response {
    let headers = request.headers();
    let Some(nodes) = shared.nodes.as_ref() else {
        return StatusCode::NOT_FOUND.into_response();
    };
    if peer(nodes, headers, SIGNAL).is_none() {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let word = |name: &HeaderName| headers.get(name).and_then(|it| it.to_str().ok());
    let room = word(&ROOM).and_then(|it| uuid::Uuid::try_parse(it).ok());
    let Some(room) = room.map(RoomId::from_uuid) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let client: Option<IpAddr> = word(&CLIENT).and_then(|it| it.parse().ok());
    let asked = Asked {
        by_peer: true,
        may_open: !headers.contains_key(RETURN),
    };
    let way = if headers.contains_key(ANYWHERE) {
        Way::Here
    } else {
        let epoch = word(&EPOCH).and_then(|it| it.parse().ok());
        let advice = epoch.map(|epoch| Advice {
            epoch: Epoch(epoch),
            nodes: Vec::new(),
        });
        nodes.resolve(room, asked, advice.as_ref()).await
    };
    match way {
        Way::Here => {}
        Way::At(name, _) => {
            let elsewhere = [(ELSEWHERE, name.as_str().to_owned())];
            return (StatusCode::CONFLICT, elsewhere).into_response();
        }
        Way::Nowhere if !asked.may_open => return StatusCode::NOT_FOUND.into_response(),
        // It takes rooms, but does not know yet whether the one that had this room is gone: whoever asks
        // must not go to a third node for it.
        Way::Nowhere if nodes.is_ready() => return StatusCode::TOO_EARLY.into_response(),
        Way::Nowhere => return StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
    let Ok(place) = shared.counts.take(client) else {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    };
    let trace = Trace::of(headers);
    ws.max_message_size(READ_BYTES_MAX)
        .max_frame_size(READ_BYTES_MAX)
        .on_upgrade(move |socket| serve_here(shared, socket, place, trace))
}

async fn open_line<P: VisitPort>(
    State(shared): State<Arc<Shared<P>>>,
    ws: WebSocketUpgrade,
    request: Request,
) -> Response {
    match shared.nodes.clone() {
        Some(nodes) => open_line_of(State(nodes), ws, request).await,
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// A line from a peer, also to a node that has no rooms to tell of.
pub(crate) async fn open_line_of(
    State(nodes): State<Arc<Nodes>>,
    ws: WebSocketUpgrade,
    request: Request,
) -> Response {
    if peer(&nodes, request.headers(), line::PATH).is_none() {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    ws.on_upgrade(move |socket| serve_line(nodes, socket))
}

/// Says which rooms are here, and does what is ordered, until the peer goes.
async fn serve_line(nodes: Arc<Nodes>, mut socket: WebSocket) {
    let mut changed = nodes.hub.changes();
    let mut beat = interval(LINE_BEAT);
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut told: Option<Said> = None;
    loop {
        tokio::select! {
            _ = beat.tick() => {}
            Ok(()) = changed.changed() => tokio::time::sleep(SETTLE).await,
            heard = socket.recv() => match heard {
                Some(Ok(Message::Text(text))) => {
                    let Ok(Numbered { number, order }) = serde_json::from_str(text.as_str()) else {
                        return;
                    };
                    nodes.obey(order).await;
                    let done = serde_json::to_string(&Done { done: number }).unwrap_or_default();
                    if !say(&mut socket, Message::Text(done.into())).await {
                        return;
                    }
                    continue;
                }
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => continue,
                Some(Ok(Message::Binary(_) | Message::Close(_)) | Err(_)) | None => return,
            },
        }
        let owned = nodes.bearings().owned();
        let said = Said {
            rooms: owned
                .into_iter()
                .map(|(room, epoch)| (room, epoch.0))
                .collect(),
            overview: nodes.hub.here(&Observed::All),
        };
        let message = if told.as_ref() == Some(&said) {
            Message::Ping(Bytes::new())
        } else {
            let text = serde_json::to_string(&said).unwrap_or_default();
            told = Some(said);
            Message::Text(text.into())
        };
        if !say(&mut socket, message).await {
            return;
        }
    }
}

async fn say(socket: &mut WebSocket, message: Message) -> bool {
    matches!(
        timeout(PEER_SILENCE_MAX, socket.send(message)).await,
        Ok(Ok(()))
    )
}
