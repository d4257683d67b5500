//! What a recorder is told of a room, as values.
//!
//! This crate exists to forbid imports: who forwards packets and who records them share these words
//! and nothing else. It has no dependency, so neither side drags the other's along.
//!
//! The one who taps gives every packet of a recorded source after decryption, in the order in which
//! packets arrive, resent ones included; it neither sorts nor drops, except where a source is
//! switched off or its owner has not agreed.

mod event;
mod source;

pub use event::{KeyFrameWanted, Packet, Report, TapEvent};
pub use source::{Codec, PersonKey, SourceKind, TrackKey};
