//! Threads, UDP sockets and timers around sfu-core, and the typed handle to it.

mod config;
mod handle;
mod lane;
mod placement;
mod start;

pub use config::SfuConfig;
pub use handle::{ConnectError, SfuHandle, Stopped};
pub use sfu_core::{
    ConnectError as RefusedOffer, ConnectRequest, ConnectionKey, DisconnectCause, Flow, Mode,
    ParticipantKey, ParticipantStats, RoomKey, RoomStats, SfuEvent, SlotBinding, SlotView, Source,
    SourceMid, SourceSet,
};
pub use start::{StartError, start};
