//! Messages in a byte stream: where does the first one end?

use super::Media;

/// Longest message in bytes. Nothing larger than an Ethernet frame is ever sent to a client or
/// expected from one; TURN adds a header.
pub(super) const MESSAGE_BYTES_MAX: usize = 2048;

/// A message is longer than any that a client has reason to send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Oversized;

/// A message at the front of the stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Extent {
    /// Where its content begins.
    pub(super) from: usize,
    /// Where its content ends.
    pub(super) to: usize,
    /// Where the next message begins.
    pub(super) next: usize,
}

/// The extent of the first message, or `None` until all of it is there.
pub(super) fn first_message(media: Media, bytes: &[u8]) -> Result<Option<Extent>, Oversized> {
    let [first, second, ..] = bytes else {
        return Ok(None);
    };
    let extent = match media {
        // RFC 4571 section 2: a length of two bytes.
        Media::Frames => {
            let to = 2 + usize::from(u16::from_be_bytes([*first, *second]));
            Extent {
                from: 2,
                to,
                next: to,
            }
        }
        Media::Relay => {
            let Some([_, _, high, low]) = bytes.get(..4) else {
                return Ok(None);
            };
            let length = usize::from(u16::from_be_bytes([*high, *low]));
            // RFC 8656 section 12.4: over TCP, data of a channel is padded to four bytes.
            let (header, padded) = if (0x40..0x80).contains(first) {
                (4, length.next_multiple_of(4))
            } else {
                (sfu_core::stun::HEADER_BYTES, length)
            };
            Extent {
                from: 0,
                to: header + length,
                next: header + padded,
            }
        }
    };
    if extent.next > MESSAGE_BYTES_MAX {
        return Err(Oversized);
    }
    Ok((extent.next <= bytes.len()).then_some(extent))
}

/// Puts a datagram into a frame (RFC 4571). Longer ones than a frame can hold are left out.
pub(super) fn put_frame(out: &mut Vec<u8>, datagram: &[u8]) {
    if let Ok(length) = u16::try_from(datagram.len()) {
        out.extend_from_slice(&length.to_be_bytes());
        out.extend_from_slice(datagram);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_message_that_is_too_long_is_refused_by_its_header_alone() {
        assert_eq!(first_message(Media::Frames, &[0xFF, 0xFF]), Err(Oversized));
        assert_eq!(
            first_message(Media::Relay, &[0x40, 0, 0xFF, 0xFF]),
            Err(Oversized)
        );
        assert_eq!(
            first_message(Media::Relay, &[0, 3, 0x7F, 0]),
            Err(Oversized)
        );
    }

    #[test]
    fn half_a_message_is_waited_for() {
        assert_eq!(first_message(Media::Frames, &[0]), Ok(None));
        assert_eq!(first_message(Media::Frames, &[0, 3, 1, 2]), Ok(None));
        assert_eq!(first_message(Media::Relay, &[0x40, 0, 0]), Ok(None));
        // Five bytes of data need three of padding.
        assert_eq!(
            first_message(Media::Relay, &[0x40, 0, 0, 5, 1, 2, 3, 4, 5, 0]),
            Ok(None)
        );
    }

    proptest! {
        #[test]
        fn frames_come_back_whatever_they_are_cut_into(
            datagrams in proptest::collection::vec(
                proptest::collection::vec(any::<u8>(), 0..1500), 0..6),
        ) {
            let mut stream = Vec::new();
            for datagram in &datagrams {
                put_frame(&mut stream, datagram);
            }
            let mut read = Vec::new();
            let mut rest = &stream[..];
            while let Some(extent) = first_message(Media::Frames, rest).unwrap() {
                read.push(rest[extent.from..extent.to].to_vec());
                rest = &rest[extent.next..];
            }
            prop_assert!(rest.is_empty());
            prop_assert_eq!(read, datagrams);
        }

        #[test]
        fn an_extent_lies_in_its_stream_and_goes_on(
            relay in any::<bool>(), bytes in proptest::collection::vec(any::<u8>(), 0..100),
        ) {
            let media = if relay { Media::Relay } else { Media::Frames };
            if let Ok(Some(extent)) = first_message(media, &bytes) {
                prop_assert!(extent.from <= extent.to && extent.to <= extent.next);
                prop_assert!(0 < extent.next && extent.next <= bytes.len());
            }
        }
    }
}
