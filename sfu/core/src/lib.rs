//! The forwarding machine: rooms, participants, publications and subscriptions on str0m, without
//! IO, clock or lock.
//!
//! A [`Shard`] owns rooms. Its shell feeds it and empties it:
//!
//! 1. give it a batch of inputs with [`Shard::handle`]: datagrams, commands, a timeout;
//! 2. call [`Shard::settle`] once;
//! 3. do everything that [`Shard::poll_output`] says until it says nothing;
//! 4. wait for the next input, at most until [`Shard::poll_timeout`].
//!
//! Time is an argument and must not go backwards. The same inputs at the same times give the same
//! decisions; only keys and SSRCs are random.
//!
//! Clients always offer. Their own sources are `sendonly` m-lines, and `recvonly` m-lines are
//! slots: the server binds other people's sources to them and says so with [`SfuEvent::Slots`],
//! without any renegotiation. Whatever feeds a slot, its subscriber sees one continuous stream.
//!
//! The drain law of str0m (every mutation of an engine is followed by polling it to its timeout)
//! is kept in one place, `peer.rs`, together with the fence that keeps a panic inside one
//! connection.
//!
//! This crate exists to forbid imports: no tokio, socket, clock, lock or thread, and nothing of
//! signaling or of patients.

#![cfg_attr(not(test), deny(clippy::indexing_slicing))]

mod shard;

mod room;

mod allocation;
mod binding;
mod orders;
mod phones;
mod relay;
mod resume;
mod tap;
mod tick;
mod walk;

mod h264;
mod negotiate;
mod offer;

mod participant;
mod publication;
mod subscription;

mod budget;
mod climb;
mod descriptor;
mod floor;
mod forward;
mod lull;
mod quality;
mod speaker;
mod wanted;

mod arrival;
mod credentials;
mod demux;
mod intake;
mod path;
mod peer;
mod probe;
pub mod stun;

mod command;
pub mod data;
mod event;
mod grants;
mod ids;
pub mod limits;
mod source;
mod stats;

#[doc(hidden)]
pub mod fuzzing;
#[cfg(test)]
mod scenarios;

pub use command::{Command, CommandId, ConnectError, ConnectRequest, LiveConnection, Mode, Reply};
pub use credentials::shard_of_ufrag;
pub use event::{DisconnectCause, SfuEvent};
pub use grants::{Grants, Rank};
pub use ids::{ConnectionKey, ParticipantKey, RoomKey};
pub use offer::check_offer;
pub use path::{ServerCandidate, Transport};
pub use phones::{PhoneEvent, PhoneKey, PhonePacket, SeatError, SeatRequest};
pub use quality::Quality;
pub use recordings_tap::{TapEvent, TrackKey};
pub use shard::{Input, Output, Shard, ShardConfig, ShardError};
pub use source::{SlotBinding, SlotView, Source, SourceMid, SourceSet, WantedSource};
pub use stats::{Decisions, Delivery, Flow, Gaps, ParticipantStats, RoomStats, ShardCounters};
pub use tap::{TapKind, TapOrder};
