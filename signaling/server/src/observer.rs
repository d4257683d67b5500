//! The live list of rooms, for day lists and the admin's list.

use core::time::Duration;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::body::Bytes;
use axum::extract::ws::{Message, WebSocket};
use futures_util::{SinkExt as _, StreamExt as _};
use signaling_protocol::{
    Bye, ClientMessage, ErrorCode, HEARTBEAT_MS, INSPECTED_ROOMS_MAX, MESSAGE_BYTES_MAX,
    ParticipantMedia, RoomId, RoomMedia, RoomOverview, ServerFrame, ServerMessage,
};
use signaling_session::CloseReason;
use signaling_ticket::Observed;
use tokio::sync::watch;
use tokio::time::{Instant, interval, sleep_until, timeout};

use crate::gauges::{Gauges, Known, Watching};
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
    /// What other nodes say of theirs, by node.
    elsewhere: Mutex<BTreeMap<String, Vec<RoomOverview>>>,
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
            elsewhere: Mutex::new(BTreeMap::new()),
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

    /// What another node says of its rooms, from here on.
    pub(crate) fn hear(&self, node: &str, rooms: Vec<RoomOverview>) {
        self.lock_elsewhere().insert(node.to_owned(), rooms);
        self.changed.send_modify(|n| *n = n.wrapping_add(1));
    }

    /// Another node says nothing any more.
    pub(crate) fn forget(&self, node: &str) {
        if self.lock_elsewhere().remove(node).is_some() {
            self.changed.send_modify(|n| *n = n.wrapping_add(1));
        }
    }

    /// What another node said of its rooms last.
    pub(crate) fn elsewhere(&self, node: &str) -> Vec<RoomOverview> {
        self.lock_elsewhere().get(node).cloned().unwrap_or_default()
    }

    /// Changes with every change of the list.
    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    /// The rooms of this node and of the others; this one knows its own best.
    pub(crate) fn select(&self, scope: &Observed) -> Vec<RoomOverview> {
        let mut rooms: BTreeMap<RoomId, RoomOverview> = BTreeMap::new();
        {
            let elsewhere = self.lock_elsewhere();
            for room in elsewhere.values().flatten() {
                let is_meant = match scope {
                    Observed::All => true,
                    Observed::Rooms(ids) => ids.contains(&room.room),
                };
                if is_meant {
                    rooms.insert(room.room, room.clone());
                }
            }
        }
        rooms.extend(self.here(scope).into_iter().map(|it| (it.room, it)));
        rooms.into_values().collect()
    }

    /// The rooms of this node.
    pub(crate) fn here(&self, scope: &Observed) -> Vec<RoomOverview> {
        let rooms = self.lock();
        match scope {
            Observed::All => rooms.values().cloned().collect(),
            Observed::Rooms(ids) => {
                let ids: std::collections::BTreeSet<_> = ids.iter().collect();
                ids.iter().filter_map(|id| rooms.get(id).cloned()).collect()
            }
        }
    }

    fn lock_elsewhere(&self) -> MutexGuard<'_, BTreeMap<String, Vec<RoomOverview>>> {
        self.elsewhere
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
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
pub(crate) async fn observe(hub: &Hub, gauges: &Arc<Gauges>, socket: WebSocket, scope: Observed) {
    let (sink, stream) = socket.split();
    let mut observer = Observer {
        sink,
        seq: 0,
        told: None,
        inspected: Vec::new(),
        known: Known::new(),
        watching: None,
    };
    let mut reader = Reader::new(stream);
    // A socket that fails or does not take a list in time is dropped; the page comes back.
    if let Ok(reason) = observer.serve(hub, gauges, &scope, &mut reader).await {
        let _ = timeout(FAREWELL_MAX, observer.bye(reason)).await;
    }
}

struct Observer {
    sink: Sink,
    seq: u64,
    told: Option<Vec<RoomOverview>>,
    /// Rooms whose media numbers are wanted.
    inspected: Vec<RoomId>,
    known: Known,
    watching: Option<Watching>,
}

/// The socket is gone, or as good as gone.
struct Dead;

impl Observer {
    async fn serve(
        &mut self,
        hub: &Hub,
        gauges: &Arc<Gauges>,
        scope: &Observed,
        reader: &mut Reader,
    ) -> Result<Bye, Dead> {
        let mut changed = hub.changed.subscribe();
        let mut readings = gauges.readings();
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
                Ok(()) = readings.changed(), if self.watching.is_some() => {
                    self.tell_numbers(gauges).await?;
                }
                _ = beat.tick() => {
                    self.send(Message::Ping(Bytes::new())).await?;
                    self.say(ServerMessage::Heartbeat).await?;
                }
                heard = reader.next() => match heard {
                    Heard::Lost => return Err(Dead),
                    Heard::Message(ClientMessage::Leave) => return Ok(Bye::Left),
                    Heard::Message(ClientMessage::Inspect { rooms }) => {
                        self.inspect(gauges, scope, rooms).await?;
                    }
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

    /// Remembers whose numbers are wanted, and tells what there is.
    async fn inspect(
        &mut self,
        gauges: &Arc<Gauges>,
        scope: &Observed,
        rooms: Vec<RoomId>,
    ) -> Result<(), Dead> {
        if *scope != Observed::All {
            let detail = "numbers are for those who look after all rooms";
            return self.refuse(ErrorCode::Forbidden, detail).await;
        }
        if rooms.len() > INSPECTED_ROOMS_MAX {
            return self
                .refuse(ErrorCode::Malformed, "too many rooms at a time")
                .await;
        }
        self.watching = (!rooms.is_empty()).then(|| gauges.watch());
        self.inspected = rooms;
        self.tell_numbers(gauges).await
    }

    /// The newest numbers, in as many frames as they need.
    async fn tell_numbers(&mut self, gauges: &Gauges) -> Result<(), Dead> {
        let numbers = gauges.numbers(&self.inspected, &mut self.known);
        for rooms in frames(numbers) {
            self.say(ServerMessage::Media { rooms }).await?;
        }
        Ok(())
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

/// Bytes that a room or a participant takes in a frame, at most, without points.
const EACH_BYTES_MAX: usize = 700;
/// Bytes that a point takes in a frame, at most.
const POINT_BYTES_MAX: usize = 64;

/// Numbers in frames that no reader finds too large.
fn frames(numbers: Vec<RoomMedia>) -> Vec<Vec<RoomMedia>> {
    let mut frames = Vec::new();
    let mut frame: Vec<RoomMedia> = Vec::new();
    let mut bytes = EACH_BYTES_MAX;
    for RoomMedia { room, participants } in numbers {
        for one in participants {
            let more = bytes_of(&one);
            if bytes.saturating_add(more) > MESSAGE_BYTES_MAX {
                frames.push(core::mem::take(&mut frame));
                bytes = EACH_BYTES_MAX;
            }
            bytes = bytes.saturating_add(more);
            match frame.last_mut() {
                Some(last) if last.room == room => last.participants.push(one),
                Some(_) | None => frame.push(RoomMedia {
                    room,
                    participants: vec![one],
                }),
            }
        }
    }
    frames.push(frame);
    frames.retain(|frame| !frame.is_empty());
    frames
}

/// As if each were alone in its room.
fn bytes_of(one: &ParticipantMedia) -> usize {
    let points = one.points.len().saturating_mul(POINT_BYTES_MAX);
    points.saturating_add(2 * EACH_BYTES_MAX)
}

#[cfg(test)]
mod tests {
    use signaling_protocol::{MediaPoint, POINTS_MAX, ParticipantId, Quality};
    use uuid::Uuid;

    use super::*;

    #[test]
    fn the_largest_numbers_go_in_frames_that_are_small_enough() {
        let point = MediaPoint {
            loss_up_permille: Some(u16::MAX),
            loss_down_permille: Some(u16::MAX),
            rtt_ms: Some(u16::MAX),
            jitter_ms: Some(u16::MAX),
            up_kbps: u32::MAX,
            down_kbps: u32::MAX,
            estimate_kbps: Some(u32::MAX),
            rating: Some(u8::MAX),
        };
        let one = |n| ParticipantMedia {
            participant: ParticipantId::from_uuid(Uuid::from_u128(n)),
            connected: false,
            quality: Quality::Unknown,
            audio_only: false,
            now: point,
            freezes: u64::MAX,
            gaps: [u64::MAX; 6],
            layer_switches: u64::MAX,
            keyframes_requested: u64::MAX,
            first_point: u64::MAX,
            points: vec![point; POINTS_MAX],
        };
        let numbers: Vec<RoomMedia> = (0..7)
            .map(|n| RoomMedia {
                room: RoomId::from_uuid(Uuid::from_u128(n)),
                participants: (0..3).map(one).collect(),
            })
            .collect();
        let frames = frames(numbers);
        let people: usize = frames
            .iter()
            .flatten()
            .map(|it| it.participants.len())
            .sum();
        assert_eq!(people, 21);
        assert!(frames.len() < 7, "not a frame for each: {}", frames.len());
        for rooms in frames {
            let message = ServerMessage::Media { rooms };
            let text = encode(&ServerFrame {
                seq: u64::MAX,
                message,
            });
            assert!(text.len() <= MESSAGE_BYTES_MAX, "{}", text.len());
        }
    }
}
