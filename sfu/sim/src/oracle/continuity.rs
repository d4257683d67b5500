//! One slot is one sender: its numbers never contradict each other.

use std::collections::BTreeMap;

use crate::identity::Identity;
use crate::oracle::Fault;
use crate::playout::Stream;

/// Packets that are remembered of one slot.
const REMEMBERED: usize = 600;

/// What is compared of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Arrival {
    pub(crate) seq: u64,
    pub(crate) timestamp: u32,
    /// VP8 picture id.
    pub(crate) picture: Option<u16>,
    pub(crate) identity: Identity,
}

/// The recent packets of one slot, by sequence number.
#[derive(Debug, Default)]
pub(crate) struct Continuity {
    recent: BTreeMap<u64, Arrival>,
}

impl Continuity {
    pub(crate) fn judge(&mut self, arrival: Arrival) -> Result<(), Fault> {
        let seq = arrival.seq;
        if let Some(before) = self.recent.get(&seq) {
            return if *before == arrival {
                Ok(())
            } else {
                Err(Fault::Repeated { seq })
            };
        }
        if seq == 1 && !begins(&arrival) {
            return Err(Fault::NoKeyFrame { seq });
        }
        if let Some((_, before)) = self.recent.range(..seq).next_back() {
            follows(before, &arrival)?;
        }
        if let Some((_, after)) = self.recent.range(seq..).next() {
            follows(&arrival, after)?;
        }
        self.recent.insert(seq, arrival);
        if self.recent.len() > REMEMBERED {
            self.recent.pop_first();
        }
        Ok(())
    }
}

fn begins(arrival: &Arrival) -> bool {
    let identity = &arrival.identity;
    identity.source.is_audio() || (identity.is_key() && identity.fragment == 0)
}

/// Whether `b` may come after `a`; between them only lost packets.
fn follows(a: &Arrival, b: &Arrival) -> Result<(), Fault> {
    let seq = b.seq;
    let (one, two) = (&a.identity, &b.identity);
    let same_stream = Stream::of(one) == Stream::of(two);
    let passed = b.timestamp.wrapping_sub(a.timestamp);
    // A slot that shows nothing is started from the pictures since the key frame; it may have had some
    // of them before it was paused. The key frame in between may have been lost.
    let next = b.seq == a.seq.saturating_add(1);
    let again = same_stream && passed > 0 && two.frame <= one.frame && (two.is_key() || !next);
    let same_frame = same_stream && one.frame == two.frame && !again;
    if (passed == 0) != same_frame || passed >= 1 << 31 {
        return Err(Fault::TimeWentBack { seq });
    }
    if two.source.is_audio() {
        return Ok(());
    }
    let pictures = match (a.picture, b.picture) {
        (Some(a), Some(b)) => b.wrapping_sub(a) & 0x7fff,
        _ => return Err(Fault::BrokenPictures { seq }),
    };
    if same_frame {
        return if pictures == 0 && two.fragment > one.fragment {
            Ok(())
        } else {
            Err(Fault::BrokenPictures { seq })
        };
    }
    if pictures == 0 || pictures >= 1 << 14 {
        return Err(Fault::BrokenPictures { seq });
    }
    if again || !next {
        return Ok(());
    }
    if !same_stream {
        return if pictures != 1 {
            Err(Fault::BrokenPictures { seq })
        } else if begins(b) {
            Ok(())
        } else {
            Err(Fault::NoKeyFrame { seq })
        };
    }
    let whole = one.fragment.saturating_add(1) == one.fragments && two.fragment == 0;
    let fits = two.is_key() || two.depends_on == one.frame || two.depends_on == one.depends_on;
    if u32::from(pictures) > two.frame.wrapping_sub(one.frame) {
        Err(Fault::BrokenPictures { seq })
    } else if whole && fits {
        Ok(())
    } else {
        // After a pause or a restart the same layer begins again, inside whatever frame it was.
        if begins(b) {
            Ok(())
        } else {
            Err(Fault::HiddenGap { seq })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sfu_core::Source;

    fn frame(seq: u64, frame: u32, depends_on: u32) -> Arrival {
        Arrival {
            seq,
            timestamp: frame * 3000,
            picture: u16::try_from(frame & 0x7fff).ok(),
            identity: Identity {
                room: 0,
                person: 1,
                generation: 1,
                source: Source::Camera,
                layer: 0,
                frame,
                depends_on,
                fragment: 0,
                fragments: 1,
                sent_ms: 0,
            },
        }
    }

    #[test]
    fn a_gap_is_loss_and_a_closed_gap_is_a_fault() {
        let mut slot = Continuity::default();
        assert_eq!(slot.judge(frame(1, 1, 1)), Ok(()));
        assert_eq!(slot.judge(frame(4, 9, 7)), Ok(()));
        assert_eq!(
            slot.judge(frame(5, 13, 11)),
            Err(Fault::HiddenGap { seq: 5 })
        );
    }

    #[test]
    fn a_slot_begins_with_a_key_frame_and_repeats_nothing() {
        let mut slot = Continuity::default();
        assert_eq!(
            slot.judge(frame(1, 2, 1)),
            Err(Fault::NoKeyFrame { seq: 1 })
        );
        assert_eq!(slot.judge(frame(1, 2, 2)), Ok(()));
        assert_eq!(slot.judge(frame(1, 2, 2)), Ok(()));
        assert_eq!(slot.judge(frame(1, 3, 3)), Err(Fault::Repeated { seq: 1 }));
    }

    #[test]
    fn time_and_pictures_go_forward_only() {
        let mut slot = Continuity::default();
        assert_eq!(slot.judge(frame(1, 5, 5)), Ok(()));
        let mut back = frame(2, 6, 5);
        back.timestamp = 0;
        assert_eq!(slot.judge(back), Err(Fault::TimeWentBack { seq: 2 }));
        let mut still = frame(2, 6, 5);
        still.picture = Some(5);
        assert_eq!(slot.judge(still), Err(Fault::BrokenPictures { seq: 2 }));
    }
}
