//! What a load test means, as values: which people come and what they send ([`Scenario`]), packets
//! that name themselves ([`Identity`]), who got what ([`Ledger`]), how long it took ([`Latencies`]),
//! and what is said about it in the end ([`Report`]).
//!
//! This crate exists to forbid imports: it knows no socket, clock, file or server.

mod callers;
mod compare;
mod ear;
mod fill;
mod g711;
mod html;
mod identity;
mod latency;
mod ledger;
mod media;
mod mos;
mod mouth;
mod plot;
mod report;
mod scenario;
mod seen;
mod table;
mod work;

pub use callers::{Callers, Sound};
pub use compare::{Comparison, Pair, median};
pub use ear::{Beat, Ear, beats};
pub use fill::{Fill, Step};
pub use html::page;
pub use identity::{IDENTITY_BYTES, Identity, LOWER_ENCODING};
pub use latency::{Latencies, Percentiles};
pub use ledger::{Counts, Ledger};
pub use media::{Microphone, Packet, Picture};
pub use mos::mos;
pub use mouth::{KEYS_PT, Mouth};
pub use report::{Delivery, Failed, Machine, Report, Sample, ServerCost, ThreadCost};
pub use scenario::{
    Audio, Clinic, Gates, Media, People, Reading, Scenario, Times, Video, VideoCodec,
};
pub use table::{comparison_table, table};
pub use work::Work;
