//! The backup file: typed rows of every table, compressed, sealed in chunks, counted and hashed at the end.
//!
//! Beside it, [`age`]: a file of a public form, for what people take away.
//!
//! This crate exists to forbid imports: the file knows neither a database engine nor the clinic, so
//! that a backup of one engine can be restored into the other, and be verified without either.
//!
//! From outside to inside: a head with a random id; chunks of AES-256-GCM under a key that is
//! derived from the backup key and that id, each numbered and the last one marked; a deflate
//! stream; records. The first record describes the tables, the last one repeats how many rows each
//! had and their SHA-256. Whatever is cut off, repeated, swapped or changed does not open.

pub mod age;
#[doc(hidden)]
pub mod fuzzing;
mod key;
mod manifest;
mod read;
mod records;
mod seal;
mod value;
mod write;

pub use key::{BackupKey, KeyError};
pub use manifest::{Column, Kind, Manifest, Table, TableSum};
pub use read::{ArchiveReader, Entry, ReadError};
pub use value::Value;
pub use write::{ArchiveWriter, WriteError};
