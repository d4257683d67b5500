//! The clinical HTTP API, typed: one function per operation of `clinical-api`.
//!
//! The access token lives in memory only ([`crate::session`]); it is renewed by the refresh cookie
//! at the start, shortly before it expires and after a 401.

mod account;
mod assistant;
mod calendar;
mod client;
mod operations;
mod prescriptions;
mod recordings;
mod records;
mod results;
mod rights;
mod threads;
mod triage;

pub use account::*;
pub use assistant::*;
pub use calendar::*;
pub use client::ApiError;
pub(crate) use client::{refresh, sign_out};
pub use operations::*;
pub use prescriptions::*;
pub use recordings::*;
pub use records::*;
pub use results::*;
pub use rights::*;
pub use threads::*;
pub use triage::*;
