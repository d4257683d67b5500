//! The key of backup files.

use core::fmt;
use core::str::FromStr;

use aws_lc_rs::aead::{AES_256_GCM, LessSafeKey, UnboundKey};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::hkdf::{HKDF_SHA256, Salt};
use aws_lc_rs::rand;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

/// What stands before the key in its file, so that no other key is taken for it.
const PREFIX: &str = "telehealth-backup-key-v1:";
const KEY_BYTES: usize = 32;

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The text is not the content of a backup key file.
    #[error("not a backup key file: it has one line that begins with {PREFIX}")]
    Text,
    /// The cryptographic library failed, or there are no random numbers.
    #[error("the cryptographic library failed")]
    Library(#[source] Unspecified),
}

/// The secret that seals and opens backup files. Whoever has it and the master keys of the store
/// can read every record; without it a backup is worthless.
pub struct BackupKey(Zeroizing<[u8; KEY_BYTES]>);

impl BackupKey {
    /// A new key.
    ///
    /// # Errors
    /// Without random numbers from the operating system.
    pub fn generate() -> Result<Self, KeyError> {
        let mut secret = Zeroizing::new([0; KEY_BYTES]);
        rand::fill(secret.as_mut_slice()).map_err(KeyError::Library)?;
        Ok(Self(secret))
    }

    /// The text of the key file.
    #[must_use]
    pub fn to_file(&self) -> Zeroizing<String> {
        Zeroizing::new(format!("{PREFIX}{}\n", STANDARD.encode(self.0.as_slice())))
    }

    /// The key of one file: HKDF-SHA256 with the head of the file as salt, so that two files never
    /// use one key with the same nonces.
    pub(crate) fn for_file(&self, head: &[u8]) -> Result<LessSafeKey, Unspecified> {
        let secret = Salt::new(HKDF_SHA256, head).extract(self.0.as_slice());
        let okm = secret.expand(&[b"telehealth backup chunks"], &AES_256_GCM)?;
        Ok(LessSafeKey::new(UnboundKey::from(okm)))
    }
}

impl FromStr for BackupKey {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        let bytes = text
            .trim()
            .strip_prefix(PREFIX)
            .and_then(|body| STANDARD.decode(body).ok())
            .map(Zeroizing::new)
            .ok_or(KeyError::Text)?;
        let secret = bytes.as_slice().try_into().or(Err(KeyError::Text))?;
        Ok(Self(Zeroizing::new(secret)))
    }
}

impl fmt::Debug for BackupKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BackupKey(..)")
    }
}
