//! Real sockets, a real media server on loopback, and a clinic that is kept in memory.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests"
)]

mod callers;
mod client;
mod clinic;
mod doors;
mod failover;
mod hostile;
mod house;
mod http;
mod nodes;
mod offers;
mod phones;
mod program;
mod recording;
mod refusals;
mod regions;
mod survival;
mod visits;
mod watching;
