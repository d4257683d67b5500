//! Threads, UDP sockets and timers around sfu-core, and the typed handle to it.
//!
//! [`start()`] brings up one thread per shard and answers with a [`SfuHandle`] for orders and a
//! channel of [`SfuEvent`]s. Orders and events are the only things that cross threads; packets
//! never do, except those of a recorded visit on their way to the recorder, and the sound of rooms
//! with telephones on its way to their bridge and back. This crate exists to keep sockets and clocks out of sfu-core, and sfu-core out of the
//! signaling side: everything that signaling needs is re-exported here.

mod config;
mod start;

mod handle;
mod lane;
mod placement;

mod worker;

mod meters;
mod phones;
mod port;
mod send_queue;
mod socket;

mod door;
mod edge;
mod turn;

#[doc(hidden)]
pub mod fuzzing {
    pub use crate::door::fuzzing::{frames, relay_messages};
    pub use crate::turn::fuzzing::relay;
}

pub use config::SfuConfig;
pub use door::{Door, Ends, FIRST_BYTES_MAX, Media, Opening, Prefixed, first_bytes};
pub use edge::{EdgeConfig, EdgeError, EdgeHandle, Overwhelmed, Permit, start_edge};
pub use handle::{ConnectError, SfuHandle, Stopped};
pub use phones::{PhoneEvents, Unseatable};
pub use sfu_core::check_offer;
pub use sfu_core::data::DataLane;
pub use sfu_core::limits::PHONES_MAX;
pub use sfu_core::{
    ConnectError as RefusedOffer, ConnectRequest, ConnectionKey, Decisions, Delivery,
    DisconnectCause, Flow, Gaps, Grants, LiveConnection, Mode, ParticipantKey, ParticipantStats,
    PhoneEvent, PhoneKey, PhonePacket, Quality, Rank, RoomKey, RoomStats, SeatError, SeatRequest,
    SfuEvent, SlotBinding, SlotView, Source, SourceMid, SourceSet, TapEvent, TapKind, TapOrder,
    TrackKey, WantedSource,
};
pub use start::{StartError, start};
pub use turn::{IceServer, NoRandomness};
