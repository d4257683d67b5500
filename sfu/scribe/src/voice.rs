//! One microphone: from packets to pieces of sound with their time.

use sfu_phone::{Rate, Speech, open_for_room};
use speech::{Order, Sound, Track};

use recordings_tap::Packet;

/// Samples in a millisecond.
const PER_MS: u64 = 16;
/// Samples of a piece: a tenth of a second. Shorter ones cost more than they save.
const PIECE_SAMPLES: usize = 1_600;
/// A piece that nothing was added to for this long is given, in microseconds.
const QUIET_US: u64 = 60_000;
/// A sender's clock that is off by more is believed no longer, in microseconds: it was put right, or began
/// anew.
const ASTRAY_US: u64 = 500_000;
/// What begins later than the sound before it ended, by at least this, is told apart, in milliseconds.
const GAP_MS: u64 = 5;

/// A voice as the recogniser has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Opened {
    pub(crate) track: Track,
    pub(crate) epoch: u32,
}

#[derive(Debug)]
pub(crate) struct Voice {
    speech: Box<dyn Speech>,
    pub(crate) opened: Option<Opened>,
    /// An RTP timestamp and its time in microseconds.
    anchor: Option<(u32, u64)>,
    /// Where the sound that was decoded ends, in milliseconds.
    end_ms: u64,
    pending: Vec<i16>,
    pending_ms: u64,
    heard_us: u64,
}

impl Voice {
    /// `None` when libopus has no memory; then nobody is heard.
    pub(crate) fn open() -> Option<Self> {
        Some(Self {
            speech: open_for_room(Rate::Wide).ok()?,
            opened: None,
            anchor: None,
            end_ms: 0,
            pending: Vec::new(),
            pending_ms: 0,
            heard_us: 0,
        })
    }

    /// Forgets what was not given yet.
    pub(crate) fn hush(&mut self) {
        self.pending.clear();
        self.anchor = None;
    }

    /// Takes a packet of Opus; answers with pieces that are complete.
    pub(crate) fn packet(&mut self, track: Track, packet: &Packet) -> Vec<Order> {
        let at_ms = self.at_us(packet) / 1_000;
        self.heard_us = packet.arrival_us;
        if at_ms.saturating_add(GAP_MS) < self.end_ms {
            // Late or sent again: what it says was concealed or has been said.
            return Vec::new();
        }
        let mut pieces = Vec::new();
        if at_ms > self.end_ms.saturating_add(GAP_MS) {
            pieces.extend(self.give(track));
            self.end_ms = at_ms;
        }
        if self.pending.is_empty() {
            self.pending_ms = self.end_ms;
        }
        let before = self.pending.len();
        // What cannot be decoded is as good as lost.
        if self
            .speech
            .decode(&packet.payload, &mut self.pending)
            .is_err()
        {
            return pieces;
        }
        let added = self.pending.len().saturating_sub(before) as u64;
        self.end_ms = self.end_ms.saturating_add(added.div_euclid(PER_MS));
        if self.pending.len() >= PIECE_SAMPLES {
            pieces.extend(self.give(track));
        }
        pieces
    }

    /// Time passes.
    pub(crate) fn tick(&mut self, track: Track, now_us: u64) -> Option<Order> {
        let is_quiet = now_us.saturating_sub(self.heard_us) >= QUIET_US;
        is_quiet.then(|| self.give(track)).flatten()
    }

    /// What is left.
    pub(crate) fn give(&mut self, track: Track) -> Option<Order> {
        if self.pending.is_empty() {
            return None;
        }
        let at_ms = self.pending_ms;
        self.pending_ms = self.end_ms;
        let pcm = core::mem::take(&mut self.pending);
        Some(Order::Sound(Sound { track, at_ms, pcm }))
    }

    /// When a packet's sound begins, on the tap's clock: by the sender's clock, which is even, for as long
    /// as it agrees with the arrival.
    fn at_us(&mut self, packet: &Packet) -> u64 {
        if let Some((timestamp, at_us)) = self.anchor {
            // RTP time wraps; half the range before or after is meant (RFC 3550 section 5.1).
            let ticks = i64::from(packet.timestamp.wrapping_sub(timestamp).cast_signed());
            let us = ticks.saturating_mul(1_000).div_euclid(48);
            let at_us = at_us.saturating_add_signed(us);
            if at_us.abs_diff(packet.arrival_us) <= ASTRAY_US {
                self.anchor = Some((packet.timestamp, at_us));
                return at_us;
            }
        }
        self.anchor = Some((packet.timestamp, packet.arrival_us));
        packet.arrival_us
    }
}
