//! What flows, in numbers.

use core::time::Duration;

use crate::ids::{ParticipantKey, RoomKey};
use crate::quality::Quality;

/// RTP media packets of one direction; RTCP, STUN and resends are not in it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Flow {
    /// RTP media packets.
    pub packets: u64,
    /// Their payload bytes, without any header.
    pub bytes: u64,
}

impl Flow {
    pub(crate) fn count(&mut self, bytes: usize) {
        self.packets += 1;
        self.bytes += bytes as u64;
    }
}

/// How long pictures stood still, counted in fixed classes: gaps between forwarded video packets
/// while a camera's picture was wanted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Gaps {
    /// Gaps by the class of [`Gaps::BOUNDS_MS`] that they fall into.
    pub counts: [u64; Self::BOUNDS_MS.len()],
}

impl Gaps {
    /// Lower bound of each class in milliseconds; shorter gaps are not counted.
    pub const BOUNDS_MS: [u16; 6] = [100, 200, 500, 1000, 2000, 5000];

    pub(crate) fn note(&mut self, gap: Duration) {
        let class = Self::BOUNDS_MS
            .iter()
            .rposition(|bound| gap >= Duration::from_millis(u64::from(*bound)));
        if let Some(count) = class.and_then(|class| self.counts.get_mut(class)) {
            *count += 1;
        }
    }
}

/// What bandwidth made of somebody's pictures.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Decisions {
    /// A picture got a better layer, or came back.
    pub raised: u64,
    /// A picture got a lower layer.
    pub lowered: u64,
    /// A picture was withheld.
    pub paused: u64,
    /// All pictures were withheld, and the client was told.
    pub audio_only: u64,
}

/// How well pictures get through. The numbers only grow.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Delivery {
    /// Times that a camera's picture stood still for more than 500 ms while it was wanted.
    pub freezes: u64,
    /// How long pictures stood still.
    pub gaps: Gaps,
    /// Changes of the layer that feeds a slot.
    pub layer_switches: u64,
    /// Key frames asked of publishers (RTCP PLI, RFC 4585 section 6.3.1).
    pub keyframes_requested: u64,
    /// Key frames that subscribers asked for.
    pub keyframes_wanted: u64,
    /// What bandwidth made of it.
    pub decisions: Decisions,
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
    /// Jitter of this participant's microphone on its way to the server, if known.
    pub jitter_up: Option<Duration>,
    /// How good the connection is; `None` before it is ready.
    pub quality: Option<Quality>,
    /// Whether this participant speaks now.
    pub speaks: bool,
    /// Whether pictures are withheld from this participant for lack of bandwidth.
    pub audio_only: bool,
    /// How well pictures get to this participant; key frames requested are those asked of them.
    pub delivery: Delivery,
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
    /// RTP media packets withheld from a slot whose client did not negotiate their codec.
    pub unplayable: u64,
    /// Datagrams beyond what their sender may cost; nothing was decrypted for them.
    pub dropped_over_budget: u64,
    /// Panics caught around one connection.
    pub peer_panics: u64,
    /// Messages of data lanes given to a reader.
    pub data_forwarded: u64,
    /// Messages of data lanes that were too long, too many, not granted, or not taken.
    pub data_dropped: u64,
    /// Reliable lanes closed because their writer or reader could not keep up.
    pub data_closed: u64,
    /// How well pictures get through, of everybody together.
    pub delivery: Delivery,
}
