//! Writes what a room says to its socket.

use core::pin::pin;
use core::time::Duration;

use axum::body::Bytes;
use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket, close_code};
use futures_util::SinkExt as _;
use futures_util::stream::SplitSink;
use signaling_protocol::HEARTBEAT_MS;
use tokio::sync::oneshot::error::RecvError;
use tokio::time::{MissedTickBehavior, interval, timeout};

use crate::link::{Farewell, LinkEnd};

/// How long a socket is given for its last frames.
pub(crate) const FAREWELL_MAX: Duration = Duration::from_secs(5);

pub(crate) type Sink = SplitSink<WebSocket, Message>;

/// Writes until the room says farewell or the socket fails.
pub(crate) async fn write(mut sink: Sink, mut end: LinkEnd) {
    // A page answers pings by itself, so that the reader hears of every living client.
    let mut ping = interval(Duration::from_millis(u64::from(HEARTBEAT_MS)));
    ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let message = tokio::select! {
            biased;
            farewell = &mut end.farewell => return finish(sink, end, farewell).await,
            _ = ping.tick() => Message::Ping(Bytes::new()),
            Some(text) = end.queue.recv() => Message::Text(text.into()),
        };
        let bytes = text_bytes(&message);
        let mut send = pin!(sink.send(message));
        let interrupted = tokio::select! {
            sent = &mut send => {
                if sent.is_err() {
                    return;
                }
                None
            }
            farewell = &mut end.farewell => {
                let discard = farewell.as_ref().map_or(true, |farewell| farewell.discard);
                if !discard && !matches!(timeout(FAREWELL_MAX, send).await, Ok(Ok(()))) {
                    return;
                }
                Some(farewell)
            }
        };
        end.wrote(bytes);
        if let Some(farewell) = interrupted {
            return finish(sink, end, farewell).await;
        }
    }
}

/// The last frames, for as long as the client takes them.
async fn finish(mut sink: Sink, mut end: LinkEnd, farewell: Result<Farewell, RecvError>) {
    let last = async {
        let code = match farewell {
            Ok(farewell) => {
                while !farewell.discard
                    && let Ok(text) = end.queue.try_recv()
                {
                    sink.send(Message::Text(text.into())).await?;
                }
                sink.send(Message::Text(farewell.text.into())).await?;
                farewell.code
            }
            // The room's task is gone.
            Err(RecvError { .. }) => close_code::ERROR,
        };
        close(&mut sink, code).await
    };
    // A client that does not take its last frames loses them; its socket is dropped either way.
    let _ = timeout(FAREWELL_MAX, last).await;
}

pub(crate) async fn close(sink: &mut Sink, code: u16) -> Result<(), axum::Error> {
    let frame = CloseFrame {
        code,
        reason: Utf8Bytes::default(),
    };
    sink.send(Message::Close(Some(frame))).await
}

fn text_bytes(message: &Message) -> usize {
    match message {
        Message::Text(text) => text.len(),
        Message::Binary(_) | Message::Ping(_) | Message::Pong(_) | Message::Close(_) => 0,
    }
}
