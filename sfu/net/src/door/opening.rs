//! What is it that connects? Its first bytes tell.

use crate::door::Media;

/// What a connection begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opening {
    /// A letter: a request of HTTP.
    Http,
    /// A TLS handshake (RFC 8446 section 5.1).
    Tls,
    /// Media.
    Media(Media),
    /// Nothing that is served here.
    Unknown,
}

/// Bytes after which [`first_bytes`] always knows.
pub const FIRST_BYTES_MAX: usize = 10;

const COOKIE: [u8; 4] = sfu_core::stun::MAGIC_COOKIE.to_be_bytes();

/// Tells what a connection is; `None` if more bytes are needed.
#[must_use]
pub fn first_bytes(bytes: &[u8]) -> Option<Opening> {
    match bytes.first()? {
        0x16 => return Some(Opening::Tls),
        first if first.is_ascii_alphabetic() => return Some(Opening::Http),
        // The high byte of a length below 2,048, or of a STUN method that exists.
        0..=7 => {}
        _ => return Some(Opening::Unknown),
    }
    // A message of TURN has the cookie after its type and length, a frame has another length in
    // front of them.
    if bytes.get(4..8)? == COOKIE {
        return Some(Opening::Media(Media::Relay));
    }
    let is_check = bytes.get(2..4)? == [0, 1];
    if !is_check {
        return Some(Opening::Unknown);
    }
    Some(if bytes.get(6..FIRST_BYTES_MAX)? == COOKIE {
        Opening::Media(Media::Frames)
    } else {
        Opening::Unknown
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use sfu_core::stun::{BINDING, Class, Writer};

    use super::*;

    fn message(method: u16) -> Vec<u8> {
        Writer::new(method, Class::Request, [1; 12]).finish()
    }

    #[test]
    fn everything_that_is_served_is_told_apart() {
        let check = message(BINDING);
        let mut framed = vec![0, 20];
        framed.extend_from_slice(&check);
        for (bytes, opening) in [
            (b"GET / HTTP/1.1\r\n".to_vec(), Opening::Http),
            (vec![0x16, 3, 1, 2, 0], Opening::Tls),
            (framed, Opening::Media(Media::Frames)),
            (message(3), Opening::Media(Media::Relay)),
            (check, Opening::Media(Media::Relay)),
            (b"\x80 something".to_vec(), Opening::Unknown),
            (vec![0; 10], Opening::Unknown),
            (vec![0, 20, 0, 1, 0, 0, 1, 2, 3, 4], Opening::Unknown),
        ] {
            assert_eq!(first_bytes(&bytes), Some(opening), "{bytes:?}");
        }
    }

    proptest! {
        #[test]
        fn more_bytes_never_change_the_answer(
            bytes in proptest::collection::vec(prop_oneof![0_u8..8, any::<u8>()], 0..40),
        ) {
            let mut told = None;
            for length in 0..=bytes.len() {
                let now = first_bytes(&bytes[..length]);
                prop_assert!(told.is_none() || told == now);
                told = now;
                prop_assert!(length < FIRST_BYTES_MAX || now.is_some());
            }
        }
    }
}
