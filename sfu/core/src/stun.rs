//! STUN messages (RFC 8489) as bytes: a reader that trusts nothing, and a writer.
//!
//! Forwarding needs connectivity checks (RFC 8445 section 7), and the relay of sfu-net needs TURN
//! (RFC 8656); both are made of the same messages. Methods and attributes are bare numbers here,
//! so that a user names only those that it knows.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use thiserror::Error;

/// Length of the header in bytes.
pub const HEADER_BYTES: usize = 20;
/// The fixed value in bytes 4 to 7 of every message.
pub const MAGIC_COOKIE: u32 = 0x2112_A442;
/// The Binding method.
pub const BINDING: u16 = 0x001;

/// USERNAME.
pub const USERNAME: u16 = 0x0006;
/// MESSAGE-INTEGRITY (HMAC-SHA1).
pub const MESSAGE_INTEGRITY: u16 = 0x0008;
/// XOR-MAPPED-ADDRESS.
pub const XOR_MAPPED_ADDRESS: u16 = 0x0020;
/// PRIORITY (RFC 8445 section 7.1.1).
pub const PRIORITY: u16 = 0x0024;
/// USE-CANDIDATE (RFC 8445 section 7.1.2).
pub const USE_CANDIDATE: u16 = 0x0025;
/// ICE-CONTROLLED (RFC 8445 section 7.1.3).
pub const ICE_CONTROLLED: u16 = 0x8029;
/// FINGERPRINT.
pub const FINGERPRINT: u16 = 0x8028;

const INTEGRITY_BYTES: usize = 20;

/// Not a STUN message, or one whose lengths contradict each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("not a well-formed STUN message")]
pub struct Malformed;

/// The class of a message (RFC 8489 section 5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// Wants an answer.
    Request,
    /// Wants none.
    Indication,
    /// The answer to a request that was done.
    Success,
    /// The answer to a request that was not done.
    Error,
}

/// What pairs a request with its answer.
pub type Transaction = [u8; 12];

/// HMAC-SHA1 of the concatenated parts, as STUN uses it for MESSAGE-INTEGRITY.
#[must_use]
pub fn hmac_sha1(key: &[u8], parts: &[&[u8]]) -> [u8; INTEGRITY_BYTES] {
    str0m::crypto::from_feature_flags()
        .sha1_hmac_provider
        .sha1_hmac(key, parts)
}

/// Whether two digests are equal, in a time that does not tell where they differ.
#[must_use]
pub fn same_digest(a: &[u8], b: &[u8]) -> bool {
    let differing = a.iter().zip(b).fold(0, |acc, (x, y)| acc | (x ^ y));
    a.len() == b.len() && differing == 0
}

/// A well-formed message: every attribute lies inside of it.
#[derive(Debug, Clone, Copy)]
pub struct Message<'a> {
    bytes: &'a [u8],
    kind: u16,
    transaction: Transaction,
    /// Where MESSAGE-INTEGRITY begins.
    integrity_at: Option<usize>,
}

impl<'a> Message<'a> {
    /// Reads exactly one message.
    ///
    /// # Errors
    /// [`Malformed`]: too short or too long, no magic cookie, or attributes that do not fit.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Malformed> {
        let kind = u16_at(bytes, 0).ok_or(Malformed)?;
        let length = usize::from(u16_at(bytes, 2).ok_or(Malformed)?);
        let cookie = bytes.get(4..8).ok_or(Malformed)?;
        let transaction = bytes.get(8..HEADER_BYTES).ok_or(Malformed)?;
        let fits = kind < 0x4000 && length % 4 == 0 && HEADER_BYTES + length == bytes.len();
        if !fits || cookie != MAGIC_COOKIE.to_be_bytes() {
            return Err(Malformed);
        }
        let mut message = Self {
            bytes,
            kind,
            transaction: transaction.try_into().unwrap_or_default(),
            integrity_at: None,
        };
        let mut walk = Attributes {
            bytes,
            at: HEADER_BYTES,
        };
        while walk.at < bytes.len() {
            let at = walk.at;
            let (kind, value) = walk.next().ok_or(Malformed)?;
            if kind == MESSAGE_INTEGRITY && message.integrity_at.is_none() {
                if value.len() != INTEGRITY_BYTES {
                    return Err(Malformed);
                }
                message.integrity_at = Some(at);
            }
        }
        Ok(message)
    }

    /// The method, such as [`BINDING`].
    #[must_use]
    pub const fn method(&self) -> u16 {
        (self.kind & 0x000F) | ((self.kind & 0x00E0) >> 1) | ((self.kind & 0x3E00) >> 2)
    }

    /// The class.
    #[must_use]
    pub const fn class(&self) -> Class {
        match (self.kind & 0x0100 != 0, self.kind & 0x0010 != 0) {
            (false, false) => Class::Request,
            (false, true) => Class::Indication,
            (true, false) => Class::Success,
            (true, true) => Class::Error,
        }
    }

    /// What an answer has to repeat.
    #[must_use]
    pub const fn transaction(&self) -> Transaction {
        self.transaction
    }

    /// The attributes that count: those before MESSAGE-INTEGRITY (RFC 8489 section 14.5).
    pub fn attributes(&self) -> impl Iterator<Item = (u16, &'a [u8])> + use<'a> {
        let end = self.integrity_at.unwrap_or(self.bytes.len());
        Attributes {
            bytes: self.bytes.get(..end).unwrap_or_default(),
            at: HEADER_BYTES,
        }
    }

    /// The first attribute of a kind.
    #[must_use]
    pub fn get(&self, kind: u16) -> Option<&'a [u8]> {
        self.attributes()
            .find_map(|(of, value)| (of == kind).then_some(value))
    }

    /// An attribute that is text.
    #[must_use]
    pub fn text(&self, kind: u16) -> Option<&'a str> {
        core::str::from_utf8(self.get(kind)?).ok()
    }

    /// An attribute that is an address, exclusive-or with the cookie (RFC 8489 section 14.2).
    #[must_use]
    pub fn address(&self, kind: u16) -> Option<SocketAddr> {
        decode_address(self.get(kind)?, &self.transaction)
    }

    /// All attributes of a kind that are addresses; `None` stands for one that cannot be read.
    pub fn addresses(&self, kind: u16) -> impl Iterator<Item = Option<SocketAddr>> + use<'a> {
        let transaction = self.transaction;
        self.attributes()
            .filter(move |(of, _)| *of == kind)
            .map(move |(_, value)| decode_address(value, &transaction))
    }

    /// Whether the message carries a signature.
    #[must_use]
    pub const fn is_signed(&self) -> bool {
        self.integrity_at.is_some()
    }

    /// Whether MESSAGE-INTEGRITY was made with this key.
    #[must_use]
    pub fn is_signed_with(&self, key: &[u8]) -> bool {
        let Some(at) = self.integrity_at else {
            return false;
        };
        // The length that was signed ends with the signature, whatever follows it.
        let length = u16::try_from(at + 4 + INTEGRITY_BYTES - HEADER_BYTES).unwrap_or(u16::MAX);
        let (Some(kind), Some(rest), Some(signature)) = (
            self.bytes.get(..2),
            self.bytes.get(4..at),
            self.bytes.get(at + 4..at + 4 + INTEGRITY_BYTES),
        ) else {
            return false;
        };
        let computed = hmac_sha1(key, &[kind, &length.to_be_bytes(), rest]);
        same_digest(&computed, signature)
    }
}

struct Attributes<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Iterator for Attributes<'a> {
    type Item = (u16, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let kind = u16_at(self.bytes, self.at)?;
        let length = usize::from(u16_at(self.bytes, self.at + 2)?);
        let value = self.bytes.get(self.at + 4..self.at + 4 + length)?;
        self.at += 4 + length.next_multiple_of(4);
        Some((kind, value))
    }
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    let pair = bytes.get(at..at + 2)?;
    pair.try_into().ok().map(u16::from_be_bytes)
}

fn decode_address(value: &[u8], transaction: &Transaction) -> Option<SocketAddr> {
    let port = u16_at(value, 2)? ^ u16_at(&MAGIC_COOKIE.to_be_bytes(), 0)?;
    let ip = match (value.get(1)?, value.get(4..)?) {
        (1, ip) => {
            let ip: [u8; 4] = ip.try_into().ok()?;
            IpAddr::V4(Ipv4Addr::from(u32::from_be_bytes(ip) ^ MAGIC_COOKIE))
        }
        (2, ip) => {
            let ip: [u8; 16] = ip.try_into().ok()?;
            IpAddr::V6(Ipv6Addr::from(u128::from_be_bytes(ip) ^ mask(transaction)))
        }
        _ => return None,
    };
    Some(SocketAddr::new(ip, port))
}

fn mask(transaction: &Transaction) -> u128 {
    let low = transaction
        .iter()
        .fold(0_u128, |acc, byte| (acc << 8) | u128::from(*byte));
    (u128::from(MAGIC_COOKIE) << 96) | low
}

/// A message in the making.
#[derive(Debug)]
pub struct Writer {
    bytes: Vec<u8>,
    transaction: Transaction,
}

impl Writer {
    /// Begins a message.
    #[must_use]
    pub fn new(method: u16, class: Class, transaction: Transaction) -> Self {
        let class = match class {
            Class::Request => 0x0000,
            Class::Indication => 0x0010,
            Class::Success => 0x0100,
            Class::Error => 0x0110,
        };
        let kind = class | (method & 0x000F) | ((method & 0x0070) << 1) | ((method & 0x0F80) << 2);
        let mut bytes = Vec::with_capacity(128);
        bytes.extend_from_slice(&kind.to_be_bytes());
        bytes.extend_from_slice(&[0, 0]);
        bytes.extend_from_slice(&MAGIC_COOKIE.to_be_bytes());
        bytes.extend_from_slice(&transaction);
        Self { bytes, transaction }
    }

    /// Adds an attribute. A value that no message can hold is left out.
    #[must_use]
    pub fn with(mut self, kind: u16, value: &[u8]) -> Self {
        let Ok(length) = u16::try_from(value.len()) else {
            return self;
        };
        self.bytes.extend_from_slice(&kind.to_be_bytes());
        self.bytes.extend_from_slice(&length.to_be_bytes());
        self.bytes.extend_from_slice(value);
        let padded = self.bytes.len().next_multiple_of(4);
        self.bytes.resize(padded, 0);
        self
    }

    /// Adds an address, exclusive-or with the cookie (RFC 8489 section 14.2).
    #[must_use]
    pub fn with_address(self, kind: u16, address: SocketAddr) -> Self {
        let [high, low, ..] = MAGIC_COOKIE.to_be_bytes();
        let port = address.port() ^ u16::from_be_bytes([high, low]);
        let family = if address.is_ipv4() { 1 } else { 2 };
        let mut value = vec![0, family];
        value.extend_from_slice(&port.to_be_bytes());
        match address.ip() {
            IpAddr::V4(ip) => {
                value.extend_from_slice(&(u32::from(ip) ^ MAGIC_COOKIE).to_be_bytes());
            }
            IpAddr::V6(ip) => {
                let masked = u128::from(ip) ^ mask(&self.transaction);
                value.extend_from_slice(&masked.to_be_bytes());
            }
        }
        self.with(kind, &value)
    }

    /// Signs what was written so far with MESSAGE-INTEGRITY.
    #[must_use]
    pub fn signed(mut self, key: &[u8]) -> Self {
        self.set_length(4 + INTEGRITY_BYTES);
        let signature = hmac_sha1(key, &[&self.bytes]);
        self.with(MESSAGE_INTEGRITY, &signature)
    }

    /// Ends with FINGERPRINT (RFC 8489 section 14.7), which ICE wants in every message.
    #[must_use]
    pub fn fingerprinted(mut self) -> Vec<u8> {
        self.set_length(8);
        let sum = crc32(&self.bytes) ^ 0x5354_554E;
        self.with(FINGERPRINT, &sum.to_be_bytes()).finish()
    }

    /// The bytes of the message.
    #[must_use]
    pub fn finish(mut self) -> Vec<u8> {
        self.set_length(0);
        self.bytes
    }

    /// Writes the length that the message has once `more` bytes have followed.
    fn set_length(&mut self, more: usize) {
        let length = (self.bytes.len() + more).saturating_sub(HEADER_BYTES);
        let length = u16::try_from(length).unwrap_or(u16::MAX);
        if let Some(field) = self.bytes.get_mut(2..4) {
            field.copy_from_slice(&length.to_be_bytes());
        }
    }
}

/// CRC-32 of ISO 3309, bit by bit: it is computed once per check, over a hundred bytes.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            (crc >> 1) ^ (0xEDB8_8320 & (crc & 1).wrapping_neg())
        })
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TRANSACTION: Transaction = [7; 12];

    #[test]
    fn a_check_that_another_stack_has_made_is_read_and_verified() {
        let packet = [
            0x00, 0x01, 0x00, 0x50, 0x21, 0x12, 0xa4, 0x42, 0x6a, 0x75, 0x63, 0x31, 0x35, 0x75,
            0x78, 0x55, 0x6e, 0x67, 0x47, 0x63, 0x00, 0x06, 0x00, 0x09, 0x70, 0x39, 0x4b, 0x41,
            0x3a, 0x53, 0x51, 0x41, 0x74, 0x00, 0x00, 0x00, 0xc0, 0x57, 0x00, 0x04, 0x00, 0x01,
            0x00, 0x0a, 0x80, 0x2a, 0x00, 0x08, 0x6e, 0xee, 0xc6, 0xe9, 0x7d, 0x18, 0x39, 0x5c,
            0x00, 0x25, 0x00, 0x00, 0x00, 0x24, 0x00, 0x04, 0x6e, 0x7f, 0x1e, 0xff, 0x00, 0x08,
            0x00, 0x14, 0x5d, 0x04, 0x25, 0xa0, 0x20, 0x7a, 0xb1, 0xe0, 0x54, 0x10, 0x22, 0x99,
            0xaa, 0xf9, 0x83, 0x9c, 0xa0, 0x76, 0xc6, 0xd5, 0x80, 0x28, 0x00, 0x04, 0x36, 0x0e,
            0x21, 0x9f,
        ];
        let message = Message::parse(&packet).unwrap();
        assert_eq!(
            (message.method(), message.class()),
            (BINDING, Class::Request)
        );
        assert_eq!(message.text(USERNAME), Some("p9KA:SQAt"));
        assert!(message.get(USE_CANDIDATE).is_some());
        assert!(message.is_signed_with(b"xJcE9AQAR7kczUDVOXRUCl"));
        assert!(!message.is_signed_with(b"xJcE9AQAR7kczUDVOXRUCm"));
        // Its last attribute is a fingerprint of everything before.
        let sum = crc32(&packet[..packet.len() - 8]) ^ 0x5354_554E;
        assert_eq!(sum.to_be_bytes(), packet[packet.len() - 4..]);
    }

    #[test]
    fn what_follows_the_signature_does_not_count() {
        let bytes = Writer::new(BINDING, Class::Request, TRANSACTION)
            .signed(b"k")
            .with(USE_CANDIDATE, &[])
            .finish();
        let message = Message::parse(&bytes).unwrap();
        assert!(message.is_signed_with(b"k"));
        assert_eq!(message.get(USE_CANDIDATE), None);
    }

    #[test]
    fn addresses_of_both_families_come_back() {
        for text in ["192.0.2.7:3478", "[2001:db8::7]:65535"] {
            let address: SocketAddr = text.parse().unwrap();
            let bytes = Writer::new(BINDING, Class::Success, TRANSACTION)
                .with_address(XOR_MAPPED_ADDRESS, address)
                .fingerprinted();
            let message = Message::parse(&bytes).unwrap();
            assert_eq!(message.class(), Class::Success);
            assert_eq!(message.address(XOR_MAPPED_ADDRESS), Some(address));
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_message_or_refused(
            header in any::<bool>(), bytes in proptest::collection::vec(any::<u8>(), 0..120),
        ) {
            let mut all = bytes;
            if header && all.len() >= HEADER_BYTES {
                let length = u16::try_from(all.len() - HEADER_BYTES).unwrap();
                all[0] &= 0x3F;
                all[2..4].copy_from_slice(&length.to_be_bytes());
                all[4..8].copy_from_slice(&MAGIC_COOKIE.to_be_bytes());
            }
            if let Ok(message) = Message::parse(&all) {
                for (kind, _) in message.attributes() {
                    let _ = (message.text(kind), message.address(kind));
                }
                prop_assert!(!message.is_signed_with(b"nobody's key"));
            }
        }

        #[test]
        fn what_was_written_is_read_again(
            method in 0_u16..0x1000, values in proptest::collection::vec(
                (0x4000_u16..0x8000, proptest::collection::vec(any::<u8>(), 0..30)), 0..6),
            cut in 1_usize..20,
        ) {
            let mut writer = Writer::new(method, Class::Indication, TRANSACTION);
            for (kind, value) in &values {
                writer = writer.with(*kind, value);
            }
            let bytes = writer.signed(b"key").fingerprinted();
            let message = Message::parse(&bytes).unwrap();
            prop_assert_eq!((message.method(), message.class()), (method, Class::Indication));
            let read: Vec<_> = message.attributes().map(|(k, v)| (k, v.to_vec())).collect();
            prop_assert_eq!(read, values);
            prop_assert!(message.is_signed_with(b"key"));
            prop_assert!(Message::parse(&bytes[..bytes.len() - cut]).is_err());
        }
    }
}
