//! Which rooms this process has, and the way to each.

use core::time::Duration;
use std::collections::HashMap;
use std::collections::hash_map::Entry as Slot;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use signaling_protocol::RoomId;
use signaling_session::{Entry, Input, ResumeSecret, SocketId, TokenHash};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;
use tracing::Span;

use crate::cluster::Nodes;
use crate::phone::Line;

/// Inputs that may wait for one room. Senders block: a socket then reads no further, and a room
/// with ten people and their limits on rate drains this in milliseconds.
const MAIL_MAX: usize = 256;

/// What a room's task is sent.
#[derive(Debug)]
pub(crate) enum Mail {
    /// A socket wants to come in.
    Enter {
        socket: SocketId,
        entry: Entry,
        secret: ResumeSecret,
        line: Line,
    },
    /// Something happened.
    Input(Input),
    /// Somebody said something, which is a span of a trace until it is dealt with.
    Said { input: Input, span: Span },
    /// Somebody asks whether the room knows a resume token.
    Asked {
        token: TokenHash,
        knows: oneshot::Sender<bool>,
    },
    /// Another node has the room from here on; its people go there.
    Move {
        nodes: Arc<Nodes>,
        patience: Duration,
    },
}

/// The way to one room.
#[derive(Debug, Clone)]
pub(crate) struct Door {
    mail: mpsc::Sender<Mail>,
    /// Sockets that hold this door and whose `Enter` the room has not seen yet: while there are
    /// any, the room does not go away.
    knocking: Arc<AtomicUsize>,
}

/// The room's end of its door.
#[derive(Debug)]
pub(crate) struct Doorway {
    pub(crate) mail: mpsc::Receiver<Mail>,
    pub(crate) door: Door,
}

/// The room is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the room is gone")]
pub(crate) struct Gone;

impl Door {
    pub(crate) fn new() -> (Self, Doorway) {
        let (sender, mail) = mpsc::channel(MAIL_MAX);
        let door = Self {
            mail: sender,
            knocking: Arc::new(AtomicUsize::new(0)),
        };
        let doorway = Doorway {
            mail,
            door: door.clone(),
        };
        (door, doorway)
    }

    /// Waits until the room has place for the mail.
    pub(crate) async fn send(&self, mail: Mail) -> Result<(), Gone> {
        self.mail.send(mail).await.or(Err(Gone))
    }

    /// Whether the room knows a resume token. One that is gone knows none.
    pub(crate) async fn knows(&self, token: TokenHash) -> bool {
        let (knows, answer) = oneshot::channel();
        self.send(Mail::Asked { token, knows }).await.is_ok() && answer.await.unwrap_or(false)
    }

    /// The room has seen an `Enter`.
    pub(crate) fn answered(&self) {
        self.knocking.fetch_sub(1, Ordering::AcqRel);
    }

    fn knock(&self) {
        self.knocking.fetch_add(1, Ordering::AcqRel);
    }

    fn is_knocked_at(&self) -> bool {
        self.knocking.load(Ordering::Acquire) > 0
    }
}

/// All rooms of this process.
#[derive(Debug, Default)]
pub(crate) struct Directory {
    rooms: Mutex<Rooms>,
    /// How many there are; changes whenever one comes or goes.
    count: watch::Sender<usize>,
}

#[derive(Debug, Default)]
struct Rooms {
    open: HashMap<RoomId, (Door, JoinHandle<()>)>,
    closed: bool,
}

impl Directory {
    /// The door of a room for somebody who will enter; `start` makes the room if there is none.
    /// `None` when the server is closing.
    pub(crate) fn knock_or_open(
        &self,
        room: RoomId,
        start: impl FnOnce(Doorway) -> JoinHandle<()>,
    ) -> Option<Door> {
        let mut rooms = self.lock();
        if rooms.closed {
            return None;
        }
        let slot = match rooms.open.entry(room) {
            // The task has failed and not been cleared away yet.
            Slot::Occupied(slot) if slot.get().1.is_finished() => {
                slot.remove();
                rooms.open.entry(room)
            }
            slot => slot,
        };
        let (door, _) = slot.or_insert_with(|| {
            let (door, doorway) = Door::new();
            (door, start(doorway))
        });
        let door = door.clone();
        door.knock();
        self.counted(&rooms);
        Some(door)
    }

    /// The door of a room for somebody who will enter, if the room is here.
    pub(crate) fn knock(&self, room: RoomId) -> Option<Door> {
        let rooms = self.lock();
        let (door, _) = rooms.open.get(&room)?;
        door.knock();
        Some(door.clone())
    }

    /// The door of a room for news.
    pub(crate) fn find(&self, room: RoomId) -> Option<Door> {
        self.lock().open.get(&room).map(|(door, _)| door.clone())
    }

    /// Changes whenever a room comes or goes.
    pub(crate) fn counts(&self) -> watch::Receiver<usize> {
        self.count.subscribe()
    }

    /// Takes a room out, unless somebody is about to enter.
    pub(crate) fn retire(&self, room: RoomId, door: &Door) -> bool {
        let mut rooms = self.lock();
        if door.is_knocked_at() {
            return false;
        }
        self.remove(&mut rooms, room, door);
        true
    }

    /// Takes a room out whose task has failed.
    pub(crate) fn bury(&self, room: RoomId, door: &Door) {
        let mut rooms = self.lock();
        self.remove(&mut rooms, room, door);
    }

    /// Opens no more rooms; gives back those that are there.
    pub(crate) fn close(&self) -> Vec<(Door, JoinHandle<()>)> {
        let mut rooms = self.lock();
        rooms.closed = true;
        rooms.open.drain().map(|(_, room)| room).collect()
    }

    fn remove(&self, rooms: &mut Rooms, room: RoomId, door: &Door) {
        if let Slot::Occupied(slot) = rooms.open.entry(room)
            && slot.get().0.mail.same_channel(&door.mail)
        {
            slot.remove();
        }
        self.counted(rooms);
    }

    fn counted(&self, rooms: &Rooms) {
        metrics::gauge!("signal_rooms").set(count(rooms.open.len()));
        self.count.send_replace(rooms.open.len());
    }

    fn lock(&self) -> MutexGuard<'_, Rooms> {
        self.rooms.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn count(rooms: usize) -> f64 {
    u32::try_from(rooms).map_or(f64::INFINITY, f64::from)
}
