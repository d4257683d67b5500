//! From packets of a track to frames with their true time, without IO or clock.
//!
//! A [`TrackRecorder`] sorts the packets of one source, puts them together to frames, and begins
//! only where a decoder can. What is lost is a gap in time: nothing is moved together. A
//! [`Timeline`] says when a frame was: sound and picture of one person are aligned by sender
//! reports, people by arrival.
//!
//! This crate exists to forbid imports: it knows payloads, and neither files nor sockets.

mod av1;
mod bits;
#[doc(hidden)]
pub mod fuzzing;
mod h264;
mod opus;
mod output;
mod picture;
mod recorder;
mod red;
mod reorder;
mod timeline;
mod vp8;
mod vp9;

pub use opus::{duration_us as opus_duration_us, is_stereo as opus_is_stereo};
pub use output::{Frame, Gap, Output, Why};
pub use picture::PayloadError;
pub use recorder::TrackRecorder;
pub use timeline::Timeline;
