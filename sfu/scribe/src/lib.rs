//! The voices of a room as sound for a recogniser of speech, without IO or clock.
//!
//! A [`Scribe`] is given what a room's tap says ([`recordings_tap::TapEvent`]) and answers with the
//! [`speech::Order`]s of it: every voice decoded to mono at 16 kHz, in pieces of a tenth of a second, each
//! with its true time. A pause of the tap ends every voice at once, and nothing of before it is said after.
//!
//! This crate exists to forbid imports: it knows no process, no pipe, no clock and no person's name.
#![deny(clippy::arithmetic_side_effects, clippy::indexing_slicing)]

mod scribe;
mod voice;

pub use scribe::{Ready, Scribe};
