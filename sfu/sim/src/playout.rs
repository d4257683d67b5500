//! What a person sees and hears of one slot: a model of a browser's jitter buffers.

use std::collections::{BTreeMap, VecDeque};

use sfu_core::Source;

use crate::identity::Identity;

/// One layer of one source of one connection: frames are numbered within it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Stream {
    pub(crate) person: u16,
    pub(crate) generation: u16,
    pub(crate) source: Source,
    pub(crate) layer: u8,
}

impl Stream {
    pub(crate) fn of(identity: &Identity) -> Self {
        Self {
            person: identity.person,
            generation: identity.generation,
            source: identity.source,
            layer: identity.layer,
        }
    }
}

/// Frames that wait for packets; a browser gives up on older ones.
const PENDING_MAX: usize = 128;
/// Decoded frames that others may depend on.
const DECODED_MAX: usize = 32;
/// A browser asks for a key frame when it cannot begin for this long.
const WAIT_FIRST_MS: u64 = 200;
/// And when it cannot go on for this long.
const WAIT_NEXT_MS: u64 = 1_000;
const ASK_EVERY_MS: u64 = 500;
/// Without any packet for this long there is nothing to be asked for.
const FLOWS_MS: u64 = 1_000;

#[derive(Debug)]
struct Partial {
    have: [u64; 4],
    missing: u8,
    depends_on: u32,
    last_seq: u64,
}

/// Frames become complete, in any order, and are decoded when what they depend on was.
#[derive(Debug, Default)]
pub(crate) struct VideoSlot {
    pending: BTreeMap<(Stream, u32), Partial>,
    current: Option<Stream>,
    decoded: VecDeque<u32>,
    highest_seq: u64,
    last_packet_ms: Option<u64>,
    waits_since_ms: u64,
    asked_ms: u64,
    last_decoded: Option<(Stream, u64)>,
    /// Longest time between two decoded frames of one stream of pictures.
    pub(crate) longest_gap_ms: u64,
    pub(crate) frames: u64,
}

impl VideoSlot {
    /// Takes a packet; answers how many frames were decoded with it.
    pub(crate) fn take(&mut self, now_ms: u64, seq: u64, identity: &Identity) -> usize {
        if self
            .last_packet_ms
            .is_none_or(|last| now_ms.saturating_sub(last) > FLOWS_MS)
        {
            self.waits_since_ms = now_ms;
        }
        self.last_packet_ms = Some(now_ms);
        let stream = Stream::of(identity);
        let partial = self
            .pending
            .entry((stream, identity.frame))
            .or_insert_with(|| Partial {
                have: [0; 4],
                missing: identity.fragments,
                depends_on: identity.depends_on,
                last_seq: 0,
            });
        let (word, bit) = (identity.fragment / 64, identity.fragment % 64);
        if let Some(word) = partial.have.get_mut(usize::from(word))
            && *word & (1 << bit) == 0
        {
            *word |= 1 << bit;
            partial.missing = partial.missing.saturating_sub(1);
        }
        partial.last_seq = partial.last_seq.max(seq);
        let complete = partial.missing == 0;
        let decoded = if complete { self.decode(now_ms) } else { 0 };
        while self.pending.len() > PENDING_MAX {
            self.pending.pop_first();
        }
        decoded
    }

    fn decode(&mut self, now_ms: u64) -> usize {
        let mut count = 0_usize;
        while let Some((at, depends_on, last_seq)) = self.next_decodable() {
            self.pending.remove(&at);
            let (stream, frame) = at;
            if self.current != Some(stream) {
                self.current = Some(stream);
                self.decoded.clear();
            }
            if depends_on == frame {
                self.pending
                    .retain(|(of, number), _| *of == stream && *number > frame);
            }
            self.decoded.push_back(frame);
            if self.decoded.len() > DECODED_MAX {
                self.decoded.pop_front();
            }
            self.highest_seq = self.highest_seq.max(last_seq);
            self.waits_since_ms = now_ms;
            self.note_gap(now_ms, stream);
            count = count.saturating_add(1);
        }
        count
    }

    fn note_gap(&mut self, now_ms: u64, stream: Stream) {
        self.frames = self.frames.saturating_add(1);
        if let Some((before, at_ms)) = self.last_decoded
            && (before.person, before.source) == (stream.person, stream.source)
        {
            self.longest_gap_ms = self.longest_gap_ms.max(now_ms.saturating_sub(at_ms));
        }
        self.last_decoded = Some((stream, now_ms));
    }

    fn next_decodable(&self) -> Option<((Stream, u32), u32, u64)> {
        let last = self.decoded.back().copied();
        self.pending
            .iter()
            .find(|((stream, frame), partial)| {
                if partial.missing > 0 {
                    return false;
                }
                let same = self.current == Some(*stream);
                if partial.depends_on == *frame {
                    return partial.last_seq > self.highest_seq;
                }
                same && last.is_some_and(|last| *frame > last)
                    && self.decoded.contains(&partial.depends_on)
            })
            .map(|(at, partial)| (*at, partial.depends_on, partial.last_seq))
    }

    /// Whether a browser would ask for a key frame now.
    pub(crate) fn asks(&mut self, now_ms: u64) -> bool {
        let flows = self
            .last_packet_ms
            .is_some_and(|last| now_ms.saturating_sub(last) <= FLOWS_MS);
        let wait = if self.current.is_none() {
            WAIT_FIRST_MS
        } else {
            WAIT_NEXT_MS
        };
        let asks = flows
            && now_ms.saturating_sub(self.waits_since_ms) >= wait
            && now_ms.saturating_sub(self.asked_ms) >= ASK_EVERY_MS;
        if asks {
            self.asked_ms = now_ms;
        }
        asks
    }
}

/// Longest delay that a listener accepts.
const TARGET_MAX_MS: u64 = 200;
const TARGET_MIN_MS: u64 = 20;

/// Speech with an adaptive delay: what is later than the delay is concealed, and raises it.
#[derive(Debug, Default)]
pub(crate) struct AudioSlot {
    stream: Option<Stream>,
    least_skew_ms: i64,
    target_ms: u64,
    highest_seq: u64,
    on_time: u64,
    pub(crate) expected: u64,
    pub(crate) concealed: u64,
}

impl AudioSlot {
    pub(crate) fn take(&mut self, now_ms: u64, seq: u64, identity: &Identity) {
        let stream = Stream::of(identity);
        let signed = |ms: u64| i64::try_from(ms).unwrap_or(i64::MAX);
        let skew = signed(now_ms).saturating_sub(i64::from(identity.sent_ms));
        if self.stream != Some(stream) {
            self.stream = Some(stream);
            self.least_skew_ms = skew;
            self.target_ms = TARGET_MIN_MS.saturating_mul(2);
            self.highest_seq = seq.saturating_sub(1);
        }
        self.least_skew_ms = self.least_skew_ms.min(skew);
        if seq <= self.highest_seq {
            return;
        }
        let missing = seq.saturating_sub(self.highest_seq).saturating_sub(1);
        self.highest_seq = seq;
        self.expected = self.expected.saturating_add(missing).saturating_add(1);
        self.concealed = self.concealed.saturating_add(missing);
        let late = u64::try_from(skew.saturating_sub(self.least_skew_ms)).unwrap_or(0);
        if late > self.target_ms {
            self.concealed = self.concealed.saturating_add(1);
            self.target_ms = late.saturating_add(10).min(TARGET_MAX_MS);
            self.on_time = 0;
        } else {
            self.on_time = self.on_time.saturating_add(1);
            if self.on_time.is_multiple_of(50) {
                self.target_ms = self.target_ms.saturating_sub(5).max(TARGET_MIN_MS);
            }
        }
    }
}

/// One receiving m-line of a person.
#[derive(Debug)]
pub(crate) enum Playout {
    Video(VideoSlot),
    Audio(AudioSlot),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity(frame: u32, depends_on: u32, fragment: u8, fragments: u8) -> Identity {
        Identity {
            room: 0,
            person: 1,
            generation: 1,
            source: Source::Camera,
            layer: 0,
            frame,
            depends_on,
            fragment,
            fragments,
            sent_ms: 0,
        }
    }

    #[test]
    fn nothing_is_seen_before_a_key_frame_and_a_key_frame_is_asked_for() {
        let mut slot = VideoSlot::default();
        assert_eq!(slot.take(0, 1, &identity(2, 1, 0, 1)), 0);
        assert!(!slot.asks(100));
        assert!(slot.asks(600));
        assert_eq!(slot.take(610, 2, &identity(3, 3, 0, 1)), 1);
    }

    #[test]
    fn a_resent_fragment_lets_everything_behind_it_be_seen() {
        let mut slot = VideoSlot::default();
        assert_eq!(slot.take(0, 1, &identity(1, 1, 0, 2)), 0);
        assert_eq!(slot.take(40, 3, &identity(2, 1, 0, 1)), 0);
        assert_eq!(slot.take(80, 4, &identity(3, 1, 0, 1)), 0);
        assert_eq!(slot.take(90, 2, &identity(1, 1, 1, 2)), 3);
    }

    #[test]
    fn a_late_packet_is_concealed_and_raises_the_delay() {
        let mut slot = AudioSlot::default();
        let at = |sent_ms| Identity {
            sent_ms,
            source: Source::Microphone,
            ..identity(1, 1, 0, 1)
        };
        slot.take(10, 1, &at(0));
        slot.take(130, 2, &at(20));
        assert_eq!(slot.concealed, 1);
        slot.take(150, 3, &at(40));
        assert_eq!((slot.concealed, slot.expected), (1, 3));
    }
}
