//! One continuous stream out of many: sequence numbers, timestamps and VP8 picture ids.
//!
//! Inside one segment (one layer of one publication, uninterrupted) everything moves by a constant
//! offset, so gaps and reordering on the way to us stay what they are and a packet that was resent
//! to us takes its own place. At a splice the next segment continues right behind the highest
//! packet written so far.

use core::time::Duration;
use std::time::Instant;

/// First sequence number of a slot. It must stay below 2^16: a receiver's SRTP rollover counter
/// starts at 0 (RFC 3711 section 3.3.1).
const SEQ_START: u64 = 1;
/// A longer jump forward inside a segment is a restarted sender, not loss. Following it would bring
/// the receiver's rollover counter out of step for good.
const JUMP_MAX: u64 = 3000;

/// The numbers of a VP8 payload descriptor that a decoder expects to be continuous (RFC 7741).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Vp8Ids {
    /// 7 or 15 bits.
    pub(crate) picture: Option<u16>,
    /// TL0PICIDX.
    pub(crate) tl0: Option<u8>,
}

/// The numbers of a packet as its publisher sent it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Incoming {
    /// Extended sequence number.
    pub(crate) seq: u64,
    /// RTP timestamp.
    pub(crate) timestamp: u32,
    /// Of a VP8 packet.
    pub(crate) vp8: Option<Vp8Ids>,
}

/// The numbers of the packet as its subscriber sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rewritten {
    /// Extended sequence number, from 1.
    pub(crate) seq: u64,
    /// RTP timestamp.
    pub(crate) timestamp: u32,
    /// Of a VP8 packet.
    pub(crate) vp8: Option<Vp8Ids>,
}

#[derive(Debug)]
struct Segment {
    first_seq: u64,
    highest_seq: u64,
    seq_offset: u64,
    timestamp_offset: u32,
    picture_offset: u16,
    tl0_offset: u8,
}

#[derive(Debug)]
struct Written {
    seq: u64,
    timestamp: u32,
    at: Instant,
    vp8: Vp8Ids,
}

/// Makes one subscriber's slot look like one sender.
#[derive(Debug, Default)]
pub(crate) struct Rewriter {
    segment: Option<Segment>,
    /// The packet with the highest sequence number so far.
    highest: Option<Written>,
}

impl Rewriter {
    /// The next packet begins a new segment, whatever numbers it has.
    pub(crate) fn splice(&mut self) {
        self.segment = None;
    }

    /// New numbers for a packet; `None` if it is from before the last splice.
    pub(crate) fn rewrite(
        &mut self,
        now: Instant,
        clock_rate_hz: u32,
        packet: Incoming,
    ) -> Option<Rewritten> {
        let jumped = self
            .segment
            .as_ref()
            .is_some_and(|segment| packet.seq > segment.highest_seq.saturating_add(JUMP_MAX));
        if jumped {
            self.splice();
        }
        let fresh = match self.segment.take() {
            Some(segment) => segment,
            None => self.open(now, clock_rate_hz, packet),
        };
        let segment = self.segment.insert(fresh);
        if packet.seq < segment.first_seq {
            return None;
        }
        segment.highest_seq = segment.highest_seq.max(packet.seq);
        let rewritten = Rewritten {
            seq: packet.seq.wrapping_add(segment.seq_offset),
            timestamp: packet.timestamp.wrapping_add(segment.timestamp_offset),
            vp8: packet.vp8.map(|ids| Vp8Ids {
                picture: ids
                    .picture
                    .map(|id| id.wrapping_add(segment.picture_offset) & 0x7fff),
                tl0: ids.tl0.map(|tl0| tl0.wrapping_add(segment.tl0_offset)),
            }),
        };
        self.remember(now, rewritten);
        Some(rewritten)
    }

    fn open(&self, now: Instant, clock_rate_hz: u32, packet: Incoming) -> Segment {
        let (seq, timestamp, vp8) = match &self.highest {
            None => (SEQ_START, packet.timestamp, packet.vp8.unwrap_or_default()),
            Some(last) => (
                last.seq.saturating_add(1),
                last.timestamp
                    .wrapping_add(ticks(now.duration_since(last.at), clock_rate_hz)),
                Vp8Ids {
                    picture: last.vp8.picture.map(|id| id.wrapping_add(1)),
                    tl0: last.vp8.tl0.map(|tl0| tl0.wrapping_add(1)),
                },
            ),
        };
        let ids = packet.vp8.unwrap_or_default();
        Segment {
            first_seq: packet.seq,
            highest_seq: packet.seq,
            seq_offset: seq.wrapping_sub(packet.seq),
            timestamp_offset: timestamp.wrapping_sub(packet.timestamp),
            picture_offset: match (vp8.picture, ids.picture) {
                (Some(next), Some(id)) => next.wrapping_sub(id),
                _ => 0,
            },
            tl0_offset: match (vp8.tl0, ids.tl0) {
                (Some(next), Some(tl0)) => next.wrapping_sub(tl0),
                _ => 0,
            },
        }
    }

    fn remember(&mut self, now: Instant, packet: Rewritten) {
        if self
            .highest
            .as_ref()
            .is_some_and(|last| last.seq >= packet.seq)
        {
            return;
        }
        let before = self
            .highest
            .as_ref()
            .map(|last| last.vp8)
            .unwrap_or_default();
        let vp8 = packet.vp8.unwrap_or_default();
        self.highest = Some(Written {
            seq: packet.seq,
            timestamp: packet.timestamp,
            at: now,
            vp8: Vp8Ids {
                picture: vp8.picture.or(before.picture),
                tl0: vp8.tl0.or(before.tl0),
            },
        });
    }
}

/// Elapsed time in RTP ticks, at least 1 so that two frames never share a timestamp.
fn ticks(elapsed: Duration, clock_rate_hz: u32) -> u32 {
    let ticks = elapsed
        .as_micros()
        .saturating_mul(u128::from(clock_rate_hz))
        / 1_000_000;
    // An RTP timestamp wraps by definition (RFC 3550 section 5.1).
    u32::try_from(ticks % (1 << 32)).unwrap_or(1).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenarios::some_instant;
    use proptest::prelude::*;

    fn packet(seq: u64, timestamp: u32) -> Incoming {
        Incoming {
            seq,
            timestamp,
            vp8: Some(Vp8Ids {
                picture: Some(7),
                tl0: Some(9),
            }),
        }
    }

    #[test]
    fn a_resent_packet_takes_its_own_place() {
        let now = some_instant();
        let mut rewriter = Rewriter::default();
        assert_eq!(
            rewriter.rewrite(now, 90_000, packet(500, 0)).unwrap().seq,
            1
        );
        assert_eq!(
            rewriter.rewrite(now, 90_000, packet(502, 0)).unwrap().seq,
            3
        );
        assert_eq!(
            rewriter.rewrite(now, 90_000, packet(501, 0)).unwrap().seq,
            2
        );
    }

    #[test]
    fn a_packet_from_before_the_splice_is_dropped() {
        let now = some_instant();
        let mut rewriter = Rewriter::default();
        rewriter.rewrite(now, 90_000, packet(500, 0));
        rewriter.splice();
        assert_eq!(
            rewriter.rewrite(now, 90_000, packet(600, 0)).unwrap().seq,
            2
        );
        assert_eq!(rewriter.rewrite(now, 90_000, packet(599, 0)), None);
    }

    #[test]
    fn timestamps_go_on_with_the_wall_clock_over_a_splice() {
        let now = some_instant();
        let mut rewriter = Rewriter::default();
        let before = rewriter.rewrite(now, 90_000, packet(1, 1000)).unwrap();
        rewriter.splice();
        let later = now + Duration::from_millis(100);
        let after = rewriter
            .rewrite(later, 90_000, packet(9, 77_777_777))
            .unwrap();
        assert_eq!(after.timestamp.wrapping_sub(before.timestamp), 9000);
    }

    proptest! {
        #[test]
        fn any_pattern_of_switches_gives_one_stream_without_gaps(
            steps in proptest::collection::vec((0_usize..4, any::<bool>(), 0_u64..40), 1..300),
            starts in proptest::array::uniform4((0_u64..1_000_000, any::<u32>(), any::<u16>())),
        ) {
            let start = some_instant();
            let mut sources = starts.map(|(seq, timestamp, picture)| (seq, timestamp, picture & 0x7fff));
            let (mut rewriter, mut feeding) = (Rewriter::default(), usize::MAX);
            let (mut now, mut expected, mut picture) = (start, 1_u64, None::<u16>);
            for (source, pause, pass_ms) in steps {
                now += Duration::from_millis(pass_ms);
                if source != feeding || pause {
                    // What is not forwarded still counts at its source.
                    sources[source].0 += pass_ms;
                    rewriter.splice();
                    feeding = source;
                }
                let (seq, timestamp, id) = &mut sources[source];
                let incoming = Incoming {
                    seq: *seq,
                    timestamp: *timestamp,
                    vp8: Some(Vp8Ids { picture: Some(*id), tl0: None }),
                };
                (*seq, *timestamp, *id) = (*seq + 1, timestamp.wrapping_add(3000), (*id + 1) & 0x7fff);
                let out = rewriter.rewrite(now, 90_000, incoming).unwrap();
                prop_assert_eq!(out.seq, expected);
                let id = out.vp8.unwrap().picture.unwrap();
                if let Some(last) = picture {
                    prop_assert_eq!(id, (last + 1) & 0x7fff);
                }
                (expected, picture) = (expected + 1, Some(id));
            }
        }

        #[test]
        fn no_sequence_number_is_given_out_twice(
            seqs in proptest::collection::vec((0_u64..200, 0_u8..10), 1..300),
        ) {
            let now = some_instant();
            let mut rewriter = Rewriter::default();
            let mut out = std::collections::BTreeSet::new();
            let mut seen = std::collections::BTreeSet::new();
            for (seq, splice) in seqs {
                if splice == 0 {
                    rewriter.splice();
                    seen.clear();
                }
                // The engine drops duplicates of one sender before they come here.
                if seen.insert(seq)
                    && let Some(written) = rewriter.rewrite(now, 48_000, packet(seq, 0))
                {
                    prop_assert!(out.insert(written.seq), "{} twice", written.seq);
                }
            }
        }
    }
}
