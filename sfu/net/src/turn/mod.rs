//! TURN (RFC 8656) for clients that get out by TLS on one port only: a relay towards ourselves.
//!
//! The only peers are the UDP candidates of this server's own shards, so no socket is opened and
//! nobody can reach anything else through it. What a client sends to a peer is given to the shard
//! as a datagram from an address that exists nowhere else, and comes back the same way.

mod auth;
mod session;
mod words;

pub(crate) use auth::{Auth, random};
pub use auth::{IceServer, NoRandomness};
pub(crate) use session::{Session, Step, fuzzing};
