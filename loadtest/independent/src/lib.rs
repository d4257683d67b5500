//! Participants on a WebRTC stack that shares no code with the server's: webrtc-rs, with its own ICE,
//! DTLS, SRTP, SDP, NACK and congestion feedback. They send and count the same packets as the light
//! participants, so that what one stack sends and another one receives is judged to the packet.
//!
//! This crate exists to forbid an import: it knows no other WebRTC stack, no server and no signaling.
//! It is slower than the light participants (a socket and a task for each person), and is not meant for
//! crowds. Latencies are not measured here, because it does not see the kernel's receive stamps.

mod account;
mod person;
mod requests;
mod stack;

pub use account::Account;
pub use person::{Described, Person, Refusal, Slots};
