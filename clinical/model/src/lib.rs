//! Clinical words and rules: pure and wasm-safe.
//!
//! This crate exists to forbid imports: no SQL, no HTTP, no clock, no random numbers. Time and
//! zones are arguments.

mod audit;
pub mod booking;
mod identity;
mod ids;
pub mod notes;
pub mod notify;
mod phi;
pub mod results;
mod time;
pub mod visits;

pub use audit::{AuditActor, AuditEntry, AuditOutcome};
pub use identity::{
    Account, DoctorProfile, EMAIL_BYTES_MAX, Email, EmailError, NAME_CHARS_MAX, OtherRole,
    Position, REUSE_GRACE_US, Role, Session, Shown, TokenHash, UnknownRole,
};
pub use ids::{
    AppointmentId, GuestId, IdError, NoteId, ParticipantUuid, RoomUuid, SessionId, UserId,
};
pub use phi::Phi;
pub use time::Micros;
