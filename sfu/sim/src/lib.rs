//! Calls in virtual time: real shards of `sfu-core` and real clients over a seeded network, with
//! oracles that judge what everybody saw.
//!
//! A seed is a [`Scenario`]: rooms, people, their networks, and what they do. [`simulate`] plays
//! it and answers with a [`Report`] or with the first [`Violation`], which names the seed. What is
//! real: every shard, every client's engine, ICE, RTP, RTCP and the session descriptions. What is
//! not: time, the network, signaling, encoders, and, unless it is asked for, cryptography.
//!
//! A seed is exactly one run, in every process, if the program is started by `sfu/sim/replay`. What
//! a run alone cannot take in hand is that the engines keep their streams in hash maps: std keys those
//! from the operating system, and which stream a pacer serves or pads first hangs on it. The script
//! gives std the same keys each time. Without it a seed is the same scenario on the same network, and
//! nearly the same run. With real cryptography, it is that in any case: keys and signatures are random.

#![cfg_attr(not(test), deny(clippy::indexing_slicing))]

mod search;
mod world;

mod consultation;
mod oracle;
mod report;
mod sabotage;
mod scenario;

mod person;
mod playout;

mod client;
mod identity;
mod media;
mod shards;

mod clock;
mod network;
mod plain;
mod rng;

pub use clock::Stopwatch;
pub use media::Profile;
pub use network::{Access, Conditions};
pub use oracle::{Fault, Violation};
pub use report::{Report, Traced};
pub use sabotage::Sabotage;
pub use scenario::{Action, Plan, Scenario, Shape, Step};
pub use search::{SimError, compare, minimise, simulate, trace, use_plain_cryptography};
