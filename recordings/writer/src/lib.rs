//! From a tap to sealed files on a disk, and from these to files that can be played.
//!
//! One thread for each recording takes what the tap offers, out of a bounded lane that drops before
//! it blocks, and writes sealed segments at least every two seconds. What a crash has left is mended
//! and finished like anything else. Nothing is ever written in clear.
//!
//! This crate is the only one of recordings that touches files and threads.

mod capture;
pub mod copies;
mod finish;
mod folder;
#[doc(hidden)]
pub mod fuzzing;
mod journals;
mod lane;
mod mend;
mod record;
mod thread;
mod track;
mod voices;

pub use finish::{
    CAPTIONS, FinishError, MIXDOWN, PEAKS, Progress, finish, read_manifest, verify_manifest,
};
pub use folder::{FileSource, Folder};
pub use journals::JournalError;
pub use lane::{LANE_MAX, Refused, Tap};
pub use mend::{MendError, Mended, mend};
pub use record::{Record, RecordError, records};
pub use thread::{Recorder, RecorderEvent, StartError, StopReason, start};
pub use voices::PEAK_STEP_MS;
