//! What every media payload carries, so that nobody has to guess what arrived.

use sfu_core::Source;

use crate::rng::mix;

const MAGIC: [u8; 4] = *b"simu";
/// Bytes at the end of every payload.
pub(crate) const TRAILER_BYTES: usize = 34;

/// Names one packet of one person's media.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) room: u16,
    /// Index of the person in the scenario.
    pub(crate) person: u16,
    /// Which of the person's connections sent it.
    pub(crate) generation: u16,
    pub(crate) source: Source,
    pub(crate) layer: u8,
    pub(crate) frame: u32,
    /// The frame that must be decoded before; itself in a key frame.
    pub(crate) depends_on: u32,
    pub(crate) fragment: u8,
    pub(crate) fragments: u8,
    pub(crate) sent_ms: u32,
}

impl Identity {
    pub(crate) fn is_key(&self) -> bool {
        self.depends_on == self.frame
    }

    pub(crate) fn write(&self, payload: &mut Vec<u8>) {
        let source = match self.source {
            Source::Microphone => 0_u8,
            Source::Camera => 1,
            Source::Screen => 2,
        };
        let start = payload.len();
        payload.extend_from_slice(&MAGIC);
        payload.extend_from_slice(&self.room.to_be_bytes());
        payload.extend_from_slice(&self.person.to_be_bytes());
        payload.extend_from_slice(&self.generation.to_be_bytes());
        payload.extend_from_slice(&[source, self.layer, self.fragment, self.fragments]);
        payload.extend_from_slice(&self.frame.to_be_bytes());
        payload.extend_from_slice(&self.depends_on.to_be_bytes());
        payload.extend_from_slice(&self.sent_ms.to_be_bytes());
        let check = checksum(payload.get(start..).unwrap_or_default());
        payload.extend_from_slice(&check.to_be_bytes());
    }

    /// Reads the trailer of a payload; `None` if it is not one of ours or is damaged.
    pub(crate) fn read(payload: &[u8]) -> Option<Self> {
        let start = payload.len().checked_sub(TRAILER_BYTES)?;
        let (fields, check) = payload.get(start..)?.split_at_checked(TRAILER_BYTES - 8)?;
        if checksum(fields).to_be_bytes() != check {
            return None;
        }
        let mut rest = fields.strip_prefix(&MAGIC)?;
        let room = u16::from_be_bytes(take(&mut rest)?);
        let person = u16::from_be_bytes(take(&mut rest)?);
        let generation = u16::from_be_bytes(take(&mut rest)?);
        let [source, layer, fragment, fragments] = take(&mut rest)?;
        Some(Self {
            room,
            person,
            generation,
            source: *Source::ALL.get(usize::from(source))?,
            layer,
            fragment,
            fragments,
            frame: u32::from_be_bytes(take(&mut rest)?),
            depends_on: u32::from_be_bytes(take(&mut rest)?),
            sent_ms: u32::from_be_bytes(take(&mut rest)?),
        })
    }
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (taken, left) = rest.split_first_chunk::<N>()?;
    *rest = left;
    Some(*taken)
}

fn checksum(bytes: &[u8]) -> u64 {
    bytes.chunks(8).fold(0, |state: u64, eight| {
        let word = eight
            .iter()
            .rfold(0, |word, byte| (word << 8) | u64::from(*byte));
        mix(state ^ word)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_and_damage_is_seen() {
        let identity = Identity {
            room: 1,
            person: 2,
            generation: 3,
            source: Source::Screen,
            layer: 1,
            frame: 77,
            depends_on: 76,
            fragment: 1,
            fragments: 4,
            sent_ms: 123_456,
        };
        let mut payload = vec![1, 2, 3];
        identity.write(&mut payload);
        assert_eq!(payload.len(), 3 + TRAILER_BYTES);
        assert_eq!(Identity::read(&payload), Some(identity));
        payload[10] ^= 1;
        assert_eq!(Identity::read(&payload), None);
        assert_eq!(Identity::read(&[]), None);
    }
}
