//! The rules of one room: lobby, admission, chat, moderation, resume. No IO, no clock.
//!
//! [`Room`] is a machine. Its driver calls [`Room::handle`] with the time and one [`Input`], then
//! takes every [`Output`] from [`Room::poll_output`] until there is none, and calls
//! [`Room::handle`] with [`Input::Timeout`] when [`Room::poll_timeout`] has come. Outputs must be
//! carried out in their order.
//!
//! What the machine promises:
//! - Nobody who is not admitted gets roster, chat or media. A page that waits cannot even offer; a
//!   program at a standard door gets an answer and is granted nothing.
//! - Admission, refusal, removal and the end take effect after the clinic has recorded them.
//! - A chat message is broadcast after it has been stored, once for each id.
//! - Every person has at most one live socket, and the frames of a session are numbered 1, 2, 3 ...
//! - A person is one participant with page and telephone, and one of the two carries their sound.
//! - Nothing is recorded unless everybody in the visit has agreed and the clinic knows it.
//! - People encrypt for each other after the clinic keeps that they do, and a room that is opened anew encrypts as
//!   before.
//! - Only a clinician's `End`, or the clinic itself, ends a visit.
//!
//! This crate exists to forbid imports: no tokio, no sockets, no media server, no clock.
#![deny(clippy::arithmetic_side_effects, clippy::indexing_slicing)]

mod admission;
mod call_back;
mod chat;
mod encryption;
mod entrance;
mod input;
mod keeping;
mod limits;
mod media;
mod member;
mod moving;
mod orphans;
mod output;
mod phone;
mod recording;
mod removed;
mod room;
mod roster;

pub use call_back::CallBackRule;
pub use input::{
    Caller, Complaint, Entry, Input, OfferRefusal, Orphan, Person, PhoneAct, RequestId,
    ResumeSecret, Returning, RoomRecord, SocketId, Standing, StoreFailed, TokenHash,
};
pub use limits::{EMPTY_GRACE_US, Limits, SEAT_KEPT_US};
pub use moving::{Legacy, MOVE_SETTLE_US};
pub use output::{
    ChatPost, CloseReason, MediaCommand, Output, PhoneCommand, PhoneNews, PhoneSound, TapCommand,
    VisitEvent,
};
pub use room::Room;
