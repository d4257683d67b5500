//! The thread of all telephones: their sockets, their clock, and the lanes between them and the
//! rooms of the media server.
//!
//! [`start()`] brings the thread up. Whoever answers a call asks [`BridgeHandle::open`] for a leg: a
//! UDP address for the SDP, and a channel of [`LegEvent`]s. What was agreed on, prompts, the seat in
//! a room, mute and hold are [`LegOrder`]s. No call of the handle waits for anything.
//!
//! What the crate promises:
//! - Every 20 ms each telephone that is listened for is sent a packet, whatever the room does.
//! - A telephone hears everybody in its room but itself, other telephones without a way through the
//!   room, and nobody who is muted there.
//! - Between a room and this thread are two bounded lanes, and neither waits for the other: what
//!   finds no room is dropped and counted.
//! - A port that was freed rests before another call gets it.
//!
//! Nothing here knows SIP, numbers or people.
#![deny(clippy::indexing_slicing)]

mod config;
mod handle;
mod order;
mod prompt;
#[cfg(test)]
mod tests;

mod thread;

mod switchboard;

mod hall;
mod line;
mod player;

#[doc(hidden)]
pub mod fuzzing;
#[doc(hidden)]
pub mod measuring;
mod ports;
mod srtp;

pub use config::BridgeConfig;
pub use handle::{BridgeHandle, EVENTS_MAX, LegId, OpenError, OpenLeg, OrderError};
pub use order::{
    AgreeError, Agreed, Flow, Keys, LegEvent, LegOrder, LegSummary, Playing, ReportPath, Seat,
    Unseated,
};
pub use prompt::Prompt;
pub use srtp::{Srtp, SrtpError};
pub use thread::{Bridge, StartError, start};
// The words of a telephone that orders are made of.
pub use sfu_phone::{
    Codec, CryptoLine, CryptoSuite, Digit, LatchMode, LegStats, PayloadTypes, PlayoutStats, Rate,
};
