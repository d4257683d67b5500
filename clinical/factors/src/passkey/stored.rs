//! What the caller keeps: passkeys for as long as they are used, and the state of a ceremony for
//! the minutes between its two halves. Both are opaque bytes outside.

use core::fmt;

use serde::{Deserialize, Serialize};
use webauthn_rs::prelude::{DiscoverableAuthentication, PasskeyRegistration};

use super::ceremony::PasskeyError;

/// The longest stored passkey in bytes. An RSA key of 4096 bits with its id needs less.
pub const PASSKEY_BYTES_MAX: usize = 8 * 1024;
/// The longest state of a ceremony in bytes: a challenge, and the ids of the passkeys that the
/// account has already.
pub const STATE_BYTES_MAX: usize = 32 * 1024;

/// A public key of one account, with the number of times that its device says it has signed.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Passkey {
    pub(super) key: webauthn_rs::prelude::Passkey,
}

impl Passkey {
    /// Reads what [`Self::to_bytes`] gave.
    ///
    /// # Errors
    /// [`PasskeyError::Stored`] when it is damaged.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, PasskeyError> {
        read(bytes, PASSKEY_BYTES_MAX)
    }

    /// The passkey as bytes to store. It holds no secret, but it tells which device a person has.
    ///
    /// # Errors
    /// [`PasskeyError::Stored`] when it is longer than [`PASSKEY_BYTES_MAX`].
    pub fn to_bytes(&self) -> Result<Vec<u8>, PasskeyError> {
        write(self, PASSKEY_BYTES_MAX)
    }

    /// The name under which the device knows it, unique among all passkeys.
    #[must_use]
    pub fn credential_id(&self) -> &[u8] {
        self.key.cred_id()
    }
}

impl fmt::Debug for Passkey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passkey(..)")
    }
}

/// What the server remembers between the two halves of a ceremony. It must stay on the server and
/// be removed when it is used, whatever the outcome: this is what makes an answer good for once.
#[derive(Clone)]
pub struct CeremonyState(pub(super) Ceremony);

#[derive(Clone, Serialize, Deserialize)]
pub(super) enum Ceremony {
    Registration(PasskeyRegistration),
    Authentication(DiscoverableAuthentication),
}

impl CeremonyState {
    /// Reads what [`Self::to_bytes`] gave.
    ///
    /// # Errors
    /// [`PasskeyError::Stored`] when it is damaged.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, PasskeyError> {
        read(bytes, STATE_BYTES_MAX).map(Self)
    }

    /// The state as bytes to store for some minutes.
    ///
    /// # Errors
    /// [`PasskeyError::Stored`] when it is longer than [`STATE_BYTES_MAX`].
    pub fn to_bytes(&self) -> Result<Vec<u8>, PasskeyError> {
        write(&self.0, STATE_BYTES_MAX)
    }
}

impl fmt::Debug for CeremonyState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CeremonyState(..)")
    }
}

fn read<T: for<'de> Deserialize<'de>>(bytes: &[u8], bytes_max: usize) -> Result<T, PasskeyError> {
    if bytes.len() > bytes_max {
        return Err(PasskeyError::Stored);
    }
    serde_json::from_slice(bytes).map_err(|_shape| PasskeyError::Stored)
}

fn write(value: &impl Serialize, bytes_max: usize) -> Result<Vec<u8>, PasskeyError> {
    let bytes = serde_json::to_vec(value).map_err(|_shape| PasskeyError::Stored)?;
    if bytes.len() > bytes_max {
        return Err(PasskeyError::Stored);
    }
    Ok(bytes)
}
