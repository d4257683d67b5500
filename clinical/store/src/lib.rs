//! The SQL of the clinical service, on SQLite and PostgreSQL.
//!
//! sqlx is used here and nowhere else in the clinical service. One statement text serves both
//! engines; rows are private, models come out. Not found is `Ok(None)`.

mod audit;
pub mod booking;
pub mod chat;
mod db;
mod error;
pub mod identity;
mod migrate;
pub mod notes;
mod statement;
#[cfg(feature = "testbed")]
pub mod testbed;
mod tx;
pub mod visits;

pub use db::{Db, OpenError};
pub use error::StoreError;
pub use tx::{Conn, ReadTx, Tx};
