//! What a browser answers with.

use core::fmt;

use webauthn_rs::prelude::{PublicKeyCredential, RegisterPublicKeyCredential};

use super::ceremony::{AccountHandle, PasskeyError};

/// The longest answer of a browser that is read, in bytes of JSON. Attestation "none" is asked
/// for, so an answer has a public key and a signature and no certificates; 1 to 2 kB are usual.
pub const RESPONSE_BYTES_MAX: usize = 16 * 1024;
/// The longest credential id that WebAuthn allows.
pub const CREDENTIAL_ID_BYTES_MAX: usize = 1023;

/// A browser's answer to a registration: a new public key.
#[derive(Clone)]
pub struct Attestation(pub(super) RegisterPublicKeyCredential);

impl Attestation {
    /// Reads `credential.toJSON()`.
    ///
    /// # Errors
    /// [`PasskeyError::Malformed`] when it is too long or of another shape.
    pub fn parse(json: &str) -> Result<Self, PasskeyError> {
        if json.len() > RESPONSE_BYTES_MAX {
            return Err(PasskeyError::Malformed);
        }
        let response: RegisterPublicKeyCredential =
            serde_json::from_str(json).map_err(|_shape| PasskeyError::Malformed)?;
        if !is_credential_id(&response.raw_id) {
            return Err(PasskeyError::Malformed);
        }
        Ok(Self(response))
    }
}

impl fmt::Debug for Attestation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Attestation(..)")
    }
}

/// A browser's answer to a sign-in: a signature.
#[derive(Clone)]
pub struct Assertion(pub(super) PublicKeyCredential);

impl Assertion {
    /// Reads `credential.toJSON()`.
    ///
    /// # Errors
    /// [`PasskeyError::Malformed`] when it is too long or of another shape.
    pub fn parse(json: &str) -> Result<Self, PasskeyError> {
        if json.len() > RESPONSE_BYTES_MAX {
            return Err(PasskeyError::Malformed);
        }
        let response: PublicKeyCredential =
            serde_json::from_str(json).map_err(|_shape| PasskeyError::Malformed)?;
        if !is_credential_id(&response.raw_id) {
            return Err(PasskeyError::Malformed);
        }
        Ok(Self(response))
    }

    /// The passkey that claims to have signed. It is a name, not a proof.
    #[must_use]
    pub fn credential_id(&self) -> &[u8] {
        self.0.get_credential_id()
    }

    /// The account that the device names, when it was asked without one. It is a name, not a
    /// proof: the passkey must belong to this account.
    #[must_use]
    pub fn account(&self) -> Option<AccountHandle> {
        let bytes = self.0.get_user_unique_id()?;
        <[u8; 16]>::try_from(bytes).ok().map(AccountHandle::new)
    }
}

impl fmt::Debug for Assertion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Assertion(..)")
    }
}

fn is_credential_id(bytes: &[u8]) -> bool {
    !bytes.is_empty() && bytes.len() <= CREDENTIAL_ID_BYTES_MAX
}
