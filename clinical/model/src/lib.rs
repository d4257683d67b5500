//! Clinical words and rules: pure and wasm-safe.
//!
//! This crate exists to forbid imports: no SQL, no HTTP, no clock, no random numbers. Time and
//! zones are arguments.

pub mod access;
mod audit;
pub mod booking;
pub mod captions;
pub mod chart;
mod identity;
mod ids;
pub mod notes;
pub mod notify;
pub mod patients;
mod phi;
pub mod prescribing;
pub mod recordings;
pub mod results;
pub mod rights;
pub mod statistics;
pub mod text;
pub mod threads;
mod time;
pub mod triage;
pub mod visits;

pub use audit::{AuditActor, AuditEntry, AuditOutcome, Once, Purpose};
pub use identity::{
    APPS_MAX, Account, DeviceLabel, DoctorProfile, EMAIL_BYTES_MAX, Email, EmailError,
    FACTOR_LABEL_CHARS_MAX, FactorKind, GRACE_US_MAX, NAME_CHARS_MAX, OtherRole,
    PASSWORD_LINK_LIFE_US, Position, Proof, REUSE_GRACE_US, REVIEW_AFTER_US, Role, STEP_UP_LIFE_US,
    Session, Shown, Standing, TICKET_LIFE_US, TICKET_TRIES_MAX, TokenHash, UnknownRole, is_fresh,
};
pub use ids::{
    AppointmentId, CallId, CeremonyId, ContactId, EntryId, FactorId, GrantId, GuestId, HoldId,
    IdError, InterviewId, NoteId, OrderId, ParticipantUuid, PatientId, PrescriptionId, RecordingId,
    RequestId, ResourceId, RoomUuid, SaidLineId, ScheduleEntryId, ServiceId, SessionId, TenantId,
    ThreadId, UnmatchedId, UserId, WaitingId,
};
pub use phi::Phi;
pub use time::Micros;
