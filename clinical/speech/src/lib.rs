//! What the server and the recogniser of captions say to each other, and when somebody speaks.
//!
//! This crate exists to forbid imports: it knows neither a pipe nor a clock nor a model nor a visit.
//! The recogniser is a process of its own (`telehealth-recogniser`); the server writes [`Order`]s to
//! its standard input and reads [`Report`]s from its standard output, and neither links the other.
//!
//! A frame is four bytes of length, little-endian, and that many bytes of body. A reader takes
//! [`HEADER_BYTES`], asks [`body_bytes`] how much follows, and gives the body to [`Order::decode`] or
//! [`Report::decode`]. After any [`DecodeError`] the stream is of no use any more: the reader ends it.

mod activity;
mod message;
mod segmenter;
mod spectrum;
mod wire;

pub use message::{Heard, Language, Order, Report, Sound, Stage, Track};
pub use segmenter::{Segmenter, Utterance};
pub use spectrum::{BINS, Spectrum, WINDOW};
pub use wire::{
    BODY_BYTES_MAX, DecodeError, EncodeError, HEADER_BYTES, MODEL_BYTES_MAX, SAMPLES_MAX,
    TEXT_BYTES_MAX, VERSION, body_bytes,
};

/// Samples of a second: what the recogniser hears is mono, 16 bits, at this rate.
pub const RATE_HZ: u32 = 16_000;
