//! The clinic's port, kept in memory.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use sfu_net::TapEvent;
use signaling_protocol::{CHAT_BACKLOG_MAX, ChatMessage, ParticipantId, RoomId};
use signaling_server::{ChatPost, Legacy, Person, PortError, RoomRecord, VisitEvent, VisitPort};
use tokio::sync::mpsc;
use uuid::Uuid;

#[derive(Debug, Default)]
pub(crate) struct MemoryClinic {
    rooms: Mutex<BTreeMap<RoomId, Stored>>,
    spent: Mutex<BTreeSet<Uuid>>,
    known: Mutex<BTreeMap<ParticipantId, Person>>,
    broken: AtomicBool,
    rotten: AtomicBool,
}

#[derive(Debug, Default)]
struct Stored {
    chat: Vec<ChatMessage>,
    read: BTreeMap<ParticipantId, u64>,
    events: Vec<VisitEvent>,
    ended: bool,
    legacy: Legacy,
    recorders: Vec<mpsc::Receiver<TapEvent>>,
}

impl MemoryClinic {
    /// Answers nothing but errors while `broken`.
    pub(crate) fn set_broken(&self, broken: bool) {
        self.broken.store(broken, Ordering::SeqCst);
    }

    /// Somebody who may come back.
    pub(crate) fn knows(&self, person: Person) {
        self.known.lock().unwrap().insert(person.id, person);
    }

    /// Somebody who may not come back any more.
    pub(crate) fn forgets(&self, participant: ParticipantId) {
        self.known.lock().unwrap().remove(&participant);
    }

    /// Panics at everything while `rotten`.
    pub(crate) fn set_rotten(&self, rotten: bool) {
        self.rotten.store(rotten, Ordering::SeqCst);
    }

    /// What the latest recorder of a room gets.
    pub(crate) fn recorder(&self, room: RoomId) -> Option<mpsc::Receiver<TapEvent>> {
        let mut rooms = self.rooms.lock().unwrap();
        rooms.get_mut(&room)?.recorders.pop()
    }

    pub(crate) fn events(&self, room: RoomId) -> Vec<VisitEvent> {
        let rooms = self.rooms.lock().unwrap();
        rooms
            .get(&room)
            .map(|stored| stored.events.clone())
            .unwrap_or_default()
    }

    fn with<T>(&self, room: RoomId, act: impl FnOnce(&mut Stored) -> T) -> Result<T, PortError> {
        assert!(
            !self.rotten.load(Ordering::SeqCst),
            "a fault injected by a test"
        );
        if self.broken.load(Ordering::SeqCst) {
            return Err(PortError::new("the disk is full"));
        }
        Ok(act(self.rooms.lock().unwrap().entry(room).or_default()))
    }
}

impl VisitPort for MemoryClinic {
    async fn load(&self, room: RoomId) -> Result<RoomRecord, PortError> {
        self.with(room, |stored| RoomRecord {
            chat: stored
                .chat
                .iter()
                .rev()
                .take(CHAT_BACKLOG_MAX)
                .rev()
                .cloned()
                .collect(),
            read: stored.read.iter().map(|(id, seq)| (*id, *seq)).collect(),
            ended: stored.ended,
            captions_offered: true,
            legacy: stored.legacy.clone(),
        })
    }

    async fn spend(&self, pass: Uuid, _expires_us: i64) -> Result<bool, PortError> {
        Ok(self.spent.lock().unwrap().insert(pass))
    }

    async fn readmit(
        &self,
        _room: RoomId,
        participant: ParticipantId,
    ) -> Result<Option<Person>, PortError> {
        Ok(self.known.lock().unwrap().get(&participant).cloned())
    }

    async fn append_chat(&self, room: RoomId, post: ChatPost) -> Result<ChatMessage, PortError> {
        self.with(room, |stored| {
            if let Some(known) = stored.chat.iter().find(|message| message.id == post.id) {
                return known.clone();
            }
            let seq = stored.chat.len() as u64 + 1;
            let message = ChatMessage {
                seq,
                id: post.id,
                from: post.from,
                from_name: post.from_name,
                at_us: 1_800_000_000_000_000,
                text: post.text,
            };
            stored.chat.push(message.clone());
            message
        })
    }

    async fn mark_read(
        &self,
        room: RoomId,
        participant: ParticipantId,
        seq: u64,
    ) -> Result<(), PortError> {
        self.with(room, |stored| {
            let mark = stored.read.entry(participant).or_default();
            *mark = (*mark).max(seq);
        })
    }

    async fn open_recorder(&self, room: RoomId) -> Result<mpsc::Sender<TapEvent>, PortError> {
        let (sender, receiver) = mpsc::channel(1_000);
        self.with(room, |stored| stored.recorders.push(receiver))?;
        Ok(sender)
    }

    async fn keep_legacy(&self, room: RoomId, legacy: Legacy) -> Result<(), PortError> {
        self.with(room, |stored| stored.legacy = legacy)
    }

    async fn record(&self, room: RoomId, event: VisitEvent) -> Result<(), PortError> {
        self.with(room, |stored| {
            stored.ended |= matches!(event, VisitEvent::Ended { .. });
            stored.events.push(event);
        })
    }
}
