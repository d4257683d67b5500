//! HL7 version 2 as laboratories speak it: frames, messages, reports, acknowledgements.
//!
//! This crate exists to forbid imports: it knows neither a socket nor a clock nor the clinic. Bytes
//! go in, a typed report or an error that names the segment and the field comes out.
//!
//! From outside to inside: [`Decoder`] cuts a stream into messages; [`Message`] is the grid of
//! segments and fields in one character set; [`Report`] is what an `ORU^R01` of versions 2.3 to
//! 2.5.1 says. [`acknowledge`] builds the answer. Everything has a bound, and nothing that a
//! laboratory sends makes it panic.

mod ack;
mod charset;
mod error;
mod message;
mod mllp;
mod read;
mod report;

pub use ack::{AckCode, Problem, Reply, acknowledge};
pub use charset::Charset;
pub use error::{Fault, ReadError};
pub use message::{
    FIELDS_MAX, Field, MESSAGE_BYTES_MAX, Message, SEGMENTS_MAX, Segment, Separators, escaped,
};
pub use mllp::{Decoder, FrameError, frame};
pub use report::{
    Header, Observation, ObservationStatus, OrderGroup, PatientGroup, Person, PersonIdentifier,
    Report, Sex, Stamp, Value,
};
