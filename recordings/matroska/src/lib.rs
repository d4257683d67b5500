//! WebM and Matroska files of one track each (RFC 9559), and timed text (WebVTT).
//!
//! A file has two forms. A live file has no known length and may end anywhere: whatever was written
//! can be played. A finished file has its length, its index and its contents at the front, so that
//! a player seeks at once; it is written in one direction, after a [`Plan`] was made of all frames.
//!
//! This crate exists to forbid imports: it knows frames and bytes, and neither keys nor packets.

mod ebml;
#[doc(hidden)]
pub mod fuzzing;
mod head;
mod live;
mod plan;
mod read;
mod vtt;
mod write;

pub use head::{CodecId, Media, TrackHead, opus_head};
pub use live::LiveWriter;
pub use plan::{Plan, PlanError, Planner};
pub use read::{Block, Cue, Front, ReadError, Reader};
pub use vtt::{Caption, web_vtt};
pub use write::{FinishedWriter, WriteError};
