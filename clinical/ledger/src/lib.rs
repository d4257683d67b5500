//! The audit chain: canonical bytes, hashes, signed checkpoints, and their verifier.
//!
//! This crate exists to forbid imports: whoever verifies the chain needs neither the database nor the service.
