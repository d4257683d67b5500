//! What is asked of a leg, and what it tells.

use core::fmt;
use std::net::SocketAddr;

use sfu_net::{ConnectionKey, Grants, ParticipantKey, Rank, RoomKey, SourceSet};
use sfu_phone::{Codec, CryptoLine, Digit, LatchMode, LegStats, PayloadTypes};
use thiserror::Error;

use crate::prompt::Prompt;

/// Which way sound goes (RFC 3264 section 5.1, hold in section 8.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Flow {
    /// The telephone sends and is heard. Without it nobody waits for its packets.
    pub from_phone: bool,
    /// The telephone is sent packets.
    pub to_phone: bool,
}

impl Flow {
    /// `sendrecv`.
    pub const BOTH: Self = Self {
        from_phone: true,
        to_phone: true,
    };
    /// `inactive`.
    pub const NONE: Self = Self {
        from_phone: false,
        to_phone: false,
    };
}

/// Where reports (RTCP) go.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ReportPath {
    /// Beside sound, on the same port (RFC 5761): `a=rtcp-mux` was agreed on.
    Muxed,
    /// To the next port of the telephone. Its own reports are taken on ours.
    #[default]
    Beside,
    /// Nowhere.
    Nowhere,
}

/// What offer and answer agreed on. Told again, it replaces what was; what has not changed goes on
/// without a break.
#[derive(Debug, Clone)]
pub struct Agreed {
    /// How sound is coded.
    pub codec: Codec,
    /// Payload types in both directions.
    pub payload_types: PayloadTypes,
    /// Where the SDP says that the telephone is.
    pub remote: SocketAddr,
    /// How much that is believed.
    pub latch: LatchMode,
    /// Where reports go.
    pub reports: ReportPath,
    /// Keys of SRTP (RFC 4568), ours and theirs; in clear without.
    pub keys: Option<Keys>,
    /// Which way sound goes.
    pub flow: Flow,
}

/// Both lines of a call that is encrypted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keys {
    /// With what we encrypt: the line that we have sent.
    pub ours: CryptoLine,
    /// With what the telephone encrypts: the line that it has sent.
    pub theirs: CryptoLine,
}

/// A list of clips.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Playing {
    /// Comes back in [`LegEvent::Played`].
    pub ticket: u64,
    /// One after the other.
    pub clips: Vec<Prompt>,
    /// Again from the beginning, until something else is played or it is stopped.
    pub endless: bool,
}

/// Where a telephone sits down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seat {
    /// The room. It is made if nobody is there.
    pub room: RoomKey,
    /// The person. An earlier connection of theirs is dropped.
    pub participant: ParticipantKey,
    /// This call; another one for each call.
    pub connection: ConnectionKey,
    /// Which sources are on; a telephone has a microphone.
    pub on: SourceSet,
    /// How much the person matters to the others.
    pub rank: Rank,
    /// What the person may send and receive. Without `subscribe` they hear prompts only.
    pub grants: Grants,
}

/// What may be asked of a leg. Orders of one leg are carried out in their order.
#[derive(Debug, Clone)]
pub enum LegOrder {
    /// Sound may flow, or flows otherwise than before.
    Agree(Box<Agreed>),
    /// Hold, and its end, where nothing else has changed.
    Flow(Flow),
    /// Plays a list instead of what was played. In a room the others are heard more quietly below it.
    Play(Playing),
    /// Plays nothing. The list that was played is not told as played.
    Stop,
    /// Presses a key at the other end, for menus of others.
    Press(Digit),
    /// Sits down in a room, or in another one.
    Join(Box<Seat>),
    /// Leaves the room, and goes on with the call.
    Leave,
    /// The telephone's own mute: nobody hears it, and keys still count.
    Mute(bool),
    /// Says goodbye and forgets the leg. Dropping the events does the same.
    Close,
}

/// Why a leg is not in a room any more, or never was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unseated {
    /// The media server dropped it: the person was removed, came by another connection, or the room
    /// was closed.
    Dropped,
    /// There was no place in the room or on the server.
    Full,
    /// The room is one for testing a connection.
    WrongRoom,
    /// The media server has stopped.
    Stopped,
}

/// Why what was agreed on cannot be used. The leg stays as it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum AgreeError {
    /// The codec cannot be set up.
    #[error("the codec cannot be set up")]
    Codec,
    /// The keys cannot be set up.
    #[error("the keys cannot be used")]
    Keys,
}

/// What a leg tells. At most [`crate::EVENTS_MAX`] wait and further ones are dropped; that the channel
/// is closed tells the end in any case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LegEvent {
    /// A key was pressed: by an event or by its sound, told once.
    Pressed(Digit),
    /// The first sound has come from the telephone.
    Heard,
    /// A list was played to its end.
    Played(u64),
    /// Nothing has come for too long: 30 s before the first packet, 20 s after it. Told once until
    /// something comes. Not told while `from_phone` is off.
    Silent,
    /// The telephone says that it has gone (RTCP BYE).
    Gone,
    /// It sits in the room.
    Joined,
    /// It does not sit in the room.
    Left(Unseated),
    /// What was agreed on cannot be used.
    NotAgreed(AgreeError),
    /// The leg is forgotten; nothing follows.
    Closed(Box<LegSummary>),
}

/// What happened on a leg.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LegSummary {
    /// Packets and sound of the telephone.
    pub heard: LegStats,
    /// Packets sent to the telephone.
    pub sent: u64,
    /// Packets that the system did not take.
    pub unsent: u64,
    /// Packets with a wrong signature, or repeated (SRTP).
    pub forged: u64,
    /// Packets given to a room.
    pub spoken: u64,
    /// Packets for which the lane to the room had no place.
    pub unspoken: u64,
}

impl fmt::Display for Unseated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Dropped => "dropped",
            Self::Full => "full",
            Self::WrongRoom => "a room of another kind",
            Self::Stopped => "stopped",
        })
    }
}
