//! RTP packets (RFC 3550 section 5.1), as far as a telephone has them.
#![deny(clippy::arithmetic_side_effects)]

use thiserror::Error;

/// Bytes of the fixed header.
pub const HEADER_BYTES: usize = 12;

/// The fields of the fixed header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// Set where talking begins after silence, and at the first packet of an event.
    pub marker: bool,
    /// What the payload is, 0 to 127.
    pub payload_type: u8,
    /// Counts packets, and wraps.
    pub sequence: u16,
    /// When the sound was, in ticks of the codec's clock; wraps.
    pub timestamp: u32,
    /// Who sends.
    pub ssrc: u32,
}

/// Why bytes are no RTP packet.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum RtpError {
    /// It ends before its header does.
    #[error("the packet is too short")]
    Short,
    /// Another version than 2.
    #[error("not version 2")]
    Version,
    /// More padding than there is payload.
    #[error("the padding is longer than the payload")]
    Padding,
    /// The second byte is one that RTCP uses on the same port (RFC 5761 section 4).
    #[error("a packet of RTCP")]
    Rtcp,
}

/// A packet that was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RtpPacket<'a> {
    /// Its header.
    pub header: Header,
    /// What is in it, without padding. May be empty.
    pub payload: &'a [u8],
}

/// Whether these bytes belong to RTCP when both come by one port (RFC 5761 section 4).
#[must_use]
pub fn is_rtcp(bytes: &[u8]) -> bool {
    bytes.get(1).is_some_and(|kind| (192..=223).contains(kind))
}

impl<'a> RtpPacket<'a> {
    /// Reads a packet. Contributing sources and header extensions are skipped.
    ///
    /// # Errors
    /// When it is none.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, RtpError> {
        let (fixed, rest) = bytes
            .split_first_chunk::<HEADER_BYTES>()
            .ok_or(RtpError::Short)?;
        let [first, second, s0, s1, t0, t1, t2, t3, c0, c1, c2, c3] = *fixed;
        if first >> 6 != 2 {
            return Err(RtpError::Version);
        }
        if is_rtcp(bytes) {
            return Err(RtpError::Rtcp);
        }
        let sources = usize::from(first & 0x0F).saturating_mul(4);
        let mut rest = rest.get(sources..).ok_or(RtpError::Short)?;
        if first & 0x10 != 0 {
            let ([_, _, l0, l1], behind) = rest.split_first_chunk::<4>().ok_or(RtpError::Short)?;
            let words = usize::from(u16::from_be_bytes([*l0, *l1]));
            rest = behind
                .get(words.saturating_mul(4)..)
                .ok_or(RtpError::Short)?;
        }
        if first & 0x20 != 0 {
            let padding = rest.last().copied().map_or(0, usize::from);
            let kept = rest
                .len()
                .checked_sub(padding)
                .filter(|_| padding > 0)
                .ok_or(RtpError::Padding)?;
            rest = rest.get(..kept).ok_or(RtpError::Padding)?;
        }
        Ok(Self {
            header: Header {
                marker: second & 0x80 != 0,
                payload_type: second & 0x7F,
                sequence: u16::from_be_bytes([s0, s1]),
                timestamp: u32::from_be_bytes([t0, t1, t2, t3]),
                ssrc: u32::from_be_bytes([c0, c1, c2, c3]),
            },
            payload: rest,
        })
    }
}

impl Header {
    /// The packet as it is sent.
    #[must_use]
    pub fn write(&self, payload: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(HEADER_BYTES.saturating_add(payload.len()));
        bytes.push(0x80);
        bytes.push(u8::from(self.marker) << 7 | self.payload_type & 0x7F);
        bytes.extend_from_slice(&self.sequence.to_be_bytes());
        bytes.extend_from_slice(&self.timestamp.to_be_bytes());
        bytes.extend_from_slice(&self.ssrc.to_be_bytes());
        bytes.extend_from_slice(payload);
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn extension_sources_and_padding_are_left_out() {
        let mut bytes = vec![0xB1, 0x80, 0, 7, 0, 0, 0, 9, 0, 0, 0, 5];
        bytes.extend([1, 2, 3, 4]); // a contributing source
        bytes.extend([0xBE, 0xDE, 0, 1, 9, 9, 9, 9]); // an extension of one word
        bytes.extend([42, 43, 0, 2]); // payload and padding
        let packet = RtpPacket::parse(&bytes).unwrap();
        assert_eq!(packet.payload, [42, 43]);
        assert_eq!((packet.header.sequence, packet.header.ssrc), (7, 5));
        for cut in 0..bytes.len() - 2 {
            assert!(RtpPacket::parse(&bytes[..cut]).is_err() || cut >= 25);
        }
    }

    #[test]
    fn what_is_no_rtp_is_refused() {
        assert_eq!(RtpPacket::parse(&[0x80; 4]), Err(RtpError::Short));
        assert_eq!(RtpPacket::parse(&[0x40; 12]), Err(RtpError::Version));
        assert_eq!(
            RtpPacket::parse(&[0x80, 200, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
            Err(RtpError::Rtcp)
        );
        let mut padded = vec![0xA0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9];
        assert_eq!(RtpPacket::parse(&padded), Err(RtpError::Padding));
        padded[12] = 0;
        assert_eq!(RtpPacket::parse(&padded), Err(RtpError::Padding));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(
            marker: bool, payload_type in 0..128u8, sequence: u16, timestamp: u32, ssrc: u32,
            payload in prop::collection::vec(any::<u8>(), 0..200),
        ) {
            let header = Header { marker, payload_type, sequence, timestamp, ssrc };
            let bytes = header.write(&payload);
            match RtpPacket::parse(&bytes) {
                Ok(packet) => prop_assert_eq!(packet, RtpPacket { header, payload: &payload }),
                Err(why) => {
                    prop_assert_eq!(why, RtpError::Rtcp);
                    prop_assert!(marker && (64..96).contains(&payload_type));
                }
            }
        }

        #[test]
        fn nothing_panics(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            let _ = RtpPacket::parse(&bytes);
        }
    }
}
