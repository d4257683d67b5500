//! What the signaling side may ask of a shard, and how it is answered.

use str0m::RtcError;
use thiserror::Error;

use crate::data::DataLane;
use crate::grants::{Grants, Rank};
use crate::ids::{ConnectionKey, ParticipantKey, RoomKey};
use crate::phones::{PhoneKey, SeatRequest};
use crate::source::{SlotBinding, SlotView, SourceMid, SourceSet};
use crate::stats::RoomStats;
use crate::tap::{TapKind, TapOrder};

/// What a room does with the media in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Mode {
    /// Everybody receives everybody else.
    Room,
    /// Everybody receives only themselves: the connection test before a call.
    Echo,
}

/// An offer of a client, and everything needed to answer it.
#[derive(Clone, PartialEq, Eq)]
pub struct ConnectRequest {
    /// The room; it is made by its first participant.
    pub room: RoomKey,
    /// The person.
    pub participant: ParticipantKey,
    /// The same as before: renegotiation. Another: the earlier connection is dropped.
    pub connection: ConnectionKey,
    /// What the room does. The first participant of a room decides; a contradiction is refused.
    pub mode: Mode,
    /// The client's session description, RFC 8866. The client always offers.
    pub offer_sdp: String,
    /// Which `sendonly` m-lines carry what. Other receiving m-lines are slots.
    pub sources: Vec<SourceMid>,
    /// Which sources are forwarded from the first packet on, as far as the grants go.
    pub on: SourceSet,
    /// How much the person's picture matters to the others.
    pub rank: Rank,
    /// What the person may send and receive.
    pub grants: Grants,
}

impl core::fmt::Debug for ConnectRequest {
    /// Session descriptions hold addresses and keys, so they stay out of logs.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("ConnectRequest")
            .field("room", &self.room)
            .field("participant", &self.participant)
            .field("connection", &self.connection)
            .field("mode", &self.mode)
            .field("sources", &self.sources.len())
            .finish_non_exhaustive()
    }
}

/// Why an offer was refused. Nothing of the room was changed by it.
#[derive(Debug, Error)]
pub enum ConnectError {
    /// Longer than [`crate::limits::OFFER_BYTES_MAX`].
    #[error("the offer is longer than {max} bytes")]
    OfferTooLarge {
        /// The limit in bytes.
        max: usize,
    },
    /// Not a session description, or one that contradicts itself or the connection so far.
    #[error("the offer cannot be used")]
    BadOffer(#[source] Box<RtcError>),
    /// More m-lines than [`crate::limits::MEDIA_LINES_MAX`].
    #[error("the offer has {found} m-lines, at most {max} are possible")]
    TooManyMedia {
        /// In the offer.
        found: usize,
        /// The limit.
        max: usize,
    },
    /// An m-line with none of Opus, VP8, VP9 (profile 0), AV1 (main profile) and H.264 (constrained
    /// baseline, packetization-mode=1).
    #[error("the m-line {mid:?} has no codec that this server forwards")]
    NoCommonCodec {
        /// The m-line.
        mid: String,
    },
    /// A source names an m-line that is not there, does not send, or is of the other kind; or two
    /// sources are the same or share an m-line.
    #[error("the source on m-line {mid:?} does not fit the offer")]
    BadSource {
        /// The m-line.
        mid: String,
    },
    /// The room already holds [`crate::limits::PARTICIPANTS_MAX`] people.
    #[error("the room is full")]
    RoomFull,
    /// The shard already holds its configured number of connections.
    #[error("the server is full")]
    ServerFull,
    /// An echo connection for an ordinary room, or the other way round.
    #[error("the room has another mode")]
    ModeMismatch,
    /// The media engine failed on this offer; the connection is gone, others are not touched.
    #[error("the media engine failed on the offer")]
    EngineFailed,
}

/// Names one command, so that its reply can be told from others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CommandId(pub u64);

/// What the signaling side may ask. Only [`Command::Connect`], [`Command::Stats`] and [`Command::Live`]
/// are answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Answer an offer.
    Connect(CommandId, Box<ConnectRequest>),
    /// What is off is not forwarded, whatever arrives. Unknown participants are ignored.
    SetSources {
        /// The room.
        room: RoomKey,
        /// The person.
        participant: ParticipantKey,
        /// The new state.
        on: SourceSet,
    },
    /// What a person may send and receive from here on. Unknown participants are ignored.
    SetGrants {
        /// The room.
        room: RoomKey,
        /// The person.
        participant: ParticipantKey,
        /// The new state.
        grants: Grants,
    },
    /// How large slots are shown, and whose picture matters most; slots that are not named keep their size.
    SetView {
        /// The room.
        room: RoomKey,
        /// The person.
        participant: ParticipantKey,
        /// The sizes.
        slots: Vec<SlotView>,
        /// Whose picture goes before all others at this viewer; replaces what was pinned before.
        pinned: Option<ParticipantKey>,
    },
    /// Give a message of a service to everybody in a room who has the lane open.
    Say {
        /// The room.
        room: RoomKey,
        /// How it travels.
        lane: DataLane,
        /// Which service.
        service: u8,
        /// The message, at most [`DataLane::bytes_max`]; a longer one is dropped.
        message: Vec<u8>,
    },
    /// Seat a telephone. Its bridge is told what became of it.
    Seat(Box<SeatRequest>),
    /// Let a telephone leave its room, if this is still its call.
    Unseat(PhoneKey),
    /// What the recorder or the scribe of a room gets. The room need not have anybody in it.
    Tap {
        /// The room.
        room: RoomKey,
        /// Which of the two.
        kind: TapKind,
        /// What to do.
        order: TapOrder,
    },
    /// Drop a participant's connection.
    Disconnect {
        /// The room.
        room: RoomKey,
        /// The person.
        participant: ParticipantKey,
    },
    /// Drop a room with everybody in it.
    CloseRoom {
        /// The room.
        room: RoomKey,
    },
    /// Tell what flows.
    Stats(CommandId),
    /// Tell which connections of a room are alive; for a signaling side that has forgotten them.
    Live(CommandId, RoomKey),
}

/// A connection over which media can flow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveConnection {
    /// Whose.
    pub participant: ParticipantKey,
    /// Which.
    pub connection: ConnectionKey,
    /// What its receiving m-lines carry.
    pub slots: Vec<SlotBinding>,
}

/// The answer to a command.
#[derive(Debug)]
pub enum Reply {
    /// To [`Command::Connect`]: the answer SDP, or why not.
    Connect(CommandId, Result<String, ConnectError>),
    /// To [`Command::Stats`].
    Stats(CommandId, Vec<RoomStats>),
    /// To [`Command::Live`].
    Live(CommandId, Vec<LiveConnection>),
}
