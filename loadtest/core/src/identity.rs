//! What stands at the end of every payload, so that each packet can be told from all others.
//!
//! It is at the end because servers may rewrite the beginning: payload descriptors carry picture
//! numbers that a forwarding server renumbers (RFC 7741 section 4.2).

/// Length of a written identity in bytes.
pub const IDENTITY_BYTES: usize = 32;
const MAGIC: [u8; 4] = *b"TLT1";
const MEASURED: u8 = 1;

/// Added to the number of a camera in all encodings but its best: nobody has to get them.
pub const LOWER_ENCODING: u32 = 1 << 31;

/// One packet's name and birth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Identity {
    /// Which microphone or camera of the whole run.
    pub source: u32,
    /// Counts the packets of this source, from 1.
    pub sequence: u64,
    /// Counts the frames of this source, from 1.
    pub frame: u32,
    /// Place in its frame, from 0.
    pub fragment: u8,
    /// Packets of the frame.
    pub fragments: u8,
    /// Sent while the run measures; every receiver has to get it.
    pub measured: bool,
    /// When it was handed to the network, Unix time in nanoseconds.
    pub sent_ns: u64,
}

impl Identity {
    /// Appends it to a payload.
    pub fn write(&self, payload: &mut Vec<u8>) {
        payload.extend_from_slice(&MAGIC);
        payload.extend_from_slice(&self.source.to_be_bytes());
        payload.extend_from_slice(&self.sequence.to_be_bytes());
        payload.extend_from_slice(&self.frame.to_be_bytes());
        let flags = if self.measured { MEASURED } else { 0 };
        payload.extend_from_slice(&[self.fragment, self.fragments, flags, 0]);
        payload.extend_from_slice(&self.sent_ns.to_be_bytes());
    }

    /// Reads the end of a payload; `None` for what this tool has not sent.
    #[must_use]
    pub fn read(payload: &[u8]) -> Option<Self> {
        let bytes = payload.last_chunk::<IDENTITY_BYTES>()?;
        let (magic, rest) = bytes.split_first_chunk::<4>()?;
        if *magic != MAGIC {
            return None;
        }
        let (source, rest) = rest.split_first_chunk::<4>()?;
        let (sequence, rest) = rest.split_first_chunk::<8>()?;
        let (frame, rest) = rest.split_first_chunk::<4>()?;
        let ([fragment, fragments, flags, _], rest) = rest.split_first_chunk::<4>()?;
        let (sent_ns, _) = rest.split_first_chunk::<8>()?;
        Some(Self {
            source: u32::from_be_bytes(*source),
            sequence: u64::from_be_bytes(*sequence),
            frame: u32::from_be_bytes(*frame),
            fragment: *fragment,
            fragments: *fragments,
            measured: flags & MEASURED != 0,
            sent_ns: u64::from_be_bytes(*sent_ns),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_was_written_is_read(
            before in proptest::collection::vec(any::<u8>(), 0..40),
            (source, sequence, frame) in any::<(u32, u64, u32)>(),
            (fragment, fragments, measured, sent_ns) in any::<(u8, u8, bool, u64)>(),
        ) {
            let identity = Identity { source, sequence, frame, fragment, fragments, measured, sent_ns };
            let mut payload = before;
            identity.write(&mut payload);
            prop_assert_eq!(Identity::read(&payload), Some(identity));
        }

        #[test]
        fn foreign_bytes_are_no_identity(bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
            prop_assume!(!bytes.windows(4).any(|four| four == MAGIC));
            prop_assert_eq!(Identity::read(&bytes), None);
        }
    }
}
