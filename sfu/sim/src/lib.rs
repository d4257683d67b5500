//! Calls in virtual time: real shards of `sfu-core` and real clients over a seeded network, with
//! oracles that judge what everybody saw.
//!
//! A seed is a [`Scenario`]: rooms, people, their networks, and what they do. [`simulate`] plays
//! it and answers with a [`Report`] or with the first [`Violation`], which names the seed. What is
//! real: every shard, every client's engine, ICE, RTP, RTCP and the session descriptions. What is
//! not: time, the network, signaling, encoders, and, unless it is asked for, cryptography.
//!
//! One seed is one run, also in another process, except for one thing: the engines keep their
//! streams in hash maps, and std seeds those from the operating system. Where two pictures compete
//! for the same moment of a pacer, the map decides which goes first. `sfu/sim/replay` takes
//! that away as well.

#![cfg_attr(not(test), deny(clippy::indexing_slicing))]

mod search;
mod world;

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
pub use report::Report;
pub use sabotage::Sabotage;
pub use scenario::{Action, Plan, Scenario, Shape, Step};
pub use search::{SimError, compare, minimise, simulate, use_plain_cryptography};
