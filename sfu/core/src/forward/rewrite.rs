//! One continuous stream out of many: sequence numbers, timestamps and the numbers inside payloads.
//!
//! Inside one segment (one stream of one publication, uninterrupted) everything moves by a constant
//! offset, so gaps and reordering on the way to us stay what they are and a packet that was resent
//! to us takes its own place. What this subscriber does not get is cut out ([`Rewriter::skip`]), and
//! what follows moves up. At a splice the next segment continues right behind the highest packet
//! written so far.

use core::time::Duration;
use std::time::Instant;

use super::frame::extend;
use super::line::Line;

/// First sequence number of a slot. It must stay below 2^16: a receiver's SRTP rollover counter
/// starts at 0 (RFC 3711 section 3.3.1).
const SEQ_START: u64 = 1;
/// A longer jump forward inside a segment is a restarted sender, not loss. Following it would bring
/// the receiver's rollover counter out of step for good.
const JUMP_MAX: u64 = 3000;

/// The numbers beside RTP's own that a receiver expects to go on without a break.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Ids {
    /// The picture id of VP8 (RFC 7741) and VP9 (RFC 9628).
    pub(crate) picture: Option<Picture>,
    /// TL0PICIDX of the same.
    pub(crate) tl0: Option<u8>,
    /// The frame number of a dependency descriptor.
    pub(crate) frame: Option<u16>,
}

/// A picture id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Picture {
    pub(crate) id: u16,
    /// 7 or 15.
    pub(crate) bits: u8,
    /// The ids of a decoder's input must be dense, so that of a dropped picture is cut out. Where
    /// frames name others by the distance of their ids (VP9) it must not be.
    pub(crate) dense: bool,
}

/// The numbers of a packet as its publisher sent it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Incoming {
    /// Extended sequence number.
    pub(crate) seq: u64,
    /// RTP timestamp.
    pub(crate) timestamp: u32,
    pub(crate) ids: Ids,
}

/// The numbers of the packet as its subscriber sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rewritten {
    /// Extended sequence number, from 1.
    pub(crate) seq: u64,
    /// RTP timestamp.
    pub(crate) timestamp: u32,
    pub(crate) ids: Ids,
}

#[derive(Debug)]
struct Segment {
    seqs: Line,
    timestamp_offset: u32,
    pictures: Option<Pictures>,
    tl0_offset: u8,
    frame_offset: u16,
}

#[derive(Debug)]
struct Pictures {
    line: Line,
    /// The highest extended picture id.
    latest: u64,
}

#[derive(Debug)]
struct Written {
    seq: u64,
    timestamp: u32,
    at: Instant,
    ids: Ids,
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

    /// New numbers for a packet; `None` if it is from before the last splice, or of a picture that
    /// was cut out.
    pub(crate) fn rewrite(
        &mut self,
        now: Instant,
        clock_rate_hz: u32,
        packet: Incoming,
    ) -> Option<Rewritten> {
        self.leave_on_jump(packet.seq);
        let fresh = match self.segment.take() {
            Some(segment) => segment,
            None => self.open(now, clock_rate_hz, packet),
        };
        let segment = self.segment.insert(fresh);
        let picture = match (packet.ids.picture, &mut segment.pictures) {
            (Some(picture), Some(pictures)) => match pictures.place(picture) {
                Some(placed) => Some(placed),
                None => {
                    segment.seqs.cut(packet.seq);
                    return None;
                }
            },
            (picture, _) => picture,
        };
        let rewritten = Rewritten {
            seq: segment.seqs.place(packet.seq)?,
            timestamp: packet.timestamp.wrapping_add(segment.timestamp_offset),
            ids: Ids {
                picture,
                tl0: packet
                    .ids
                    .tl0
                    .map(|tl0| tl0.wrapping_add(segment.tl0_offset)),
                frame: packet
                    .ids
                    .frame
                    .map(|n| n.wrapping_add(segment.frame_offset)),
            },
        };
        self.remember(now, rewritten);
        Some(rewritten)
    }

    /// Cuts out a packet of the current segment that this subscriber does not get.
    pub(crate) fn skip(&mut self, packet: Incoming) {
        self.leave_on_jump(packet.seq);
        let Some(segment) = &mut self.segment else {
            return;
        };
        segment.seqs.cut(packet.seq);
        if let (Some(picture), Some(pictures)) = (packet.ids.picture, &mut segment.pictures) {
            pictures.cut(picture);
        }
    }

    fn leave_on_jump(&mut self, seq: u64) {
        let jumped = self
            .segment
            .as_ref()
            .is_some_and(|segment| seq > segment.seqs.highest().saturating_add(JUMP_MAX));
        if jumped {
            self.splice();
        }
    }

    fn open(&self, now: Instant, clock_rate_hz: u32, packet: Incoming) -> Segment {
        let ids = packet.ids;
        let (seq, timestamp, next) = match &self.highest {
            None => (SEQ_START, packet.timestamp, ids),
            Some(last) => (
                last.seq.saturating_add(1),
                last.timestamp
                    .wrapping_add(ticks(now.duration_since(last.at), clock_rate_hz)),
                Ids {
                    picture: last.ids.picture.map(|picture| Picture {
                        id: picture.id.wrapping_add(1),
                        ..picture
                    }),
                    tl0: last.ids.tl0.map(|tl0| tl0.wrapping_add(1)),
                    frame: last.ids.frame.map(|number| number.wrapping_add(1)),
                },
            ),
        };
        Segment {
            seqs: Line::new(packet.seq, seq),
            timestamp_offset: timestamp.wrapping_sub(packet.timestamp),
            pictures: ids.picture.map(|first| {
                let latest = extend(None, first.id.into(), first.bits);
                let place = next.picture.unwrap_or(first).id;
                Pictures {
                    line: Line::new(latest, place.into()),
                    latest,
                }
            }),
            tl0_offset: match (next.tl0, ids.tl0) {
                (Some(next), Some(tl0)) => next.wrapping_sub(tl0),
                _ => 0,
            },
            frame_offset: match (next.frame, ids.frame) {
                (Some(next), Some(number)) => next.wrapping_sub(number),
                _ => 0,
            },
        }
    }

    fn remember(&mut self, now: Instant, packet: Rewritten) {
        let before = self.highest.as_ref();
        if before.is_some_and(|last| last.seq >= packet.seq) {
            return;
        }
        let before = before.map(|last| last.ids).unwrap_or_default();
        self.highest = Some(Written {
            seq: packet.seq,
            timestamp: packet.timestamp,
            at: now,
            ids: Ids {
                picture: packet.ids.picture.or(before.picture),
                tl0: packet.ids.tl0.or(before.tl0),
                frame: packet.ids.frame.or(before.frame),
            },
        });
    }
}

impl Pictures {
    fn place(&mut self, picture: Picture) -> Option<Picture> {
        let number = self.number(picture);
        let id = self.line.place(number)?;
        let mask = (1_u64 << picture.bits.min(15)) - 1;
        Some(Picture {
            id: u16::try_from(id & mask).unwrap_or(0),
            ..picture
        })
    }

    fn cut(&mut self, picture: Picture) {
        let number = self.number(picture);
        if picture.dense {
            self.line.cut(number);
        }
    }

    fn number(&mut self, picture: Picture) -> u64 {
        let number = extend(Some(self.latest), picture.id.into(), picture.bits);
        self.latest = self.latest.max(number);
        number
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

    fn ids(picture: u16) -> Ids {
        Ids {
            picture: Some(Picture {
                id: picture,
                bits: 15,
                dense: true,
            }),
            tl0: Some(9),
            frame: None,
        }
    }

    fn packet(seq: u64, timestamp: u32) -> Incoming {
        Incoming {
            seq,
            timestamp,
            ids: ids(7),
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
                    ids: ids(*id),
                };
                (*seq, *timestamp, *id) = (*seq + 1, timestamp.wrapping_add(3000), (*id + 1) & 0x7fff);
                let out = rewriter.rewrite(now, 90_000, incoming).unwrap();
                prop_assert_eq!(out.seq, expected);
                let id = out.ids.picture.unwrap().id;
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

        #[test]
        fn switches_drops_loss_and_reordering_leave_only_the_gaps_of_the_loss(
            steps in proptest::collection::vec(step(), 1..300),
            starts in proptest::array::uniform3((0_u64..1_000_000, any::<u16>())),
        ) {
            let mut now = some_instant();
            let mut sources = starts;
            let mut slot = Model::default();
            let (mut feeding, mut dropping) = (usize::MAX, false);
            for step in steps {
                now += Duration::from_millis(5);
                let (seq, picture) = &mut sources[step.source];
                let begins = step.source != feeding || step.splice;
                if begins || step.new_picture {
                    *picture = picture.wrapping_add(1);
                    dropping = step.drop && !begins;
                }
                let incoming = Incoming { seq: *seq, timestamp: 0, ids: ids(*picture & 0x7fff) };
                *seq += 1;
                if begins {
                    feeding = step.source;
                    slot.splice();
                    slot.deliver(now, incoming, false)?;
                    continue;
                }
                match step.loss {
                    0 => {}
                    1 => slot.late.push((incoming, dropping)),
                    _ => {
                        slot.deliver(now, incoming, dropping)?;
                        for (incoming, dropping) in core::mem::take(&mut slot.late) {
                            slot.deliver(now, incoming, dropping)?;
                        }
                    }
                }
            }
            slot.splice();
            let span = slot.given.last().copied().unwrap_or(0);
            prop_assert_eq!(span - slot.given.len() as u64, slot.open);
        }

        #[test]
        fn dropped_pictures_leave_no_gap_in_the_picture_ids(
            steps in proptest::collection::vec(step(), 1..300), start in any::<u16>(), short in any::<bool>(),
        ) {
            let now = some_instant();
            let mut rewriter = Rewriter::default();
            let (mut picture, mut seq, mut dropping) = (start, 1, false);
            let mut last = None::<u16>;
            let bits = if short { 7 } else { 15 };
            let mask = (1 << bits) - 1;
            for step in steps {
                if step.splice {
                    // Another source: other numbers.
                    rewriter.splice();
                    (picture, seq, dropping) = (picture.wrapping_mul(7), seq + 500, false);
                } else if step.new_picture {
                    (picture, dropping) = (picture.wrapping_add(1), step.drop && last.is_some());
                }
                let mut incoming = packet(seq, 0);
                incoming.ids.picture = Some(Picture { id: picture & mask, bits, dense: true });
                seq += 1;
                if dropping {
                    rewriter.skip(incoming);
                    continue;
                }
                let id = rewriter.rewrite(now, 90_000, incoming).unwrap().ids.picture.unwrap().id;
                if let Some(last) = last {
                    let step = id.wrapping_sub(last) & mask;
                    prop_assert!(step <= 1, "{last} then {id}");
                }
                last = Some(id);
            }
        }
    }

    /// One packet of one of three sources.
    #[derive(Debug, Clone)]
    struct Step {
        source: usize,
        splice: bool,
        new_picture: bool,
        /// The picture that begins is of a layer that is not forwarded.
        drop: bool,
        /// 0: lost for good, 1: arrives behind the next one.
        loss: u8,
    }

    fn step() -> impl Strategy<Value = Step> {
        (
            0_usize..30,
            0_u8..20,
            any::<bool>(),
            any::<bool>(),
            0_u8..10,
        )
            .prop_map(|(source, splice, new_picture, drop, loss)| Step {
                source: source.saturating_sub(27),
                splice: splice == 0,
                new_picture,
                drop,
                loss,
            })
    }

    /// What must come out, counted by hand.
    #[derive(Default)]
    struct Model {
        rewriter: Rewriter,
        given: std::collections::BTreeSet<u64>,
        placed: std::collections::BTreeSet<u64>,
        /// Left out while nothing behind it was written, so that the gap could be closed.
        closed: std::collections::BTreeSet<u64>,
        late: Vec<(Incoming, bool)>,
        open: u64,
    }

    impl Model {
        fn deliver(
            &mut self,
            now: Instant,
            incoming: Incoming,
            drop: bool,
        ) -> Result<(), TestCaseError> {
            if drop {
                if self.placed.last().is_none_or(|last| *last < incoming.seq) {
                    self.closed.insert(incoming.seq);
                }
                self.rewriter.skip(incoming);
                return Ok(());
            }
            let out = self.rewriter.rewrite(now, 90_000, incoming);
            let out = out.ok_or_else(|| TestCaseError::fail("a packet without a place"))?;
            prop_assert!(self.given.insert(out.seq), "{} twice", out.seq);
            self.placed.insert(incoming.seq);
            Ok(())
        }

        /// Ends a segment: what it left open up to its highest packet are gaps.
        fn splice(&mut self) {
            if let (Some(first), Some(last)) = (self.placed.first(), self.placed.last()) {
                let filled = |seq: &u64| self.placed.contains(seq) || self.closed.contains(seq);
                self.open += (*first..=*last).filter(|seq| !filled(seq)).count() as u64;
            }
            self.placed.clear();
            self.closed.clear();
            self.late.clear();
            self.rewriter.splice();
        }
    }
}
