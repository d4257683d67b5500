//! URLs, authentication, problem+json and OpenAPI of the clinical service.
//!
//! This crate exists to forbid imports: no SQL. It turns requests into use cases of clinical-app and
//! their answers into the shapes of clinical-api. Who may call an operation stands in the table of
//! its domain, [`Operation`]; the guard, the OpenAPI text and the tests read that one table.

mod actor;
mod conditional;
mod cookies;
mod cursor;
mod error;
mod extract;
#[doc(hidden)]
pub mod fuzzing;
mod idempotent;
mod openapi;
mod operation;
mod router;
mod routes;

pub use cookies::CookiePolicy;
pub use error::overdue;
pub use openapi::openapi;
pub use operation::{Operation, Who};
pub use router::{ApiState, operations, router};
