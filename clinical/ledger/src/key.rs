//! The keys of checkpoints: Ed25519, kept as PEM files.

use core::fmt;
use core::str::FromStr;

use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::Hash;

/// The length of an Ed25519 signature, in bytes.
pub(crate) const SIGNATURE_BYTES: usize = 64;
/// The length of an Ed25519 public key, in bytes.
const PUBLIC_BYTES: usize = 32;
/// What stands before the key in a `SubjectPublicKeyInfo` of Ed25519 (RFC 8410 section 4).
const SPKI_HEAD: [u8; 12] = [
    0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00,
];
const PRIVATE: &str = "PRIVATE KEY";
const PUBLIC: &str = "PUBLIC KEY";

/// Why a key could not be read, made or used.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// Not the PEM file (RFC 7468) that was expected.
    #[error("not a PEM file with one {0}")]
    Pem(&'static str),
    /// The body of the PEM file is not base64.
    #[error("the body of the PEM file is not base64")]
    Base64(#[source] base64::DecodeError),
    /// Not an Ed25519 private key in PKCS#8 (RFC 8410).
    #[error("not an Ed25519 private key in PKCS#8")]
    Private(#[source] aws_lc_rs::error::KeyRejected),
    /// Not an Ed25519 public key (RFC 8410).
    #[error("not an Ed25519 public key")]
    Public,
    /// The operating system gave no random numbers, or the library failed.
    #[error("the cryptographic library failed")]
    Library(#[source] aws_lc_rs::error::Unspecified),
}

/// The private key that signs checkpoints.
pub struct CheckpointKey {
    pair: Ed25519KeyPair,
    public: PublicKey,
}

impl CheckpointKey {
    /// Makes a new key, as PKCS#8 in PEM, to be kept in a file that only the service can read.
    ///
    /// # Errors
    /// Without random numbers from the operating system.
    pub fn generate() -> Result<String, KeyError> {
        let pair = Ed25519KeyPair::generate().map_err(KeyError::Library)?;
        let document = pair.to_pkcs8v1().map_err(KeyError::Library)?;
        Ok(pem(PRIVATE, document.as_ref()))
    }

    /// Reads PKCS#8 in PEM.
    ///
    /// # Errors
    /// When the text is something else.
    pub fn from_pem(text: &str) -> Result<Self, KeyError> {
        let der = der(PRIVATE, text)?;
        let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(&der).map_err(KeyError::Private)?;
        let public = pair.public_key().as_ref();
        let public = PublicKey(public.try_into().or(Err(KeyError::Public))?);
        Ok(Self { pair, public })
    }

    /// The key that verifies what this one signs.
    #[must_use]
    pub const fn public(&self) -> PublicKey {
        self.public
    }

    pub(crate) fn sign(&self, bytes: &[u8]) -> Result<[u8; SIGNATURE_BYTES], KeyError> {
        let signature = self.pair.try_sign(bytes).map_err(KeyError::Library)?;
        let signature = <[u8; SIGNATURE_BYTES]>::try_from(signature.as_ref());
        signature.or(Err(KeyError::Library(aws_lc_rs::error::Unspecified)))
    }
}

impl fmt::Debug for CheckpointKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CheckpointKey({})", self.public.id())
    }
}

/// The public key with which anybody can verify checkpoints.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PublicKey([u8; PUBLIC_BYTES]);

impl PublicKey {
    /// Reads a `SubjectPublicKeyInfo` in PEM.
    ///
    /// # Errors
    /// When the text is something else.
    pub fn from_pem(text: &str) -> Result<Self, KeyError> {
        let der = der(PUBLIC, text)?;
        let key = der.strip_prefix(&SPKI_HEAD).ok_or(KeyError::Public)?;
        Ok(Self(key.try_into().or(Err(KeyError::Public))?))
    }

    /// The key as a `SubjectPublicKeyInfo` in PEM, as other programs read it too.
    #[must_use]
    pub fn to_pem(self) -> String {
        pem(PUBLIC, &[SPKI_HEAD.as_slice(), &self.0].concat())
    }

    /// The name of this key in a checkpoint.
    #[must_use]
    pub fn id(&self) -> KeyId {
        KeyId(Hash::of(&self.0))
    }

    pub(crate) fn has_signed(&self, bytes: &[u8], signature: &[u8; SIGNATURE_BYTES]) -> bool {
        UnparsedPublicKey::new(&ED25519, self.0)
            .verify(bytes, signature)
            .is_ok()
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({})", self.id())
    }
}

/// The name of a public key: its SHA-256.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyId(pub(crate) Hash);

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for KeyId {
    type Err = crate::HashError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

fn pem(label: &str, der: &[u8]) -> String {
    let body = STANDARD.encode(der);
    format!("-----BEGIN {label}-----\n{body}\n-----END {label}-----\n")
}

fn der(label: &'static str, text: &str) -> Result<Vec<u8>, KeyError> {
    let body = text
        .trim()
        .strip_prefix(&format!("-----BEGIN {label}-----"))
        .and_then(|text| text.strip_suffix(&format!("-----END {label}-----")))
        .ok_or(KeyError::Pem(label))?;
    let body: String = body.split_ascii_whitespace().collect();
    STANDARD.decode(body).map_err(KeyError::Base64)
}

#[cfg(test)]
mod tests {
    use super::{CheckpointKey, KeyError, PublicKey};

    #[test]
    fn keys_survive_their_files() {
        let private = CheckpointKey::generate().unwrap();
        let key = CheckpointKey::from_pem(&private).unwrap();
        let public = PublicKey::from_pem(&key.public().to_pem()).unwrap();
        assert_eq!(public, key.public());
        assert!(public.has_signed(b"x", &key.sign(b"x").unwrap()));
        assert!(!public.has_signed(b"y", &key.sign(b"x").unwrap()));
    }

    #[test]
    fn a_public_key_that_openssl_wrote_is_read() {
        // RFC 8410, section 10.1.
        let pem = "-----BEGIN PUBLIC KEY-----\n\
            MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n\
            -----END PUBLIC KEY-----\n";
        assert_eq!(PublicKey::from_pem(pem).unwrap().to_pem(), pem);
    }

    #[test]
    fn a_private_key_is_not_taken_for_a_public_one_and_prints_nothing() {
        let private = CheckpointKey::generate().unwrap();
        assert!(matches!(
            PublicKey::from_pem(&private),
            Err(KeyError::Pem(_))
        ));
        let key = CheckpointKey::from_pem(&private).unwrap();
        assert_eq!(
            format!("{key:?}"),
            format!("CheckpointKey({})", key.public().id())
        );
    }
}
