//! Entering a visit, its guests, its queue, and what happens in its room.

mod desk;
mod guests;
mod join;
mod live;
mod record;
mod room;

pub use desk::{Desk, SIGNAL_PATH};
pub use guests::{
    AddGuestError, GUESTS_MAX, GuestCommand, Invited, RemoveGuestError, add_guest, remove_guest,
};
pub use join::{
    Entry, JoinError, TestPass, TestPassError, connection_test, join_as_doctor, link_queue,
    link_test, redeem,
};
pub use live::{CloseReason, LIVE_EFFECTS_MAX, LiveEffect, LiveVisits};
pub use record::{VisitEvent, VisitEventError, record_visit_event};
pub(crate) use room::chat_message;
pub use room::{ChatError, RoomState, append_chat, load_room, mark_read};
pub use signaling_protocol::Role;
