//! The rights of patients over their record: what they ask for, how long the record must be kept,
//! and what the register of processing says.

mod register;
mod requests;
mod retention;

pub use register::{Both, LegalBasis, Processing};
pub use requests::{Decided, Request, RequestKind, RequestRefusal, RequestState};
pub use retention::{Law, Lived, Retention, retention};
