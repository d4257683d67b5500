//! What flows, in numbers.

use core::time::Duration;

use crate::ids::{ParticipantKey, RoomKey};

/// RTP media packets of one direction; RTCP, STUN and resends are not in it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Flow {
    /// RTP media packets.
    pub packets: u64,
    /// Their payload bytes, without any header.
    pub bytes: u64,
}

/// One participant's media.
#[derive(Debug, Clone, PartialEq)]
pub struct ParticipantStats {
    /// Who.
    pub participant: ParticipantKey,
    /// Whether ICE and DTLS are ready.
    pub connected: bool,
    /// Received from this participant.
    pub received: Flow,
    /// Written to this participant.
    pub forwarded: Flow,
    /// Share of packets lost on the way from this participant, 0 to 1, if known.
    pub loss_up: Option<f32>,
    /// Share of packets lost on the way to this participant, 0 to 1, if known.
    pub loss_down: Option<f32>,
    /// Round trip to this participant, if known.
    pub rtt: Option<Duration>,
    /// Estimated bandwidth to this participant in bits per second, if known.
    pub estimate_bps: Option<u64>,
}

/// One room's media.
#[derive(Debug, Clone, PartialEq)]
pub struct RoomStats {
    /// The room.
    pub room: RoomKey,
    /// Everybody with a media connection, by key.
    pub participants: Vec<ParticipantStats>,
}

/// Counters of a whole shard since its start. They only grow.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ShardCounters {
    /// RTP media packets from clients, whether forwarded or not.
    pub received: Flow,
    /// RTP media packets written to subscribers.
    pub forwarded: Flow,
    /// Datagrams that belong to no connection.
    pub dropped_unknown: u64,
    /// Datagrams that are neither a connectivity check, DTLS nor RTP (RFC 7983).
    pub dropped_garbage: u64,
    /// Datagrams without the right signature, or that the connection's engine refused.
    pub dropped_refused: u64,
    /// Datagrams beyond what their sender may cost; nothing was decrypted for them.
    pub dropped_over_budget: u64,
    /// Panics caught around one connection.
    pub peer_panics: u64,
}
