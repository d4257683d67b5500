//! Sealed files of recordings in an object store that speaks S3.
//!
//! What comes here was sealed before, so the store holds nothing that it could read. A file counts as
//! there when it was read back and is the same, byte for byte; until then the local one stays. Files are
//! read by range, so that playing an hour does not fetch an hour.
//!
//! This crate exists to keep the store's client in one place.

mod carry;
mod config;
mod objects;
mod remote;
#[cfg(test)]
mod tests;

pub use carry::CarryError;
pub use config::{ConfigError, ObjectsConfig};
pub use objects::{Objects, ObjectsError};
pub use remote::Remote;
