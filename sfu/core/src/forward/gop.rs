//! The pictures since the last key frame of one stream, so that somebody who comes later sees
//! something at once and the publisher need not send a key frame.

use core::time::Duration;
use std::collections::VecDeque;
use std::time::Instant;

use super::unit::Unit;

/// Most bytes of one stream; two seconds of a good camera. More is dropped until the next key frame.
const BYTES_MAX: usize = 384 * 1024;
/// Longest time since the key frame. A decoder works off what it is given before it shows anything
/// current, so a longer past would come later than a new key frame.
const AGE_MAX: Duration = Duration::from_secs(3);
/// Old pictures are told to be this far apart at most, in ticks of 90 kHz: 1 ms. With their own
/// distances a receiver would play the past and stay behind by its length.
const SQUEEZED_TICKS: u32 = 90;

/// Latest packets that are kept whatever they are. On a path that reorders, or when the first packet
/// of a key frame had to be sent again, the rest of the frame comes before it: a large key frame.
const LATEST_MAX: usize = 128;

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Gop {
    /// By sequence number, from the first packet of the key frame on.
    units: VecDeque<Unit>,
    bytes: usize,
    began: Option<Instant>,
    /// In the order in which they came.
    latest: VecDeque<Unit>,
}

impl Gop {
    /// When the first of its pictures came; `None` when it is empty.
    pub(crate) fn began(&self) -> Option<Instant> {
        self.began
    }

    /// Takes a packet that was forwarded.
    pub(crate) fn note(&mut self, now: Instant, unit: &Unit) {
        let first = self.units.front().map(|unit| unit.seq);
        if unit.seen.starts_decoding && first.is_none_or(|first| first < unit.seq) {
            self.start_over();
            self.began = Some(now);
            self.keep(unit);
            for early in self.after(unit.seq) {
                self.keep(&early);
            }
        } else if first.is_some_and(|first| first < unit.seq) {
            self.keep(unit);
        }
        if self.latest.len() >= LATEST_MAX {
            self.latest.pop_front();
        }
        self.latest.push_back(unit.clone());
        let began = self.began.unwrap_or(now);
        if self.bytes > BYTES_MAX || now.saturating_duration_since(began) > AGE_MAX {
            self.start_over();
        }
    }

    /// What came lately and belongs behind `seq`, in order: after a key frame's first packet, the rest
    /// of the frame that came before it.
    pub(crate) fn after(&self, seq: u64) -> Vec<Unit> {
        let behind = self.latest.iter().filter(|unit| unit.seq > seq);
        let mut behind: Vec<Unit> = behind.cloned().collect();
        behind.sort_by_key(|unit| unit.seq);
        behind
    }

    fn keep(&mut self, unit: &Unit) {
        let at = self
            .units
            .iter()
            .rev()
            .take_while(|later| later.seq > unit.seq);
        let at = self.units.len() - at.count();
        self.units.insert(at, unit.clone());
        self.bytes += size(unit);
    }

    /// Waits for the next key frame.
    fn start_over(&mut self) {
        self.units.clear();
        self.bytes = 0;
        self.began = None;
    }

    /// Drops everything.
    pub(crate) fn forget(&mut self) {
        *self = Self::default();
    }

    /// Bytes that are held, payloads and what belongs to them.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Everything since the key frame, with the past squeezed together in time; nothing if a packet
    /// is missing in between.
    pub(crate) fn replay(&self) -> Vec<Unit> {
        let (Some(first), Some(last)) = (self.units.front(), self.units.back()) else {
            return Vec::new();
        };
        if last.seq - first.seq + 1 != self.units.len() as u64 {
            return Vec::new();
        }
        let (mut before, mut after_first) = (first.timestamp, 0_u32);
        let mut units: Vec<Unit> = Vec::with_capacity(self.units.len());
        for unit in &self.units {
            let distance = unit.timestamp.wrapping_sub(before);
            before = unit.timestamp;
            after_first = after_first.wrapping_add(distance.min(SQUEEZED_TICKS));
            units.push(Unit {
                timestamp: after_first,
                ..unit.clone()
            });
        }
        // The newest picture keeps its time, so that what comes next follows it as it should.
        for unit in &mut units {
            unit.timestamp = last
                .timestamp
                .wrapping_sub(after_first)
                .wrapping_add(unit.timestamp);
        }
        units
    }
}

fn size(unit: &Unit) -> usize {
    unit.payload.len() + size_of::<Unit>()
}

#[cfg(test)]
mod tests {
    use super::super::codec::Codec;
    use super::super::keyframe::Inspected;
    use super::super::unit::Carried;
    use super::*;
    use crate::scenarios::some_instant;
    use proptest::prelude::*;

    fn unit(seq: u64, timestamp: u32, is_key: bool, bytes: usize) -> Unit {
        Unit {
            stream: 0,
            codec: Codec::Vp8,
            seq,
            timestamp,
            marker: true,
            payload: vec![0; bytes].into(),
            seen: Inspected {
                starts_decoding: is_key,
                ..Inspected::default()
            },
            carried: Carried::default(),
        }
    }

    #[test]
    fn nothing_is_replayed_before_a_key_frame_or_around_a_hole() {
        let now = some_instant();
        let mut gop = Gop::default();
        gop.note(now, &unit(9, 0, false, 10));
        assert!(gop.replay().is_empty());
        gop.note(now, &unit(10, 3000, true, 10));
        gop.note(now, &unit(12, 9000, false, 10));
        assert!(gop.replay().is_empty());
        gop.note(now, &unit(11, 6000, false, 10));
        let seqs: Vec<u64> = gop.replay().iter().map(|unit| unit.seq).collect();
        assert_eq!(seqs, [10, 11, 12]);
        gop.note(now, &unit(20, 12_000, true, 10));
        assert_eq!(gop.replay().len(), 1);
    }

    #[test]
    fn the_past_is_squeezed_and_the_newest_picture_keeps_its_time() {
        let now = some_instant();
        let mut gop = Gop::default();
        let start = u32::MAX - 4000;
        for (n, timestamp) in [0, 0, 3000, 6000, 6010].into_iter().enumerate() {
            let timestamp = start.wrapping_add(timestamp);
            gop.note(now, &unit(n as u64 + 1, timestamp, n == 0, 10));
        }
        let times: Vec<u32> = gop
            .replay()
            .iter()
            .map(|unit| unit.timestamp.wrapping_sub(start))
            .collect();
        assert_eq!(times, [5820, 5820, 5910, 6000, 6010]);
    }

    #[test]
    fn a_long_past_is_dropped_until_the_next_key_frame() {
        let start = some_instant();
        let mut gop = Gop::default();
        gop.note(start, &unit(1, 0, true, 10));
        let later = start + AGE_MAX + Duration::from_millis(1);
        gop.note(later, &unit(2, 3000, false, 10));
        gop.note(later, &unit(3, 6000, false, 10));
        assert_eq!((gop.replay().len(), gop.bytes()), (0, 0));
        gop.note(later, &unit(4, 9000, true, 10));
        assert_eq!(gop.replay().len(), 1);
    }

    proptest! {
        #[test]
        fn memory_is_bounded_whatever_comes(
            packets in proptest::collection::vec((0_u64..2000, 0_usize..30, 0_usize..1500), 1..600),
        ) {
            let now = some_instant();
            let mut gop = Gop::default();
            for (seq, key, bytes) in packets {
                gop.note(now, &unit(seq, 0, key == 0, bytes));
                prop_assert!(gop.bytes() <= BYTES_MAX);
                let held: usize = gop.units.iter().map(size).sum();
                prop_assert_eq!(held, gop.bytes());
            }
        }
    }
}
