//! What a shard tells the signaling side without being asked.

use crate::ids::{ConnectionKey, ParticipantKey, RoomKey};
use crate::source::{SlotBinding, WantedSource};

/// Why a connection ended by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DisconnectCause {
    /// The client stopped answering: ICE consent (RFC 7675) was lost.
    ConsentLost,
    /// The client closed its DTLS transport.
    ClosedByPeer,
    /// ICE and DTLS were not ready within [`crate::limits::HANDSHAKE_MAX`].
    NeverConnected,
    /// The engine refused to go on, for example after a fatal DTLS alert.
    EngineError,
}

/// Something happened to a participant's media connection.
///
/// A connection that is dropped by a command (replaced, disconnected, room closed) gives no event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SfuEvent {
    /// ICE and DTLS are ready; media flows.
    Connected {
        /// The room.
        room: RoomKey,
        /// The person.
        participant: ParticipantKey,
        /// Their connection.
        connection: ConnectionKey,
    },
    /// The connection has ended and is forgotten; the client should offer with a new key.
    Disconnected {
        /// The room.
        room: RoomKey,
        /// The person.
        participant: ParticipantKey,
        /// Their connection.
        connection: ConnectionKey,
        /// Why.
        cause: DisconnectCause,
    },
    /// What each receiving m-line carries from here on. The list is complete.
    Slots {
        /// The room.
        room: RoomKey,
        /// The receiving person.
        participant: ParticipantKey,
        /// Their connection.
        connection: ConnectionKey,
        /// Bound slots; a slot that is not named is empty.
        slots: Vec<SlotBinding>,
    },
    /// Which encodings of what a person publishes are watched by anybody. Told on change only;
    /// that something is not wanted any more is told a little later than that it is wanted again.
    Wanted {
        /// The room.
        room: RoomKey,
        /// The publishing person.
        participant: ParticipantKey,
        /// Their connection.
        connection: ConnectionKey,
        /// Every published source; the list is complete.
        sources: Vec<WantedSource>,
    },
    /// Who speaks now. Told on change only, and not more often than every 300 ms.
    Speakers {
        /// The room.
        room: RoomKey,
        /// Everybody who speaks, the loudest first.
        speakers: Vec<ParticipantKey>,
    },
    /// Pictures are withheld from a person because their bandwidth carries no more than sound, or
    /// are back.
    AudioOnly {
        /// The room.
        room: RoomKey,
        /// The receiving person.
        participant: ParticipantKey,
        /// Their connection.
        connection: ConnectionKey,
        /// Whether pictures are withheld.
        on: bool,
    },
    /// The engine of this one connection panicked; it was dropped and forgotten.
    PeerFailed {
        /// The room.
        room: RoomKey,
        /// The person.
        participant: ParticipantKey,
        /// Their connection.
        connection: ConnectionKey,
    },
}
