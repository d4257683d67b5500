//! Passkeys (WebAuthn). A passkey is kept by the device and used after the person has proved
//! themself to it, with a finger, a face or a PIN; user verification is always required.
//!
//! The browser's half of a ceremony is standard JSON: an [`Offer`] is what
//! `PublicKeyCredential.parseCreationOptionsFromJSON` or `parseRequestOptionsFromJSON` reads, and
//! an [`Attestation`] or [`Assertion`] is what `credential.toJSON()` gives.

mod ceremony;
mod response;
mod stored;

pub use ceremony::{
    AccountHandle, Authentication, Offer, PASSKEYS_MAX, PasskeyError, PasskeyName, RelyingParty,
    RelyingPartyError, SignedIn,
};
pub use response::{Assertion, Attestation, CREDENTIAL_ID_BYTES_MAX, RESPONSE_BYTES_MAX};
pub use stored::{CeremonyState, PASSKEY_BYTES_MAX, Passkey, STATE_BYTES_MAX};
