//! What a run was like.

use std::collections::BTreeSet;

use sfu_core::Source;

use crate::network::Packet;
use crate::rng::mix;

/// The result of a run without a violation.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// Folds every datagram: when, whose, which way, what kind and size.
    pub digest: u64,
    /// Wake-ups of pages and of the server by their own timers.
    pub wakeups: (u64, u64),
    /// Datagrams in both directions.
    pub datagrams: u64,
    /// Who was served what: viewer, sender, source; with the number of frames or packets.
    pub served: BTreeSet<(u16, u16, Source)>,
    /// Milliseconds that people were connected, together.
    pub connected_ms: u64,
    /// Decoded pictures.
    pub frames: u64,
    /// Packets of sound that were expected, and those that were concealed.
    pub speech: (u64, u64),
    /// Longest time between two pictures of one sender on one slot, whatever the network did.
    pub longest_gap_ms: u64,
    /// Longest time without a picture of a camera that was judged: of rooms of two, and of larger ones.
    pub longest_wait_ms: (u64, u64),
    /// Most outputs of one millisecond.
    pub outputs_max: usize,
    /// Offers that were refused for a good reason, such as a full room.
    pub refused: u64,
    /// Every datagram, if it was asked for.
    pub trace: Option<Vec<Traced>>,
}

/// One datagram of a trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Traced {
    /// When it left.
    pub at_ms: u64,
    /// Index of the person at the one end; the server is the other.
    pub person: u16,
    /// From the person to the server.
    pub upward: bool,
    /// Size of its payload.
    pub bytes: usize,
    /// Kind, size and, of RTP, numbers, folded.
    pub key: u64,
}

impl Report {
    pub(crate) fn note(&mut self, now_ms: u64, (person, upward): (u16, bool), packet: Packet) {
        self.datagrams = self.datagrams.saturating_add(1);
        let way = u64::from(person) * 2 + u64::from(upward);
        self.digest = mix(self.digest ^ mix(now_ms ^ (way << 40)) ^ packet.key);
        if let Some(trace) = &mut self.trace {
            trace.push(Traced {
                at_ms: now_ms,
                person,
                upward,
                bytes: packet.bytes,
                key: packet.key,
            });
        }
    }

    /// Minutes that people were connected, together.
    #[must_use]
    pub fn call_minutes(&self) -> u64 {
        self.connected_ms / 60_000
    }
}
