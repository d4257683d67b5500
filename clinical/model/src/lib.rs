//! Clinical words and rules: pure and wasm-safe.
//!
//! This crate exists to forbid imports: no SQL, no HTTP, no clock, no random numbers. Time and
//! zones are arguments.

mod identity;
mod ids;
mod time;

pub use identity::Role;
pub use ids::{AppointmentId, GuestId, IdError, NoteId, RoomUuid, SessionId, UserId};
pub use time::Micros;
