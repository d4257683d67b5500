//! What a pass says.

use signaling_protocol::{ParticipantId, Role, RoomId};
use uuid::Uuid;

/// Longest token that is looked at, in bytes.
pub const PASS_BYTES_MAX: usize = 8 * 1024;
/// Most rooms that one observer's pass may name; an observer of more gets [`Observed::All`].
pub const OBSERVED_ROOMS_MAX: usize = 100;
/// Longest life of a pass, in seconds. A pass is used at once; a longer one is a mistake.
pub const PASS_LIFE_S_MAX: u32 = 600;

/// What a pass opens.
#[derive(Clone, PartialEq, Eq)]
pub enum Purpose {
    /// One person comes into one visit.
    Visit {
        /// Where.
        room: RoomId,
        /// Who, the same across reloads.
        participant: ParticipantId,
        /// Display name, 1 to [`signaling_protocol::NAME_CHARS_MAX`] characters.
        name: String,
        /// What they may do.
        role: Role,
        /// A guest's relation to the patient.
        relation: Option<String>,
        /// The clinic let this person in earlier, so they do not wait a second time.
        admitted: bool,
    },
    /// A private room in which a person sees and hears only themselves.
    ConnectionTest {
        /// Who.
        participant: ParticipantId,
    },
    /// Watch who is in which room, without being in one.
    Observe {
        /// Which rooms.
        rooms: Observed,
    },
}

impl core::fmt::Debug for Purpose {
    /// Names never reach a log.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Visit {
                room,
                participant,
                role,
                admitted,
                ..
            } => f
                .debug_struct("Visit")
                .field("room", room)
                .field("participant", participant)
                .field("role", role)
                .field("admitted", admitted)
                .finish_non_exhaustive(),
            Self::ConnectionTest { participant } => f
                .debug_struct("ConnectionTest")
                .field("participant", participant)
                .finish(),
            Self::Observe { rooms } => f.debug_struct("Observe").field("rooms", rooms).finish(),
        }
    }
}

/// Which rooms an observer sees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Observed {
    /// Every live room.
    All,
    /// These, when they are live; at most [`OBSERVED_ROOMS_MAX`].
    Rooms(Vec<RoomId>),
}

/// A verified pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pass {
    /// The `jti` claim: a pass with this id has been used or has not.
    pub id: Uuid,
    /// What it opens.
    pub purpose: Purpose,
    /// From this moment on it opens nothing, Unix time in microseconds.
    pub expires_us: i64,
}
