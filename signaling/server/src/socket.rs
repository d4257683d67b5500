//! One WebSocket from its first byte to its last.

use core::time::Duration;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::extract::ws::WebSocket;
use axum::extract::{Request, State, WebSocketUpgrade};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use futures_util::StreamExt as _;
use signaling_protocol::MESSAGE_BYTES_MAX;
use signaling_session::{Entry, Input, ResumeSecret, SocketId};
use tokio::time::timeout;
use tracing::Instrument as _;

use crate::cluster::{Comer, Entrance, carry, enter};
use crate::config::SignalingConfig;
use crate::counts::{Counts, Place};
use crate::directory::{Door, Mail};
use crate::hello::{Admittance, Refusal, admit, belongs, receive, refuse};
use crate::link::link;
use crate::observer::observe;
use crate::origin::{address, is_allowed};
use crate::phone::Line;
use crate::port::VisitPort;
use crate::reader::{Heard, Reader, kind};
use crate::start::Shared;
use crate::trace::{Messages, OUTCOME, Trace, WAY};
use crate::writer::{FAREWELL_MAX, write};

/// Messages up to this size are read so that the client can be told that they are too large;
/// anything larger breaks the socket.
pub(crate) const READ_BYTES_MAX: usize = 2 * MESSAGE_BYTES_MAX;
/// Read at once. A socket is idle most of its life, and there may be ten thousand.
const READ_BUFFER_BYTES: usize = 8 * 1024;
/// How long a client may take to close its side after ours.
const CLOSING_MAX: Duration = Duration::from_secs(2);

/// `GET /signal/v1`.
pub(crate) async fn upgrade<P: VisitPort>(
    State(shared): State<Arc<Shared<P>>>,
    ws: WebSocketUpgrade,
    request: Request,
) -> Response {
    let trace = Trace::of(request.headers());
    match let_in((&shared.config, &shared.counts), &request) {
        Ok(who) => sized(ws).on_upgrade(move |socket| serve(shared, socket, who, trace)),
        Err(refused) => *refused,
    }
}

/// Whether somebody may open a socket here: their place among the connections, and their address.
pub(crate) fn let_in(
    (config, counts): (&SignalingConfig, &Arc<Counts>),
    request: &Request,
) -> Result<(Place, Option<IpAddr>), Box<Response>> {
    if !is_allowed(request.headers(), request.uri(), &config.allowed_origins) {
        metrics::counter!("signal_refused_total", "code" => "origin").increment(1);
        let title = "pages of this origin may not connect";
        return Err(Box::new(problem(StatusCode::FORBIDDEN, "forbidden", title)));
    }
    let address = address(request.extensions());
    match counts.take(address) {
        Ok(place) => Ok((place, address)),
        Err(error) => {
            metrics::counter!("signal_refused_total", "code" => "connections").increment(1);
            let status = StatusCode::SERVICE_UNAVAILABLE;
            Err(Box::new(problem(status, "unavailable", &error.to_string())))
        }
    }
}

/// Compression is never negotiated: it would cost memory for every socket.
pub(crate) fn sized(ws: WebSocketUpgrade) -> WebSocketUpgrade {
    ws.max_message_size(READ_BYTES_MAX)
        .max_frame_size(READ_BYTES_MAX)
        .read_buffer_size(READ_BUFFER_BYTES)
}

/// RFC 9457, in the words of the HTTP API.
fn problem(status: StatusCode, code: &str, title: &str) -> Response {
    let body = serde_json::json!({
        "type": format!("urn:telehealth:problem:{code}"),
        "status": status.as_u16(),
        "code": code,
        "title": title,
    });
    let headers = [
        (header::CONTENT_TYPE, "application/problem+json"),
        (header::RETRY_AFTER, "5"),
    ];
    (status, headers, body.to_string()).into_response()
}

/// Somebody who came to this node. In a cluster their room may be another one's.
async fn serve<P: VisitPort>(
    shared: Arc<Shared<P>>,
    mut socket: WebSocket,
    (place, address): (Place, Option<IpAddr>),
    trace: Trace,
) {
    let hello = match receive((&shared.config, &shared.hub), &mut socket).await {
        None => return,
        Some(Ok(hello)) => hello,
        Some(Err(refusal)) => return refuse(socket, refusal).await,
    };
    if let Some(nodes) = &shared.nodes
        && let Some(sought) = belongs((&shared.checker, &shared.clock, nodes), &hello)
    {
        let (span, traceparent) = trace.carry();
        let comer = Comer {
            address,
            traceparent,
        };
        let way = enter(nodes, &sought, &comer);
        let entrance = way.instrument(span.clone()).await;
        span.record(WAY, entrance.word());
        drop(span);
        match entrance {
            Entrance::Here => {}
            Entrance::Elsewhere(owner) => return carry(&shared.hub, socket, hello, *owner).await,
            Entrance::Unknown => return refuse(socket, Refusal::unknown_token()).await,
            Entrance::Unavailable => return refuse(socket, Refusal::no_node()).await,
        }
    }
    settle(&shared, socket, &hello, trace).await;
    drop(place);
}

/// Somebody whom another node has brought, because their room is here.
pub(crate) async fn serve_here<P: VisitPort>(
    shared: Arc<Shared<P>>,
    mut socket: WebSocket,
    place: Place,
    trace: Trace,
) {
    match receive((&shared.config, &shared.hub), &mut socket).await {
        None => {}
        Some(Ok(hello)) => settle(&shared, socket, &hello, trace).await,
        Some(Err(refusal)) => refuse(socket, refusal).await,
    }
    drop(place);
}

async fn settle<P: VisitPort>(
    shared: &Arc<Shared<P>>,
    socket: WebSocket,
    hello: &str,
    trace: Trace,
) {
    let span = trace.join();
    let admittance = admit(shared, hello).instrument(span.clone()).await;
    let outcome = match &admittance {
        Ok(Admittance::Room { .. }) => "room",
        Ok(Admittance::Observer(_)) => "observer",
        Err(_) => "refused",
    };
    span.record(OUTCOME, outcome);
    let messages = trace.messages();
    // A visit lasts; the trace of its beginning ends here.
    drop((span, trace));
    match admittance {
        Err(refusal) => refuse(socket, refusal).await,
        Ok(Admittance::Observer(scope)) => {
            observe(&shared.hub, &shared.gauges, socket, scope).await;
        }
        Ok(Admittance::Room {
            door,
            entry,
            secret,
        }) => take_part(socket, door, (entry, secret), messages).await,
    }
}

/// Carries messages between a socket and its room until one of them goes.
async fn take_part(
    stream: WebSocket,
    door: Door,
    (entry, secret): (Entry, ResumeSecret),
    messages: Messages,
) {
    let socket = next_socket();
    let (link, end) = link();
    let enter = Mail::Enter {
        socket,
        entry,
        secret,
        line: Line::Socket(link),
    };
    if door.send(enter).await.is_err() {
        // The room's task has failed. The client comes back.
        return;
    }
    let (sink, stream) = stream.split();
    let mut writer = core::pin::pin!(write(sink, end));
    let mut reader = core::pin::pin!(listen(Reader::new(stream), (&door, socket), messages));
    tokio::select! {
        () = &mut writer => {
            // Closing under unread bytes would reset the connection and lose the last frames.
            let _ = timeout(CLOSING_MAX, reader).await;
            // A room that is gone has forgotten the socket.
            let _ = door.send(Mail::Input(Input::Lost { socket })).await;
        }
        () = &mut reader => {
            let _ = door.send(Mail::Input(Input::Lost { socket })).await;
            let _ = timeout(FAREWELL_MAX, writer).await;
        }
    }
}

/// Tells the room what the client says, until the client is gone.
async fn listen(mut reader: Reader, (door, socket): (&Door, SocketId), messages: Messages) {
    loop {
        let mail = match reader.next().await {
            Heard::Message(message) => Mail::Said {
                span: messages.span(kind(&message)),
                input: Input::Message { socket, message },
            },
            Heard::Complaint(complaint) => Mail::Input(Input::Complain { socket, complaint }),
            Heard::Lost => return,
        };
        if door.send(mail).await.is_err() {
            return;
        }
    }
}

pub(crate) fn next_socket() -> SocketId {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    SocketId(NEXT.fetch_add(1, Ordering::Relaxed))
}
