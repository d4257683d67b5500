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
mod hostile;
mod house;
mod offers;
mod refusals;
mod survival;
mod visits;
mod watching;
