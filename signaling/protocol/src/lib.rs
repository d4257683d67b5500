//! The call messages that browser, server and load tester share.
//!
//! One WebSocket carries JSON text frames: [`ClientMessage`] upwards, [`ServerFrame`] downwards.
//! The first message is always [`ClientMessage::Hello`], with a one-use ticket or a resume token;
//! the answer is [`ServerMessage::Welcome`] with a whole [`Snapshot`]. Every later frame carries
//! the next `seq`, so a client that comes back says what it saw last and gets a fresh snapshot.
//!
//! This crate exists to forbid imports: it compiles to wasm and knows no socket, clock or database.

mod client;
mod ids;
mod limits;
mod media;
mod recording;
mod roster;
mod server;
mod text;

pub use client::{Auth, ClientMessage, SlotView, SourceMid};
pub use ids::{ChatId, ConnectionId, ParticipantId, RoomId};
pub use limits::{
    CHAT_BACKLOG_MAX, CHAT_CHARS_MAX, HEARTBEAT_MS, INSPECTED_ROOMS_MAX, KEY_BYTES_MAX,
    MESSAGE_BYTES_MAX, NAME_CHARS_MAX, PARTICIPANTS_MAX, SDP_BYTES_MAX, SILENCE_MS_MAX,
    TEST_MS_MAX, VERSION,
};
pub use media::{GAP_BOUNDS_MS, MediaPoint, POINT_MS, POINTS_MAX, ParticipantMedia, RoomMedia};
pub use recording::{
    CAPTIONS_WORDING, CONSENT_WORDING, Caption, Purpose, Recording, RecordingEnd, RecordingPhase,
};
pub use roster::{
    CallBack, Grants, Participant, Phone, Quality, Role, RoomOverview, Source, Sources, Stage,
    WayIn,
};
pub use server::{
    Bye, ChatMessage, ErrorCode, FailoverTicket, IceServer, ServerFrame, ServerMessage,
    SlotBinding, Snapshot, WantedSource,
};
pub use text::{ChatText, KeyText, Sdp, TextError};
