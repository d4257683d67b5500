//! Short-lived credentials that nobody has to remember (the "TURN REST API" convention): the name
//! says until when it is good, and the password is derived from it.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest as _, Md5};
use sfu_core::stun::{hmac_sha1, same_digest};
use thiserror::Error;

/// How long a new relay may be asked for with the same credentials. One that exists goes on.
const VALID: Duration = Duration::from_secs(6 * 3600);
/// How long a nonce is good (RFC 8656 section 5 recommends an hour at most).
const NONCE_VALID_S: u64 = 3600;

/// The realm of all credentials.
pub(super) const REALM: &str = "media";

/// The system has no random numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the system has no random numbers")]
pub struct NoRandomness;

/// A relay in the form that browsers take (`RTCIceServer`).
#[derive(Clone, PartialEq, Eq)]
pub struct IceServer {
    /// `turns:host:port?transport=tcp`.
    pub urls: Vec<String>,
    /// When it expires, and a random word.
    pub username: String,
    /// The password.
    pub credential: String,
}

impl fmt::Debug for IceServer {
    /// Whoever has the credential can use the relay.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IceServer")
            .field("urls", &self.urls)
            .finish_non_exhaustive()
    }
}

/// Makes and checks credentials.
pub(crate) struct Auth {
    secret: [u8; 32],
}

impl fmt::Debug for Auth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Auth")
    }
}

impl Auth {
    /// With a secret of this process: credentials end with it.
    pub(crate) fn new() -> Result<Self, NoRandomness> {
        Ok(Self::with_secret(random()?))
    }

    pub(super) const fn with_secret(secret: [u8; 32]) -> Self {
        Self { secret }
    }

    /// A name and its password. `None` if the system has no random numbers or no time.
    pub(crate) fn credentials(&self, now: SystemTime) -> Option<(String, String)> {
        let expires = (now + VALID).duration_since(UNIX_EPOCH).ok()?.as_secs();
        let word: [u8; 12] = random().ok()?;
        let username = format!("{expires}:{}", STANDARD.encode(word));
        let password = self.password(&username);
        Some((username, password))
    }

    /// The password of a name that we have given out, while it is good; `None` for any other name.
    pub(super) fn key(&self, username: &str, now_s: Option<u64>) -> Option<[u8; 16]> {
        let expires: u64 = username.split_once(':')?.0.parse().ok()?;
        if now_s.is_some_and(|now| now >= expires) {
            return None;
        }
        let password = self.password(username);
        // RFC 8489 section 9.2.2. No name or password of ours has letters that SASLprep changes.
        let mut digest = Md5::new();
        for part in [username, ":", REALM, ":", &password] {
            digest.update(part.as_bytes());
        }
        Some(digest.finalize().into())
    }

    fn password(&self, username: &str) -> String {
        STANDARD.encode(hmac_sha1(&self.secret, &[b"password", username.as_bytes()]))
    }

    /// A nonce that we recognise without remembering it.
    pub(super) fn nonce(&self, now_s: u64) -> String {
        let expires = now_s.saturating_add(NONCE_VALID_S);
        format!("{expires:x}-{}", self.nonce_seal(expires))
    }

    pub(super) fn is_fresh(&self, nonce: &str, now_s: u64) -> bool {
        let Some((expires, seal)) = nonce.split_once('-') else {
            return false;
        };
        let Ok(expires) = u64::from_str_radix(expires, 16) else {
            return false;
        };
        let genuine = same_digest(self.nonce_seal(expires).as_bytes(), seal.as_bytes());
        genuine && now_s < expires
    }

    fn nonce_seal(&self, expires: u64) -> String {
        STANDARD.encode(hmac_sha1(&self.secret, &[b"nonce", &expires.to_be_bytes()]))
    }
}

/// Random bytes of the system.
pub(crate) fn random<const N: usize>() -> Result<[u8; N], NoRandomness> {
    let mut bytes = [0; N];
    match aws_lc_rs::rand::fill(&mut bytes) {
        Ok(()) => Ok(bytes),
        // It says no more than that.
        Err(_unspecified) => Err(NoRandomness),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(seconds)
    }

    #[test]
    fn credentials_are_good_until_they_expire_and_only_here() {
        let auth = Auth::new().unwrap();
        let (name, password) = auth.credentials(at(1000)).unwrap();
        let end = 1000 + VALID.as_secs();
        assert!(name.starts_with(&format!("{end}:")));
        assert_eq!(auth.password(&name), password);
        assert!(auth.key(&name, Some(end - 1)).is_some());
        assert!(auth.key(&name, Some(end)).is_none());
        assert!(auth.key(&name, None).is_some(), "what exists goes on");
        let other = Auth::new().unwrap();
        assert_ne!(auth.key(&name, None), other.key(&name, None));
        let (another, _) = auth.credentials(at(1000)).unwrap();
        assert_ne!(another, name);
    }

    #[test]
    fn the_key_is_the_one_of_the_standard() {
        let auth = Auth { secret: [7; 32] };
        let key = auth.key("5:x", None).unwrap();
        let text = format!("5:x:media:{}", auth.password("5:x"));
        assert_eq!(key, <[u8; 16]>::from(Md5::digest(text.as_bytes())));
    }

    #[test]
    fn a_nonce_is_good_for_an_hour_and_cannot_be_made_up() {
        let auth = Auth::new().unwrap();
        let nonce = auth.nonce(50);
        assert!(auth.is_fresh(&nonce, 50) && auth.is_fresh(&nonce, 50 + NONCE_VALID_S - 1));
        assert!(!auth.is_fresh(&nonce, 50 + NONCE_VALID_S));
        let (_, seal) = nonce.split_once('-').unwrap();
        for forged in ["", "-", "ffff-", "zz-zz", &format!("ffffff-{seal}")] {
            assert!(!auth.is_fresh(forged, 50), "{forged}");
        }
    }
}
