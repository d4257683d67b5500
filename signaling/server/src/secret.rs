//! Resume tokens and ids of test rooms, from the system's random numbers.

use core::fmt::Write as _;

use aws_lc_rs::digest::{SHA256, digest};
use signaling_protocol::RoomId;
use signaling_session::{ResumeSecret, TokenHash};
use uuid::Uuid;

/// The system gave no random numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no random numbers")]
pub(crate) struct NoRandom;

/// Longest resume token that is looked at, in bytes; ours have 97.
const TOKEN_BYTES_MAX: usize = 128;

/// A token of 256 random bits that also names its room.
pub(crate) fn resume_secret(room: RoomId) -> Result<ResumeSecret, NoRandom> {
    let text = format!("{}.{}", room.as_uuid().simple(), hex(&random::<32>()?));
    let hash = hash(&text);
    Ok(ResumeSecret { text, hash })
}

/// A token that a client shows.
#[derive(PartialEq, Eq)]
pub(crate) struct Shown<'a> {
    /// The room that it names.
    pub(crate) room: RoomId,
    /// Of the token, without what is behind it.
    pub(crate) hash: TokenHash,
    /// What is behind it: a failover ticket, or anything else.
    pub(crate) failover: Option<&'a str>,
}

impl core::fmt::Debug for Shown<'_> {
    /// Tickets never reach a log.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Shown")
            .field("room", &self.room)
            .finish_non_exhaustive()
    }
}

/// Reads a token that a client shows, with or without a failover ticket behind it.
pub(crate) fn parse(text: &str) -> Option<Shown<'_>> {
    let mut parts = text.splitn(3, '.');
    let (room, rest) = (parts.next()?, parts.next()?);
    let token = text.get(..room.len().saturating_add(1).saturating_add(rest.len()))?;
    if token.len() > TOKEN_BYTES_MAX {
        return None;
    }
    Some(Shown {
        room: RoomId::from_uuid(Uuid::try_parse(room).ok()?),
        hash: hash(token),
        failover: parts.next(),
    })
}

/// The id of a room that nobody else can name.
pub(crate) fn private_room() -> Result<RoomId, NoRandom> {
    let uuid = uuid::Builder::from_random_bytes(random::<16>()?).into_uuid();
    Ok(RoomId::from_uuid(uuid))
}

/// The secret in the URL of a session at a standard door, 256 random bits, and its hash.
pub(crate) fn session_secret() -> Result<(String, TokenHash), NoRandom> {
    let text = hex(&random::<32>()?);
    let hash = hash(&text);
    Ok((text, hash))
}

/// The hash of a secret that a client shows, if it can be one.
pub(crate) fn session_secret_hash(secret: &str) -> Option<TokenHash> {
    (secret.len() == 64).then(|| hash(secret))
}

/// A strong entity tag (RFC 9110 section 8.8.3) that was never given before, quotes included.
pub(crate) fn etag() -> Result<String, NoRandom> {
    Ok(format!("\"{}\"", hex(&random::<12>()?)))
}

fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

fn random<const N: usize>() -> Result<[u8; N], NoRandom> {
    let mut bytes = [0_u8; N];
    aws_lc_rs::rand::fill(&mut bytes).or(Err(NoRandom))?;
    Ok(bytes)
}

fn hash(token: &str) -> TokenHash {
    let mut hash = TokenHash::default();
    hash.copy_from_slice(digest(&SHA256, token.as_bytes()).as_ref());
    hash
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_names_its_room_and_is_known_by_its_hash() {
        let room = private_room().unwrap();
        let secret = resume_secret(room).unwrap();
        assert_eq!(secret.text.len(), 97);
        let shown = |failover| Shown {
            room,
            hash: secret.hash,
            failover,
        };
        assert_eq!(parse(&secret.text), Some(shown(None)));
        let with = format!("{}.a.b.c", secret.text);
        assert_eq!(parse(&with), Some(shown(Some("a.b.c"))));
        assert_ne!(resume_secret(room).unwrap().hash, secret.hash);
        assert_eq!(parse("nothing"), None);
        assert_eq!(parse(&"a".repeat(10_000)), None);
    }
}
