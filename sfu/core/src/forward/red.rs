//! Redundant audio (RFC 2198): one packet carries its own sound and that of earlier packets.

use std::sync::Arc;

use str0m::media::Pt;
use str0m::rtp::{RedDecoder, RedEncoder, RedundantBlock};

/// Another payload type follows this bit in a header of 4 bytes; without it the last header, of one
/// byte, is reached.
const MORE: u8 = 0x80;
/// From this share of lost packets on, each packet of sound carries the one before as well. Below
/// it the concealment of a decoder is not noticed.
const NEEDED_FROM: f32 = 0.02;
/// Below this share it is given up again.
const NEEDED_UNTIL: f32 = 0.01;
/// A packet with less sound than this is silence (Opus in discontinuous transmission sends 1 or 2
/// bytes); it is not worth repeating.
const SPEECH_BYTES_MIN: usize = 3;

/// The sound of a redundant packet alone. `None`: the payload is not understood.
pub(crate) fn primary(payload: &[u8]) -> Option<&[u8]> {
    let blocks = RedDecoder::decode(payload).ok()?;
    let last = blocks.last().filter(|block| block.is_primary)?;
    let at = payload.len().checked_sub(last.payload.len())?;
    payload.get(at..)
}

/// A redundant payload whose blocks say payload type `pt`, which is the subscriber's name for what
/// the publisher calls something else. `None`: the payload is not understood.
pub(crate) fn with_types(payload: &Arc<[u8]>, pt: Pt) -> Option<Arc<[u8]>> {
    let blocks = RedDecoder::decode(payload).ok()?;
    if blocks.iter().all(|block| block.pt == *pt) {
        return Some(Arc::clone(payload));
    }
    let mut copy = payload.to_vec();
    for header in 0..blocks.len() {
        let byte = copy.get_mut(header * 4)?;
        *byte = *byte & MORE | *pt & !MORE;
    }
    Some(copy.into())
}

/// Adds to each packet the sound of the one before, for a path that loses many.
#[derive(Debug, Default)]
pub(crate) struct Redundancy {
    /// The packet that was written last: its number, its timestamp and its sound.
    before: Option<(u64, u32, Arc<[u8]>)>,
    needed: bool,
}

impl Redundancy {
    /// Notes the share of packets that are lost, 0 to 1.
    pub(crate) fn note_loss(&mut self, share: f32) {
        let limit = if self.needed {
            NEEDED_UNTIL
        } else {
            NEEDED_FROM
        };
        self.needed = share > limit;
    }

    /// Remembers what was written without adding anything.
    pub(crate) fn note(&mut self, (seq, timestamp): (u64, u32), sound: &Arc<[u8]>) {
        if self
            .before
            .as_ref()
            .is_none_or(|(before, ..)| *before < seq)
        {
            self.before = Some((seq, timestamp, Arc::clone(sound)));
        }
    }

    /// A redundant payload of this packet and the one before. `None`: the path is good, or there is
    /// no speech right before it, and it should be sent as it is.
    pub(crate) fn add(
        &self,
        (seq, timestamp): (u64, u32),
        sound: &[u8],
        pt: Pt,
    ) -> Option<Vec<u8>> {
        let (before_seq, before_timestamp, before) = self.before.as_ref()?;
        if !self.needed || before_seq + 1 != seq || before.len() < SPEECH_BYTES_MIN {
            return None;
        }
        let block = RedundantBlock {
            pt: *pt,
            timestamp_offset: timestamp.wrapping_sub(*before_timestamp),
            payload: before.to_vec(),
        };
        // A pause is longer than the 14 bits of the offset.
        (block.timestamp_offset > 0 && block.fits())
            .then(|| RedEncoder::encode(*pt, sound, &[block]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sound(bytes: &[u8]) -> Arc<[u8]> {
        bytes.into()
    }

    #[test]
    fn what_was_added_is_taken_away_again() {
        let mut redundancy = Redundancy::default();
        redundancy.note_loss(0.03);
        assert_eq!(redundancy.add((1, 960), b"first", 111.into()), None);
        redundancy.note((1, 960), &sound(b"first"));
        let both = redundancy.add((2, 1920), b"second", 111.into()).unwrap();
        let blocks = RedDecoder::decode(&both).unwrap();
        assert_eq!(blocks[0].payload, b"first");
        assert_eq!(blocks[0].timestamp_offset, 960);
        assert_eq!(primary(&both), Some(&b"second"[..]));
    }

    #[test]
    fn nothing_is_added_behind_a_loss_a_pause_or_silence() {
        let mut redundancy = Redundancy::default();
        redundancy.note_loss(0.03);
        redundancy.note((1, 960), &sound(b"first"));
        assert_eq!(redundancy.add((3, 2880), b"third", 111.into()), None);
        assert_eq!(
            redundancy.add((2, 960 + 0x4000), b"second", 111.into()),
            None
        );
        redundancy.note((2, 1920), &sound(b"s"));
        assert_eq!(redundancy.add((3, 2880), b"third", 111.into()), None);
    }

    #[test]
    fn blocks_get_the_subscribers_payload_type() {
        let mut redundancy = Redundancy::default();
        redundancy.note_loss(0.03);
        redundancy.note((1, 960), &sound(b"first"));
        let both = sound(&redundancy.add((2, 1920), b"second", 109.into()).unwrap());
        let other = with_types(&both, 111.into()).unwrap();
        let blocks = RedDecoder::decode(&other).unwrap();
        assert!(blocks.iter().all(|block| block.pt == 111));
        assert_eq!(
            (blocks[0].payload, blocks[1].payload),
            (&b"first"[..], &b"second"[..])
        );
        assert!(Arc::ptr_eq(&both, &with_types(&both, 109.into()).unwrap()));
    }

    #[test]
    fn it_goes_on_until_the_path_is_clearly_good() {
        let mut redundancy = Redundancy::default();
        redundancy.note((1, 960), &sound(b"first"));
        let mut added = |share| {
            redundancy.note_loss(share);
            redundancy.add((2, 1920), b"second", 111.into()).is_some()
        };
        let seen = [0.0, 0.015, 0.03, 0.015, 0.005].map(&mut added);
        assert_eq!(seen, [false, false, true, true, false]);
    }

    proptest! {
        #[test]
        fn any_payload_is_survived(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let _ = primary(&bytes);
            let _ = with_types(&bytes.into(), 111.into());
        }
    }
}
