//! Numbers of live media, for those who look after all rooms. Nothing here says who somebody is or
//! where their connection comes from.

use serde::{Deserialize, Serialize};

use crate::ids::{ParticipantId, RoomId};
use crate::roster::Quality;

/// Time between two points of a past, in milliseconds.
pub const POINT_MS: u32 = 6_000;
/// Points of a past: a quarter of an hour.
pub const POINTS_MAX: usize = 150;
/// Lower bounds of the classes in [`ParticipantMedia::gaps`], in milliseconds.
pub const GAP_BOUNDS_MS: [u16; 6] = [100, 200, 500, 1_000, 2_000, 5_000];

/// What the server measured of one participant's media at one moment. `None`: not known. On the
/// wire it is an array, because a past has many.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Row", into = "Row")]
pub struct MediaPoint {
    /// Packets lost on the way from the participant, of a thousand.
    pub loss_up_permille: Option<u16>,
    /// Packets lost on the way to the participant, of a thousand.
    pub loss_down_permille: Option<u16>,
    /// Round trip between server and participant, in milliseconds.
    pub rtt_ms: Option<u16>,
    /// Jitter of the participant's speech on its way to the server, in milliseconds.
    pub jitter_ms: Option<u16>,
    /// Media received from the participant, in kbit/s.
    pub up_kbps: u32,
    /// Media sent to the participant, in kbit/s.
    pub down_kbps: u32,
    /// Bandwidth to the participant as the server estimates it, in kbit/s.
    pub estimate_kbps: Option<u32>,
    /// Transmission rating of speech, ITU-T G.107 in short form: 0 to 93, 80 is good, 60 is poor.
    pub rating: Option<u8>,
}

type Row = (
    Option<u16>,
    Option<u16>,
    Option<u16>,
    Option<u16>,
    u32,
    u32,
    Option<u32>,
    Option<u8>,
);

impl From<MediaPoint> for Row {
    fn from(point: MediaPoint) -> Self {
        (
            point.loss_up_permille,
            point.loss_down_permille,
            point.rtt_ms,
            point.jitter_ms,
            point.up_kbps,
            point.down_kbps,
            point.estimate_kbps,
            point.rating,
        )
    }
}

impl From<Row> for MediaPoint {
    fn from(row: Row) -> Self {
        Self {
            loss_up_permille: row.0,
            loss_down_permille: row.1,
            rtt_ms: row.2,
            jitter_ms: row.3,
            up_kbps: row.4,
            down_kbps: row.5,
            estimate_kbps: row.6,
            rating: row.7,
        }
    }
}

/// One participant's media, and how it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParticipantMedia {
    /// Who.
    pub participant: ParticipantId,
    /// Whether packets flow.
    pub connected: bool,
    /// How good the server finds the connection.
    pub quality: Quality,
    /// Pictures are withheld for lack of bandwidth.
    pub audio_only: bool,
    /// At this moment.
    pub now: MediaPoint,
    /// Times that a picture sent to the participant stood still for more than half a second.
    pub freezes: u64,
    /// How often pictures stood still, by the classes of [`GAP_BOUNDS_MS`].
    pub gaps: [u64; GAP_BOUNDS_MS.len()],
    /// Changes of the picture layers sent to the participant.
    pub layer_switches: u64,
    /// Key frames asked of the participant, RFC 4585 section 6.3.1.
    pub keyframes_requested: u64,
    /// Number of the first of `points`. Points are numbered by time, [`POINT_MS`] apart.
    pub first_point: u64,
    /// What was: at first at most [`POINTS_MAX`] points, later only those that are new. They
    /// follow on what was told before when `first_point` does, and otherwise replace it.
    pub points: Vec<MediaPoint>,
}

/// The media of one room, or of some of its participants.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomMedia {
    /// The room.
    pub room: RoomId,
    /// Whoever is not named is as before.
    pub participants: Vec<ParticipantMedia>,
}
