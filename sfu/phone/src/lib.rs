//! The sound of a telephone: codecs, RTP, digits, jitter buffer and mixer, without IO or clock.
//!
//! A [`Leg`] is one telephone. Its driver gives it what came from the network with
//! [`Leg::handle`], and every 20 ms, by one clock for all legs of a room, takes what the telephone
//! says ([`Leg::hear`]), puts it into the [`Mixer`] of the room, and gives back what everybody else
//! says ([`Leg::say`]). What the person pressed comes from [`Leg::poll_event`].
//!
//! What the crate promises:
//! - Sound is continuous: what is lost is filled in, what is early waits, what is late shortens a
//!   pause. The delay between arrival and playing stays between 40 and 120 ms.
//! - A telephone never hears itself, and speakers are decoded once for all telephones of a room.
//! - A packet of somebody who is not the latched source changes nothing.
//! - Nothing here keeps more than a named number of anything.
//!
//! All sound is mono, 16 bits, in frames of [`FRAME_MS`]. This crate exists to forbid imports: no
//! tokio, no socket, no clock, no SIP.
#![deny(clippy::indexing_slicing)]

mod cadence;
mod codec;
mod conceal;
mod dtmf;
mod event;
#[doc(hidden)]
pub mod fuzzing;
mod g711;
mod jitter;
mod latch;
mod leg;
mod limiter;
mod mixer;
mod noise;
mod opus;
mod playout;
mod rate;
mod resample;
mod rtcp;
mod rtp;
mod sample;
mod sdes;
mod stretch;
mod tone;
mod transit;

pub use cadence::Cadence;
pub use codec::{Codec, CodecError, OpenError, Speech, open_for_room};
pub use conceal::Concealer;
pub use dtmf::{Detector, Heard};
pub use event::{
    EVENT_QUEUE_MAX, Event, EventError, EventReceiver, EventSender, EventSlot, Press, QueueFull,
};
pub use g711::{alaw_decode, alaw_encode, ulaw_decode, ulaw_encode};
pub use jitter::{Content, Inserted, JitterBuffer, PACKETS_MAX, Stored};
pub use latch::{Latch, LatchMode, Verdict};
pub use leg::{Leg, LegConfig, LegEvent, LegStats, PayloadTypes};
pub use limiter::Limiter;
pub use mixer::{Mixer, SPEAKERS_MAX, SpeakerId, TooManySpeakers};
pub use noise::{ComfortNoise, NoiseError, NoiseShape, measure as measure_noise};
pub use playout::{DELAY_MAX_US, DELAY_MIN_US, Playout, PlayoutStats};
pub use rate::{FRAME_MS, FRAME_US, Rate};
pub use resample::{Doubler, Halver, halved};
pub use rtcp::{Reception, Report, RtcpError, RtcpPacket, SenderInfo, parse as parse_rtcp};
pub use rtp::{HEADER_BYTES, Header, RtpError, RtpPacket, is_rtcp};
pub use sdes::{CryptoLine, CryptoSuite, SdesError};
pub use tone::{Digit, DigitTone, NotADigit, Tone};
