//! The sealed files of a recording, without IO or clock.
//!
//! A recording is a folder of sealed files: one per track, a journal, a manifest, and what was
//! finished from them. All have one form. A head names the recording, the file's [`Role`] in it and
//! a random salt; segments follow, each sealed alone. The key of a file is derived from the
//! recording's key, the salt and the names (HKDF, RFC 5869), so no two files share one, and no file
//! is ever continued by another process.
//!
//! A segment is cut into chunks of 16 KiB, each sealed with AES-256-GCM (NIST SP 800-38D). Its nonce
//! is its place: segment, chunk, and whether it is the last of its segment. The file's head and the
//! segment's header are authenticated with every chunk. A chain of SHA-256 goes over headers and
//! bodies; the manifest repeats where each chain ends and is signed with Ed25519 (RFC 8032). Whatever
//! is flipped, cut off, repeated, swapped or from elsewhere is refused before a byte of it is given.
//!
//! This crate exists to forbid imports: it knows keys and bytes, and neither media nor files.

#[doc(hidden)]
pub mod fuzzing;
mod head;
mod journal;
mod key;
mod landmarks;
mod manifest;
mod read;
mod recover;
mod seal;
mod source;

pub use head::{HEAD_BYTES, Role};
pub use journal::{JournalEntry, Note, ReadJournalError, read_entry, write_entry};
pub use key::{ID_BYTES, KEY_BYTES, KeyError, RecordingId, RecordingKey, SigningKey, VerifyingKey};
pub use landmarks::{FINISHED_SEGMENT_BYTES, landmarks};
pub use manifest::{FileSum, Gap, Manifest, ManifestError, TrackSum};
pub use read::SealedFile;
pub use recover::{Recovered, recover};
pub use seal::{CHUNK_BYTES, FileSealer, SEGMENT_BYTES_MAX, SEGMENTS_MAX, SealError, Span};
pub use source::{OpenError, Source};
