//! The forwarding machine: rooms, participants, publications and subscriptions on str0m, without IO, clock or lock.

mod command;
mod event;
mod ids;
pub mod limits;
mod source;
mod stats;

pub use command::{Command, CommandId, ConnectError, ConnectRequest, Mode, Reply};
pub use event::{DisconnectCause, SfuEvent};
pub use ids::{ConnectionKey, ParticipantKey, RoomKey};
pub use source::{SlotBinding, SlotView, Source, SourceMid, SourceSet};
pub use stats::{Flow, ParticipantStats, RoomStats, ShardCounters};
