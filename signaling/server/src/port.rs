//! What signaling asks of the clinic. The composition root implements it.

use core::future::Future;

use sfu_net::TapEvent;
use signaling_protocol::{Caption, ChatMessage, ParticipantId, Role, RoomId};
use signaling_session::{ChatPost, Legacy, Person, RoomRecord, VisitEvent};
use tokio::sync::mpsc;
use uuid::Uuid;

/// The clinic could not do it; the client may try again.
#[derive(Debug, thiserror::Error)]
#[error("the clinic is not available")]
pub struct PortError(#[source] Box<dyn core::error::Error + Send + Sync>);

impl PortError {
    /// Keeps the cause for the log.
    pub fn new(cause: impl Into<Box<dyn core::error::Error + Send + Sync>>) -> Self {
        Self(cause.into())
    }
}

/// Something that was said in a visit, to be kept for its note.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SaidLine {
    /// Who said what.
    pub caption: Caption,
    /// The speaker's name at that time.
    pub name: SpeakerName,
    /// What they were in the visit.
    pub role: Role,
}

/// A display name.
#[derive(Clone, PartialEq, Eq)]
pub struct SpeakerName(pub String);

impl core::fmt::Debug for SpeakerName {
    /// Names never reach a log.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("SpeakerName(..)")
    }
}

/// The clinic as signaling sees it: rooms, numbers and words, no patients.
///
/// Calls for one room come one after the other and are given up after some seconds. A call that
/// was given up may be repeated, so each of them is idempotent.
pub trait VisitPort: Send + Sync + 'static {
    /// What is stored of a room: the last [`signaling_protocol::CHAT_BACKLOG_MAX`] messages, read
    /// marks, whether the visit was ended, and what [`VisitPort::keep_legacy`] has kept.
    fn load(&self, room: RoomId) -> impl Future<Output = Result<RoomRecord, PortError>> + Send;

    /// Uses a pass up for all nodes of a cluster, until it expires (Unix time in microseconds). False: it
    /// was used before. One node alone is never asked: it remembers by itself.
    fn spend(
        &self,
        pass: Uuid,
        expires_us: i64,
    ) -> impl Future<Output = Result<bool, PortError>> + Send {
        let _ = (pass, expires_us);
        core::future::ready(Err(PortError::new("there is no register of passes")))
    }

    /// Who a person is now that was in a room of a node that has failed, as a pass of theirs would say.
    /// `None`: they would get none.
    fn readmit(
        &self,
        room: RoomId,
        participant: ParticipantId,
    ) -> impl Future<Output = Result<Option<Person>, PortError>> + Send {
        let _ = (room, participant);
        core::future::ready(Ok(None))
    }

    /// Stores a chat message and gives it the room's next number and the time. A message with a
    /// known id is not stored again: the answer is the stored one.
    fn append_chat(
        &self,
        room: RoomId,
        post: ChatPost,
    ) -> impl Future<Output = Result<ChatMessage, PortError>> + Send;

    /// Stores how far a person has read. A smaller number than the stored one changes nothing.
    fn mark_read(
        &self,
        room: RoomId,
        participant: ParticipantId,
        seq: u64,
    ) -> impl Future<Output = Result<(), PortError>> + Send;

    /// Puts an event on record. Decisions of a clinician take effect only after this succeeded.
    fn record(
        &self,
        room: RoomId,
        event: VisitEvent,
    ) -> impl Future<Output = Result<(), PortError>> + Send;

    /// Keeps how the room is, instead of what was kept of it: whoever opens it anew, on whichever node and by
    /// whatever pass, finds it so.
    fn keep_legacy(
        &self,
        room: RoomId,
        legacy: Legacy,
    ) -> impl Future<Output = Result<(), PortError>> + Send;

    /// Calls the telephone of a person whose page was lost, or stops calling it. Who answers comes in by
    /// [`crate::PhoneDoor`], with a pass of their own; if nobody does, say so with
    /// [`crate::SignalingHandle::call_back_failed`]. Without a telephone it fails at once.
    fn call_back(
        &self,
        room: RoomId,
        participant: ParticipantId,
        ring: bool,
    ) -> impl Future<Output = Result<(), PortError>> + Send {
        let _ = (room, participant, ring);
        core::future::ready(Err(PortError::new("there is no telephone")))
    }

    /// Prepares the recorder of a room in which everybody has agreed, and gives its end. It gets
    /// nothing yet. The recording is complete when the sender is dropped; a recorder that gives up
    /// before says so with [`crate::SignalingHandle::recorder_failed`].
    fn open_recorder(
        &self,
        room: RoomId,
    ) -> impl Future<Output = Result<mpsc::Sender<TapEvent>, PortError>> + Send;

    /// Prepares the scribe of a room in which everybody has agreed to captions, and gives its end. It gets
    /// nothing yet, and then voices alone. What it understands it says with
    /// [`crate::SignalingHandle::heard`], and that it has given up with
    /// [`crate::SignalingHandle::scribe_failed`].
    fn open_scribe(
        &self,
        room: RoomId,
    ) -> impl Future<Output = Result<mpsc::Sender<TapEvent>, PortError>> + Send {
        let _ = room;
        core::future::ready(Err(PortError::new("nobody writes captions here")))
    }

    /// Keeps what was said for the note of the visit. What cannot be kept is lost to the note alone.
    fn keep_caption(
        &self,
        room: RoomId,
        line: SaidLine,
    ) -> impl Future<Output = Result<(), PortError>> + Send {
        let _ = (room, line);
        core::future::ready(Err(PortError::new("nobody keeps captions here")))
    }
}
