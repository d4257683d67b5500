//! The live list of rooms, for day lists and the admin's list.

use core::time::Duration;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::body::Bytes;
use axum::extract::ws::{Message, WebSocket};
use futures_util::{SinkExt as _, StreamExt as _};
use signaling_protocol::{
    Bye, ClientMessage, ErrorCode, HEARTBEAT_MS, RoomId, RoomOverview, ServerFrame, ServerMessage,
};
use signaling_session::CloseReason;
use signaling_ticket::Observed;
use tokio::sync::watch;
use tokio::time::{Instant, interval, sleep_until, timeout};

use crate::link::{code, encode};
use crate::reader::{Heard, Reader};
use crate::writer::{FAREWELL_MAX, Sink, close};

/// Changes within this time are told together.
const SETTLE: Duration = Duration::from_millis(300);

/// What the observers see. Rooms publish here; observers read when they are ready, so that a slow
/// one misses steps in between and never holds anything up.
#[derive(Debug)]
pub(crate) struct Hub {
    rooms: Mutex<BTreeMap<RoomId, RoomOverview>>,
    changed: watch::Sender<u64>,
    closing: watch::Sender<bool>,
}

/// One room's line in the list; dropping it takes the line out.
#[derive(Debug)]
pub(crate) struct Listing {
    hub: Arc<Hub>,
    room: RoomId,
}

impl Hub {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            rooms: Mutex::new(BTreeMap::new()),
            changed: watch::Sender::new(0),
            closing: watch::Sender::new(false),
        })
    }

    pub(crate) fn list(self: &Arc<Self>, room: RoomId) -> Listing {
        Listing {
            hub: Arc::clone(self),
            room,
        }
    }

    /// Sends all observers away.
    pub(crate) fn close(&self) {
        self.closing.send_replace(true);
    }

    /// Returns once all sockets are to go.
    pub(crate) async fn closed(&self) {
        let mut closing = self.closing.subscribe();
        // The sender is ours, so that waiting cannot fail.
        let _ = closing.wait_for(|closing| *closing).await;
    }

    fn select(&self, scope: &Observed) -> Vec<RoomOverview> {
        let rooms = self.lock();
        match scope {
            Observed::All => rooms.values().cloned().collect(),
            Observed::Rooms(ids) => {
                let ids: std::collections::BTreeSet<_> = ids.iter().collect();
                ids.iter().filter_map(|id| rooms.get(id).cloned()).collect()
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<RoomId, RoomOverview>> {
        self.rooms.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Listing {
    /// Replaces the line; without people there is none.
    pub(crate) fn publish(&self, overview: Option<RoomOverview>) {
        {
            let mut rooms = self.hub.lock();
            match overview {
                Some(overview) => {
                    rooms.insert(self.room, overview);
                }
                None => {
                    rooms.remove(&self.room);
                }
            }
        }
        self.hub.changed.send_modify(|n| *n = n.wrapping_add(1));
    }
}

impl Drop for Listing {
    fn drop(&mut self) {
        self.publish(None);
    }
}

/// Serves an observer until they go.
pub(crate) async fn observe(hub: Arc<Hub>, socket: WebSocket, scope: Observed) {
    let (sink, stream) = socket.split();
    let mut observer = Observer {
        sink,
        seq: 0,
        told: None,
    };
    let mut reader = Reader::new(stream);
    // A socket that fails or does not take a list in time is dropped; the page comes back.
    if let Ok(reason) = observer.serve(&hub, &scope, &mut reader).await {
        let _ = timeout(FAREWELL_MAX, observer.bye(reason)).await;
    }
}

struct Observer {
    sink: Sink,
    seq: u64,
    told: Option<Vec<RoomOverview>>,
}

/// The socket is gone, or as good as gone.
struct Dead;

impl Observer {
    async fn serve(
        &mut self,
        hub: &Hub,
        scope: &Observed,
        reader: &mut Reader,
    ) -> Result<Bye, Dead> {
        let mut changed = hub.changed.subscribe();
        self.tell(hub.select(scope)).await?;
        let mut due: Option<Instant> = None;
        let mut beat = interval(Duration::from_millis(u64::from(HEARTBEAT_MS)));
        beat.reset();
        loop {
            let settle = async {
                match due {
                    Some(at) => sleep_until(at).await,
                    None => core::future::pending().await,
                }
            };
            tokio::select! {
                () = hub.closed() => return Ok(Bye::Restarting),
                Ok(()) = changed.changed(), if due.is_none() => {
                    due = Some(Instant::now() + SETTLE);
                }
                () = settle => {
                    due = None;
                    self.tell(hub.select(scope)).await?;
                }
                _ = beat.tick() => {
                    self.send(Message::Ping(Bytes::new())).await?;
                    self.say(ServerMessage::Heartbeat).await?;
                }
                heard = reader.next() => match heard {
                    Heard::Lost => return Err(Dead),
                    Heard::Message(ClientMessage::Leave) => return Ok(Bye::Left),
                    Heard::Message(_) => {
                        self.refuse(ErrorCode::OutOfOrder, "an observer only watches").await?;
                    }
                    Heard::Complaint(complaint) => {
                        self.refuse(complaint.code, &complaint.detail).await?;
                        if complaint.last {
                            return Ok(Bye::Misbehaved);
                        }
                    }
                },
            }
        }
    }

    /// The whole list, if it differs from what was told last.
    async fn tell(&mut self, rooms: Vec<RoomOverview>) -> Result<(), Dead> {
        if self.told.as_ref() == Some(&rooms) {
            return Ok(());
        }
        self.told = Some(rooms.clone());
        self.say(ServerMessage::Overview { rooms }).await
    }

    async fn refuse(&mut self, code: ErrorCode, detail: &str) -> Result<(), Dead> {
        let message = ServerMessage::Error {
            code,
            detail: detail.to_owned(),
        };
        crate::driver::count_refusal(&message);
        self.say(message).await
    }

    async fn bye(&mut self, reason: Bye) -> Result<(), Dead> {
        self.say(ServerMessage::Bye { reason }).await?;
        let closed = close(&mut self.sink, code(CloseReason::Bye(reason))).await;
        closed.or(Err(Dead))
    }

    async fn say(&mut self, message: ServerMessage) -> Result<(), Dead> {
        self.seq += 1;
        let seq = self.seq;
        let text = encode(&ServerFrame { seq, message });
        self.send(Message::Text(text.into())).await
    }

    async fn send(&mut self, message: Message) -> Result<(), Dead> {
        match timeout(FAREWELL_MAX, self.sink.send(message)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(Dead),
        }
    }
}
