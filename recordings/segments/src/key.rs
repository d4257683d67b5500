//! The key of a recording, and the keys of its files.

use aws_lc_rs::aead::{AES_256_GCM, LessSafeKey, UnboundKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, Salt};
use aws_lc_rs::rand;
use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use zeroize::Zeroizing;

use crate::head::Head;

/// Bytes of a recording's key.
pub const KEY_BYTES: usize = 32;
/// Bytes of a recording's name.
pub const ID_BYTES: usize = 16;

/// Separates keys of files from any other use of the same secret.
const PURPOSE: &[u8] = b"telehealth recording file v1";

/// A key could not be made.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// There are no random numbers, or the library refuses the key.
    #[error("a key of a recording could not be made")]
    Library(#[source] aws_lc_rs::error::Unspecified),
    /// Not the text of a signing key.
    #[error("not 64 hexadecimal digits of a signing key")]
    Text,
    /// A signing key that the library refuses.
    #[error("a signing key was refused")]
    Signing(#[source] aws_lc_rs::error::KeyRejected),
}

/// The name of a recording: 16 bytes that the caller chooses, such as a UUID.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordingId(pub [u8; ID_BYTES]);

impl RecordingId {
    /// As lower-case hexadecimal digits, for names of folders.
    #[must_use]
    pub fn to_hex(self) -> String {
        hex(&self.0)
    }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    use core::fmt::Write as _;
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

pub(crate) fn unhex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let digits = text.as_bytes();
    if digits.len() != N * 2 {
        return None;
    }
    let mut bytes = [0; N];
    for (to, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        let pair = core::str::from_utf8(pair).ok()?;
        if !pair.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return None;
        }
        *to = u8::from_str_radix(pair, 16).ok()?;
    }
    Some(bytes)
}

/// The 256-bit key of one recording. It does not print itself. Who destroys every wrapping of it has
/// erased the recording.
pub struct RecordingKey(Zeroizing<[u8; KEY_BYTES]>);

impl core::fmt::Debug for RecordingKey {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("RecordingKey(..)")
    }
}

impl RecordingKey {
    /// A new random key.
    ///
    /// # Errors
    /// There are no random numbers.
    pub fn generate() -> Result<Self, KeyError> {
        let mut secret = Zeroizing::new([0; KEY_BYTES]);
        rand::fill(secret.as_mut()).map_err(KeyError::Library)?;
        Ok(Self(secret))
    }

    /// A key that was unwrapped.
    #[must_use]
    pub fn from_secret(secret: [u8; KEY_BYTES]) -> Self {
        Self(Zeroizing::new(secret))
    }

    /// The bytes, to be wrapped by the key of a tenant and by nothing else.
    #[must_use]
    pub fn secret(&self) -> &[u8; KEY_BYTES] {
        &self.0
    }

    /// The key of one file: HKDF-SHA256 (RFC 5869) with the file's salt, bound to its whole head.
    pub(crate) fn for_file(&self, head: &Head) -> Result<LessSafeKey, KeyError> {
        let bytes = head.to_bytes();
        let secret = Salt::new(HKDF_SHA256, &head.salt).extract(self.0.as_ref());
        let info = [PURPOSE, bytes.as_slice()];
        let derived = secret
            .expand(&info, &AES_256_GCM)
            .map_err(KeyError::Library)?;
        Ok(LessSafeKey::new(UnboundKey::from(derived)))
    }
}

/// Signs manifests (Ed25519, RFC 8032). It does not print itself.
pub struct SigningKey(Ed25519KeyPair);

impl core::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("SigningKey(..)")
    }
}

impl SigningKey {
    /// A new random seed as text, to be kept in a file.
    ///
    /// # Errors
    /// There are no random numbers.
    pub fn generate_text() -> Result<String, KeyError> {
        let mut seed = Zeroizing::new([0; 32]);
        rand::fill(seed.as_mut()).map_err(KeyError::Library)?;
        Ok(format!("{}\n", hex(seed.as_ref())))
    }

    /// From the text of [`SigningKey::generate_text`].
    ///
    /// # Errors
    /// It is something else.
    pub fn from_text(text: &str) -> Result<Self, KeyError> {
        let seed = unhex(text.trim()).ok_or(KeyError::Text)?;
        Self::from_seed(&Zeroizing::new(seed))
    }

    /// From its seed of 32 bytes.
    ///
    /// # Errors
    /// The library refuses it.
    pub fn from_seed(seed: &[u8; 32]) -> Result<Self, KeyError> {
        Ed25519KeyPair::from_seed_unchecked(seed)
            .map(Self)
            .map_err(KeyError::Signing)
    }

    pub(crate) fn sign(&self, message: &[u8]) -> aws_lc_rs::signature::Signature {
        self.0.sign(message)
    }

    /// What verifies what this key signs.
    #[must_use]
    pub fn verifying(&self) -> VerifyingKey {
        VerifyingKey(self.0.public_key().as_ref().to_vec())
    }
}

/// Verifies manifests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifyingKey(Vec<u8>);

impl VerifyingKey {
    /// From the 32 bytes of the public key.
    #[must_use]
    pub fn from_bytes(bytes: &[u8; 32]) -> Self {
        Self(bytes.to_vec())
    }

    /// The bytes of the public key.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    pub(crate) fn accepts(&self, message: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ED25519, &self.0)
            .verify(message, signature)
            .is_ok()
    }
}

/// An opaque number in JSON, as hexadecimal digits: most readers of JSON know no 128-bit numbers.
pub(crate) mod person_hex {
    use super::{hex, unhex};
    use serde::de::Error as _;
    use serde::{Deserialize as _, Deserializer, Serialize as _, Serializer};

    #[expect(clippy::ref_option, reason = "the signature that serde calls")]
    pub(crate) fn serialize<S: Serializer>(
        person: &Option<u128>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        person.map(|it| hex(&it.to_be_bytes())).serialize(to)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<u128>, D::Error> {
        let Some(text) = Option::<String>::deserialize(from)? else {
            return Ok(None);
        };
        let bytes = unhex(&text).ok_or_else(|| D::Error::custom("not a number of a person"))?;
        Ok(Some(u128::from_be_bytes(bytes)))
    }
}
