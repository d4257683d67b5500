//! Clinical words and rules: pure and wasm-safe.
//!
//! This crate exists to forbid imports: no SQL, no HTTP, no clock, no random numbers. Time and
//! zones are arguments.

pub mod access;
mod audit;
pub mod booking;
pub mod chart;
mod identity;
mod ids;
pub mod notes;
pub mod notify;
pub mod patients;
mod phi;
pub mod results;
pub mod statistics;
pub mod text;
mod time;
pub mod visits;

pub use audit::{AuditActor, AuditEntry, AuditOutcome, Once, Purpose};
pub use identity::{
    Account, DoctorProfile, EMAIL_BYTES_MAX, Email, EmailError, NAME_CHARS_MAX, OtherRole,
    Position, REUSE_GRACE_US, Role, Session, Shown, TokenHash, UnknownRole,
};
pub use ids::{
    AppointmentId, EntryId, GrantId, GuestId, HoldId, IdError, NoteId, ParticipantUuid, PatientId,
    PrescriptionId, ResourceId, RoomUuid, ScheduleEntryId, ServiceId, SessionId, TenantId, UserId,
};
pub use phi::Phi;
pub use time::Micros;
