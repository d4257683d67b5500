//! The chat of a visit, for signaling: stored with the encounter, surviving every restart.

use clinical_model::booking::AppointmentStage;
use clinical_model::{AuditActor, AuditEntry, ParticipantUuid, Phi, RoomUuid};
use clinical_store::StoreError;
use clinical_store::chat::{NewMessage, StoredMessage};
use signaling_protocol::{
    CHAT_BACKLOG_MAX, ChatId, ChatMessage, ChatText, ParticipantId, RoomId, TextError,
};

use super::mode::RoomMode;
use crate::Desk;

/// What a room was when it was last open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoomState {
    /// The latest messages, oldest first, at most [`CHAT_BACKLOG_MAX`].
    pub chat: Vec<ChatMessage>,
    /// How far each person has read.
    pub read: Vec<(ParticipantId, u64)>,
    /// The visit is over or will not take place.
    pub ended: bool,
    /// What holds in it until a clinician says otherwise.
    pub mode: RoomMode,
}

/// Why a room was not read, or something of it not stored.
#[derive(Debug, thiserror::Error)]
pub enum ChatError {
    /// There is no such room.
    #[error("no such room")]
    NoRoom,
    /// Another person's message has this id.
    #[error("another person's message has this id")]
    IdTaken,
    /// A stored text that the protocol refuses.
    #[error("a stored message cannot be shown")]
    Text(#[from] TextError),
    /// The store failed.
    #[error("the chat could not be read or written")]
    Store(#[from] StoreError),
}

pub(crate) fn chat_message(stored: StoredMessage) -> Result<ChatMessage, TextError> {
    Ok(ChatMessage {
        seq: stored.seq,
        id: ChatId::from_uuid(stored.message.id),
        from: ParticipantId::from_uuid(stored.message.from.as_uuid()),
        from_name: stored.message.from_name.into_exposed(),
        at_us: stored.at.0,
        text: ChatText::try_from(stored.message.text.into_exposed())?,
    })
}

/// What signaling needs to open a room.
///
/// # Errors
/// [`ChatError::NoRoom`], [`ChatError::Text`] and [`ChatError::Store`]
pub async fn load_room(desk: &Desk, room: RoomId) -> Result<RoomState, ChatError> {
    let room = RoomUuid::from_uuid(room.as_uuid());
    let mut tx = desk.db().read().await?;
    let record = clinical_store::booking::find_by_room(&mut tx, room)
        .await?
        .ok_or(ChatError::NoRoom)?;
    let max = u32::try_from(CHAT_BACKLOG_MAX).unwrap_or(u32::MAX);
    let chat = clinical_store::chat::latest(&mut tx, room, max)
        .await?
        .into_iter()
        .map(chat_message)
        .collect::<Result<_, _>>()?;
    let read = clinical_store::chat::read_marks(&mut tx, room)
        .await?
        .into_iter()
        .map(|(participant, seq)| (ParticipantId::from_uuid(participant.as_uuid()), seq))
        .collect();
    let mode = clinical_store::visits::mode(&mut tx, room).await?.into();
    Ok(RoomState {
        mode,
        chat,
        read,
        ended: matches!(
            record.appointment.state.stage(),
            AppointmentStage::Finished | AppointmentStage::Cancelled
        ),
    })
}

/// Stores a message under the next number of its room. The same message sent again is not stored
/// again.
///
/// # Errors
/// [`ChatError`]
pub async fn append_chat(
    desk: &Desk,
    room: RoomId,
    id: ChatId,
    (from, from_name): (ParticipantId, &str),
    text: &ChatText,
) -> Result<ChatMessage, ChatError> {
    let now = desk.now();
    let room = RoomUuid::from_uuid(room.as_uuid());
    let author = ParticipantUuid::from_uuid(from.as_uuid());
    let mut tx = desk.db().begin().await?;
    let visit = clinical_store::booking::find_by_room(&mut tx, room)
        .await?
        .ok_or(ChatError::NoRoom)?
        .appointment;
    let message = NewMessage {
        id: id.as_uuid(),
        from: author,
        from_name: Phi::new(from_name.to_owned()),
        text: Phi::new(text.as_str().to_owned()),
    };
    let stored = clinical_store::chat::append(&mut tx, room, message, now).await?;
    if stored.message.from != author {
        return Err(ChatError::IdTaken);
    }
    let entry = AuditEntry::done(
        AuditActor::Participant(from.as_uuid()),
        "visits.append_chat",
        now,
    )
    .of_visit(&visit)
    .about("room", room.as_uuid())
    .under("admitted");
    tx.commit(entry).await?;
    Ok(chat_message(stored)?)
}

/// A person has read everything up to `seq`; the mark never goes back.
///
/// # Errors
/// [`ChatError::NoRoom`] and [`ChatError::Store`]
pub async fn mark_read(
    desk: &Desk,
    room: RoomId,
    participant: ParticipantId,
    seq: u64,
) -> Result<(), ChatError> {
    let now = desk.now();
    let room = RoomUuid::from_uuid(room.as_uuid());
    let reader = ParticipantUuid::from_uuid(participant.as_uuid());
    let mut tx = desk.db().begin().await?;
    let visit = clinical_store::booking::find_by_room(&mut tx, room)
        .await?
        .ok_or(ChatError::NoRoom)?
        .appointment;
    clinical_store::chat::mark_read(&mut tx, room, reader, seq).await?;
    let actor = AuditActor::Participant(participant.as_uuid());
    let entry = AuditEntry::done(actor, "visits.mark_read", now)
        .of_visit(&visit)
        .about("room", room.as_uuid())
        .under("admitted");
    tx.commit(entry).await?;
    Ok(())
}
