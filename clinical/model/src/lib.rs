//! Clinical words and rules: pure and wasm-safe.
//!
//! This crate exists to forbid imports: no SQL, no HTTP, no clock, no random numbers. Time and
//! zones are arguments.

pub mod booking;
mod identity;
mod ids;
pub mod notes;
mod time;
pub mod visits;

pub use identity::Role;
pub use ids::{
    AppointmentId, GuestId, IdError, NoteId, ParticipantUuid, RoomUuid, SessionId, UserId,
};
pub use time::Micros;
