//! The audit chain: canonical bytes, hashes, signed checkpoints, and their verifier.
//!
//! This crate exists to forbid imports: whoever verifies the chain needs neither the database nor the service.
//!
//! Every tenant has one chain. Its events are numbered from 1 without gaps, and each has a [`Hash`]
//! over its [canonical bytes](Event::canonical) and the hash before it, from a
//! [genesis](chain::genesis) that belongs to the tenant.

mod bytes;
pub mod chain;
mod event;
mod hash;

pub use event::{EVENT_FORMAT, Event};
pub use hash::{HASH_BYTES, Hash, HashError};
