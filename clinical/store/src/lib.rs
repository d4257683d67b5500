//! The SQL of the clinical service, on SQLite and PostgreSQL.
//!
//! sqlx is used here and nowhere else in the clinical service. One statement text serves both
//! engines; rows are private, models come out. Not found is `Ok(None)`.

pub mod access;
pub mod assistant;
mod audit;
pub mod backup;
pub mod booking;
pub mod captions;
pub mod chart;
pub mod chat;
mod db;
pub mod drafts;
pub mod drill;
mod error;
pub mod factors;
pub mod files;
mod horizon;
pub mod idempotency;
pub mod identity;
pub mod keys;
pub mod merges;
mod migrate;
pub mod names;
pub mod notes;
pub mod offline;
pub mod one_time;
pub mod orders;
pub mod outbox;
pub mod passes;
mod patience;
pub mod patients;
pub mod people;
pub mod prescriptions;
pub mod recordings;
mod remote;
mod replicas;
pub mod rights;
pub mod schema;
mod scribe;
pub mod sessions;
pub mod sms;
mod stale;
mod statement;
pub mod statistics;
pub mod tags;
pub mod tenants;
#[cfg(feature = "testbed")]
pub mod testbed;
pub mod threads;
pub mod timeline;
pub mod trail;
pub mod triage;
mod tx;
pub mod unmatched;
pub mod visits;

pub use db::{Db, OpenError};
pub use error::StoreError;
pub use patience::patiently;
pub use replicas::{ReplicaLook, ReplicaSettings, ReplicaState, StaleReads};
pub use stale::StaleLook;
pub use tx::{Conn, Look, ReadTx, Tx};
