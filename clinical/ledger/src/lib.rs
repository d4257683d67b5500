//! The audit chain: canonical bytes, hashes, signed checkpoints, and their verifier.
//!
//! This crate exists to forbid imports: whoever verifies the chain needs neither the database nor the service.
//!
//! Every tenant has one chain. Its events are numbered from 1 without gaps, and each has a [`struct@Hash`]
//! over its [canonical bytes](Event::canonical) and the hash before it, from a
//! [genesis](chain::genesis) that belongs to the tenant. The chain has no secret: whoever can write
//! to the database can compute it anew. Therefore a [`Signer`] states from time to time in a file
//! outside the database where each chain stands, and a [`Verifier`] holds the rows against both.
//!
//! It does not see a change of events that were not signed yet when all hashes after them are
//! computed anew, nor a store and a file that were both set back to the same moment. Against the
//! first the service signs often, against the second the file is copied to another place.

mod bytes;
pub mod chain;
mod checkpoint;
mod event;
mod export;
mod fault;
mod hash;
mod key;
mod verify;

pub use checkpoint::{
    CHECKPOINT_FORMAT, Checkpoint, LINE_BYTES_MAX, LineError, SignedCheckpoint, Signer,
};
pub use event::{EVENT_FORMAT, Event};
pub use export::{EXPORT_LINE_BYTES_MAX, ExportLineError, Exported, export_line};
pub use fault::Fault;
pub use hash::{HASH_BYTES, Hash, HashError};
pub use key::{CheckpointKey, KeyError, KeyId, PublicKey};
pub use verify::{Checkpoints, FAULTS_MAX, Report, Verified, Verifier};
