//! Signed one-use passes into a room: mint and verify.
//!
//! A pass is a JWT (RFC 7519) signed with Ed25519 (RFC 8037), valid for minutes. The clinic mints
//! it over HTTP; signaling verifies it and then knows a room, a participant and what they may do,
//! and nothing else about the person.
//!
//! A [`Failover`] ticket is of another kind: nodes sign it for themselves, and it opens nothing.
//!
//! This crate exists to forbid imports: both sides share a signature, not each other's code. It
//! reads no clock; the time is an argument. That a pass is used only once is kept by the server,
//! which remembers [`Pass::id`] until [`Pass::expires_us`].

mod check;
mod claims;
mod failover;
mod key;
mod pass;

pub use check::{PassChecker, PassError};
pub use failover::{
    FAILOVER_BYTES_MAX, FAILOVER_LIFE_S, FAILOVER_NODES_MAX, Failover, FailoverError, FailoverKey,
    FailoverMintError,
};
pub use key::{KeyError, MintError, PassKey};
pub use pass::{OBSERVED_ROOMS_MAX, Observed, PASS_BYTES_MAX, PASS_LIFE_S_MAX, Pass, Purpose};
