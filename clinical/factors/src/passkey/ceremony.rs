//! The two ceremonies: making a passkey, and signing in with one.

use core::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use url::Url;
use uuid::Uuid;
use webauthn_rs::prelude::{DiscoverableKey, WebauthnError};
use webauthn_rs::{Webauthn, WebauthnBuilder};

use super::response::{Assertion, Attestation};
use super::stored::{Ceremony, CeremonyState, Passkey};

/// How many passkeys an account may have. It bounds the list that is sent to every sign-in.
pub const PASSKEYS_MAX: usize = 10;
/// The longest name of an account or service that is handed to a device, in bytes. Devices may cut
/// at 64.
const NAME_BYTES_MAX: usize = 64;

/// A relying party that cannot be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("passkeys need an https origin, or localhost, and a domain of it")]
pub struct RelyingPartyError;

/// Why a passkey is refused. Which one it is goes to the log and the audit, not to the person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasskeyError {
    /// The answer is too long or of another shape.
    #[error("the passkey answer cannot be read")]
    Malformed,
    /// Stored bytes are damaged, too long, or the state of the other ceremony.
    #[error("the stored passkey or ceremony cannot be read")]
    Stored,
    /// The account has [`PASSKEYS_MAX`] passkeys.
    #[error("the account has as many passkeys as it may have")]
    TooMany,
    /// A name is empty or too long.
    #[error("a passkey's name is empty or too long")]
    Name,
    /// The answer is for another challenge: another ceremony, or one that was answered before.
    #[error("the passkey answer is for another challenge")]
    Challenge,
    /// The answer was given to another site.
    #[error("the passkey answer is for another site")]
    Origin,
    /// The device has not verified who uses it.
    #[error("the device has not verified its user")]
    NotVerified,
    /// The passkey does not belong to this account.
    #[error("the passkey is unknown")]
    Unknown,
    /// The passkey is registered already.
    #[error("the passkey is registered already")]
    Registered,
    /// The signature is right but the device's count has not grown: there may be a copy of it.
    /// Somebody should be told.
    #[error("the passkey's counter has gone back")]
    CounterRegressed,
    /// The signature is wrong, or something else in the answer.
    #[error("the passkey answer proves nothing")]
    Wrong,
}

impl PasskeyError {
    fn of(error: &WebauthnError) -> Self {
        match error {
            WebauthnError::MismatchedChallenge => Self::Challenge,
            WebauthnError::InvalidRPOrigin
            | WebauthnError::InvalidRPIDHash
            | WebauthnError::CredentialCrossOrigin => Self::Origin,
            WebauthnError::UserNotVerified | WebauthnError::UserNotPresent => Self::NotVerified,
            WebauthnError::CredentialNotFound => Self::Unknown,
            WebauthnError::CredentialPossibleCompromise => Self::CounterRegressed,
            // Eighty more reasons of a foreign crate, each of which means that there is no proof.
            _ => Self::Wrong,
        }
    }
}

/// The number of an account as a device keeps it. It must not tell who the person is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AccountHandle([u8; 16]);

impl AccountHandle {
    /// The handle of an account: the bytes of its id.
    #[must_use]
    pub const fn new(id: [u8; 16]) -> Self {
        Self(id)
    }

    /// The bytes of the account's id.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

/// How a device shows an account in its list.
#[derive(Clone, PartialEq, Eq)]
pub struct PasskeyName(String);

impl PasskeyName {
    /// Reads a name of 1 to 64 bytes, such as the sign-in address.
    ///
    /// # Errors
    /// [`PasskeyError::Name`]
    pub fn parse(text: &str) -> Result<Self, PasskeyError> {
        let text = text.trim();
        if text.is_empty() || text.len() > NAME_BYTES_MAX || text.chars().any(char::is_control) {
            return Err(PasskeyError::Name);
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Debug for PasskeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasskeyName(..)")
    }
}

/// The first half of a ceremony.
#[derive(Debug)]
pub struct Offer {
    /// What the browser needs, as the JSON of `PublicKeyCredentialCreationOptionsJSON` or
    /// `PublicKeyCredentialRequestOptionsJSON`.
    pub options_json: String,
    /// What the server keeps until the answer comes. The caller gives it an end of minutes.
    pub state: CeremonyState,
}

/// Which passkeys may answer a sign-in.
#[derive(Debug, Clone, Copy)]
pub enum Authentication<'a> {
    /// One of these, because the account is known. The list must not be empty.
    Of(&'a [Passkey]),
    /// Any that the device finds for this site; the answer names the account.
    Discoverable,
}

/// A passkey has signed.
#[derive(Debug)]
pub struct SignedIn {
    /// The passkey with its new counter, to be stored in place of the old one in the same
    /// transaction.
    pub passkey: Passkey,
    /// Whether it has changed, so that it must be stored.
    pub changed: bool,
}

/// The site for which passkeys are made. A passkey of one site does not work on another.
#[derive(Clone)]
pub struct RelyingParty {
    webauthn: Webauthn,
}

impl RelyingParty {
    /// The site at `origin`, for example `https://clinic.example`, with the domain `id` to which
    /// passkeys are bound for ever, and a name that devices show.
    ///
    /// # Errors
    /// When the id is not a domain of the origin, or the origin is not one that browsers allow
    /// passkeys on: https, or localhost.
    pub fn new(id: &str, origin: &str, name: &str) -> Result<Self, RelyingPartyError> {
        if name.is_empty() || name.len() > NAME_BYTES_MAX {
            return Err(RelyingPartyError);
        }
        let origin = Url::parse(origin).map_err(|_shape| RelyingPartyError)?;
        let local = origin.domain() == Some("localhost");
        if origin.scheme() != "https" && !(local && origin.scheme() == "http") {
            return Err(RelyingPartyError);
        }
        let webauthn = WebauthnBuilder::new(id, &origin)
            .and_then(|builder| builder.rp_name(name).build())
            .map_err(|_mismatch| RelyingPartyError)?;
        Ok(Self { webauthn })
    }

    /// The site at `origin`, with its whole host as the domain of its passkeys.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn of_origin(origin: &str, name: &str) -> Result<Self, RelyingPartyError> {
        let host = Url::parse(origin)
            .ok()
            .and_then(|url| url.domain().map(str::to_owned))
            .ok_or(RelyingPartyError)?;
        Self::new(&host, origin, name)
    }

    /// Begins to make a passkey for an account that has `present` ones.
    ///
    /// # Errors
    /// [`PasskeyError::TooMany`]
    pub fn begin_registration(
        &self,
        account: AccountHandle,
        name: &PasskeyName,
        present: &[Passkey],
    ) -> Result<Offer, PasskeyError> {
        if present.len() >= PASSKEYS_MAX {
            return Err(PasskeyError::TooMany);
        }
        let exclude = present.iter().map(|it| it.key.cred_id().clone()).collect();
        let (challenge, state) = self
            .webauthn
            .start_passkey_registration(
                Uuid::from_bytes(account.0),
                &name.0,
                &name.0,
                Some(exclude),
            )
            .map_err(|error| PasskeyError::of(&error))?;
        let mut options =
            serde_json::to_value(&challenge.public_key).map_err(|_shape| PasskeyError::Stored)?;
        // A device that can keep the account's name lets people sign in without typing one; one
        // that cannot is as welcome.
        if let Some(selection) = options.get_mut("authenticatorSelection") {
            selection["residentKey"] = json!("preferred");
        }
        Ok(Offer {
            options_json: options.to_string(),
            state: CeremonyState(Ceremony::Registration(state)),
        })
    }

    /// Ends a registration with a new passkey, for an account that has `present` ones by now.
    ///
    /// # Errors
    /// [`PasskeyError::Registered`], [`PasskeyError::TooMany`], and anything that is not an answer to exactly this ceremony, made on this site, by a device that
    /// has verified its user.
    pub fn finish_registration(
        &self,
        state: &CeremonyState,
        answer: &Attestation,
        present: &[Passkey],
    ) -> Result<Passkey, PasskeyError> {
        if present.len() >= PASSKEYS_MAX {
            return Err(PasskeyError::TooMany);
        }
        if present
            .iter()
            .any(|it| it.credential_id() == answer.0.raw_id.as_slice())
        {
            return Err(PasskeyError::Registered);
        }
        let state = match &state.0 {
            Ceremony::Registration(state) => state,
            Ceremony::Authentication(_) => return Err(PasskeyError::Stored),
        };
        let key = self
            .webauthn
            .finish_passkey_registration(&answer.0, state)
            .map_err(|error| PasskeyError::of(&error))?;
        // The library takes the id from the signed part; the unsigned name beside it must agree.
        if key.cred_id().as_slice() != answer.0.raw_id.as_slice() {
            return Err(PasskeyError::Wrong);
        }
        Ok(Passkey { key })
    }

    /// Begins to sign in.
    ///
    /// # Errors
    /// [`PasskeyError::Unknown`] when there is no passkey that could answer.
    pub fn begin_authentication(&self, by: Authentication<'_>) -> Result<Offer, PasskeyError> {
        let (challenge, state) = self
            .webauthn
            .start_discoverable_authentication()
            .map_err(|error| PasskeyError::of(&error))?;
        let mut options =
            serde_json::to_value(&challenge.public_key).map_err(|_shape| PasskeyError::Stored)?;
        if let Authentication::Of(passkeys) = by {
            if passkeys.is_empty() {
                return Err(PasskeyError::Unknown);
            }
            options["allowCredentials"] = passkeys.iter().map(descriptor).collect();
        }
        Ok(Offer {
            options_json: options.to_string(),
            state: CeremonyState(Ceremony::Authentication(state)),
        })
    }

    /// Ends a sign-in. `account` is the one that the ceremony was begun for, or the one that
    /// [`Assertion::account`] names; `passkeys` are its stored ones.
    ///
    /// # Errors
    /// Anything that is not an answer to exactly this ceremony, made on this site, with one of
    /// these passkeys, by a device that has verified its user, and counted higher than before.
    pub fn finish_authentication(
        &self,
        state: &CeremonyState,
        answer: &Assertion,
        account: AccountHandle,
        passkeys: &[Passkey],
    ) -> Result<SignedIn, PasskeyError> {
        if answer.account().is_some_and(|named| named != account) {
            return Err(PasskeyError::Unknown);
        }
        let state = match &state.0 {
            Ceremony::Authentication(state) => state.clone(),
            Ceremony::Registration(_) => return Err(PasskeyError::Stored),
        };
        let stored = passkeys
            .iter()
            .find(|it| it.credential_id() == answer.credential_id())
            .ok_or(PasskeyError::Unknown)?;
        let result = self
            .webauthn
            .finish_discoverable_authentication_v2(
                &answer.0,
                state,
                DiscoverableKey::from(&stored.key),
            )
            .map_err(|error| PasskeyError::of(&error))?;
        if !result.user_verified() {
            return Err(PasskeyError::NotVerified);
        }
        let mut passkey = stored.clone();
        let changed = passkey.key.update_credential(&result).unwrap_or(false);
        Ok(SignedIn { passkey, changed })
    }
}

impl fmt::Debug for RelyingParty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RelyingParty")
            .field("origins", &self.webauthn.get_allowed_origins())
            .finish()
    }
}

/// One entry of `allowCredentials`.
fn descriptor(passkey: &Passkey) -> Value {
    json!({ "type": "public-key", "id": URL_SAFE_NO_PAD.encode(passkey.credential_id()) })
}
