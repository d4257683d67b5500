//! Tickets that open one recording for some minutes: its media, or a copy of it.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use clinical_model::{Micros, RecordingId, UserId};
use uuid::Uuid;

/// How long a ticket opens the media: a page asks for the next one before it ends.
pub const PLAY_LIFE_US: i64 = 15 * Micros::MINUTE;

const ID_BYTES: usize = 16;
const TIME_BYTES: usize = 8;
const BODY_BYTES: usize = 1 + 2 * ID_BYTES + TIME_BYTES;
/// Characters of the words that seal a copy: 120 bits.
const WORDS_CHARS: usize = 24;
/// Without letters and digits that look alike (Crockford, base 32).
const LETTERS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// Signs tickets (HMAC-SHA-256, RFC 2104).
#[derive(Clone)]
pub(crate) struct TicketKey(hmac::Key);

impl core::fmt::Debug for TicketKey {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("TicketKey(..)")
    }
}

/// What a ticket is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// To play it here.
    Play,
    /// To take a copy of it, readable by whoever has the copy.
    Copy,
    /// To take a copy of it that is sealed with words.
    SealedCopy,
}

impl Purpose {
    const ALL: [Self; 3] = [Self::Play, Self::Copy, Self::SealedCopy];

    const fn code(self) -> u8 {
        match self {
            Self::Play => 1,
            Self::Copy => 2,
            Self::SealedCopy => 3,
        }
    }
}

/// What a ticket says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ticket {
    pub(crate) purpose: Purpose,
    pub(crate) recording: RecordingId,
    pub(crate) user: UserId,
    pub(crate) until: Micros,
}

impl TicketKey {
    pub(crate) const fn new(key: hmac::Key) -> Self {
        Self(key)
    }

    pub(crate) fn sign(&self, ticket: Ticket) -> String {
        let mut bytes = Vec::with_capacity(BODY_BYTES + 32);
        bytes.push(ticket.purpose.code());
        bytes.extend_from_slice(ticket.recording.as_uuid().as_bytes());
        bytes.extend_from_slice(ticket.user.as_uuid().as_bytes());
        bytes.extend_from_slice(&ticket.until.0.to_be_bytes());
        let tag = hmac::sign(&self.0, &bytes);
        bytes.extend_from_slice(tag.as_ref());
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// None for everything that is not a ticket of ours and still valid.
    pub(crate) fn verify(&self, text: &str, now: Micros) -> Option<Ticket> {
        if text.len() > 128 {
            return None;
        }
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (body, tag) = bytes.split_first_chunk::<BODY_BYTES>()?;
        hmac::verify(&self.0, body, tag).ok()?;
        let (code, rest) = body.split_first()?;
        let (recording, rest) = rest.split_first_chunk::<ID_BYTES>()?;
        let (user, until) = rest.split_first_chunk::<ID_BYTES>()?;
        let ticket = Ticket {
            purpose: Purpose::ALL.into_iter().find(|it| it.code() == *code)?,
            recording: RecordingId::from_uuid(Uuid::from_bytes(*recording)),
            user: UserId::from_uuid(Uuid::from_bytes(*user)),
            until: Micros(i64::from_be_bytes(until.try_into().ok()?)),
        };
        (now < ticket.until).then_some(ticket)
    }

    /// The words that seal the copy of a ticket, in groups of four. They follow from the ticket, so no
    /// server has to remember them.
    pub(crate) fn words(&self, ticket: &str) -> String {
        let tag = hmac::sign(&self.0, format!("the words of {ticket}").as_bytes());
        let mut words = String::with_capacity(WORDS_CHARS + WORDS_CHARS / 4);
        for (at, byte) in tag.as_ref().iter().take(WORDS_CHARS).enumerate() {
            if at > 0 && at % 4 == 0 {
                words.push('-');
            }
            let letter = LETTERS.get(usize::from(byte & 31)).copied();
            words.push(char::from(letter.unwrap_or(b'0')));
        }
        words
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ticket_is_valid_unchanged_and_in_time() {
        let key = TicketKey::new(hmac::Key::new(hmac::HMAC_SHA256, b"one"));
        let ticket = Ticket {
            purpose: Purpose::SealedCopy,
            recording: RecordingId::from_uuid(Uuid::from_u128(1)),
            user: UserId::from_uuid(Uuid::from_u128(2)),
            until: Micros(10),
        };
        let text = key.sign(ticket);
        assert_eq!(key.verify(&text, Micros(9)), Some(ticket));
        assert_eq!(key.verify(&text, Micros(10)), None);
        let other = TicketKey::new(hmac::Key::new(hmac::HMAC_SHA256, b"two"));
        assert_eq!(other.verify(&text, Micros(9)), None);
        for at in 0..text.len() {
            let mut changed = text.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            assert_eq!(key.verify(&changed, Micros(9)), None, "{at}");
        }
        let words = key.words(&text);
        assert_eq!(
            (words.len(), words.as_str()),
            (29, key.words(&text).as_str())
        );
        assert_ne!(words, other.words(&text));
        assert_ne!(words, key.words("another ticket"));
        for bad in ["", "x", "AAAA", &"A".repeat(5_000)] {
            assert_eq!(key.verify(bad, Micros(9)), None);
        }
    }
}
